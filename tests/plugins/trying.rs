//! `tribunal plugin test`: cases recorded of real runs, what differs later, and hostile input.

use std::fs;

use serde_json::{Value, json};

use crate::kit::{judging, text, wasm};
use crate::support::{Project, Ran};

const PIPELINE: &str = "[judges.mine]\npath = 'mine.wasm'\n\
    [suites.a]\nscript = 'mkdir -p out; echo \"<x/>\" > out/a.xml; echo hello'\njudge = 'mine'\n\
    artifacts = ['out/*.xml']\nlabels = { team = 'pay' }\n\
    [suites.b]\nscript = 'echo no; exit 3'\njudge = 'mine'\n\
    [suites.quiet]\ncommand = ['true']\njudge = 'mine'\n";

/// Reports the case `a_case` as failed and says failed.
const GRIM: &str = "(i32.store8 (i32.const 3080) (i32.const 1)) (call $case (i32.const 3072))
    (i32.store8 (i32.const 2052) (i32.const 1)) (i32.const 2048)";

fn test(project: &Project, args: &[&str]) -> Ran {
    project.tribunal(&[&["plugin", "test", "mine"], args].concat())
}

fn read(project: &Project, name: &str) -> Value {
    let text = fs::read_to_string(project.path().join(name)).expect("readable");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_case_is_recorded_from_a_real_run_and_holds_the_judge_to_it() {
    let project = Project::new(PIPELINE);
    project.write(
        "mine.wasm",
        judging("(call $case (i32.const 3072)) (i32.const 2048)"),
    );
    project.tribunal(&["run"]);

    let ran = test(&project, &["--record", "latest/a"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for part in [
        "recorded cases/a\n",
        "ok       a: fine\n",
        "1 cases, 0 differ",
    ] {
        assert!(ran.out.contains(part), "{part} in {}", ran.out);
    }
    let cost = ran.out.lines().find(|line| line.contains("peak"));
    let cost = cost.expect("what it cost");
    assert!(
        cost.contains(" ms, peak ") && cost.contains(" MiB, "),
        "{cost}"
    );
    assert!(cost.ends_with(" instructions"), "{cost}");
    let at = |name: &str| project.path().join("cases/a").join(name);
    assert_eq!(fs::read(at("output.log")).expect("the output"), b"hello\n");
    assert_eq!(
        fs::read(at("artifacts/out/a.xml")).expect("the artifact"),
        b"<x/>\n"
    );
    let evidence = read(&project, "cases/a/evidence.json");
    assert_eq!(evidence["ended"], json!({"kind": "exited", "code": 0}));
    assert_eq!(evidence["labels"], json!({"team": "pay"}));
    assert_eq!(evidence["suite"], "a");
    assert_eq!(evidence["completeness"], "proven");
    let expected = read(&project, "cases/a/expected.json");
    assert_eq!(
        expected,
        json!({"status": "passed", "summary": "fine", "failing": {}})
    );

    // The judge changes its mind.
    project.write("mine.wasm", judging(GRIM));
    let ran = test(&project, &[]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    for part in [
        "DIFFERS  a",
        "- status: \"passed\"",
        "+ status: \"failed\"",
        "- failing: {}",
        "+ failing: {\"a_case\":\"failed\"}",
        "1 cases, 1 differ",
    ] {
        assert!(ran.out.contains(part), "{part} in {}", ran.out);
    }
    let ran = test(&project, &["--update"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("updated  a"), "{}", ran.out);
    assert_eq!(read(&project, "cases/a/expected.json")["status"], "failed");
    assert_eq!(test(&project, &[]).code, Some(0));

    // And breaks: told with its last words.
    project.write(
        "mine.wasm",
        wasm(&text(
            r#"(data (i32.const 9000) "index out of bounds")
            (func (export "judge") (result i32) (call $stderr (i32.const 9000) (i32.const 19)) (unreachable))"#,
        )),
    );
    let ran = test(&project, &[]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    for part in [
        "- error: none",
        "+ error: the judge crashed",
        "index out of bounds",
    ] {
        assert!(ran.out.contains(part), "{part} in {}", ran.out);
    }
}

#[test]
fn every_kind_of_suite_can_be_recorded_and_each_becomes_a_folder() {
    let project = Project::new(PIPELINE);
    project.write("mine.wasm", judging("(i32.const 2048)"));
    project.tribunal(&["run"]);
    for (suite, folder) in [
        ("latest/b", "b"),
        ("latest/quiet", "quiet"),
        ("latest/b", "b-2"),
    ] {
        let ran = test(&project, &["--record", suite]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        assert!(
            ran.out.contains(&format!("recorded cases/{folder}\n")),
            "{}",
            ran.out
        );
    }
    let evidence = read(&project, "cases/b/evidence.json");
    assert_eq!(evidence["ended"], json!({"kind": "exited", "code": 3}));
    let log = fs::read(project.path().join("cases/quiet/output.log"));
    assert_eq!(log.expect("an output"), b"");
    let ran = test(&project, &[]);
    assert!(ran.out.contains("3 cases, 0 differ"), "{}", ran.out);
    let ran = test(&project, &["b-2"]);
    assert!(ran.out.contains("1 cases, 0 differ"), "{}", ran.out);
    for (args, words) in [
        (["--record", "latest/nope"], "there are: a, b, quiet"),
        (["--record", "latest"], "is not RUN/SUITE"),
        (["--record", "gone/a"], "no run \"gone\""),
        (
            ["--cases", "elsewhere"],
            "make a case with --record RUN/SUITE",
        ),
        (["no-such-case", "--update"], "has no such case"),
    ] {
        let ran = test(&project, &args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    }
}

/// What `--conformance` says of an input.
fn finding<'a>(ran: &'a Ran, input: &str) -> &'a str {
    let mut lines = ran.out.lines();
    let line = lines.find(|line| line.get(9..).is_some_and(|rest| rest.starts_with(input)));
    line.unwrap_or_else(|| panic!("no {input:?} in {}{}", ran.out, ran.err))
}

#[test]
fn built_in_judges_bear_hostile_input() {
    let project = Project::empty();
    for judge in ["exit-code", "pytest"] {
        let ran = project.tribunal(&["plugin", "test", judge, "--conformance"]);
        assert_eq!(ran.code, Some(0), "{judge}: {}{}", ran.out, ran.err);
        for input in [
            "an empty output",
            "64 MiB of lines",
            "invalid UTF-8",
            "NULs",
            "CRLF",
            "control sequences",
            "exit 1",
            "a signal",
            "a timeout",
            "no memory",
            "an eviction",
            "no start",
            "a cancel",
            "a lost end",
            "another end",
            "an output that is",
            "settings of 100 KB",
        ] {
            assert!(
                finding(&ran, input).starts_with("ok "),
                "{judge}: {}",
                ran.out
            );
        }
        assert!(
            ran.out.ends_with(" inputs, 0 wrong\n"),
            "{judge}: {}",
            ran.out
        );
    }
}

/// Crashes at a byte that is no text, passes whatever the end was, and breaks at long settings.
#[test]
fn what_a_judge_does_not_bear_is_named() {
    let project = Project::empty();
    project.write(
        "mine.wasm",
        wasm(&text(
            r#"(func (export "validate") (param i32 i32) (result i32)
              (if (i32.gt_u (local.get 1) (i32.const 50000)) (then unreachable)) (i32.const 1100))
            (func (export "judge") (result i32)
              (call $read (call $open (i32.const 2)) (i32.const 1) (i32.const 8192))
              (if (i32.load (i32.const 8196)) (then
                (if (i32.eq (i32.load8_u (i32.load (i32.const 8192))) (i32.const 0xff)) (then unreachable))))
              (i32.const 2048))"#,
        )),
    );
    let ran = project.tribunal(&["plugin", "test", "mine.wasm", "--conformance"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    for (input, words) in [
        ("invalid UTF-8", "the judge crashed"),
        ("a signal", "it said passed"),
        ("a timeout", "it said passed"),
        ("a lost end", "it said passed"),
        (
            "settings of 100 KB",
            "it could not answer `validate-config`",
        ),
    ] {
        let line = finding(&ran, input);
        assert!(line.starts_with("WRONG") && line.contains(words), "{line}");
    }
    for input in [
        "an empty output",
        "NULs",
        "exit 1",
        "settings that are a list",
    ] {
        let line = finding(&ran, input);
        assert!(line.starts_with("ok "), "{line}");
    }
}
