//! `runs prune`, `runs export` and `runs import`: what is removed, what is kept, what travels.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::{Project, suite};

fn ids(project: &Project) -> Vec<String> {
    let listed = project.tribunal(&["runs", "--format", "json"]);
    let rows: Value = serde_json::from_str(&listed.out).expect("JSON");
    let rows = rows.as_array().expect("a list");
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    rows.iter().map(id).collect()
}

fn runs(project: &Project, count: usize) -> Vec<String> {
    for _ in 0..count {
        assert_eq!(project.run(&[]).0, Some(0));
    }
    ids(project)
}

const LOUD: &str = "[suites.loud]\nscript = 'head -c 100000 /dev/zero'";

#[test]
fn prune_keeps_the_newest_and_says_what_it_freed() {
    let project = Project::new(LOUD);
    let all = runs(&project, 4);
    let dry = project.tribunal(&["runs", "prune", "--runs", "2", "--dry-run"]);
    assert_eq!((dry.code, ids(&project).len()), (Some(0), 4));
    assert!(
        dry.out.contains(&format!("would go  {}", all[0])),
        "{}",
        dry.out
    );
    assert!(dry.out.contains("2 runs would free"), "{}", dry.out);
    let done = project.tribunal(&["runs", "prune", "--runs", "2"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("beyond the newest 2\n"), "{}", done.out);
    assert!(done.out.contains("; 2 runs freed 2"), "{}", done.out);
    assert_eq!(ids(&project), all[2..]);
    let none = project.tribunal(&["runs", "prune"]);
    assert!(
        none.out.contains("2 runs, ") && none.out.contains("0 runs freed 0 B"),
        "{}",
        none.out
    );
    // By size: the newest stays whatever it holds.
    let done = project.tribunal(&["runs", "prune", "--size", "1B", "--format", "json"]);
    let report: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(report["leaving"][0]["id"], all[2].as_str());
    assert!(report["freed_bytes"].as_u64().expect("a number") >= 100_000);
    assert_eq!(ids(&project), all[3..]);
    let runs = project.path().join(".tribunal/runs");
    assert!(
        !fs::read_dir(&runs)
            .expect("a folder")
            .filter_map(Result::ok)
            .any(|entry| { entry.file_name().to_string_lossy().starts_with(".gone") })
    );
}

/// Makes a run look as if it had begun long ago.
fn age(project: &Project, id: &str) {
    let path = project
        .path()
        .join(".tribunal/runs")
        .join(id)
        .join("run.json");
    let text = fs::read_to_string(&path).expect("read");
    let mut intro: Value = serde_json::from_str(&text).expect("JSON");
    intro["started_at"] = "2020-01-01T00:00:00Z".into();
    fs::write(&path, intro.to_string()).expect("written");
    let long_ago = SystemTime::now() - Duration::from_secs(1_000_000);
    let file = fs::File::options().write(true).open(&path).expect("opened");
    file.set_modified(long_ago).expect("set");
}

#[test]
fn what_lives_what_is_foreign_and_what_links_lead_to_stays() {
    let project = Project::new(LOUD);
    let all = runs(&project, 4);
    for id in &all[..3] {
        age(&project, id);
    }
    let runs = project.path().join(".tribunal/runs");
    // One goes on: no summary, and its process (this one) is there.
    let living = runs.join(&all[0]);
    fs::remove_file(living.join("summary.json")).expect("removed");
    let intro = fs::read_to_string(living.join("run.json")).expect("read");
    let mut intro: Value = serde_json::from_str(&intro).expect("JSON");
    intro["pid"] = std::process::id().into();
    fs::write(living.join("run.json"), intro.to_string()).expect("written");
    // One is of another version.
    let other = runs.join(&all[1]).join("run.json");
    let text = fs::read_to_string(&other)
        .expect("read")
        .replace("\"version\":1", "\"version\":7");
    fs::write(&other, text).expect("written");
    // One holds a link, and a link lies among the runs.
    let precious = project.path().join("precious");
    project.write("precious/file", "mine");
    std::os::unix::fs::symlink(&precious, runs.join(&all[2]).join("suites/link")).expect("made");
    std::os::unix::fs::symlink(&precious, runs.join("20200101-0000-link")).expect("made");
    let done = project.tribunal(&["runs", "prune", "--runs", "1"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(
        done.err.contains("it still goes on") && done.err.contains("layout version 7"),
        "{}",
        done.err
    );
    assert!(!runs.join(&all[2]).exists());
    assert!(living.is_dir() && other.is_file() && runs.join("20200101-0000-link").exists());
    assert_eq!(
        fs::read_to_string(precious.join("file")).expect("read"),
        "mine"
    );
}

#[test]
fn the_pipeline_says_what_is_kept_and_a_wrong_one_removes_nothing() {
    let project = Project::new(&format!(
        "[run.keep]\nruns = 1\ndays = 7\nsize = '10MB'\n{LOUD}"
    ));
    runs(&project, 3);
    project.write(
        "pipeline.toml",
        "version = 1\n[run.keep]\nrun = 1\n[suites.a]\ncommand = ['true']",
    );
    let wrong = project.tribunal(&["runs", "prune"]);
    assert_eq!((wrong.code, ids(&project).len()), (Some(2), 3));
    assert!(
        wrong.err.contains("did you mean \"runs\"?"),
        "{}",
        wrong.err
    );
    project.write(
        "pipeline.toml",
        format!("version = 1\nname = 'test'\n[run.keep]\nruns = 2\nauto = true\n{LOUD}"),
    );
    let ran = project.tribunal(&["run"]);
    assert_eq!((ran.code, ids(&project).len()), (Some(0), 2), "{}", ran.err);
    assert!(
        ran.err.contains("note: removed 2 old runs by run.keep"),
        "{}",
        ran.err
    );
}

#[test]
fn an_exported_run_is_a_run_elsewhere() {
    let project = Project::new(
        "[suites.bad]\nscript = 'echo why; echo not >&2; mkdir -p out; echo x > out/a.txt; exit 7'\nartifacts = ['out/*.txt']",
    );
    let (_, summary) = project.run(&[]);
    let id = summary["run"].as_str().expect("an id");
    let file = project.path().join("run.tar.gz");
    let file = file.to_str().expect("UTF-8");
    let done = project.tribunal(&["runs", "export", "latest", "-o", file]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(
        done.out.starts_with(&format!("run {id} in {file}: ")),
        "{}",
        done.out
    );
    // Any tar reads it.
    let listed = std::process::Command::new("tar")
        .args(["tzf", file])
        .output()
        .expect("tar");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(
        listed.starts_with("tribunal-run.json\n") && listed.contains("/artifacts/out/a.txt\n"),
        "{listed}"
    );

    let elsewhere = Project::new("[suites.other]\ncommand = ['true']");
    elsewhere.run(&[]);
    let imported = elsewhere.tribunal(&["runs", "import", file]);
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    assert!(
        imported.out.contains("every digest right"),
        "{}",
        imported.out
    );
    let shown = elsewhere.tribunal(&["show", id, "--format", "json"]);
    let shown: Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(shown, summary);
    assert_eq!(suite(&shown, "bad")["status"], "failed");
    assert_eq!(
        elsewhere
            .tribunal(&["logs", id, "bad", "--stream", "stderr"])
            .out,
        "not\n"
    );
    let explained = elsewhere.tribunal(&["explain", id, "bad"]);
    assert!(
        explained.out.contains("exit 7"),
        "{}{}",
        explained.out,
        explained.err
    );
    let log = elsewhere
        .path()
        .join(".tribunal/runs")
        .join(id)
        .join("suites/bad/attempt-1/output.log");
    let judged = elsewhere.tribunal(&[
        "judge",
        "exit-code",
        log.to_str().expect("UTF-8"),
        "--exit-code",
        "7",
    ]);
    assert_eq!(judged.code, Some(1), "{}", judged.err);
    assert!(
        elsewhere
            .tribunal(&["report", "junit", id])
            .out
            .contains("<testsuite")
    );
    // It began before the run that is there, so `latest` is still that one.
    assert_eq!(ids(&elsewhere)[0], id);
    let again = elsewhere.tribunal(&["runs", "import", file]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("is here already"), "{}", again.err);
}

#[test]
fn a_changed_archive_is_refused() {
    let project = Project::new(LOUD);
    runs(&project, 1);
    let file = project.path().join("run.tar.gz");
    let done = project.tribunal(&["runs", "export", "latest", "-o", "run.tar.gz"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let taken = project.tribunal(&["runs", "export", "latest", "-o", "run.tar.gz"]);
    assert_eq!(taken.code, Some(2), "{}", taken.err);
    repack(&file);
    let elsewhere = Project::empty();
    let refused = elsewhere.tribunal(&["runs", "import", file.to_str().expect("UTF-8")]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused
            .err
            .contains("its digest differs; nothing was imported"),
        "{}",
        refused.err
    );
    assert!(ids(&elsewhere).is_empty());
}

/// Changes one byte of one file in the archive, as somebody who knows tar would.
fn repack(file: &Path) {
    let script = "import sys, tarfile, io\n\
        old = tarfile.open(sys.argv[1])\n\
        new = tarfile.open(sys.argv[1] + '.new', 'w:gz', format=tarfile.GNU_FORMAT)\n\
        for member in old:\n\
        \x20   data = bytearray(old.extractfile(member).read())\n\
        \x20   if member.name.endswith('output.log'): data[7] ^= 1\n\
        \x20   new.addfile(member, io.BytesIO(bytes(data)))\n\
        new.close()\n";
    let done = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(file)
        .status()
        .expect("python3");
    assert!(done.success());
    let changed = file.with_file_name("run.tar.gz.new");
    fs::rename(changed, file).expect("renamed");
}
