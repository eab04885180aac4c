//! Reads what cargo-nextest prints, line by line.

use tribunal_judge_kit::book::{case, is_bad};
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{Details, clip, leading_number, place, seconds};
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::{CaseStatus, TestCase, label};

/// The parser.
#[derive(Debug, Default)]
pub struct Parser {
    finding: Finding,
    started: Option<u64>,
    results: u64,
    listed_passed: u64,
    over: bool,
    /// The failure whose output is being printed.
    trace: Option<TestCase>,
    details: Details,
}

#[expect(
    clippy::struct_field_names,
    reason = "the word of the model for what the line says"
)]
struct Status<'a> {
    status: CaseStatus,
    name: &'a str,
    words: &'a str,
    milliseconds: Option<f64>,
    /// Whether this is one of several attempts.
    again: bool,
    skipped: bool,
}

impl Format for Parser {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(&first) = line.plain.first() else {
            return;
        };
        if first == b' ' {
            let Some(text) = line.text() else { return };
            if !self.over && line.terminated {
                self.indented(text, line, book);
            }
            return;
        }
        if first == b'e'
            && let Some(error) = line.text().and_then(|text| text.strip_prefix("error: "))
            && error != "test run failed"
        {
            self.finding.hint.get_or_insert(Fact::at(line, error));
        }
    }

    fn end(mut self, book: &mut Book) -> Finding {
        self.end_trace(book);
        let mut finding = self.finding;
        finding.format = "nextest";
        finding.seen |= self.started.is_some();
        finding.announced = self.started;
        finding.finished = Some(self.results);
        finding.empty_codes = &[4];
        finding
    }
}

impl Parser {
    fn indented(&mut self, text: &str, line: &Line<'_>, book: &mut Book) {
        let trimmed = text.trim_start();
        let indent = text.len() - trimmed.len();
        if indent <= 12 {
            if let Some(found) = status(trimmed) {
                self.status(&found, line, book);
                return;
            }
            if indent == 4
                && let Some(rest) = trimmed.strip_prefix("Starting ")
                && let Some((count, rest)) = leading_number(rest)
                && rest.starts_with(" test")
            {
                if self.started.is_some() {
                    let text = "two nextest runs in one output";
                    self.finding.problem.get_or_insert(Fact::at(line, text));
                }
                self.started = Some(self.started.unwrap_or(0) + count);
                book.announce(count);
                return;
            }
            if indent == 5 && trimmed.starts_with("Summary [") {
                self.summary(trimmed, line, book);
                return;
            }
        }
        self.traced(trimmed);
    }

    fn status(&mut self, found: &Status<'_>, line: &Line<'_>, book: &mut Book) {
        if self.started.is_none() {
            return;
        }
        self.end_trace(book);
        // Listed with --status-level=all only, and counted by the summary.
        if found.skipped {
            let mut off = case(found.name, CaseStatus::Skipped);
            off.message = Some("skipped".to_owned());
            book.enrich(off);
            return;
        }
        let mut done = case(found.name, found.status);
        done.duration_ms = found.milliseconds;
        if is_bad(found.status) {
            done.message = Some(found.words.to_owned());
            self.trace = Some(done.clone());
        } else {
            self.listed_passed += 1;
        }
        if found.words == "LEAK" {
            done.extra.push(label("leaky", "true"));
        }
        if found.again && book.status(found.name).is_some() {
            book.again(done, line);
        } else {
            self.results += 1;
            book.add(done, line);
        }
    }

