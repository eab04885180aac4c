//! The README's way from nothing to a hot-reloaded verdict, in Python and in Go: every command, as it stands there.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::rig::Live;
use crate::support::tribunal;
use crate::{has, root};

/// The code blocks of the section: language and text.
fn blocks() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, section) = text
        .split_once("\n## A judge of your own\n")
        .expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut blocks = Vec::new();
    let mut inside: Option<(String, String)> = None;
    for line in section.lines() {
        match (line.strip_prefix("```"), &mut inside) {
            (Some(_), Some(_)) => blocks.extend(inside.take()),
            (Some(language), None) => inside = Some((language.to_owned(), String::new())),
            (None, Some((_, text))) => writeln!(text, "{line}").expect("a string"),
            (None, None) => {}
        }
    }
    blocks
}

/// Runs lines in one shell, like a person would; the binary and the virtual environment come first on the path.
fn shell(folder: &Path, lines: &str) {
    let binary = Path::new(env!("CARGO_BIN_EXE_tribunal"));
    let path = format!(
        "{}:{}:{}",
        folder.join(".venv/bin").display(),
        binary.parent().expect("in a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut command = Command::new("bash");
    let ours = tribunal();
    let cache = ours
        .get_envs()
        .filter_map(|(key, value)| Some((key, value?)));
    let output = command
        .args(["-eu", "-c", lines])
        .current_dir(folder)
        .env("PATH", path)
        .envs(cache)
        .output()
        .expect("bash");
    assert!(
        output.status.success(),
        "{lines}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// One walk: made and run, watched, changed, told.
fn walk(language: &str, steps: &[(String, String)]) {
    let [made, changed, told] = steps else {
        panic!("three blocks for {language}: {steps:?}");
    };
    if !has(language) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    shell(dir.path(), &made.1);
    let (_, name) = made.1.split_once("&& cd ").expect("a folder to go to");
    let folder = dir.path().join(name.lines().next().expect("a name"));
    let mut command = tribunal();
    command.arg("watch").current_dir(&folder);
    let mut live = Live::of(command);
    live.until("watching 1 judge,");
    shell(&folder, &changed.1);
    for line in told.1.lines() {
        live.until(line);
    }
    live.signal("-INT");
    assert_eq!(live.end().code, Some(130));
}

#[test]
fn the_readme_leads_from_nothing_to_a_hot_reloaded_verdict() {
    let blocks = blocks();
    let languages: Vec<_> = blocks
        .iter()
        .map(|(language, _)| language.as_str())
        .collect();
    assert_eq!(languages, ["sh", "sh", "text", "sh", "sh", "text"]);
    walk("python", &blocks[..3]);
    walk("go", &blocks[3..]);
}
