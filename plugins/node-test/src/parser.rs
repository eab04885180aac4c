//! The tests of a run, and its footer: `ℹ tests 4` to `ℹ duration_ms 5.1`, with `#` in TAP.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::text::{clip, number};
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::CaseStatus;

use crate::point::{Point, spec, tap};

/// The longest id, in characters.
const ID: usize = 1_000;

/// The numbers of a footer that was begun.
#[derive(Debug, Default)]
struct Footer {
    tests: u64,
    suites: u64,
    bad: u64,
    lines: u32,
}

/// The output being read.
#[derive(Debug, Default)]
pub struct Parser {
    seen: bool,
    /// Names of what is open around the next test.
    around: Vec<String>,
    /// How many of them are open; the rest is memory to be used again.
    open: usize,
    /// Where ids are put together.
    id: String,
    /// By depth: whether something ended there since its parent ended, and whether it was bad.
    below: Vec<(bool, bool)>,
    /// Lines for tests, suites and files since the last footer.
    points: u64,
    tests: u64,
    files: u64,
    footer: Option<Footer>,
    announced: u64,
    finished: u64,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    /// Behind `✖ failing tests:` everything is told once more.
    recap: bool,
    yaml: Option<usize>,
    last_bad: Option<String>,
}

impl Format for Parser {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(text) = line.text().filter(|_| !line.cut && line.terminated) else {
            return;
        };
        if self.inside_yaml(text, book) {
            return;
        }
        if let Some(rest) = text.strip_prefix("ℹ ").or_else(|| text.strip_prefix("# ")) {
            self.footer(rest, line);
            return;
        }
        if text.starts_with("✖ failing tests:") {
            self.recap = true;
            return;
        }
        if text.starts_with("TAP version 13") {
            self.seen = true;
            self.recap = false;
        }
        if let Some(point) = tap(text) {
            self.point(&point, line, book);
        } else if !self.recap
            && let Some(point) = spec(text)
        {
            self.point(&point, line, book);
        }
    }

    fn end(self, _: &mut Book) -> Finding {
        let mut finding = Finding {
            format: "node:test",
            seen: self.seen,
            announced: self.marker.is_some().then_some(self.announced),
            finished: Some(self.finished),
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            ..Finding::default()
        };
        if self.points > 0 && finding.marker.is_some() {
            let fact = Fact::of("tests ran after the last footer");
            finding.unfinished.get_or_insert(fact);
        }
        finding
    }
}

impl Parser {
    fn point(&mut self, point: &Point<'_>, line: &Line<'_>, book: &mut Book) {
        self.seen = true;
        self.open = self.open.min(point.depth);
        if point.opens {
            self.enter(point);
            return;
        }
        self.points += 1;
        self.below
            .resize(self.below.len().max(point.depth + 2), (false, false));
        let (parent, bad_below) = self
            .below
            .drain(point.depth + 1..)
            .fold((false, false), |sum, one| (sum.0 || one.0, sum.1 || one.1));
        let bad = !point.ok && !point.directive;
        let here = &mut self.below[point.depth];
        *here = (true, here.1 || bad || bad_below);
        let file = point.depth == 0 && !parent && is_file(&point.name);
        let status = match (bad, parent, file) {
            (true, true, _) if bad_below => return,
            (true, true, _) | (true, _, true) => CaseStatus::Errored,
            (true, false, false) => CaseStatus::Failed,
            (false, true, _) => return,
            (false, false, true) => {
                self.files += 1;
                return;
            }
            (false, false, false) if point.directive => CaseStatus::Skipped,
            (false, false, false) => CaseStatus::Passed,
        };
        self.tests += 1;
        self.put_id(&point.name);
        self.last_bad = bad.then(|| self.id.clone());
        book.tell(&self.id, status, line, |found| {
            found.duration_ms = point.duration;
        });
    }

    /// Opens a suite: what follows is inside of it.
    fn enter(&mut self, point: &Point<'_>) {
        if self.around.len() <= point.depth {
            self.around.resize(point.depth + 1, String::new());
        }
        let skipped = self.around.get_mut(self.open..point.depth);
        skipped.into_iter().flatten().for_each(String::clear);
        if let Some(name) = self.around.get_mut(point.depth) {
            name.clear();
            name.push_str(&point.name);
        }
        self.open = point.depth + 1;
    }

    /// Puts the id of a test together: the suites around it, and its name.
    fn put_id(&mut self, name: &str) {
        self.id.clear();
        for around in self.around.iter().take(self.open) {
            self.id.push_str(around);
            self.id.push_str(" › ");
        }
        // Where there are suites, but without any name.
        if self.open == 1 && self.around.first().is_some_and(String::is_empty) {
            self.id.clear();
        }
        self.id.push_str(name);
        if self.id.len() > ID {
            self.id = clip(&self.id, ID);
        }
    }

    /// The block that follows a test point in TAP; the error in it is the failure's message.
    fn inside_yaml(&mut self, text: &str, book: &mut Book) -> bool {
        let body = text.trim_start_matches(' ');
        let indent = text.len() - body.len();
        match self.yaml {
            None if body == "---" && indent >= 2 => self.yaml = Some(indent),
            None => return false,
            Some(at) if body == "..." && indent == at => self.yaml = None,
            Some(_) => {
                if let Some(error) = body.strip_prefix("error: ")
                    && let Some(id) = self.last_bad.take()
                {
                    let mut found = case(id, CaseStatus::Failed);
                    found.status = book.status(&found.id).unwrap_or(CaseStatus::Failed);
                    found.message = Some(clip(error.trim_matches('\''), 300));
                    book.enrich(found);
                }
            }
        }
        true
    }

    fn footer(&mut self, text: &str, line: &Line<'_>) {
        let Some((word, value)) = text.split_once(' ') else {
            return;
        };
        if word == "tests"
            && let Some(tests) = number(value)
        {
            self.footer = Some(Footer {
                tests,
                lines: 1,
                ..Footer::default()
            });
            return;
        }
        let Some(footer) = &mut self.footer else {
            return;
        };
        if word == "duration_ms" {
            self.close(line);
            return;
        }
        let Some(count) = number(value) else {
            return;
        };
        footer.lines += 1;
        match word {
            "suites" => footer.suites = count,
            "fail" | "cancelled" if count > 0 => {
                footer.bad += count;
                let fact = Fact::at(line, format!("{count} {word} by the footer"));
                self.red.get_or_insert(fact);
            }
            _ => {}
        }
    }

    fn close(&mut self, line: &Line<'_>) {
        let Some(footer) = self.footer.take() else {
            return;
        };
        self.seen = true;
        self.recap = false;
        let (points, tests, files) = (
            std::mem::take(&mut self.points),
            std::mem::take(&mut self.tests),
            std::mem::take(&mut self.files),
        );
        self.below.clear();
        let said = footer.tests + footer.suites;
        self.announced = self.announced.saturating_add(said);
        self.finished += points;
        let mut short = |text: String| {
            self.unfinished.get_or_insert(Fact::at(line, text));
        };
        if said != points {
            short(format!("{points} of {said} tests and suites are listed"));
        }
        if files > 0 && tests > 0 {
            short(format!(
                "{files} test files ended without reporting a test (process.exit in a test does that)"
            ));
        }
        if self.marker.is_some() && (tests == 0 || self.announced == said) {
            short("one of several runs ran no test".to_owned());
        }
        self.marker = Some(Fact::at(line, "the footer"));
    }
}

/// A file stands for itself when it reported no test.
fn is_file(name: &str) -> bool {
    [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"]
        .iter()
        .any(|end| name.ends_with(end))
}
