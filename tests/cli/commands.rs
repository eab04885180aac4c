//! The other commands: `check`, `plan`, `judge`, `show`, `logs`, `runs`, help and version.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Project, ran};

const GREEN: &str =
    "============================== 2 passed in 0.01s ===============================\n";
const RED: &str =
    "========================= 1 failed, 1 passed in 0.02s ==========================\n";

#[test]
fn help_teaches_and_version_is_short() {
    let project = Project::empty();
    let help = project.tribunal(&["--help"]);
    assert_eq!(help.code, Some(0));
    for words in ["Examples:", "Exit codes", "130", "tribunal judge pytest"] {
        assert!(help.out.contains(words), "{words}");
    }
    for command in ["run", "check", "plan", "judge", "show", "logs", "runs"] {
        let help = project.tribunal(&[command, "--help"]);
        assert_eq!(help.code, Some(0), "{command}");
        assert!(
            help.out.contains("Examples:"),
            "{command} teaches by example"
        );
    }
    let version = project.tribunal(&["--version"]);
    assert_eq!(
        version.out,
        format!("tribunal {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(project.tribunal(&["frobnicate"]).code, Some(2));
}

#[test]
fn check_and_plan_touch_nothing() {
    let project = Project::new(
        "[suites.a]\nscript = 'touch made'\nmatrix = { v = [1, 2] }\n[suites.b]\ncommand = ['x']\nneeds = ['a']",
    );
    let check = project.tribunal(&["check"]);
    assert_eq!(check.code, Some(0), "{}", check.err);
    let plan = project.tribunal(&["plan", "--format", "json"]);
    let json: Value = serde_json::from_str(&plan.out).expect("JSON");
    assert_eq!(json["suites"].as_array().expect("a list").len(), 3);
    assert!(project.tribunal(&["plan"]).out.contains("a[v=2]"));
    let left: Vec<_> = std::fs::read_dir(project.path())
        .expect("a folder")
        .collect();
    assert_eq!(left.len(), 1, "only pipeline.toml");
}

#[test]
fn judge_tells_the_same_as_a_run_and_exits_alike() {
    let project = Project::empty();
    project.write("green.log", GREEN);
    project.write("red.log", RED);
    let table: [(&[&str], i32, &str); 11] = [
        (&["green.log", "--exit-code", "0"], 0, "passed"),
        (&["green.log", "--exit-code", "1"], 1, "failed"),
        (&["red.log", "--exit-code", "0"], 1, "failed"),
        (&["red.log", "--exit-code", "1"], 1, "failed"),
        (&["green.log", "--signal", "SIGKILL"], 1, "failed"),
        (&["green.log", "--signal", "11"], 1, "failed"),
        (&["green.log", "--oom-killed"], 1, "failed"),
        (
            &["green.log", "--oom-killed", "--exit-code", "0"],
            1,
            "failed",
        ),
        (
            &["green.log", "--exit-code", "0", "--incomplete"],
            3,
            "incomplete",
        ),
        (&["green.log"], 3, "errored"),
        (&["--exit-code", "0"], 1, "failed"),
    ];
    for (args, code, status) in table {
        let ran = project.tribunal(&[&["judge", "pytest", "--format", "json"], args].concat());
        assert_eq!(ran.code, Some(code), "{args:?}\n{}{}", ran.out, ran.err);
        let summary: Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(summary["suites"][0]["status"], status, "{args:?}");
    }
    let text = project.tribunal(&["judge", "pytest", "red.log", "--exit-code", "1"]);
    assert!(text.out.starts_with("FAILED"), "{}", text.out);
}

#[test]
fn judge_reads_a_pipe() {
    let project = Project::empty();
    let mut child = project
        .command(&[
            "judge",
            "pytest",
            "-",
            "--exit-code",
            "0",
            "--format",
            "json",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(GREEN.as_bytes())
        .expect("written");
    let ran = ran(&child.wait_with_output().expect("it ends"));
    let summary: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(summary["suites"][0]["counts"]["passed"], 2, "{summary:#}");
}

#[test]
fn judge_reads_artifacts_and_refuses_bad_words() {
    let project = Project::empty();
    project.write(
        "r.xml",
        "<testsuite tests='1'><testcase classname='a' name='b'/></testsuite>",
    );
    let ran = project.tribunal(&[
        "judge",
        "junit",
        "--exit-code",
        "0",
        "--artifact",
        "r.xml",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for (args, words) in [
        (&["judge", "pytets", "r.xml"][..], "pytest"),
        (&["judge", "./none.wasm"], "none.wasm"),
        (&["judge", "pytest", "missing.log"], "missing.log"),
        (&["judge", "pytest", "--signal", "SIGNOPE"], "SIGNOPE"),
        (&["judge", "pytest", "--config", "{nonsense"], "config"),
        (&["judge", "pytest", "--artifact", "gone.xml"], "gone.xml"),
    ] {
        let ran = project.tribunal(args);
        assert_eq!(ran.code, Some(2), "{args:?} {}", ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_stored_run_is_shown_listed_and_reported_again() {
    let project = Project::new(
        "[suites.bad]\nscript = 'echo why; exit 3'\n[suites.good]\ncommand = ['true']",
    );
    let first = project.tribunal(&["run"]);
    let shown = project.tribunal(&["show"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    for words in ["FAILED", "bad", "exit 3", "why"] {
        assert!(
            first.out.contains(words) && shown.out.contains(words),
            "{words}\n{}",
            shown.out
        );
    }
    let summary: Value =
        serde_json::from_str(&project.tribunal(&["show", "--format", "json"]).out).expect("JSON");
    assert_eq!(summary["status"], "failed");
    let ran = project.tribunal(&["show", "latest", "--report", "junit=again.xml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(project.path().join("again.xml").is_file());
    let runs: Value =
        serde_json::from_str(&project.tribunal(&["runs", "--format", "json"]).out).expect("JSON");
    assert_eq!(
        (runs.as_array().map(Vec::len), &runs[0]["status"]),
        (Some(1), &json!("failed"))
    );
    let id = runs[0]["id"].as_str().expect("text");
    assert!(project.tribunal(&["runs"]).out.contains(id));
    assert_eq!(
        project
            .tribunal(&["logs", id.get(..10).expect("longer"), "bad"])
            .out,
        "why\n"
    );
    for (args, words) in [
        (&["logs", "latest", "bed"][..], "bad"),
        (&["show", "19990101"], "19990101"),
        (&["logs", "latest", "bad", "--attempt", "9"], "9"),
    ] {
        let ran = project.tribunal(args);
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}
