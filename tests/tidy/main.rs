//! The house rules of ARCHITECTURE.md that a machine can see.

use std::fs;
use std::path::{Path, PathBuf};

/// No source file is longer.
const LONGEST: usize = 400;

/// Names that stay in their room: a word in the code, and the only places under `runner/src` that may
/// use it.
const ROOMS: [(&str, &[&str]); 7] = [
    ("toml::", &["config/"]),
    ("wasmtime", &["plugin/"]),
    ("kube::", &["executor/kubernetes/"]),
    ("notify::", &["changes/"]),
    ("quick_junit::", &["report/junit"]),
    ("annotate_snippets", &["config/"]),
    ("terminal_size", &["report/terminal/"]),
];

/// Test folders that hold no test program of their own.
const NOT_PROGRAMS: [&str; 2] = ["fixtures", "support"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("runner/ is in the workspace")
        .to_owned()
}

fn rust_files(below: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(below)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "target" && entry.file_name() != ".git")
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no Rust file below {}", below.display());
    found
}

fn fail_with(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    let mut problems = Vec::new();
    for path in rust_files(&root()) {
        let text = fs::read_to_string(&path).expect("readable");
        let lines = text.lines().count();
        if lines > LONGEST {
            problems.push(format!(
                "{}: {lines} lines, at most {LONGEST}",
                path.display()
            ));
        }
        if !text.starts_with("//!") {
            problems.push(format!("{}:1: begins without a `//!` line", path.display()));
        }
    }
    fail_with(&problems);
}

/// Every line of code of the runner, without its comment: file below `runner/src`, line number, text.
fn code() -> Vec<(String, usize, String)> {
    let source = root().join("runner/src");
    let mut lines = Vec::new();
    for path in rust_files(&source) {
        let place = path
            .strip_prefix(&source)
            .expect("below")
            .display()
            .to_string();
        let text = fs::read_to_string(&path).expect("readable");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("").to_owned();
            lines.push((place.clone(), number + 1, code));
        }
    }
    lines
}

#[test]
fn dependencies_stay_in_their_room() {
    let mut problems = Vec::new();
    for (place, number, code) in code() {
        for (word, rooms) in ROOMS {
            if code.contains(word) && !rooms.iter().any(|room| place.starts_with(room)) {
                let rooms = rooms.join(", ");
                problems.push(format!(
                    "runner/src/{place}:{number}: `{word}` belongs in {rooms}"
                ));
            }
        }
    }
    fail_with(&problems);
}

#[test]
fn the_leaves_import_no_neighbour() {
    let is_leaf = |place: &str| place == "event.rs" || place.starts_with("model/");
    let strays: Vec<String> = code()
        .into_iter()
        .filter(|(place, _, code)| {
            is_leaf(place) && code.contains("crate::") && !code.contains("crate::model")
        })
        .map(|(place, number, code)| format!("runner/src/{place}:{number}: {code}"))
        .collect();
    fail_with(&strays);
}

#[test]
fn no_test_file_is_forgotten() {
    let manifest = fs::read_to_string(root().join("runner/Cargo.toml")).expect("readable");
    let mut problems = Vec::new();
    for entry in fs::read_dir(root().join("tests"))
        .expect("a folder")
        .filter_map(Result::ok)
    {
        let name = entry.file_name().into_string().expect("UTF-8");
        if NOT_PROGRAMS.contains(&name.as_str()) {
            continue;
        }
        let path = format!("../tests/{name}/main.rs");
        if entry.path().join("main.rs").is_file() && !manifest.contains(&path) {
            problems.push(format!(
                "tests/{name}/main.rs is not named in runner/Cargo.toml"
            ));
        }
        // A module that main.rs does not name would never run.
        let Ok(main) = fs::read_to_string(entry.path().join("main.rs")) else {
            continue;
        };
        for file in fs::read_dir(entry.path())
            .expect("a folder")
            .filter_map(Result::ok)
        {
            let path = file.path();
            let is_module = path.extension().is_some_and(|e| e == "rs")
                && path.file_name() != Some("main.rs".as_ref());
            let stem = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .unwrap_or("");
            if is_module && !main.contains(&format!("mod {stem};")) {
                problems.push(format!("{} is in no `mod`", path.display()));
            }
        }
    }
    fail_with(&problems);
}

#[test]
fn the_documents_name_rooms_that_exist() {
    let root = root();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(root.join(document)).expect("the document");
        for word in text.split('`').skip(1).step_by(2) {
            let is_path = (word.starts_with("runner/")
                || word.starts_with("plugins/")
                || word.starts_with("tests/"))
                && !word.contains(['<', '*', ' ', '{', '…']);
            assert!(
                !is_path || root.join(word).exists(),
                "{document} names `{word}`, which is not there"
            );
        }
    }
}
