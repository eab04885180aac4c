//! Judging a stored run once more.

use std::fs;

use crate::rig::{SHORT, failing, passing};
use crate::support::Project;

#[test]
fn a_stored_run_is_judged_by_the_judges_as_they_are_now_and_stays_as_it_was() {
    let project = Project::new(SHORT);
    project.write("mine.wasm", failing());
    assert_eq!(project.tribunal(&["run"]).code, Some(1));
    let recorded = fs::read(project.latest().join("summary.json")).expect("a summary");

    let same = project.tribunal(&["rejudge"]);
    assert_eq!(same.code, Some(1), "{}{}", same.out, same.err);
    assert!(
        same.out.contains("0 verdicts changed, 1 unchanged"),
        "{}",
        same.out
    );

    project.write("mine.wasm", passing());
    let ran = project.tribunal(&["rejudge", "latest", "a", "--write"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for part in [
        "CHANGED  a",
        "was  FAILED",
        "now  PASSED",
        "- failing: a_case",
    ] {
        assert!(ran.out.contains(part), "{part} in {}", ran.out);
    }
    assert_eq!(
        fs::read(project.latest().join("summary.json")).expect("still there"),
        recorded
    );
    let written = fs::read_to_string(project.latest().join("rejudged.json")).expect("written");
    assert!(written.contains("\"passed\""), "{written}");
}

#[test]
fn the_floor_rules_here_too() {
    let project = Project::new(SHORT);
    project.write("mine.wasm", passing());
    assert_eq!(project.tribunal(&["run"]).code, Some(0));
    let log = project.latest().join("suites/a/attempt-1/output.log");
    fs::write(&log, "").expect("shortened");
    let ran = project.tribunal(&["rejudge", "--judge", "exit-code"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("now  INCOMPLETE"), "{}", ran.out);
}

#[test]
fn what_does_not_exist_is_told() {
    let project = Project::new(SHORT);
    project.write("mine.wasm", passing());
    project.tribunal(&["run"]);
    for (args, part) in [
        (vec!["rejudge", "nope"], "no run \"nope\""),
        (vec!["rejudge", "latest", "b"], "no suite matches"),
        (
            vec!["rejudge", "latest", "--judge", "gone"],
            "no judge \"gone\"",
        ),
    ] {
        let ran = project.tribunal(&args);
        assert_ne!(ran.code, Some(0), "{args:?}");
        assert!(ran.err.contains(part), "{args:?}: {}", ran.err);
    }
}
