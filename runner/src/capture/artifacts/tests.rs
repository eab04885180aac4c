//! Tests of collecting artifacts.

use std::fs::{self, FileTimes};
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::*;

struct Place {
    dir: tempfile::TempDir,
    started: SystemTime,
}

impl Place {
    /// A working directory with these files; each holds its own name.
    fn with(files: &[&str]) -> Self {
        let place = Self {
            dir: tempfile::tempdir().expect("a directory"),
            started: SystemTime::now(),
        };
        for file in files {
            let path = place.cwd().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
            fs::write(path, file).expect("the file");
        }
        place
    }

    fn cwd(&self) -> PathBuf {
        self.dir.path().join("cwd")
    }

    fn collect(&self, globs: &[&str]) -> Collected {
        self.collect_within(&LIMITS, globs)
    }

    fn collect_within(&self, limits: &Limits, globs: &[&str]) -> Collected {
        let globs: Vec<String> = globs.iter().map(|&glob| glob.to_owned()).collect();
        let dest = self.dir.path().join("artifacts");
        collect_within(limits, &self.cwd(), &globs, &dest, self.started)
    }
}

/// The names; each copy must hold what it is called.
fn names(collected: &Collected) -> Vec<&str> {
    for file in &collected.files {
        let content = fs::read_to_string(&file.path).expect("the copy");
        assert_eq!(content, file.name);
        assert_eq!(content.len() as u64, file.size);
    }
    let names = collected.files.iter().map(|file| file.name.as_str());
    names.collect()
}

#[test]
fn matching_files_are_copied_once_and_sorted() {
    let place = Place::with(&[
        "z.xml",
        "reports/b.xml",
        "reports/a.xml",
        "reports/deep/c.xml",
        "reports/a.txt",
        "other/d.xml",
    ]);
    let collected = place.collect(&["reports/*.xml", "./reports/b*", "z.xml"]);
    assert_eq!(
        names(&collected),
        ["reports/a.xml", "reports/b.xml", "z.xml"]
    );
    assert_eq!(collected.warnings, Vec::<String>::new());
    let collected = place.collect(&["**/*.xml"]);
    assert_eq!(collected.files.len(), 5);
    let collected = place.collect(&["{reports,other}/*.xml"]);
    assert_eq!(
        names(&collected),
        ["other/d.xml", "reports/a.xml", "reports/b.xml"]
    );
}

#[test]
fn without_a_match_nothing_is_made() {
    let place = Place::with(&["a.txt"]);
    assert_eq!(
        place.collect(&["*.xml", "none/*.xml", "a.txt/*.xml"]),
        Collected::default()
    );
    assert!(!place.dir.path().join("artifacts").exists());
    let cwd = Path::new("/no/such/directory");
    assert_eq!(collect(cwd, &[], cwd, place.started), Collected::default());
}

#[test]
fn what_is_older_than_the_attempt_is_refused() {
    let place = Place::with(&["old.xml", "fresh.xml", "coarse.xml"]);
    for (name, age) in [("old.xml", 60), ("coarse.xml", 1)] {
        let time = place.started - Duration::from_secs(age);
        let file = File::options().write(true).open(place.cwd().join(name));
        let times = FileTimes::new().set_modified(time);
        file.and_then(|file| file.set_times(times))
            .expect("its age");
    }
    let collected = place.collect(&["*.xml"]);
    assert_eq!(names(&collected), ["coarse.xml", "fresh.xml"]);
    assert_eq!(
        collected.warnings,
        ["`old.xml` is older than this attempt and was not collected: remove it before the run"]
    );
}

#[test]
fn nothing_leads_out_of_the_working_directory() {
    let place = Place::with(&[
        "in/a.xml",
        "../secret/s.xml",
        ".git/g.xml",
        ".tribunal/t.xml",
    ]);
    let secret = place.dir.path().join("secret");
    symlink(secret.join("s.xml"), place.cwd().join("in/link.xml")).expect("a link");
    symlink(&secret, place.cwd().join("out")).expect("a link");
    symlink("in", place.cwd().join("inner")).expect("a link");
    let collected = place.collect(&["**/*.xml", "out/*.xml", "../secret/*.xml", "/etc/*"]);
    assert_eq!(names(&collected), ["in/a.xml"]);
    assert_eq!(
        collected.warnings,
        [
            "`in/link.xml` was not collected: it is a link",
            "artifacts `out/*.xml`: `out` is a link that leads out of the working directory",
            "artifacts `../secret/*.xml`: only paths below the working directory are collected",
            "artifacts `/etc/*`: only paths below the working directory are collected",
        ]
    );
    // A directory may be a link as long as it stays inside.
    let collected = place.collect(&["inner/a.xml"]);
    assert_eq!(collected.files.len(), 1);
    assert_eq!(collected.files[0].name, "inner/a.xml");
}

#[test]
fn limits_hold_and_are_told() {
    let place = Place::with(&["1", "22", "333", "4444"]);
    let limits = Limits {
        files: 3,
        each: 3,
        together: 4,
    };
    let collected = place.collect_within(&limits, &["*"]);
    assert_eq!(names(&collected), ["1", "22"]);
    assert_eq!(
        collected.warnings,
        [
            "`333` was not collected: all artifacts together would be larger than 0 MiB",
            "`4444` was not collected: all artifacts together would be larger than 0 MiB",
        ]
    );
    let limits = Limits { files: 2, ..LIMITS };
    let collected = place.collect_within(&limits, &["*"]);
    assert_eq!(names(&collected), ["1", "22"]);
    assert_eq!(
        collected.warnings,
        ["`333` and what follows it was not collected: there are more than 2 files"]
    );
}

#[test]
fn what_is_no_file_and_what_is_no_glob_is_told() {
    let place = Place::with(&["a.xml"]);
    let fifo = place.cwd().join("pipe.xml");
    let made = std::process::Command::new("mkfifo").arg(fifo).status();
    assert!(made.expect("mkfifo runs").success());
    let collected = place.collect(&["*.xml", "[a"]);
    assert_eq!(names(&collected), ["a.xml"]);
    let [glob, pipe] = collected.warnings.as_slice() else {
        panic!("{:?}", collected.warnings);
    };
    assert!(
        glob.starts_with("artifacts `[a`: error parsing glob"),
        "{glob}"
    );
    assert_eq!(
        pipe,
        "`pipe.xml` was not collected: it is not a regular file"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Starting below the literal directories, and only so deep, misses nothing that the glob matches.
    #[test]
    fn the_shortcut_finds_what_a_full_walk_finds(
        glob in "(\\./)?((a|b|\\*|\\*\\*|a\\*|\\?|\\{a,b/a\\}|\\[ab\\])/){0,2}(a|x|\\*|x\\*|\\{x,a/x\\})",
    ) {
        let place = Place::with(&["x", "a/x", "a/a/x", "a/b/x", "b/x", "b/a/x", "a/ab/xx"]);
        let collected = place.collect(&[&glob]);
        let matcher = compile(glob.strip_prefix("./").unwrap_or(&glob)).expect("a glob");
        let mut all: Vec<&str> = vec!["x", "a/x", "a/a/x", "a/b/x", "b/x", "b/a/x", "a/ab/xx"];
        all.retain(|name| matcher.is_match(name));
        all.sort_unstable();
        prop_assert_eq!(names(&collected), all);
    }
}
