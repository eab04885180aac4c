//! Every example runs, and comes to what its README says.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Ran, ran, tribunal};

/// The examples and their exit codes.
const EXAMPLES: [(&str, i32); 4] = [("local", 0), ("pytest", 0), ("junit", 0), ("ci", 0)];

fn examples() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("in the workspace")
        .join("examples")
}

/// A copy of an example, in a folder of its name.
fn copied(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    let copied = Command::new("cp")
        .arg("-R")
        .arg(examples().join(name))
        .arg(copy.path())
        .status();
    assert!(copied.expect("cp").success());
    // CMake's cache names the folder it was made in.
    drop(fs::remove_dir_all(copy.path().join(name).join("build")));
    copy
}

fn run(folder: &Path) -> Ran {
    let output = tribunal().arg("run").current_dir(folder).output();
    ran(&output.expect("the binary starts"))
}

/// It passes as it stands, and fails, with these words, when `old` is `new` in one of its files.
fn turns_red(folder: &Path, (file, old, new): (&str, &str, &str), says: &str) {
    let passed = run(folder);
    assert_eq!(passed.code, Some(0), "{}{}", passed.out, passed.err);
    let file = folder.join(file);
    let text = fs::read_to_string(&file).expect("readable");
    let broken = text.replace(old, new);
    assert_ne!(text, broken);
    fs::write(&file, broken).expect("written");
    let failed = run(folder);
    assert_eq!(failed.code, Some(1), "{}{}", failed.out, failed.err);
    assert!(failed.out.contains(says), "{}", failed.out);
}

#[test]
fn they_run_as_they_stand() {
    if !crate::support::has_pytest() {
        return;
    }
    for (name, code) in EXAMPLES {
        let copy = copied(name);
        let ran = run(&copy.path().join(name));
        assert_eq!(
            ran.code,
            Some(code),
            "examples/{name}\n{}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn nodes_own_test_runner_is_judged() {
    let version = Command::new("node").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        crate::support::skipped("node 18 or later");
        return;
    }
    let copy = tempfile::tempdir().expect("a folder");
    for file in ["pipeline.toml", "cart.js", "cart.test.js"] {
        let from = examples().join("node-test").join(file);
        fs::copy(from, copy.path().join(file)).expect("copied");
    }
    let edit = ("cart.test.js", "total, 11", "total, 12");
    turns_red(copy.path(), edit, "1 of 4 failed");
}

/// Runs an example that needs packages of npm, where somebody installed them into its folder.
fn with_packages(name: &str, edit: (&str, &str, &str), says: &str) {
    let folder = examples().join(name);
    if !folder.join("node_modules").is_dir() {
        crate::support::skipped(&format!("make setup-examples, for examples/{name}"));
        return;
    }
    let copy = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(&folder).expect("a folder").flatten() {
        if entry.path().is_file() {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copied");
        }
    }
    let modules = copy.path().join("node_modules");
    std::os::unix::fs::symlink(folder.join("node_modules"), modules).expect("a link");
    turns_red(copy.path(), edit, says);
}

#[test]
fn vitest_is_judged() {
    let edit = ("cart.test.js", "toBe(11)", "toBe(12)");
    with_packages("vitest", edit, "1 of 3 failed");
}

#[test]
fn playwright_is_judged() {
    let edit = ("cart.spec.js", "toBe(11)", "toBe(12)");
    with_packages("playwright", edit, "1 of 3 failed");
}

/// Examples of one format each, and a command that succeeds in the folder where the tool is on the machine.
const FORMATS: [(&str, &str, &str); 11] = [
    ("ctest", "ctest --version && cmake --version", "cmake"),
    ("go-test", "go version", "go"),
    (
        "gtest",
        "echo '#include <gtest/gtest.h>' | c++ -x c++ -fsyntax-only -",
        "a C++ compiler and GoogleTest",
    ),
    (
        "jest",
        "npx --no-install jest --version",
        "jest (make setup-examples)",
    ),
    ("libtest", "cargo --version", "cargo"),
    (
        "mocha",
        "npx --no-install mocha --version",
        "mocha (make setup-examples)",
    ),
    ("nextest", "cargo nextest --version", "cargo-nextest"),
    ("phpunit", "phpunit --version", "phpunit"),
    ("rspec", "rspec --version", "rspec"),
    ("tap", "prove --version", "perl with prove"),
    (
        "trx",
        "npx --no-install mocha --version",
        "mocha's writer of TRX (make setup-examples)",
    ),
];

#[test]
fn every_format_is_judged_where_its_tool_is() {
    for (name, has, needs) in FORMATS {
        let copy = copied(name);
        let folder = copy.path().join(name);
        let mut there = Command::new("sh");
        let there = there.args(["-c", has]).current_dir(&folder).output();
        if !there.is_ok_and(|output| output.status.success()) {
            crate::support::skipped(needs);
            continue;
        }
        let ran = run(&folder);
        assert_eq!(ran.code, Some(0), "examples/{name}\n{}{}", ran.out, ran.err);
    }
}

/// Builds the custom judge's example in place; `None`, loudly, where its target is missing.
fn build_custom_judge() -> Option<std::path::PathBuf> {
    let folder = examples().join("custom-judge");
    let made = Command::new("make")
        .arg("-C")
        .arg(&folder)
        .output()
        .expect("make");
    if made.status.success() {
        return Some(folder);
    }
    let text = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(text.contains("target may not be installed"), "{text}");
    crate::support::skipped("rustup target add wasm32-wasip2");
    None
}

#[test]
fn a_judge_of_ones_own_decides() {
    let Some(folder) = build_custom_judge() else {
        return;
    };
    let copy = tempfile::tempdir().expect("a folder");
    for file in ["pipeline.toml", "service.py", "clean-log.wasm"] {
        fs::copy(folder.join(file), copy.path().join(file)).expect("copied");
    }
    let edit = (
        "pipeline.toml",
        "\"service.py\"]",
        "\"service.py\", \"--broken\"]",
    );
    turns_red(copy.path(), edit, "ERROR");
}

#[test]
fn every_example_has_a_readme_and_a_pipeline_that_checks() {
    let mut seen = 0;
    for entry in fs::read_dir(examples())
        .expect("a folder")
        .filter_map(Result::ok)
    {
        if !entry.path().is_dir() {
            continue;
        }
        seen += 1;
        // Its judge must be built first, which the test above and tests/languages do.
        let pipeline = fs::read_to_string(entry.path().join("pipeline.toml")).expect("a pipeline");
        let checks = !pipeline.contains("\n[judges.");
        assert!(
            entry.path().join("README.md").is_file(),
            "{}",
            entry.path().display()
        );
        if !checks {
            continue;
        }
        let output = tribunal().arg("check").current_dir(entry.path()).output();
        let ran = ran(&output.expect("the binary starts"));
        assert_eq!(ran.code, Some(0), "{}\n{}", entry.path().display(), ran.err);
    }
    assert!(seen >= EXAMPLES.len());
}
