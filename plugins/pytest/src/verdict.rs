//! The decision: five independent facts, and `passed` only if all of them are there.
//!
//! The program ended by itself with 0; no one stopped the session; the output is whole; nothing in
//! it is red; tests ran, and as many as were collected.

use tribunal_judge_kit::lines::UTF16;
use tribunal_judge_kit::table::{Colour, Count, Facts, Row, hole_words, rule};
use tribunal_judge_kit::text::grouped;
use tribunal_judge_kit::{Fact, verdict::explain};
use tribunal_sdk::{Capture, Counts, EndState, Label, Verdict, describe_end, label};

use crate::grammar::Tally;
use crate::parser::Reader;
use crate::sum::{Sum, sum};
use crate::words::{explain_exit, tally_words};

/// Returns what both streams say together: the output's word counts, the other one explains. Where
/// only stderr holds anything of pytest (`pytest 1>&2`), it is the output.
pub fn join(stdout: Reader, stderr: Reader) -> Reader {
    let (mut output, other) = if stderr.sessions.seen && !stdout.sessions.seen {
        (stderr, stdout)
    } else {
        (stdout, stderr)
    };
    output.adopt(other);
    output
}

/// Returns the verdict.
pub fn decide(reader: &Reader, end: &EndState, capture: &Capture) -> Verdict {
    let sum = sum(reader);
    let row = row(reader, sum.as_ref(), end, capture);
    let (reason, summary) = words(row, reader, sum.as_ref(), end, capture);
    let mut extra = Vec::new();
    if !reason.is_empty() {
        extra.push(label("reason", reason));
    }
    extra.extend(explain(row, sum.as_ref().map(rests_on).as_ref()));
    let counts = if let Some(sum) = &sum {
        describe(sum, &mut extra);
        counts(&sum.tally, reader)
    } else {
        if reader.book.done > 0 {
            extra.push(label("counts", "lower bound: from results before the end"));
        }
        reader.book.tally()
    };
    if let Some(line) = &reader.internal {
        extra.push(label("internal-error", line.clone()));
    }
    Verdict {
        status: row.status(),
        summary,
        counts: Some(counts),
        extra,
    }
}

fn describe(sum: &Sum<'_>, extra: &mut Vec<Label>) {
    extra.push(label("summary-line", sum.last.quote.clone()));
    extra.push(label("summary-line-number", sum.last.line.to_string()));
    if sum.ambiguous {
        extra.push(label(
            "warning",
            "ambiguous summary: the output holds more lines that look like pytest's last one",
        ));
    }
    let tally = &sum.tally;
    // xdist's `--dist each` does that; so does a forged line.
    if let Some(expected) = sum.expected.filter(|&expected| tally.finished() > expected) {
        let text = progress_words(tally.finished(), expected);
        extra.push(label(
            "warning",
            format!("more tests than were collected: {text}"),
        ));
    }
    for (count, name) in [
        (tally.xfailed, "xfailed"),
        (tally.xpassed, "xpassed"),
        (tally.deselected, "deselected"),
        (tally.reruns, "reruns"),
    ] {
        if count > 0 {
            extra.push(label(name, count.to_string()));
        }
    }
    for (count, word) in &tally.other {
        extra.push(label(word, count.to_string()));
    }
}

/// Expected failures count as skipped, unexpected passes as passed, as in pytest's own XML.
fn counts(tally: &Tally, reader: &Reader) -> Counts {
    let passed = tally.passed.saturating_add(tally.xpassed);
    // The line counts repetitions, not tests; only the listed results say which.
    let listed = reader.book.tally().flaky;
    let flaky = match tally.reruns {
        0 => 0,
        _ if listed > 0 => listed,
        _ if tally.is_red() => 0,
        _ => 1,
    };
    let flaky = flaky.min(passed);
    Counts {
        passed: passed - flaky,
        failed: tally.failed.max(u32::from(tally.subtests_failed > 0)),
        errored: tally.errors,
        skipped: tally.skipped.saturating_add(tally.xfailed),
        flaky,
    }
}

/// The summary line.
fn rests_on(sum: &Sum<'_>) -> Fact {
    Fact {
        text: tally_words(&sum.tally),
        line: sum.last.line,
        byte: sum.last.byte,
        quote: sum.last.quote.clone(),
        source: String::new(),
    }
}

