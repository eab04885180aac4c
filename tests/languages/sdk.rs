//! The examples in the documentation of the SDKs for Python and JavaScript. Those of Rust are cargo's own to run.

use std::fs;
use std::process::Command;

use crate::support::{Project, ran};
use crate::{has, python_tool, root};

/// Runs examples, and says how many there were.
fn run(command: &mut Command) {
    let ran = ran(&command.output().expect("it starts"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.ends_with(" examples, 0 failed\n"), "{}", ran.out);
}

#[test]
fn the_examples_of_the_python_sdk_are_true() {
    if !has("python") {
        return;
    }
    let project = Project::empty();
    let made = project.tribunal(&["plugin", "bindings", "python"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    // What the contract looks like in Python, for code outside of the sandbox.
    let types = Command::new(python_tool("componentize-py"))
        .args(["-q", "-d", "wit", "-w", "judge", "bindings", "."])
        .current_dir(project.path())
        .status();
    assert!(types.expect("componentize-py").success());
    let runner = root().join("tests/languages/doctests.py");
    run(Command::new(python_tool("python"))
        .arg(runner)
        .arg(project.path())
        .current_dir(project.path()));
}

#[test]
fn the_examples_of_the_javascript_sdk_are_true() {
    if !has("node") {
        return;
    }
    let project = Project::empty();
    let made = project.tribunal(&["plugin", "bindings", "js"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let runner = root().join("tests/languages/doctests.mjs");
    run(Command::new("node").arg(&runner).arg(project.path()));
    // They can fail: an example that is no longer true is found.
    let path = project.path().join("tribunal.js");
    let text = fs::read_to_string(&path).expect("readable");
    let changed = text.replace(
        r#"describeEnd(evidence.ended()) // "exit 3""#,
        r#"describeEnd(evidence.ended()) // "exit 4""#,
    );
    assert_ne!(changed, text);
    fs::write(&path, changed).expect("written");
    let failed = Command::new("node")
        .arg(&runner)
        .arg(project.path())
        .output();
    assert!(!failed.expect("node").status.success());
}
