//! The decision: five independent facts, and `passed` only if all of them are there.
//!
//! The program ended by itself with 0; no one stopped the session; the output is whole; nothing in
//! it is red; tests ran, and as many as were collected.

use tribunal_sdk::{
    Capture, Completeness, Counts, EndState, Label, Status, Verdict, describe_end, label,
};

use crate::grammar::Tally;
use crate::parser::Reader;
use crate::session::Closed;
use crate::words::{explain_exit, grouped, tally_words};

/// What all summaries of a stream come to.
struct Sum<'a> {
    tally: Tally,
    /// The last of those that count.
    last: &'a Closed,
    /// Tests that should have run, where every session says so.
    expected: Option<u64>,
    red: bool,
    empty: bool,
    ambiguous: bool,
    bang: Option<&'a str>,
    stopped_at: Option<u8>,
}

fn sum(reader: &Reader) -> Option<Sum<'_>> {
    let closed = &reader.sessions.closed;
    let top = || closed.iter().filter(|closed| !closed.nested);
    let evident = top().any(Closed::has_evidence);
    let headed = top().any(|closed| closed.open.header);
    // The lines that belong to a session; a lone line is one only where there is nothing better.
    let mut owned: Vec<&Closed> = if headed {
        top().filter(|closed| closed.open.header).collect()
    } else if evident {
        top().filter(|closed| closed.has_evidence()).collect()
    } else {
        top().collect()
    };
    if !evident {
        owned.drain(..owned.len().saturating_sub(1));
    }
    let last = *owned.last()?;
    let mut tally = Tally::default();
    let mut expected = Some(0_u64);
    for session in &owned {
        tally.add(&session.summary.tally);
        expected = expected.zip(session.open.expected).map(|(sum, more)| {
            let gone = more.deselected.max(session.summary.tally.deselected);
            sum + u64::from(more.items.saturating_sub(gone)) + u64::from(more.modules_skipped)
        });
    }
    Some(Sum {
        // Never the greener one: every summary anywhere must be green, every outer one not empty.
        red: closed.iter().any(|closed| closed.summary.tally.is_red()),
        empty: top().any(|closed| closed.summary.tally.is_empty()),
        ambiguous: closed.len() > owned.len(),
        bang: top().find_map(|closed| closed.open.bang.as_deref()),
        stopped_at: last.open.percent.filter(|&percent| percent < 100),
        tally,
        last,
        expected,
    })
}