/// Puts what was read into the truth table.
fn row(reader: &Reader, sum: Option<&Sum<'_>>, end: &EndState, capture: &Capture) -> Row {
    let (colour, count) = match sum {
        None if reader.utf16 => (Colour::Unparsable, Count::Unknown),
        None => (Colour::None, Count::Unknown),
        Some(sum) => (colour(reader, sum, end), count(reader, sum)),
    };
    rule(&Facts {
        end,
        capture,
        colour,
        count,
        flaky: sum.is_some_and(|sum| sum.tally.reruns > 0),
        empty_codes: &[5],
    })
}

fn colour(reader: &Reader, sum: &Sum<'_>, end: &EndState) -> Colour {
    let zero = matches!(end, EndState::Exited(0));
    if sum.red || (zero && (reader.internal.is_some() || reader.coverage)) {
        Colour::Red
    } else if sum.empty {
        Colour::NoTests
    } else {
        Colour::Green
    }
}

fn count(reader: &Reader, sum: &Sum<'_>) -> Count {
    if sum.bang.is_some() || unfinished(reader, sum).is_some() {
        return Count::Short;
    }
    let finished = sum.tally.finished();
    match sum.expected {
        None => Count::Unknown,
        Some(expected) if finished > expected => Count::More,
        Some(_) => Count::Balanced,
    }
}

