//! What mocha's reporters print: the tests, then an epilogue, `3 passing (12ms)` and what was not.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{leading_number, number, seconds};
use tribunal_judge_kit::titles::Titles;
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::CaseStatus;

use crate::report::is_hook;

/// An epilogue: lines until a blank one.
#[derive(Debug)]
struct Epilogue {
    passing: u64,
    pending: u64,
    failing: u64,
    marker: Fact,
}

/// The output being read.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not exclude each other"
)]
pub struct Text {
    titles: Titles,
    /// Where ids are put together.
    id: String,
    open: Option<Epilogue>,
    sum: (u64, u64, u64),
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    /// Tests listed since the last epilogue: passed and failed.
    listed: (u64, u64),
    any_listed: bool,
    /// Whether there was a line like an epilogue's first.
    candidate: bool,
    runs: u32,
    empty: bool,
    /// Behind the epilogue of a run with failures are their texts, which may look like anything.
    failures: bool,
    hint: Option<Fact>,
}

impl Format for Text {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(text) = line.text().filter(|_| !line.cut) else {
            return;
        };
        if self.hint.is_none() && text.starts_with("Error: No test files found") {
            self.hint = Some(Fact::at(line, "no test files found"));
        }
        if self.failures {
            return;
        }
        if self.open.is_some() && self.epilogue(text, line) {
            return;
        }
        let body = text.trim_start_matches(' ');
        let indent = text.len() - body.len();
        if indent < 2 || body.is_empty() {
            return;
        }
        if indent == 2
            && let Some(passing) = passing(body).filter(|_| line.terminated)
        {
            self.candidate = true;
            self.open = Some(Epilogue {
                passing,
                pending: 0,
                failing: 0,
                marker: Fact::at(line, "the epilogue"),
            });
            return;
        }
        self.item(indent, body.trim_end(), line, book);
    }

    fn end(self, book: &mut Book) -> Finding {
        let mut finding = Finding {
            format: "mocha",
            seen: self.any_listed || self.candidate,
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            hint: self.hint,
            ..Finding::default()
        };
        let (passing, pending, failing) = self.sum;
        let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        if self.any_listed {
            let counts = book.counts();
            let ran = [counts.passed, counts.failed, counts.errored, counts.flaky];
            finding.announced = finding.marker.is_some().then_some(passing + failing);
            finding.finished = Some(ran.into_iter().map(u64::from).sum());
        } else {
            finding.counts.passed = short(passing);
            finding.counts.failed = short(failing);
            finding.counts.skipped = short(pending);
        }
        if self.listed != (0, 0) && finding.marker.is_some() {
            let fact = Fact::of("tests ran after the last epilogue");
            finding.unfinished.get_or_insert(fact);
        }
        finding
    }
}

impl Text {
    fn item(&mut self, indent: usize, body: &str, line: &Line<'_>, book: &mut Book) {
        let mut marks = ["✓ ", "✔ ", "√ "].iter();
        let ascii = body.starts_with(|first: char| first.is_ascii());
        let passed = if ascii {
            None
        } else {
            marks.find_map(|mark| body.strip_prefix(mark))
        };
        let failed = leading_number(body).and_then(|(_, rest)| rest.strip_prefix(") "));
        let (status, title) = if let Some(title) = passed {
            self.listed.0 += 1;
            (CaseStatus::Passed, title)
        } else if let Some(title) = failed {
            self.listed.1 += 1;
            let hook = is_hook(title);
            (
                if hook {
                    CaseStatus::Errored
                } else {
                    CaseStatus::Failed
                },
                title,
            )
        } else if let Some(title) = body.strip_prefix("- ") {
            (CaseStatus::Skipped, title)
        } else {
            if indent.is_multiple_of(2) {
                self.titles.open(indent, body, usize::MAX);
            }
            return;
        };
        self.any_listed = true;
        let (title, duration) = match status {
            CaseStatus::Passed => timed(title),
            _ => (title, None),
        };
        self.id.clear();
        self.titles.put(indent, " ", &mut self.id);
        self.id.push_str(title);
        book.tell(&self.id, status, line, |found| {
            found.duration_ms = duration;
        });
    }

    /// Whether the line belongs to the epilogue.
    fn epilogue(&mut self, text: &str, line: &Line<'_>) -> bool {
        let Some(open) = &mut self.open else {
            return false;
        };
        let count = |word: &str| {
            let (digits, rest) = text.strip_prefix("  ")?.split_once(' ')?;
            (rest == word && line.terminated)
                .then(|| number(digits))
                .flatten()
        };
        if let Some(pending) = count("pending") {
            open.pending = pending;
        } else if let Some(failing) = count("failing") {
            open.failing = failing;
            let text = format!("{failing} failing");
            self.red.get_or_insert(Fact::at(line, text));
        } else if text.trim().is_empty() && line.terminated {
            self.close(line);
        } else {
            // No epilogue: somebody printed a line like its first.
            self.open = None;
            return false;
        }
        true
    }

    fn close(&mut self, line: &Line<'_>) {
        let Some(open) = self.open.take() else {
            return;
        };
        let listed = std::mem::take(&mut self.listed);
        let (passed, failed) = listed;
        if self.any_listed && listed != (open.passing, open.failing) {
            let text = format!(
                "{} tests passed and {} failed by the epilogue, {passed} and {failed} by the list",
                open.passing, open.failing
            );
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        self.runs += 1;
        self.empty |= open.passing + open.failing == 0;
        if self.runs > 1 && self.empty {
            let fact = Fact::at(line, "one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
        self.failures = open.failing > 0;
        self.sum.0 += open.passing;
        self.sum.1 += open.pending;
        self.sum.2 += open.failing;
        self.marker = Some(open.marker);
        self.titles.clear();
    }
}

/// `3 passing (12ms)`.
fn passing(body: &str) -> Option<u64> {
    let (count, rest) = leading_number(body.trim_end())?;
    let time = rest.strip_prefix(" passing (")?.strip_suffix(')')?;
    let fine = time.starts_with(|c: char| c.is_ascii_digit()) && time.len() < 12;
    fine.then_some(count)
}

/// Splits `title (12ms)`, which only slow tests have.
fn timed(text: &str) -> (&str, Option<f64>) {
    let split = text.last_cut(" (").and_then(|(title, rest)| {
        let time = rest.strip_suffix("ms)")?;
        Some((title, seconds(time)? / 1_000.0))
    });
    match split {
        Some((title, time)) => (title, Some(time)),
        None => (text, None),
    }
}