    /// `Summary [   0.018s] 1/4 tests run: 1 passed (1 flaky), 1 failed, 1 timed out, 2 skipped`.
    fn summary(&mut self, text: &str, line: &Line<'_>, book: &mut Book) {
        let Some((head, tail)) = text.cut("] ").and_then(|(_, rest)| rest.cut(" run: ")) else {
            return;
        };
        let Some((run, rest)) = leading_number(head) else {
            return;
        };
        let of = rest.strip_prefix('/').and_then(leading_number);
        if self.started.is_none() {
            let text = "a summary without a beginning";
            self.finding.problem.get_or_insert(Fact::at(line, text));
            return;
        }
        self.end_trace(book);
        let mut passed = 0;
        let mut bad = 0;
        let mut inside = false;
        for part in tail.parts(", ") {
            let Some((count, word)) = leading_number(part) else {
                inside &= !part.ends_with(')');
                continue;
            };
            let word = word.trim();
            if inside {
                inside = !word.ends_with(')');
                continue;
            }
            inside = word.contains('(') && !word.ends_with(')');
            match word.split(' ').next() {
                Some("passed") => passed = count,
                Some("skipped") => {
                    let count = u32::try_from(count).unwrap_or(u32::MAX);
                    book.unnamed(CaseStatus::Skipped, count);
                }
                _ => bad += count,
            }
        }
        // --status-level=none and =fail list no test that passed.
        if self.listed_passed == 0 && passed > 0 {
            let count = u32::try_from(passed).unwrap_or(u32::MAX);
            book.unnamed(CaseStatus::Passed, count);
            self.results += passed;
            let text = "from the summary: tests that passed are not listed";
            self.finding.extra.push(label("counts", text));
        }
        if self.results < run {
            let text = format!("{} of the {run} tests that ran were seen", self.results);
            self.finding.unfinished.get_or_insert(Fact::at(line, text));
        }
        if let Some((all, _)) = of {
            let text = format!("{run} of {all} ran");
            self.finding.unfinished.get_or_insert(Fact::at(line, text));
        }
        if bad > 0 {
            let text = format!("nextest says: {tail}");
            self.finding.red.get_or_insert(Fact::at(line, text));
        }
        self.finding.marker = Some(Fact::at(line, "the summary"));
        self.over = true;
    }

    /// A line of a failing test's output.
    fn traced(&mut self, text: &str) {
        let Some(trace) = &mut self.trace else { return };
        if trace.file.is_none()
            && let Some((_, at)) = text.cut(" panicked at ")
            && let Some((file, number)) = place(at)
        {
            trace.file = Some(file.to_owned());
            trace.line = Some(number);
            trace.message = None;
        } else if trace.message.is_none() && !text.is_empty() {
            trace.message = Some(clip(text, 300));
        }
        self.details.push(text);
    }

    fn end_trace(&mut self, book: &mut Book) {
        if let Some(mut trace) = self.trace.take() {
            trace.details = self.details.take();
            if trace.details.is_some() && book.status(&trace.id) == Some(trace.status) {
                book.enrich(trace);
            }
        }
        self.details = Details::default();
    }
}

/// `PASS [   0.009s] (1/4) m::green one`, `TRY 2 PASS [   0.035s] (3/3) m::flaky flaky`.
fn status(text: &str) -> Option<Status<'_>> {
    let open = text.at(" [")?;
    let (words, rest) = text.split_at_checked(open)?;
    let (time, rest) = rest.strip_prefix(" [")?.cut("] ")?;
    // `SLOW [>  1.000s]` and `TERMINATING [>  2.000s]` end nothing.
    if time.starts_with('>') || words.len() > 24 {
        return None;
    }
    let time = time.trim();
    let skipped = words == "SKIP";
    let milliseconds = if skipped {
        None
    } else {
        Some(seconds(time.strip_suffix('s')?)?)
    };
    let attempt = words.strip_prefix("TRY ").and_then(leading_number);
    let word = attempt.map_or(words, |(_, rest)| rest.trim_start());
    let known = !word.is_empty()
        && word.bytes().all(|byte| {
            byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" -".contains(&byte)
        });
    if !known || word.starts_with("FLAKY") || word.starts_with("SETUP PASS") {
        return None;
    }
    let name = match rest.strip_prefix('(') {
        Some(rest) => rest.cut(") ")?.1.trim_start(),
        None => rest.trim_start(),
    };
    if name.is_empty() {
        return None;
    }
    let status = match word {
        "PASS" | "LEAK" => CaseStatus::Passed,
        "SKIP" => CaseStatus::Skipped,
        "XFAIL" | "EXECFAIL" => CaseStatus::Errored,
        _ if word.starts_with("SETUP") => CaseStatus::Errored,
        _ => CaseStatus::Failed,
    };
    Some(Status {
        status,
        name,
        words: word,
        milliseconds,
        again: attempt.is_some(),
        skipped,
    })
}
