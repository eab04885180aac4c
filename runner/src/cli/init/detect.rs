//! What test tools a folder is made for, by the files that lie in it. Nothing is run.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Found, Runs, javascript};

/// Bytes of a file that are looked at.
const LOOKED_AT: u64 = 1 << 20;
/// Folders in which tools leave `JUnit` XML.
const REPORTS: [&str; 5] = [
    "reports",
    "test-results",
    "test-reports",
    "target/surefire-reports",
    "build/test-results/test",
];

/// A folder that is looked at.
pub(super) struct Place<'a>(pub(super) &'a Path);

impl Place<'_> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    /// The first of these that is there.
    pub(super) fn first<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().find(|name| self.has(name)).copied()
    }

    /// A file's text; empty when it is not there or no text.
    pub(super) fn text(&self, name: &str) -> String {
        let path = self.0.join(name);
        let small = path
            .metadata()
            .is_ok_and(|found| found.is_file() && found.len() <= LOOKED_AT);
        let text = small.then(|| fs::read_to_string(path).ok()).flatten();
        text.unwrap_or_default()
    }

    pub(super) fn says(&self, name: &str, words: &str) -> bool {
        self.text(name).contains(words)
    }

    /// Names in a folder below, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.0.join(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }
}

/// Whether a program can be found.
pub(super) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Every suite that a folder seems to have, in a fixed order.
pub(super) fn look(folder: &Path) -> Vec<Found> {
    let place = Place(folder);
    let mut found: Vec<Found> = Vec::new();
    found.extend(pytest(&place));
    found.extend(go(&place));
    found.extend(cargo(&place));
    found.extend(javascript::look(&place));
    found.extend(cmake(&place));
    found.extend(rspec(&place));
    found.extend(phpunit(&place));
    found.extend(jvm(&place));
    found.extend(tap(&place));
    found
}

fn pytest(place: &Place<'_>) -> Option<Found> {
    let is_test = |name: &String| {
        let stem = name.strip_suffix(".py").unwrap_or("");
        stem.starts_with("test_") || stem.ends_with("_test")
    };
    let configured = ["pytest.ini", "conftest.py", "tests/conftest.py"];
    let mentioned = [
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "requirements-dev.txt",
        "requirements.txt",
    ];
    let by = place
        .first(&configured)
        .or_else(|| {
            mentioned
                .into_iter()
                .find(|name| place.says(name, "pytest"))
        })
        .map(str::to_owned)
        .or_else(|| {
            let folders = [
                ("", "test_*.py"),
                ("tests", "tests/test_*.py"),
                ("test", "test/test_*.py"),
            ];
            let found = folders
                .into_iter()
                .find(|(folder, _)| place.names(folder).iter().any(is_test));
            found.map(|(_, pattern)| pattern.to_owned())
        })?;
    let by = format!("{by} (pytest)");
    let venv = place.first(&[".venv/bin/python", "venv/bin/python"]);
    let (command, program): (Vec<&str>, &str) = match venv {
        _ if place.has("uv.lock") => (vec!["uv", "run", "pytest"], "uv"),
        _ if place.has("poetry.lock") => (vec!["poetry", "run", "pytest"], "poetry"),
        Some(python) => (vec![python, "-m", "pytest"], ""),
        None => (vec!["python3", "-m", "pytest"], "python3"),
    };
    let there = program.is_empty() || on_path(program);
    Some(
        Found::new(&by, "pytest", "pytest", &command)
            .note("-v prints every test, so that reports know each by name: add it to the command.")
            .missing_unless(there, &format!("install {program}")),
    )
}

fn go(place: &Place<'_>) -> Option<Found> {
    place.has("go.mod").then(|| {
        Found::new("go.mod", "go", "go-test", &["go", "test", "-json", "./..."])
            .note("-json tells the judge every test by name; `tribunal show` prints what people need.")
            .missing_unless(on_path("go"), "install Go")
    })
}

fn cargo(place: &Place<'_>) -> Option<Found> {
    if !place.has("Cargo.toml") {
        return None;
    }
    let there = on_path("cargo");
    if let Some(by) = place.first(&[".config/nextest.toml"]) {
        let command = ["cargo", "nextest", "run", "--workspace", "--no-fail-fast"];
        let there = there && on_path("cargo-nextest");
        let cure = "install cargo-nextest (cargo install cargo-nextest --locked)";
        let found = Found::new(&format!("{by} (nextest)"), "nextest", "nextest", &command);
        return Some(found.missing_unless(there, cure));
    }
    let command = ["cargo", "test", "--workspace", "--no-fail-fast"];
    let found = Found::new("Cargo.toml", "cargo", "libtest", &command);
    Some(found.missing_unless(there, "install Rust"))
}

