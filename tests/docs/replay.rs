//! Runs the commands of a page, in order, in a folder of its own.
//!
//! A block `toml pipeline.toml` (any language, then a file name) writes that file. In a block `console` each line
//! that begins with `$ ` is a command for `sh`, and what follows is what it prints on both streams. `…` stands for
//! any text, alone on a line for any lines; run ids, durations and process ids may differ. A block `console needs=go`
//! is left out, loudly, where the tools of that language are not here; with `in=FOLDER` that folder of the repository is
//! there to begin with.
//! `TRIBUNAL_DOCS_UPDATE=1` writes what was really printed into the page, where it is not what the page says; read it
//! before it is committed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

use crate::page::{Block, Page};
use crate::support::{self, Project, tribunal};
use crate::tools;

/// How many commands ran; or what was printed otherwise than the page says.
pub(crate) fn replay(page: &Page) -> Result<usize, String> {
    let update = std::env::var_os("TRIBUNAL_DOCS_UPDATE").is_some();
    let project = Project::empty();
    let bin = project.path().join(".bin");
    fs::create_dir(&bin).expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tribunal"), bin.join("tribunal"))
        .expect("a link");
    let mut ran = 0;
    let mut text = page.text.clone();
    for block in page.blocks() {
        let mut words = block.info.split_whitespace();
        match (words.next(), words.next()) {
            (Some("console"), demands) => {
                let mut demands = demands.into_iter().chain(words);
                if !demands.all(|demand| meets(demand, project.path())) {
                    continue;
                }
                let mut printed = String::new();
                for (command, expected) in commands(&block) {
                    let actual = run(&command, project.path(), &bin);
                    ran += 1;
                    let fits = fits(&expected, &actual);
                    let said: String = expected
                        .iter()
                        .fold(String::new(), |text, line| text + line + "\n");
                    let now = if fits { &said } else { &actual };
                    write!(printed, "$ {command}\n{now}").expect("a string");
                    if !update && !fits {
                        return Err(format!(
                            "{}:{}: `{command}` printed:\n{actual}--- the page says:\n{}",
                            page.path.display(),
                            block.line,
                            expected.join("\n")
                        ));
                    }
                }
                let old = format!("```{}\n{}\n```", block.info, block.lines.join("\n"));
                text = text.replace(&old, &format!("```{}\n{printed}```", block.info));
            }
            (Some(_), Some(file)) => {
                project.write(file, block.lines.join("\n") + "\n");
            }
            _ => {}
        }
    }
    if update && text != page.text {
        fs::write(&page.path, text).expect("writable");
    }
    Ok(ran)
}

/// Whether what a block needs is here: `needs=LANGUAGE`, `needs=pytest`. `in=FOLDER` is put there.
fn meets(demand: &str, project: &Path) -> bool {
    match demand.split_once('=').expect("KEY=VALUE") {
        ("needs", "pytest") => support::has_pytest(),
        ("needs", language) => tools::has(language),
        ("in", folder) => {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("..")
                .join(folder);
            let mut copy = Command::new("cp");
            let copied = copy.arg("-r").arg(folder.join(".")).arg(project).status();
            copied.is_ok_and(|status| status.success())
        }
        (key, _) => panic!("{key} is no demand"),
    }
}

/// The commands of a block, each with the lines that it is to print.
fn commands(block: &Block) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for line in &block.lines {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => all.push((command.to_owned(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line.clone()),
            (None, None) => panic!("line {}: output before a command", block.line),
        }
    }
    all
}

fn run(command: &str, folder: &Path, bin: &Path) -> String {
    let mut path = bin.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    for (name, value) in tribunal().get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let output = shell
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .env("PYTHON", tools::python_tool("python"))
        .env("COMPONENTIZE", tools::python_tool("componentize-py"))
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges"),
        )
        // What the tests of this workspace are built with is not for a project of its own.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("sh");
    let text = String::from_utf8_lossy(&output.stdout);
    // The reader's folder has a name that stays.
    let text = text.replace(&folder.display().to_string(), "/home/me/demo");
    if text.is_empty() || text.ends_with('\n') {
        text
    } else {
        text + "\n"
    }
}

fn fits(expected: &[String], actual: &str) -> bool {
    let actual: Vec<String> = actual.lines().map(plain).collect();
    let expected: Vec<String> = expected.iter().map(|line| plain(line)).collect();
    lines_fit(&expected, &actual)
}

fn lines_fit(expected: &[String], actual: &[String]) -> bool {
    match (expected.split_first(), actual.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "…" => {
            (0..=actual.len()).any(|skipped| lines_fit(rest, &actual[skipped..]))
        }
        (Some((first, rest)), Some((line, lines))) => {
            line_fits(first, line) && lines_fit(rest, lines)
        }
        _ => false,
    }
}

fn line_fits(expected: &str, actual: &str) -> bool {
    let parts: Vec<String> = expected.split('…').map(regex::escape).collect();
    Regex::new(&format!("^{}$", parts.join(".*"))).is_ok_and(|regex| regex.is_match(actual))
}

/// A line without what differs from run to run.
fn plain(line: &str) -> String {
    static DIFFERENT: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let regex = |text: &str| Regex::new(text).expect("right");
        vec![
            (regex(r"\d{8}-\d{4}-[a-z0-9]{4}"), "RUN"),
            (regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "DATE"),
            (regex(r"\(?pid \d+\)?|process \d+"), "PID"),
            (regex(r"\b\d+(\.\d+)?(ms|s)\b|\b\d+m\d\d(\.\d)?s\b"), "TIME"),
            (regex(r"  \d+ at once"), "  N at once"),
            (regex(r" +"), " "),
        ]
    });
    let mut line = line.trim_end().to_owned();
    for (regex, word) in DIFFERENT.iter() {
        line = regex.replace_all(&line, *word).into_owned();
    }
    line
}

#[test]
fn lines_are_compared_without_what_differs() {
    let page = ["a … z".to_owned(), "…".to_owned(), "end 3.5s".to_owned()];
    assert!(fits(&page, "a b z\nmore\nand more\nend 12ms\n"));
    assert!(fits(&page, "a b z\nend 1s\n"));
    assert!(!fits(&page, "a b z\nmore\n"));
    assert!(!fits(&page, "b b z\nend 1s\n"));
}
