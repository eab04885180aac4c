//! What jest prints: a line for each file, with `--verbose` one for each test, failures, a summary.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{clip, seconds};
use tribunal_judge_kit::titles::Titles;
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::{CaseStatus, label};

use crate::summary::{Numbers, numbers};

/// Titles inside of each other; more are not kept.
const MOST_TITLES: usize = 32;

/// The output being read.
#[derive(Debug, Default)]
pub struct Text {
    seen: bool,
    titles: Titles,
    /// Where ids are put together.
    id: String,
    file: String,
    /// Files since the last summary: passed and failed.
    files: (u64, u64),
    failing: bool,
    suites: Option<Numbers>,
    tests: Option<(Numbers, Fact)>,
    sum: Numbers,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    hint: Option<Fact>,
    errored: u64,
    runs: u32,
    empty: bool,
}

impl Format for Text {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(text) = line.text().filter(|_| !line.cut && line.terminated) else {
            return;
        };
        // Most lines are of this kind, and none of the others.
        if text.starts_with("  ") {
            match text.strip_prefix("  ● ") {
                Some(title) => self.headline(title.trim(), line, book),
                None => self.item(text, line, book),
            }
        } else if let Some((path, failed)) = file(text) {
            self.begin_file(path, failed);
        } else if let Some(rest) = text.strip_prefix("Test Suites:") {
            self.suites = numbers(rest);
            self.tests = None;
        } else if let Some(rest) = text.strip_prefix("Tests:") {
            let fact = Fact::at(line, text.trim_end());
            if self.tests.is_some() {
                let text = "one summary has two lines of `Tests:`".to_owned();
                self.unfinished.get_or_insert(Fact { text, ..fact });
            } else {
                self.tests = numbers(rest).map(|all| (all, fact));
            }
        } else if text.starts_with("Ran all test suites") {
            self.close(line);
        } else if text.starts_with("No tests found, exiting with code 0") {
            self.seen = true;
            self.run(true, line);
            self.marker = Some(Fact::at(line, "no tests found"));
        } else if text.starts_with("No tests found, exiting with code ") {
            self.hint = Some(Fact::at(line, "no tests found"));
        } else if text.starts_with("Test run was interrupted") {
            let fact = Fact::at(line, "the run was interrupted");
            self.unfinished.get_or_insert(fact);
        } else if text.starts_with("Jest: ") && text.has(" not met") {
            let fact = Fact::at(line, text.trim_start_matches("Jest: ").trim_end());
            self.hint.get_or_insert(fact);
        }
    }

    fn end(self, _: &mut Book) -> Finding {
        let mut finding = Finding {
            format: "jest",
            seen: self.seen,
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            hint: self.hint,
            ..Finding::default()
        };
        // It would be one line more that is forged or cut off unseen: with `--silent` jest has no last word.
        if let (None, Some(_), Some((_, fact))) = (&finding.marker, self.suites, self.tests) {
            let text = "`Ran all test suites` is missing: the output is cut off, or `--silent` left it out"
                .to_owned();
            finding.unfinished.get_or_insert(Fact { text, ..fact });
        }
        if self.files != (0, 0) && finding.marker.is_some() {
            let fact = Fact::of("test files ran after the last summary");
            finding.unfinished.get_or_insert(fact);
        }
        if finding.marker.is_some() {
            let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
            let counts = &mut finding.counts;
            counts.passed = short(self.sum.passed);
            counts.failed = short(self.sum.failed);
            counts.skipped = short(self.sum.skipped);
            counts.errored = short(self.errored);
            finding.announced = Some(self.sum.total);
            finding.finished = Some(self.sum.sum());
            for (word, count) in self.sum.other {
                finding.extra.push(label(&word, count.to_string()));
            }
        }
        finding
    }
}

impl Text {
    fn begin_file(&mut self, path: &str, failed: bool) {
        self.seen = true;
        self.failing = failed;
        if failed {
            self.files.1 += 1;
        } else {
            self.files.0 += 1;
        }
        let path = path.trim_end();
        let path = path.cut(" (").map_or(path, |(path, _)| path);
        let path = path.strip_prefix("./").unwrap_or(path);
        if path.len() <= 1_000 {
            self.file.clear();
            self.file.push_str(path);
        } else {
            self.file = clip(path, 1_000);
        }
        self.titles.clear();
    }