fn cmake(place: &Place<'_>) -> Vec<Found> {
    let text = place.text("CMakeLists.txt");
    if !text.contains("enable_testing") && !text.contains("include(CTest)") {
        return Vec::new();
    }
    let mut build = Found::new("CMakeLists.txt", "build", "exit-code", &[])
        .missing_unless(on_path("cmake"), "install CMake and a compiler");
    build.runs = Runs::Script("cmake -S . -B build\ncmake --build build --parallel".to_owned());
    let command = ["ctest", "--test-dir", "build", "--output-on-failure"];
    let mut checks = Found::new("CMakeLists.txt (ctest)", "ctest", "ctest", &command).note(
        "ctest fails by itself when there is no test: --no-tests=error makes older ones do so too.",
    );
    checks.needs = Some("build".to_owned());
    vec![build, checks]
}

fn rspec(place: &Place<'_>) -> Option<Found> {
    let by = if place.has(".rspec") {
        ".rspec"
    } else if place.says("Gemfile", "rspec") {
        "Gemfile (rspec)"
    } else {
        return None;
    };
    let bundled = place.has("Gemfile");
    let start: &[&str] = if bundled {
        &["bundle", "exec", "rspec"]
    } else {
        &["rspec"]
    };
    let there = on_path(if bundled { "bundle" } else { "rspec" });
    let cure = "install Ruby and the gems (bundle install)";
    Some(Found::new(by, "rspec", "rspec", start).missing_unless(there, cure))
}

fn phpunit(place: &Place<'_>) -> Option<Found> {
    let by = place
        .first(&["phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"])
        .map(str::to_owned)
        .or_else(|| {
            let named = place.says("composer.json", "phpunit/phpunit");
            named.then(|| "composer.json (phpunit)".to_owned())
        })?;
    let command = ["vendor/bin/phpunit", "--log-junit", "reports/phpunit.xml"];
    let there = place.has("vendor/bin/phpunit");
    let found = Found::new(&by, "phpunit", "junit", &command).artifacts("reports/phpunit.xml");
    Some(found.missing_unless(there, "composer install"))
}

fn jvm(place: &Place<'_>) -> Option<Found> {
    if place.has("pom.xml") {
        let program = if place.has("mvnw") { "./mvnw" } else { "mvn" };
        let there = program != "mvn" || on_path("mvn");
        let found = Found::new(
            "pom.xml (Maven)",
            "maven",
            "junit",
            &[program, "--batch-mode", "test"],
        );
        let found = found.artifacts("**/target/surefire-reports/TEST-*.xml");
        return Some(found.missing_unless(there, "install Maven and a JDK"));
    }
    let by = place.first(&["build.gradle", "build.gradle.kts"])?;
    let program = if place.has("gradlew") {
        "./gradlew"
    } else {
        "gradle"
    };
    let there = program != "gradle" || on_path("gradle");
    // Without `cleanTest`, tests that are up to date do not run, and old reports prove nothing.
    let found = Found::new(by, "gradle", "junit", &[program, "cleanTest", "test"])
        .artifacts("**/build/test-results/test/TEST-*.xml");
    Some(found.missing_unless(there, "install Gradle and a JDK"))
}

fn tap(place: &Place<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let with = |folder: &&str, ending: &str| {
        place
            .names(folder)
            .iter()
            .any(|name| name.ends_with(ending))
    };
    if let Some(folder) = ["test", "tests", "."]
        .into_iter()
        .find(|folder| with(folder, ".bats"))
    {
        let by = if folder == "." {
            "*.bats".to_owned()
        } else {
            format!("{folder}/*.bats")
        };
        let command = ["bats", "--tap", folder];
        found.push(
            Found::new(&by, "bats", "tap", &command)
                .missing_unless(on_path("bats"), "install bats"),
        );
    }
    if with(&"t", ".t") {
        let command = ["prove", "-v", "-r", "t"];
        found.push(
            Found::new("t/*.t", "prove", "tap", &command)
                .missing_unless(on_path("prove"), "install Perl"),
        );
    }
    found
}

/// Whether a file's name ends like that.
fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|found| found == ending)
}

/// A target of make that runs tests, for a folder in which nothing says more.
pub(super) fn make(folder: &Path) -> Option<Found> {
    let place = Place(folder);
    let by = place.first(&["Makefile", "makefile", "GNUmakefile"])?;
    let text = place.text(by);
    let target = ["test", "check"].into_iter().find(|target| {
        text.lines()
            .any(|line| line.starts_with(&format!("{target}:")))
    })?;
    let found = Found::new(
        &format!("{by} ({target})"),
        target,
        "exit-code",
        &["make", target],
    );
    Some(
        found
            .note("exit-code believes the exit code alone. Where the tool behind it is known, name its judge.")
            .missing_unless(on_path("make"), "install make"),
    )
}

/// `JUnit` XML that lies around: some tool writes it.
pub(super) fn junit_reports(folder: &Path) -> Vec<String> {
    let is_report = |path: &PathBuf| {
        let text = fs::read(path).unwrap_or_default();
        let head = text.get(..text.len().min(4096)).unwrap_or_default();
        String::from_utf8_lossy(head).contains("<testsuite")
    };
    let place = Place(folder);
    let mut found = Vec::new();
    for below in REPORTS {
        let names = place.names(below);
        let mut xml = names.iter().filter(|name| has_ending(name, "xml")).take(50);
        if xml.any(|name| is_report(&folder.join(below).join(name))) {
            found.push(format!("{below}/*.xml"));
        }
    }
    found
}
