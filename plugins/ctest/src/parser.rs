//! Reads what ctest prints, line by line.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{Details, leading_number, seconds};
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::{CaseStatus, TestCase};

/// The parser.
#[derive(Debug, Default)]
pub struct Parser {
    finding: Finding,
    /// How many results there will be.
    total: Option<u64>,
    results: u64,
    skipped: u32,
    /// `N% tests passed … out of M` that agrees with the results.
    percent: bool,
    marker: Option<Fact>,
    /// Entries under `The following tests did not run:`.
    listed: Option<u32>,
    /// The output of the last test that failed.
    bad: Option<(String, CaseStatus, String, Details)>,
}

struct Outcome<'a> {
    name: &'a str,
    status: CaseStatus,
    words: &'a str,
    milliseconds: Option<f64>,
    place: Option<(u64, u64)>,
}

impl Format for Parser {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        // A test's output under -V is numbered: `4: text`.
        let found = match line.plain.last() {
            Some(b'c') if line.plain.ends_with(b" sec") => outcome(line),
            _ => None,
        };
        if let Some(outcome) = found {
            self.outcome(&outcome, line, book);
        } else {
            self.other(line, book);
        }
    }

    fn end(mut self, book: &mut Book) -> Finding {
        self.tell_output(book);
        let mut finding = self.finding;
        finding.format = "ctest";
        finding.announced = self.total;
        finding.finished = Some(self.results);
        let whole = self.skipped == 0 || self.listed.is_some_and(|listed| listed >= self.skipped);
        if let Some(marker) = self.marker {
            if whole {
                finding.marker = Some(marker);
            } else {
                let text = "the list of tests that did not run is cut short";
                finding.unfinished.get_or_insert(Fact::of(text));
            }
        }
        finding
    }
}

impl Parser {
    fn outcome(&mut self, outcome: &Outcome<'_>, line: &Line<'_>, book: &mut Book) {
        if !line.terminated {
            return;
        }
        self.tell_output(book);
        self.finding.seen = true;
        let more = |found: &mut TestCase| {
            found.duration_ms = outcome.milliseconds;
            if outcome.status != CaseStatus::Passed {
                found.message = Some(outcome.words.to_owned());
            }
        };
        if tribunal_judge_kit::book::is_bad(outcome.status) {
            let (id, words) = (outcome.name.to_owned(), outcome.words.to_owned());
            self.bad = Some((id, outcome.status, words, Details::default()));
        }
        let Some((_, total)) = outcome.place else {
            // --repeat: another attempt of the same test.
            let mut found = case(outcome.name, outcome.status);
            more(&mut found);
            book.again(found, line);
            return;
        };
        self.results += 1;
        if self.total != Some(total) {
            if self.total.is_some() {
                let text = "results of two ctest runs in one output";
                self.finding.problem.get_or_insert(Fact::at(line, text));
            }
            self.total = Some(total);
            book.announce(total);
        }
        self.skipped += u32::from(outcome.status == CaseStatus::Skipped);
        book.tell(outcome.name, outcome.status, line, more);
    }

    fn other(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(text) = line.text() else {
            return;
        };
        if text.starts_with("Test project ") {
            self.finding.seen = true;
        } else if memchr::memchr(b'%', line.plain).is_some()
            && text.has("% tests passed")
            && text.has("out of ")
        {
            self.tell_output(book);
            self.summary(text, line, book);
        } else if text.starts_with("Total Test time (real) =") {
            if self.percent && text.ends_with(" sec") && line.terminated {
                self.marker = Some(Fact::at(line, "the total time"));
            }
        } else if text.starts_with("No tests were found!!!") {
            if line.terminated {
                self.marker = Some(Fact::at(line, "no tests were found"));
            }
        } else if let Some(count) = text.strip_prefix("Total Tests: ") {
            if line.terminated && self.results == 0 && leading_number(count).is_some() {
                self.marker = Some(Fact::at(line, "tests were only listed"));
            }
        } else if text.starts_with("The following tests did not run:") {
            self.listed = Some(0);
        } else if let Some(listed) = &mut self.listed
            && self.marker.is_some()
            && text.starts_with('\t')
        {
            *listed += u32::from(line.terminated && text.ends_with(')'));
        } else if let Some(problem) = text.strip_prefix("CMake Error: ") {
            self.finding.hint.get_or_insert(Fact::at(line, problem));
        } else if let Some((.., details)) = &mut self.bad
            && self.marker.is_none()
            && !text.trim_start().starts_with("Start ")
        {
            details.push(text);
        }
    }

