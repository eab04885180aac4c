//! The book and the README: every page is listed, every link leads somewhere, and every command prints what the page says.

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "other programs use the rest")]
mod support;
#[path = "../support/tools.rs"]
mod tools;

mod page;
mod replay;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use page::Page;

fn book() -> PathBuf {
    let runner = Path::new(env!("CARGO_MANIFEST_DIR"));
    runner.parent().expect("in the workspace").join("docs/src")
}

fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(book())
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    assert!(paths.len() > 5, "the book is in docs/src");
    paths.iter().map(|path| Page::read(path)).collect()
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let pages = pages();
    let mut listed = BTreeSet::new();
    let mut broken = Vec::new();
    for page in &pages {
        let folder = page.path.parent().expect("in the book");
        for (line, target) in page.links() {
            if target.starts_with("https://") || target.starts_with('#') {
                continue;
            }
            let file = target.split('#').next().unwrap_or_default();
            match fs::canonicalize(folder.join(file)) {
                Ok(there) if page.is_summary() => drop(listed.insert(there)),
                Ok(_) => {}
                Err(_) => broken.push(format!("{}:{line}: {target}", page.path.display())),
            }
        }
    }
    assert!(
        broken.is_empty(),
        "links to nowhere:\n{}",
        broken.join("\n")
    );
    for page in pages.iter().filter(|page| !page.is_summary()) {
        let path = fs::canonicalize(&page.path).expect("there");
        assert!(
            listed.contains(&path),
            "not in SUMMARY.md: {}",
            page.path.display()
        );
    }
}

#[test]
fn every_command_prints_what_the_page_says() {
    let mut ran = 0;
    let mut wrong = Vec::new();
    let readme = Page::read(&book().join("../../README.md"));
    for page in pages().into_iter().chain([readme]) {
        match replay::replay(&page) {
            Ok(commands) => ran += commands,
            Err(why) => wrong.push(why),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
    assert!(ran > 10, "only {ran} commands were found");
}

/// `docs/complaints.md` promises tests by name.
#[test]
fn every_test_that_the_complaints_name_is_there() {
    let root = book().join("../..");
    let text = fs::read_to_string(root.join("docs/complaints.md")).expect("readable");
    let sources: String = ["runner/src", "tests"]
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(root.join(folder)))
        .filter_map(Result::ok)
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
        .map(|entry| fs::read_to_string(entry.path()).expect("readable"))
        .collect();
    let mut rows = 0;
    for row in text.lines().filter(|line| line.starts_with("| ")).skip(1) {
        rows += 1;
        let holds = row.rsplit(" | ").next().expect("a last column");
        assert!(holds.len() > 40, "row {rows} says nothing: {row}");
        for name in holds.split('`').skip(1).step_by(2) {
            let is_test = name.matches('_').count() > 2 || name == "plain_run";
            let known = sources.contains(&format!("fn {name}("));
            assert!(!is_test || known, "no test {name} (row {rows})");
        }
    }
    assert_eq!(rows, 23);
}
