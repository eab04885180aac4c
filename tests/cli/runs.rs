//! `run`: what it says, what it stores, how it exits.

use serde_json::json;

use crate::support::{Project, suite};

#[test]
fn all_passed_is_exit_0_and_everything_is_stored() {
    let project = Project::new(
        r#"
        [suites.hello]
        script = "echo out; echo err >&2; printf 'no end'"
        [suites.silent]
        command = ["true"]
        "#,
    );
    let (code, summary) = project.run(&[]);
    assert_eq!(code, Some(0), "{summary:#}");
    assert_eq!(summary["status"], "passed");
    let hello = suite(&summary, "hello");
    assert_eq!(
        hello["capture"],
        json!({"completeness": "proven", "bytes": 14, "lines": 2})
    );
    assert_eq!(hello["attempts"], 1);
    assert_eq!(hello["judge"]["name"], "exit-code");
    assert!(
        hello["judge"]["digest"]
            .as_str()
            .expect("text")
            .starts_with("sha256:")
    );
    assert_eq!(hello["dir"], "suites/hello/attempt-1");
    assert_eq!(
        suite(&summary, "silent")["dir"],
        json!(null),
        "nothing to keep, nothing made"
    );
    let run = project.latest();
    assert!(!run.join("suites/silent").exists());
    let stored: serde_json::Value =
        serde_json::from_slice(&std::fs::read(run.join("summary.json")).expect("stored"))
            .expect("JSON");
    assert_eq!(stored, summary);
    for file in [
        "run.json",
        "events.jsonl",
        "suites/hello/attempt-1/attempt.json",
        "suites/hello/attempt-1/output.log",
    ] {
        assert!(run.join(file).is_file(), "{file}");
    }
    assert_eq!(
        project
            .tribunal(&["logs", "latest", "hello", "--stream", "stderr"])
            .out,
        "err\n"
    );
    assert_eq!(
        project
            .tribunal(&["logs", "latest", "hello", "--stream", "stdout"])
            .out,
        "out\nno end"
    );
}

#[test]
fn a_failure_is_exit_1_and_named() {
    let project = Project::new(
        "[suites.bad]\nscript = 'echo why it failed; exit 7'\n[suites.good]\ncommand = ['true']",
    );
    let (code, summary) = project.run(&[]);
    assert_eq!((code, &summary["status"]), (Some(1), &json!("failed")));
    let bad = suite(&summary, "bad");
    assert_eq!(bad["status"], "failed");
    assert_eq!(bad["end"], json!({"kind": "exited", "code": 7}));
    let text = project.tribunal(&["run"]);
    assert_eq!(text.code, Some(1));
    for words in ["FAILED", "bad", "exit 7", "why it failed", "tribunal logs"] {
        assert!(
            text.out.contains(words),
            "{words} is missing in\n{}",
            text.out
        );
    }
    assert!(!text.out.contains(['\x1b', '\r']), "piped output is plain");
}