    /// `75% tests passed, 1 tests failed out of 4`; since 4.x without the middle when none failed.
    fn summary(&mut self, text: &str, line: &Line<'_>, book: &Book) {
        let Some((_, total)) = text.last_cut("out of ") else {
            return;
        };
        let Some((total, "")) = leading_number(total) else {
            return;
        };
        let failed = text
            .cut(", ")
            .and_then(|(_, rest)| leading_number(rest))
            .map_or(0, |(failed, _)| failed);
        let counts = book.counts();
        let bad = u64::from(counts.failed) + u64::from(counts.errored);
        // Disabled tests have a result line and are not in the total.
        let fits = total <= self.results && total + u64::from(self.skipped) >= self.results;
        if !fits || !line.terminated {
            return;
        }
        if failed > bad {
            let text = format!("ctest says that {failed} failed, and {bad} were seen");
            self.finding.red.get_or_insert(Fact::at(line, text));
        }
        self.percent = true;
    }

    fn tell_output(&mut self, book: &mut Book) {
        if let Some((id, status, words, mut details)) = self.bad.take()
            && let Some(text) = details.take()
            && book.status(&id) == Some(status)
        {
            let mut more = case(id, status);
            more.message = Some(words);
            more.details = Some(text);
            book.enrich(more);
        }
    }
}

/// `3/4 Test #3: name .....   Passed    0.01 sec`, and without `3/4` for another attempt.
fn outcome<'a>(line: &Line<'a>) -> Option<Outcome<'a>> {
    let text = line.text()?;
    let trimmed = text.trim_start();
    let (place, rest) = if let Some(rest) = trimmed.strip_prefix("Test") {
        (None, rest)
    } else {
        let (index, rest) = leading_number(trimmed)?;
        let (total, rest) = leading_number(rest.strip_prefix('/')?)?;
        (Some((index, total)), rest.strip_prefix(" Test")?)
    };
    let (_, rest) = leading_number(rest.trim_start().strip_prefix('#')?)?;
    let rest = rest.strip_prefix(": ")?.strip_suffix(" sec")?;
    let (head, time) = rest.rsplit_once(' ')?;
    let milliseconds = seconds(time);
    // Most lines have no star at all.
    let (name, words) = match head.rfind('*').and_then(|_| head.last_at("***")) {
        Some(at) => (head.get(..at)?, head.get(at + 3..)?.trim()),
        None => (head.trim_end().strip_suffix("Passed")?, "Passed"),
    };
    let name = without_dots(name.trim_end()).trim_end();
    Some(Outcome {
        name,
        status: status(words),
        words,
        milliseconds,
        place,
    })
}

/// Leaves off the dots between a name and its result: there are many.
fn without_dots(name: &str) -> &str {
    let last = name.as_bytes().iter().rposition(|byte| *byte != b'.');
    name.get(..last.map_or(0, |at| at + 1)).unwrap_or_default()
}

fn status(words: &str) -> CaseStatus {
    match words {
        "Passed" => CaseStatus::Passed,
        "Skipped" | "Not Run (Disabled)" => CaseStatus::Skipped,
        _ if words.starts_with("Not Run") || words.starts_with("Bad Command") => {
            CaseStatus::Errored
        }
        _ => CaseStatus::Failed,
    }
}
