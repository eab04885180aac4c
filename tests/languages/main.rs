//! Judges in every language, built with its ordinary tools: the templates of `plugin new` and the examples.
//!
//! A language whose tools are missing is skipped, loudly; `make setup-languages` installs what is not Rust, Go or
//! Node itself.

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "these tests need little of it")]
mod support;
#[path = "../support/tools.rs"]
mod tools;

mod guides;
mod programs;
mod readme;
#[path = "../watch/rig.rs"]
#[expect(dead_code, reason = "its judges are for the tests of watching")]
mod rig;
mod sdk;

use std::path::Path;
use std::process::{Command, Output};

use support::{Ran, ran, tribunal};
use tools::{has, python_tool};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("in the workspace")
}

/// A tool in the folder of a project of its own: what the tests of this workspace are built with is not for it.
fn tool(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command
        .current_dir(folder)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges"),
        );
    command
}

fn make(folder: &Path) -> Output {
    tool("make", folder)
        .arg(format!("TRIBUNAL={}", env!("CARGO_BIN_EXE_tribunal")))
        .arg(format!("PYTHON={}", python_tool("python")))
        .arg(format!("COMPONENTIZE={}", python_tool("componentize-py")))
        .output()
        .expect("make")
}

fn built(folder: &Path) {
    let output = make(folder);
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}\n{out}{err}", folder.display());
}

fn in_folder(folder: &Path, args: &[&str]) -> Ran {
    let output = tribunal().args(args).current_dir(folder).output();
    ran(&output.expect("the binary starts"))
}

/// What `plugin new` makes builds, fits, passes its cases, and judges a run.
fn template(language: &str) {
    if !has(language) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let made = in_folder(
        dir.path(),
        &["plugin", "new", "all-good", "--lang", language],
    );
    assert_eq!(made.code, Some(0), "{}{}", made.out, made.err);
    let folder = dir.path().join("all-good");
    assert!(folder.join("README.md").is_file());
    built(&folder);
    for args in [
        &["plugin", "check", "all-good.wasm"][..],
        &["plugin", "inspect", "all-good.wasm"],
        &["plugin", "test", "all-good.wasm"],
        &["run"],
    ] {
        let ran = in_folder(&folder, args);
        assert_eq!(
            ran.code,
            Some(0),
            "{language}: {args:?}\n{}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn a_judge_in_rust() {
    template("rust");
}

#[test]
fn a_judge_in_python() {
    template("python");
}

#[test]
fn a_judge_in_javascript() {
    template("js");
}

#[test]
fn a_judge_in_go() {
    template("go");
}

#[test]
fn a_judge_in_c() {
    template("c");
}

#[test]
fn a_judge_in_zig() {
    template("zig");
}

/// Each example passes as it stands, and fails when what it watches goes wrong.
#[test]
fn the_examples_judge() {
    let examples = [
        (
            "python",
            "coverage-python",
            "pipeline.toml",
            "minimum = 85",
            "minimum = 90",
        ),
        (
            "go",
            "regression-go",
            "pipeline.toml",
            "tolerance = 15",
            "tolerance = 2",
        ),
        ("js", "golden-js", "invoice.golden", "1.80", "1.90"),
        (
            "c",
            "percentiles-c",
            "pipeline.toml",
            "p95_ms = 50",
            "p95_ms = 20",
        ),
        (
            "zig",
            "watermark-zig",
            "pipeline.toml",
            "215 215",
            "215 300",
        ),
    ];
    for (language, name, file, good, bad) in examples {
        if !has(language) {
            continue;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let copied = Command::new("cp")
            .arg("-R")
            .arg(root().join("examples").join(name))
            .arg(dir.path())
            .status();
        assert!(copied.expect("cp").success());
        let folder = dir.path().join(name);
        built(&folder);
        let fine = in_folder(&folder, &["run"]);
        assert_eq!(fine.code, Some(0), "{name}\n{}{}", fine.out, fine.err);
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(text.contains(good), "{name}: {text}");
        std::fs::write(&path, text.replace(good, bad)).expect("written");
        let failed = in_folder(&folder, &["run"]);
        assert_eq!(failed.code, Some(1), "{name}\n{}{}", failed.out, failed.err);
    }
}