#[test]
fn what_cannot_be_started_is_errored_with_the_reason() {
    let project = Project::new(
        r#"
        [suites.nowhere]
        command = ["no-such-program-here", "x"]
        [suites.plain]
        command = ["./data.txt"]
        [suites.lost]
        command = ["true"]
        cwd = "no/such/folder"
        "#,
    );
    project.write("data.txt", "not a program");
    let (code, summary) = project.run(&[]);
    assert_eq!(
        (code, &summary["status"]),
        (Some(3), &json!("errored")),
        "{summary:#}"
    );
    for (name, words) in [
        ("nowhere", "not found"),
        ("plain", "not executable"),
        ("lost", "does not exist"),
    ] {
        let suite = suite(&summary, name);
        assert_eq!(suite["status"], "errored", "{suite:#}");
        let said = suite["summary"].as_str().expect("text").to_lowercase();
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn a_timeout_says_so_and_keeps_what_was_written() {
    let project = Project::new(
        "[suites.slow]\nscript = 'echo begun; trap \"\" TERM; sleep 60 & wait; sleep 60'\ntimeout = '300ms'\ngrace = '200ms'",
    );
    let begun = std::time::Instant::now();
    let (code, summary) = project.run(&[]);
    assert_eq!(code, Some(1), "{summary:#}");
    let slow = suite(&summary, "slow");
    assert_eq!(
        (&slow["status"], &slow["capture"]["bytes"]),
        (&json!("timed-out"), &json!(6)),
        "{slow:#}"
    );
    assert!(
        begun.elapsed().as_secs() < 20,
        "it waited for what it killed"
    );
}

#[test]
fn a_grandchild_that_keeps_the_pipe_is_named_and_cannot_hang_the_run() {
    let project = Project::new(
        "[suites.daemon]\nscript = 'sleep 321 & echo done'\ndrain_timeout = '400ms'\ngrace = '200ms'\nretries = { infra = 0 }",
    );
    let (code, summary) = project.run(&[]);
    let daemon = suite(&summary, "daemon");
    assert_eq!(
        (code, &daemon["status"]),
        (Some(3), &json!("incomplete")),
        "{daemon:#}"
    );
    assert_eq!(daemon["capture"]["completeness"], "cut");
    assert!(daemon.to_string().contains("sleep"), "{daemon:#}");
}

#[test]
fn needs_matrix_shards_env_and_filters() {
    let project = Project::new(
        r#"
        [suites.build]
        command = ["true"]
        labels = { kind = "tool" }
        [suites.unit]
        script = 'echo "$LEVEL ${matrix.v} $TRIBUNAL_SHARD_INDEX/$TRIBUNAL_SHARD_TOTAL"'
        needs = ["build"]
        env = { LEVEL = "debug-${matrix.v}" }
        matrix = { v = ["1", "2"] }
        shards = 2
        [suites.other]
        command = ["false"]
        "#,
    );
    let (code, summary) = project.run(&["unit"]);
    assert_eq!(code, Some(0), "{summary:#}");
    let names: Vec<&str> = summary["suites"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|suite| suite["name"].as_str().expect("text"))
        .collect();
    assert_eq!(
        names.len(),
        5,
        "two values, two shards and what they need: {names:?}"
    );
    let last = names
        .iter()
        .find(|name| name.contains("v=2") && name.contains("2/2"))
        .expect("the last");
    assert_eq!(
        project.tribunal(&["logs", "latest", last]).out,
        "debug-2 2 1/2\n"
    );
    assert_eq!(
        project.run(&["--label", "kind=tool"]).1["suites"]
            .as_array()
            .expect("a list")
            .len(),
        1
    );
    assert_eq!(project.tribunal(&["run", "nothing*"]).code, Some(4));
}

#[test]
fn retries_make_flaky_visible() {
    let project = Project::new(
        "[suites.shy]\nscript = 'test -e seen || { touch seen; exit 1; }'\nretries = { failed = 2, backoff = '10ms' }",
    );
    let (code, summary) = project.run(&[]);
    let shy = suite(&summary, "shy");
    assert_eq!(
        (code, &shy["status"], &shy["attempts"]),
        (Some(0), &json!("flaky"), &json!(2)),
        "{shy:#}"
    );
    assert_eq!(shy["history"].as_array().expect("a list").len(), 2);
}

#[test]
fn fail_fast_cancels_the_rest() {
    let project = Project::new(
        "[run]\njobs = 2\n[suites.a]\nscript = 'sleep 0.2; exit 1'\n[suites.b]\ncommand = ['sleep', '60']\ngrace = '1s'\n[suites.c]\ncommand = ['true']",
    );
    let (code, summary) = project.run(&["--fail-fast"]);
    assert_eq!(code, Some(1), "{summary:#}");
    assert_eq!(suite(&summary, "b")["status"], "cancelled");
    assert_eq!(suite(&summary, "c")["status"], "cancelled");
}

#[test]
fn reports_are_written_where_asked() {
    let project = Project::new(
        "[report]\njunit = 'out/junit.xml'\n[suites.a]\nscript = 'printf \"\\000\\033[31m]]>\\377\"; exit 1'",
    );
    let ran = project.tribunal(&["run", "--report", "json=more/run.json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let xml = std::fs::read_to_string(project.path().join("out/junit.xml")).expect("written");
    assert!(
        xml.contains("<testsuites") && !xml.contains('\u{1b}') && !xml.contains('\0'),
        "{xml}"
    );
    let json = std::fs::read(project.path().join("more/run.json")).expect("written");
    let summary: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(summary["status"], "failed");
}

#[test]
fn a_real_pytest_is_judged_case_by_case() {
    if !crate::support::has_pytest() {
        return;
    }
    let project = Project::new(
        "[suites.unit]\ncommand = ['python3', '-m', 'pytest', '-p', 'no:cacheprovider', 'test_it.py']\njudge = 'pytest'",
    );
    project.write(
        "test_it.py",
        "def test_a(): pass\ndef test_b(): assert 1 == 2\n",
    );
    let (code, summary) = project.run(&[]);
    let unit = suite(&summary, "unit");
    assert_eq!(
        (code, &unit["status"]),
        (Some(1), &json!("failed")),
        "{unit:#}"
    );
    assert_eq!(
        (&unit["counts"]["passed"], &unit["counts"]["failed"]),
        (&json!(1), &json!(1)),
        "{unit:#}"
    );
    assert!(
        unit["failing"][0]["id"]
            .as_str()
            .expect("text")
            .contains("test_b"),
        "{unit:#}"
    );
    project.write("test_it.py", "import os\ndef test_a(): os._exit(0)\n");
    let (code, summary) = project.run(&[]);
    let unit = suite(&summary, "unit");
    assert_eq!(
        (code, &unit["status"]),
        (Some(1), &json!("failed")),
        "exit 0 without a summary: {unit:#}"
    );
}
