//! Looks into the folders below: repositories of several projects have their tests there.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Found, detect};

/// Levels below the folder: `services/shop/api`.
const DEPTH: usize = 3;
/// Folders that are looked at; in a larger tree the ones further up come first.
const FOLDERS: usize = 2_000;
/// Folders of what was built or fetched, not written.
const NOT_OURS: [&str; 12] = [
    "node_modules",
    "target",
    "vendor",
    "venv",
    "env",
    "build",
    "dist",
    "out",
    "third_party",
    "testdata",
    "fixtures",
    "__pycache__",
];

struct Folder {
    path: PathBuf,
    /// As one writes it in the pipeline: `services/api`.
    name: String,
    depth: usize,
    /// What runs the tests of all that is below.
    covered: BTreeSet<&'static str>,
}

/// Every suite that a folder and those below it seem to have, in a fixed order.
pub(super) fn look(top: &Path) -> Vec<Found> {
    let mut found = detect::look(top);
    let mut covered = BTreeSet::new();
    covered.extend(found.iter().filter_map(|found| reach(&found.suite)));
    let mut queue = VecDeque::from([Folder {
        path: top.to_owned(),
        name: String::new(),
        depth: 0,
        covered,
    }]);
    let mut room = FOLDERS;
    while let Some(folder) = queue.pop_front() {
        for name in below(&folder.path).into_iter().take(room) {
            room -= 1;
            let path = folder.path.join(&name);
            let name = match folder.name.as_str() {
                "" => name,
                above => format!("{above}/{name}"),
            };
            let mut covered = folder.covered.clone();
            let here: Vec<Found> = detect::look(&path)
                .into_iter()
                .filter(|found| !is_covered(&found.suite, &folder.covered))
                .collect();
            covered.extend(here.iter().filter_map(|found| reach(&found.suite)));
            add(&mut found, here, &name);
            let depth = folder.depth + 1;
            if depth < DEPTH {
                queue.push_back(Folder {
                    path,
                    name,
                    depth,
                    covered,
                });
            }
        }
    }
    if found.is_empty() {
        found.extend(detect::make(top));
    }
    found
}

/// What a suite's tool finds in the folders below its own; `None`: it stays in its own, as `go test` stays in a module.
fn reach(suite: &str) -> Option<&'static str> {
    let reaches = [
        ("pytest", "pytest"),
        ("cargo", "cargo"),
        ("nextest", "cargo"),
        ("build", "cmake"),
        ("ctest", "cmake"),
        ("maven", "jvm"),
        ("gradle", "jvm"),
        ("rspec", "rspec"),
        ("phpunit", "phpunit"),
        ("npm", "javascript"),
        ("vitest", "vitest"),
        ("jest", "jest"),
        ("mocha", "mocha"),
        ("node", "node"),
        ("playwright", "playwright"),
        ("prove", "prove"),
        ("bats", "bats"),
    ];
    let found = reaches.iter().find(|(name, _)| *name == suite);
    found.map(|(_, what)| *what)
}

fn is_covered(suite: &str, covered: &BTreeSet<&'static str>) -> bool {
    let javascript = ["npm", "vitest", "jest", "mocha", "node", "playwright"];
    reach(suite).is_some_and(|what| covered.contains(what))
        // A script of the top may run whatever is below it.
        || (javascript.contains(&suite) && covered.contains("javascript"))
}

/// Adds what was found in a folder below under names of its own.
fn add(all: &mut Vec<Found>, here: Vec<Found>, folder: &str) {
    let last = folder.rsplit('/').next().unwrap_or(folder);
    let taken = |all: &[Found], prefix: &str| {
        let name = |found: &Found| format!("{prefix}-{}", found.suite);
        here.iter()
            .any(|found| all.iter().any(|other| other.suite == name(found)))
    };
    let mut prefix = plain(last);
    if prefix.is_empty() || taken(all, &prefix) {
        prefix = plain(folder);
    }
    let mut number = 1;
    while prefix.is_empty() || taken(all, &prefix) {
        number += 1;
        prefix = format!("folder-{number}");
    }
    for mut found in here {
        found.suite = format!("{prefix}-{}", found.suite);
        found.needs = found.needs.map(|need| format!("{prefix}-{need}"));
        found.by = format!("{folder}/{}", found.by);
        found.cwd = Some(folder.to_owned());
        all.push(found);
    }
}

/// Letters, digits and dashes, as names of suites have them.
fn plain(text: &str) -> String {
    let dashed: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(60).collect()
}

/// Names of the folders in one, sorted: no hidden ones, no links, none that tools made.
fn below(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && !NOT_OURS.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}