/// Returns the verdict.
pub fn decide(reader: &Reader, end: &EndState, capture: &Capture) -> Verdict {
    let sum = sum(reader);
    let (status, reason, summary) = judge(reader, sum.as_ref(), end, capture);
    let mut extra = Vec::new();
    if !reason.is_empty() {
        extra.push(label("reason", reason));
    }
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
        status,
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

type Decision = (Status, &'static str, String);

fn judge(reader: &Reader, sum: Option<&Sum<'_>>, end: &EndState, capture: &Capture) -> Decision {
    let ended = describe_end(end);
    let after = match sum {
        Some(sum) => format!("{ended}, after the summary `{}`", tally_words(&sum.tally)),
        None if reader.book.done > 0 => {
            format!(
                "{ended} after {} tests",
                grouped(u64::from(reader.book.done))
            )
        }
        None => ended.clone(),
    };
    let code = match end {
        EndState::Exited(code) => *code,
        EndState::Signaled(_) => return (Status::Failed, "signal", after),
        EndState::TimedOut(_) => return (Status::Failed, "timeout", after),
        EndState::OomKilled(_) => return (Status::Failed, "oom", after),
        EndState::Evicted(_) => return (Status::Errored, "evicted", after),
        EndState::StartFailed(_) => return (Status::Errored, "start-failed", after),
        EndState::Cancelled(_) => return (Status::Errored, "cancelled", after),
        EndState::Lost(_) | EndState::Other(_) => return (Status::Errored, "lost", after),
    };
    let Some(sum) = sum else {
        return without_summary(reader, end, code, capture);
    };
    if sum.red {
        return red(sum);
    }
    let so_far = progress(sum);
    if code != 0 {
        if code == 5 && sum.tally.is_empty() {
            return (Status::Empty, "no-tests", empty(&sum.tally));
        }
        let why = explain_exit(code, reader, sum.bang);
        return match sum.bang {
            Some(_) => (
                Status::Failed,
                "interrupted",
                format!("{ended}: {why}; {so_far}"),
            ),
            None => (
                Status::Failed,
                "exit-code",
                format!("{ended} although the summary is {} ({why})", colour(sum)),
            ),
        };
    }
    if let Some(bang) = sum.bang {
        let text = format!("exit 0 but stopped early: {bang}; {so_far}");
        return (Status::Failed, "interrupted", text);
    }
    if let Some(line) = &reader.internal {
        return (
            Status::Failed,
            "internal-error",
            format!("exit 0 but {line}"),
        );
    }
    if reader.coverage {
        let text = "exit 0 but the coverage is below its threshold".to_owned();
        return (Status::Failed, "coverage", text);
    }
    if let Some(text) = unfinished(reader, sum) {
        return (Status::Failed, "incomplete", text);
    }
    if sum.empty {
        return (Status::Empty, "no-tests", empty(&sum.tally));
    }
    // With a hole in the output only a count that balances proves that nothing red was in it. The
    // host still holds its floor under this.
    if is_lossy(capture) && sum.expected.is_none() {
        let text = format!("the output is incomplete ({}): no verdict", note(capture));
        return (Status::Errored, "output-incomplete", text);
    }
    (Status::Passed, "", green(sum))
}

fn colour(sum: &Sum<'_>) -> &'static str {
    if sum.empty { "empty" } else { "green" }
}

/// Why this is not the whole story, for a green summary.
fn unfinished(reader: &Reader, sum: &Sum<'_>) -> Option<String> {
    let finished = sum.tally.finished();
    if let Some(expected) = sum.expected
        && finished < expected
        && !sum.tally.collect_only
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

fn without_summary(reader: &Reader, end: &EndState, code: i32, capture: &Capture) -> Decision {
    let lines = match reader.lines {
        0 => "no output".to_owned(),
        1 => "1 line".to_owned(),
        lines => format!("{} lines", grouped(lines)),
    };
    if code == 0 {
        if is_lossy(capture) {
            let text = format!(
                "exit 0 but no pytest summary, and the output is incomplete ({})",
                note(capture)
            );
            return (Status::Errored, "output-incomplete", text);
        }
        let text = if reader.torn {
            "exit 0 but the output ends in the middle of pytest's summary".to_owned()
        } else {
            format!("exit 0 but no pytest summary in {lines}")
        };
        return (Status::Failed, "no-summary", text);
    }
    let ended = describe_end(end);
    if let Some(fatal) = &reader.fatal {
        return (Status::Failed, "crash", format!("{ended}: {fatal}"));
    }
    match code {
        3 if reader.internal.is_some() => {
            let why = explain_exit(code, reader, None);
            (Status::Failed, "internal-error", format!("{ended}: {why}"))
        }
        4 => {
            let why = explain_exit(code, reader, None);
            (Status::Failed, "usage", format!("{ended}: {why}"))
        }
        _ => {
            let text = format!("{ended} and no pytest summary in {lines}");
            (Status::Failed, "no-summary", text)
        }
    }
}

fn red(sum: &Sum<'_>) -> Decision {
    let tally = &sum.tally;
    if !tally.is_red() {
        let text = "ambiguous summary: one line is green, another one is red".to_owned();
        return (Status::Failed, "ambiguous", text);
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
    (Status::Failed, "tests-failed", text)
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

fn empty(tally: &Tally) -> String {
    if tally.collect_only {
        return "tests were only collected, none ran".to_owned();
    }
    match (tally.skipped, tally.deselected) {
        (0, 0) => "no tests ran".to_owned(),
        (0, gone) => format!("no tests ran, {} deselected", grouped(u64::from(gone))),
        (skipped, _) => format!("no tests ran, {} skipped", grouped(u64::from(skipped))),
    }
}

fn is_lossy(capture: &Capture) -> bool {
    match capture.completeness {
        Completeness::Proven | Completeness::Complete | Completeness::Unverified => false,
        Completeness::Gap | Completeness::Cut | Completeness::Unavailable => true,
    }
}

fn note(capture: &Capture) -> &str {
    match (capture.note.as_str(), capture.completeness) {
        ("", Completeness::Gap) => "bytes are missing",
        ("", Completeness::Cut) => "it had not ended at the drain deadline",
        ("", _) => "there is none",
        (note, _) => note,
    }
}
