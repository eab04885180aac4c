//! `tribunal watch`: stays, and does what each change asks for.

use std::fs;
use std::process::Stdio;

use crate::rig::{Live, SHORT, failing, passing, rename_over};
use crate::support::Project;

fn runs(project: &Project) -> usize {
    let entries = fs::read_dir(project.path().join(".tribunal/runs")).expect("runs");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries
        .filter_map(Result::ok)
        .map(name)
        .filter(|name| name != "latest" && !name.starts_with('.'))
        .count()
}

#[test]
fn a_changed_judge_judges_what_was_run_and_runs_nothing() {
    let project = Project::new(SHORT);
    let file = project.write("mine.wasm", failing());
    let mut live = Live::start(&project, &["watch"]);
    live.until("watching 1 judge,");
    rename_over(&file, &passing());
    live.until("RELOAD");
    live.until("was  FAILED");
    live.until("now  PASSED");
    live.until("REJUDGED 1 suite ");
    rename_over(&file, &failing());
    live.until("now  FAILED");
    assert_eq!(runs(&project), 1);
    live.signal("-INT");
    assert_eq!(live.end().code, Some(130));
}

#[test]
fn a_changed_pipeline_is_followed_and_an_invalid_one_is_not() {
    let project = Project::new(SHORT);
    project.write("mine.wasm", passing());
    let mut live = Live::start(&project, &["watch"]);
    live.until("watching 1 judge,");
    let path = project.path().join("pipeline.toml");
    let text = fs::read_to_string(&path).expect("there");
    rename_over(
        &path,
        text.replace("judge = 'mine'", "jugde = 'mine'").as_bytes(),
    );
    live.until("did you mean");
    live.until("PIPELINE not taken");
    // A suite more runs alone; the other stands.
    let more = format!("{text}[suites.b]\nscript = 'echo b; exit 3'\n");
    rename_over(&path, more.as_bytes());
    live.until("PIPELINE taken: 1 suite to run");
    live.until("watching 1 judge,");
    assert!(live.seen().contains("FAILED     b"), "{}", live.seen());
    // Only a rule is another: nothing runs, and the verdict changes.
    let before = runs(&project);
    rename_over(
        &path,
        more.replace(
            "[suites.b]",
            "[judges.other]\npath = 'other.wasm'\n[suites.b]\njudge = 'other'",
        )
        .as_bytes(),
    );
    live.until("PIPELINE not taken");
    project.write("other.wasm", passing());
    rename_over(
        &path,
        more.replace(
            "[suites.b]",
            "[judges.other]\npath = 'other.wasm' \n[suites.b]\njudge = 'other'",
        )
        .as_bytes(),
    );
    live.until("CHANGED  b");
    live.until("now  PASSED");
    assert_eq!(runs(&project), before);
    live.signal("-TERM");
    assert_eq!(live.end().code, Some(143));
}

#[test]
fn changed_sources_run_the_suites_they_belong_to_and_those_that_need_them() {
    let project = Project::new(
        "[suites.build]\nscript = 'test ! -e src/broken.txt'\nwatch = ['src/**']\n\
         [suites.unit]\nscript = 'echo unit'\nneeds = ['build']\n\
         [suites.other]\nscript = 'echo other'\nwatch = ['lib/*.py']\n",
    );
    project.write("src/a.txt", "1");
    project.write("lib/a.py", "1");
    let mut live = Live::start(&project, &["watch"]);
    live.until("the sources of 2 suites");
    project.write("src/broken.txt", "");
    live.until("SOURCES  build: src/broken.txt changed");
    live.until("2 suites");
    live.until("was  PASSED");
    live.until("now  FAILED");
    live.until("the sources of 2 suites");
    assert!(!live.seen().contains("SOURCES  other"), "{}", live.seen());
    fs::remove_file(project.path().join("src/broken.txt")).expect("removed");
    live.until("now  PASSED");
    live.until("the sources of 2 suites");
    project.write("lib/a.py", "2");
    live.until("SOURCES  other: lib/a.py changed");
    live.until("the sources of 2 suites");
    live.signal("-INT");
    assert_eq!(live.end().code, Some(130));
}

#[test]
fn a_suite_that_changes_its_own_sources_is_not_run_for_ever() {
    let project =
        Project::new("[suites.a]\nscript = 'date +%s%N > src/stamp'\nwatch = ['src/**']\n");
    project.write("src/stamp", "1");
    let mut live = Live::start(&project, &["watch"]);
    // On two streams: either may be read first.
    let parts = ["changes whenever its suites run", "watching 0 judges"];
    while !parts.iter().all(|part| live.seen().contains(part)) {
        live.until("");
    }
    assert_eq!(runs(&project), 3);
    live.signal("-INT");
    live.end();
}

#[test]
fn an_invalid_pipeline_at_the_start_is_an_error() {
    let project = Project::new("[suites.a]\nscrpt = 'true'\n");
    assert_eq!(project.tribunal(&["watch"]).code, Some(2));
}

#[test]
fn in_a_job_without_a_terminal_it_does_not_stay() {
    let project = Project::new(SHORT);
    project.write("mine.wasm", passing());
    let mut command = project.command(&["watch"]);
    let output = command
        .env("CI", "true")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("CI and no terminal") && said.contains("--no-input"),
        "{said}"
    );
    let mut command = project.command(&["watch", "--no-input"]);
    command.env("CI", "true");
    let mut live = Live::of(command);
    live.until("watching 1 judge,");
    live.signal("-INT");
    assert_eq!(live.end().code, Some(130));
}
