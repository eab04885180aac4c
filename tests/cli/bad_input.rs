//! Bad input: each a clear error with its exit code, nothing half-written, nothing lost.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Project, suite};

fn refused(project: &Project, args: &[&str], words: &[&str]) {
    let ran = project.tribunal(args);
    assert_eq!(ran.code, Some(2), "{args:?}\n{}{}", ran.out, ran.err);
    for word in words {
        assert!(
            ran.err.contains(word),
            "{word:?} is missing in\n{}",
            ran.err
        );
    }
    assert!(
        !project.path().join(".tribunal").exists(),
        "nothing is half-written"
    );
}

#[test]
fn a_pipeline_that_is_missing_empty_a_folder_or_nonsense() {
    refused(
        &Project::empty(),
        &["run"],
        &["pipeline.toml", "--pipeline"],
    );
    refused(&Project::raw(""), &["run"], &["pipeline.toml"]);
    let project = Project::empty();
    fs::create_dir(project.path().join("pipeline.toml")).expect("a folder");
    refused(&project, &["check"], &["pipeline.toml", "director"]);
    let nonsense: Vec<u8> = (0..10_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let project = Project::empty();
    project.write("pipeline.toml", nonsense);
    refused(&project, &["check"], &["pipeline.toml"]);
    refused(
        &Project::raw(&"[[".repeat(1_000_000)),
        &["check"],
        &["pipeline.toml"],
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let project = Project::new(
        "[suites.a]\ncommand = ['x']\ntimeouts = '1m'\njudge = 'pytets'\n[suites.b]\ncommand = 'x'\nneeds = ['c']\n[suites.c]\ncommand = ['x']\nneeds = ['b']\n",
    );
    refused(
        &project,
        &["run"],
        &[
            "timeouts",
            "\"timeout\"",
            "pytets",
            "\"pytest\"",
            "pipeline.toml:5:",
            "b -> c",
            "errors in pipeline.toml",
        ],
    );
}

#[test]
fn judges_that_are_missing_or_no_components() {
    let project = Project::new(
        "[judges.mine]\npath = 'mine.wasm'\n[suites.a]\ncommand = ['true']\njudge = 'mine'",
    );
    refused(&project, &["run"], &["mine.wasm"]);
    project.write("mine.wasm", "this is a text");
    refused(&project, &["run"], &["mine.wasm"]);
    project.write("mine.wasm", b"\0asm\x01\0\0\0");
    refused(&project, &["run"], &["mine.wasm", "core module"]);
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_runs() {
    let project = Project::new("[suites.a]\nscript = 'touch ran'");
    project.write("file", "");
    let ran = project.tribunal(&["run", "--report", "junit=file/out.xml"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("file"), "{}", ran.err);
    assert!(!project.path().join("ran").exists());
    assert_eq!(
        project.tribunal(&["run", "--report", "xml=x"]).code,
        Some(2)
    );
}

#[test]
fn a_run_directory_of_another_version_is_refused_by_name() {
    let project = Project::new("[suites.a]\ncommand = ['true']");
    project.run(&[]);
    let path = project.latest().join("run.json");
    let text = fs::read_to_string(&path).expect("readable");
    fs::write(&path, text.replace("\"version\": 1", "\"version\": 99")).expect("written");
    let ran = project.tribunal(&["show"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("99"), "{}", ran.err);
    assert_eq!(
        project.tribunal(&["runs"]).code,
        Some(0),
        "the others are still listed"
    );
}

#[test]
fn a_disk_that_is_full_costs_the_verdict_not_the_run() {
    // A small file system of our own; needs the right to mount one.
    let project = Project::new(
        "[suites.a]\nscript = 'head -c 3000000 /dev/zero'\nretries = { infra = 0 }\n[suites.b]\nneeds = []\ncommand = ['true']",
    );
    let disk = project.path().join(".tribunal");
    fs::create_dir(&disk).expect("a folder");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&disk)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        crate::support::skipped("no right to mount a file system here");
        return;
    }
    let ran = project.tribunal(&["run", "--format", "json", "--report", "json=run.json"]);
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(project.path().join("run.json")).expect("written"))
            .expect("JSON");
    std::process::Command::new("umount")
        .arg(&disk)
        .status()
        .expect("unmounted");
    let a = suite(&summary, "a");
    assert_eq!(a["status"], "incomplete", "{a:#}");
    assert_eq!(a["capture"]["completeness"], "gap");
    assert_eq!(ran.code, Some(3), "{}", ran.err);
}

#[test]
fn a_read_only_folder_is_told() {
    let project = Project::new("[suites.a]\ncommand = ['true']");
    // Root writes through permissions; a file in the way stops everybody.
    project.write(".tribunal", "in the way");
    let ran = project.tribunal(&["run"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains(".tribunal"), "{}", ran.err);
    let mode = fs::metadata(project.path().join("pipeline.toml"))
        .expect("there")
        .permissions()
        .mode();
    assert_ne!(mode & 0o400, 0);
}

#[test]
fn a_report_that_cannot_be_written_leaves_no_run_that_never_began() {
    let project = Project::new("[suites.a]\ncommand = ['true']");
    project.write("file", "");
    for place in ["junit=file/out.xml", "jsonl=file/out", "html=.", "json=."] {
        let ran = project.tribunal(&["run", "--report", place]);
        assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
        assert_eq!(ran.out, "", "{place}");
        let runs = project.path().join(".tribunal/runs");
        assert!(!runs.join("latest").exists(), "{place} left a run");
    }
}

#[test]
fn a_run_that_never_began_is_not_shown_with_exit_0() {
    let project = Project::new("[suites.a]\ncommand = ['true']");
    assert_eq!(project.run(&[]).0, Some(0));
    project.write(".tribunal/runs/latest/events.jsonl", "");
    for args in [
        &["show"][..],
        &["show", "latest", "a"],
        &["show", "latest", "b"],
    ] {
        let ran = project.tribunal(args);
        assert_eq!(ran.code, Some(3), "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains("left before it began"), "{}", ran.err);
    }
}