/// The reason and the line for a row. What pytest itself says of the cause goes before the table's words.
type Words = (&'static str, String);

fn words(
    row: Row,
    reader: &Reader,
    sum: Option<&Sum<'_>>,
    end: &EndState,
    capture: &Capture,
) -> Words {
    let ended = describe_end(end);
    let EndState::Exited(code) = end else {
        let after = match sum {
            Some(sum) => format!("{ended}, after the summary `{}`", tally_words(&sum.tally)),
            None if reader.book.done > 0 => {
                let done = grouped(u64::from(reader.book.done));
                format!("{ended} after {done} tests")
            }
            None => ended,
        };
        return (row.reason(), after);
    };
    let Some(sum) = sum else {
        return without_summary(row, reader, end, *code, capture);
    };
    match row {
        Row::Red => red(sum),
        Row::RedDespiteZero => red_despite_zero(reader, sum),
        Row::NoTests | Row::NoTestsCode => (row.reason(), empty(sum)),
        Row::HoleUnknown => {
            let hole = hole_words(capture);
            let text = format!("the output is incomplete ({hole}): no verdict");
            (row.reason(), text)
        }
        Row::Incomplete => match (sum.bang, unfinished(reader, sum)) {
            (Some(bang), _) => {
                let text = format!("exit 0 but stopped early: {bang}; {}", progress(sum));
                ("interrupted", text)
            }
            (None, text) => (row.reason(), text.unwrap_or_default()),
        },
        Row::GreenDespiteCode => {
            let why = explain_exit(*code, reader, sum.bang);
            if sum.bang.is_some() {
                ("interrupted", format!("{ended}: {why}; {}", progress(sum)))
            } else {
                let colour = if sum.empty { "empty" } else { "green" };
                let text = format!("{ended} although the summary is {colour} ({why})");
                (row.reason(), text)
            }
        }
        _ => (row.reason(), green(sum)),
    }
}

fn red_despite_zero(reader: &Reader, sum: &Sum<'_>) -> Words {
    match (&reader.internal, sum.bang) {
        _ if sum.red => red(sum),
        (_, Some(bang)) => {
            let text = format!("exit 0 but stopped early: {bang}; {}", progress(sum));
            ("interrupted", text)
        }
        (Some(line), None) => ("internal-error", format!("exit 0 but {line}")),
        (None, None) => {
            let text = "exit 0 but the coverage is below its threshold".to_owned();
            ("coverage", text)
        }
    }
}

/// Why this is not the whole story, for a green summary.
fn unfinished(reader: &Reader, sum: &Sum<'_>) -> Option<String> {
    let finished = sum.tally.finished();
    if let Some(expected) = sum.expected
        && finished < expected
        && (finished > 0 || !sum.tally.is_empty())
    {
        let (finished, expected) = (grouped(finished), grouped(expected));
        return Some(format!("incomplete: {finished} of {expected} ran"));
    }
    if let (None, Some(percent)) = (sum.expected, sum.stopped_at) {
        return Some(format!("incomplete: the tests stopped at {percent} %"));
    }
    if reader.sessions.overflow {
        return Some("ambiguous: more pytest sessions than can be told apart".to_owned());
    }
    if reader.sessions.is_open() {
        let line = grouped(sum.last.line);
        return Some(format!(
            "incomplete: a pytest session did not end (the last summary is line {line})"
        ));
    }
    reader
        .torn
        .then(|| "incomplete: the output ends in the middle of a line".to_owned())
}

fn without_summary(
    row: Row,
    reader: &Reader,
    end: &EndState,
    code: i32,
    capture: &Capture,
) -> Words {
    let lines = match reader.lines {
        0 => ": there is no output".to_owned(),
        1 => " in 1 line".to_owned(),
        lines => format!(" in {} lines", grouped(lines)),
    };
    if row == Row::LostTail {
        let hole = hole_words(capture);
        let text = format!("exit 0 but no pytest summary, and the output is incomplete ({hole})");
        return (row.reason(), text);
    }
    if row == Row::NoSummary {
        let text = if reader.torn {
            "exit 0 but the output ends in the middle of pytest's summary".to_owned()
        } else {
            format!("exit 0 but no pytest summary{lines}")
        };
        return (row.reason(), text);
    }
    let ended = describe_end(end);
    if matches!(row, Row::Unparsable | Row::UnparsableCode) {
        return (row.reason(), format!("{ended} but {UTF16}"));
    }
    if let Some(fatal) = &reader.fatal {
        return ("crash", format!("{ended}: {fatal}"));
    }
    match code {
        3 if reader.internal.is_some() => {
            let why = explain_exit(code, reader, None);
            ("internal-error", format!("{ended}: {why}"))
        }
        2 | 4 if code == 4 || reader.usage.is_some() => {
            let why = explain_exit(code, reader, None);
            ("usage", format!("{ended}: {why}"))
        }
        _ => {
            let text = format!("{ended} and no pytest summary{lines}");
            ("no-summary", text)
        }
    }
}

fn red(sum: &Sum<'_>) -> Words {
    let tally = &sum.tally;
    if !tally.is_red() {
        let text = "ambiguous summary: one line is green, another one is red".to_owned();
        return ("ambiguous", text);
    }
    let total = tally.finished().max(sum.expected.unwrap_or(0));
    let failed = u64::from(tally.failed.max(u32::from(tally.subtests_failed > 0)));
    let errors = u64::from(tally.errors);
    let mut text = match (failed, errors) {
        (0, 1) => "1 error".to_owned(),
        (0, errors) => format!("{} errors", grouped(errors)),
        (failed, _) => format!(
            "{} of {} failed",
            grouped(failed),
            grouped(total.max(failed))
        ),
    };
    match (failed, errors) {
        (0, _) | (_, 0) => {}
        (_, 1) => text.push_str(", 1 error"),
        (_, errors) => {
            text.push_str(", ");
            text.push_str(&grouped(errors));
            text.push_str(" errors");
        }
    }
    if failed == 0 && tally.passed > 0 {
        text.push_str(", ");
        text.push_str(&grouped(u64::from(tally.passed)));
        text.push_str(" passed");
    }
    let ran = tally.finished().saturating_add(errors);
    if let Some(expected) = sum.expected
        && ran < expected
    {
        text.push_str("; only ");
        text.push_str(&progress_words(tally.finished(), expected));
    }
    if let Some(bang) = sum.bang {
        text.push_str(" (");
        text.push_str(bang);
        text.push(')');
    }
    ("tests-failed", text)
}

fn progress(sum: &Sum<'_>) -> String {
    match sum.expected {
        Some(expected) => progress_words(sum.tally.finished(), expected),
        None => format!("{} ran", grouped(sum.tally.finished())),
    }
}

fn progress_words(finished: u64, expected: u64) -> String {
    format!("{} of {} ran", grouped(finished), grouped(expected))
}

fn green(sum: &Sum<'_>) -> String {
    tally_words(&sum.tally)
}

fn empty(sum: &Sum<'_>) -> String {
    let collected = sum.expected.filter(|&expected| expected > 0);
    match (sum.tally.skipped, sum.tally.deselected) {
        // `--collect-only`; before 6.2 its line is that of a run without tests.
        (0, _) if let Some(collected) = collected => {
            format!("no tests ran, {} collected", grouped(collected))
        }
        (0, _) if sum.tally.collect_only => "no tests ran, only collected".to_owned(),
        (0, 0) => "no tests ran".to_owned(),
        (0, gone) => format!("no tests ran, {} deselected", grouped(u64::from(gone))),
        (skipped, _) => format!("no tests ran, {} skipped", grouped(u64::from(skipped))),
    }
}