    /// `  ● suite › test`: a failure's headline, or something else that jest has to say.
    fn headline(&mut self, title: &str, line: &Line<'_>, book: &mut Book) {
        if title.starts_with("process.exit called with") {
            self.seen = true;
            let fact = Fact::at(line, "a test called process.exit");
            self.unfinished.get_or_insert(fact);
            return;
        }
        if !self.failing || title == "Console" {
            return;
        }
        let mut found = if title == "Test suite failed to run" {
            self.errored += 1;
            case(format!("{} (test suite)", self.file), CaseStatus::Errored)
        } else {
            case(clip(title, 1_000), CaseStatus::Failed)
        };
        found.file = Some(self.file.clone());
        if book.status(&found.id).is_none() {
            book.add(found, line);
        }
    }

    /// With `--verbose`: `    ✓ name (5 ms)`, or the title of what follows.
    fn item(&mut self, text: &str, line: &Line<'_>, book: &mut Book) {
        let body = text.trim_start_matches(' ');
        let indent = text.len() - body.len();
        if self.file.is_empty() || indent < 2 || !indent.is_multiple_of(2) || body.is_empty() {
            return;
        }
        let (status, title) = if body.starts_with(|first: char| first.is_ascii()) {
            self.titles.open(indent, body.trim_end(), MOST_TITLES);
            return;
        } else if let Some(title) = mark(body, &["✓ ", "√ "]) {
            (CaseStatus::Passed, title)
        } else if let Some(title) = mark(body, &["✕ ", "× "]) {
            (CaseStatus::Failed, title)
        } else if let Some(title) = mark(body, &["○ skipped ", "✎ todo "]) {
            (CaseStatus::Skipped, title)
        } else {
            self.titles.open(indent, body.trim_end(), MOST_TITLES);
            return;
        };
        let (title, duration) = timed(title.trim_end());
        self.id.clear();
        self.titles.put(indent, " › ", &mut self.id);
        self.id.push_str(title);
        book.tell(&self.id, status, line, |found| {
            found.duration_ms = duration;
            found.file = Some(self.file.clone());
        });
    }

    fn close(&mut self, line: &Line<'_>) {
        let (Some(suites), Some((tests, fact))) = (self.suites.take(), self.tests.take()) else {
            return;
        };
        self.seen = true;
        let (passed, failed) = std::mem::take(&mut self.files);
        self.file.clear();
        self.failing = false;
        let bad = suites.failed + tests.failed > 0;
        if bad {
            let text = format!("{} tests in {} files failed", tests.failed, suites.failed);
            self.red.get_or_insert(Fact {
                text,
                ..fact.clone()
            });
        }
        let ran = suites.ran.unwrap_or(suites.total) + suites.skipped;
        let mut short = |text: String| {
            self.unfinished.get_or_insert(Fact::at(line, text));
        };
        if suites.ran.is_some() && ran < suites.total {
            short(format!("{ran} of {} test files ran", suites.total));
        }
        // A summary that no file's line stands for was printed by somebody else.
        if passed != suites.passed || failed < suites.failed {
            short(format!(
                "the summary counts {} passed files, {passed} are listed",
                suites.passed
            ));
            // A red one may count: in a log that lost the line of a file it is the tool's own.
            if !bad {
                return;
            }
        }
        self.sum.passed += tests.passed;
        self.sum.failed += tests.failed;
        self.sum.skipped += tests.skipped;
        self.sum.total += tests.total;
        self.sum.other.extend(tests.other);
        self.marker = Some(fact);
        self.run(tests.passed + tests.failed == 0, line);
    }

    fn run(&mut self, empty: bool, line: &Line<'_>) {
        self.runs += 1;
        self.empty |= empty;
        if self.runs > 1 && self.empty {
            let fact = Fact::at(line, "one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
    }
}

/// `PASS ./a.test.js (5.1 s)`; with colours there is a blank before it.
fn file(text: &str) -> Option<(&str, bool)> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    if let Some(path) = text.strip_prefix("PASS ") {
        return Some((path.trim_start(), false));
    }
    let path = text.strip_prefix("FAIL ")?;
    Some((path.trim_start(), true))
}

fn mark<'a>(body: &'a str, marks: &[&str]) -> Option<&'a str> {
    marks.iter().find_map(|mark| body.strip_prefix(mark))
}

/// Splits `name (5 ms)` and `name (1.2 s)`.
fn timed(text: &str) -> (&str, Option<f64>) {
    let split = text.last_cut(" (").and_then(|(title, rest)| {
        let (time, unit) = rest.strip_suffix(')')?.split_once(' ')?;
        let time = seconds(time)?;
        match unit {
            "ms" => Some((title, time / 1_000.0)),
            "s" => Some((title, time)),
            _ => None,
        }
    });
    match split {
        Some((title, time)) => (title, Some(time)),
        None => (text, None),
    }
}
