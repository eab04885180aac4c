//! From a finding to a verdict: the table decides, this file finds the words.
//!
//! Every verdict carries what `tribunal explain` prints: `explain.row` and `explain.rule`, and, where it
//! rests on a line, `explain.line`, `explain.byte`, `explain.quote` and `explain.source`.

use tribunal_sdk::{Capture, Counts, EndState, Label, Verdict, describe_end, label};

use crate::finding::{Fact, Finding, total};
use crate::table::{Colour, Count, Facts, Row, hole_words, rule};
use crate::text::{grouped, plural};

/// Returns the verdict.
pub fn decide(finding: &Finding, end: &EndState, capture: &Capture) -> Verdict {
    let row = rule(&Facts {
        end,
        capture,
        colour: colour(finding),
        count: count(finding),
        flaky: finding.counts.flaky > 0,
        empty_codes: finding.empty_codes,
    });
    let mut extra = Vec::new();
    if !row.reason().is_empty() {
        extra.push(label("reason", row.reason()));
    }
    extra.extend(explain(row, rests_on(row, finding)));
    let marker = finding.marker.is_some() || total(&finding.counts) == 0;
    if !marker {
        extra.push(label("counts", "lower bound: from results before the end"));
    }
    extra.extend(finding.extra.iter().cloned());
    extra.extend(finding.warnings.iter().map(|text| label("warning", text)));
    if row == Row::More {
        let text = format!(
            "more tests than were announced: {}",
            balance(finding).unwrap_or_default()
        );
        extra.push(label("warning", text));
    }
    Verdict {
        status: row.status(),
        summary: summary(row, finding, end, capture),
        counts: Some(finding.counts),
        extra,
    }
}

/// Returns the labels by which a verdict explains itself.
pub fn explain(row: Row, fact: Option<&Fact>) -> Vec<Label> {
    let mut labels = vec![
        label("explain.row", row.number()),
        label("explain.rule", row.rule()),
    ];
    if let Some(fact) = fact {
        if fact.line > 0 {
            labels.push(label("explain.line", fact.line.to_string()));
            labels.push(label("explain.byte", fact.byte.to_string()));
            labels.push(label("explain.quote", &fact.quote));
        } else {
            labels.push(label("explain.fact", &fact.text));
        }
        if !fact.source.is_empty() {
            labels.push(label("explain.source", &fact.source));
        }
    }
    labels
}

fn colour(finding: &Finding) -> Colour {
    let counts = &finding.counts;
    if finding.red.is_some() || counts.failed > 0 || counts.errored > 0 {
        return Colour::Red;
    }
    if finding.problem.is_some() {
        return Colour::Unparsable;
    }
    if finding.marker.is_none() {
        return Colour::None;
    }
    let ran = counts.passed > 0 || counts.flaky > 0;
    if ran || (finding.skipped_is_ran && counts.skipped > 0) {
        Colour::Green
    } else {
        Colour::NoTests
    }
}

fn count(finding: &Finding) -> Count {
    if finding.unfinished.is_some() {
        return Count::Short;
    }
    match finding.announced {
        None => Count::Unknown,
        Some(announced) => match finding.finished().cmp(&announced) {
            std::cmp::Ordering::Less => Count::Short,
            std::cmp::Ordering::Equal => Count::Balanced,
            std::cmp::Ordering::Greater => Count::More,
        },
    }
}

fn rests_on(row: Row, finding: &Finding) -> Option<&Fact> {
    let marker = finding.marker.as_ref();
    match row {
        Row::Red | Row::RedDespiteZero => finding.red.as_ref().or(marker),
        Row::Unparsable | Row::UnparsableCode => finding.problem.as_ref(),
        Row::Incomplete => finding.unfinished.as_ref().or(marker),
        Row::NoSummary | Row::NoSummaryCode | Row::LostTail => {
            finding.hint.as_ref().or(finding.unfinished.as_ref())
        }
        Row::GreenDespiteCode => finding.hint.as_ref().or(marker),
        _ => marker,
    }
}

/// Returns the counts in words: `12 passed, 1 flaky, 2 skipped`.
pub fn words(counts: &Counts) -> String {
    let parts: Vec<String> = [
        (counts.failed, "failed"),
        (counts.errored, "errored"),
        (counts.passed, "passed"),
        (counts.flaky, "flaky"),
        (counts.skipped, "skipped"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", grouped(u64::from(*count))))
    .collect();
    if parts.is_empty() {
        "no tests ran".to_owned()
    } else {
        parts.join(", ")
    }
}

fn summary(row: Row, finding: &Finding, end: &EndState, capture: &Capture) -> String {
    let how = describe_end(end);
    let counts = &finding.counts;
    let format = finding.format;
    let so_far = if total(counts) > 0 {
        format!("; {} before", words(counts))
    } else {
        String::new()
    };
    let hint = finding.hint.as_ref().map(|fact| fact.text.as_str());
    match row {
        Row::Pass | Row::Flaky | Row::More | Row::HoleBalanced => words(counts),
        Row::Red | Row::RedDespiteZero => red(finding),
        Row::Incomplete => incomplete(finding),
        Row::NoTests | Row::NoTestsCode => match counts.skipped {
            0 => "no tests ran".to_owned(),
            1 => "no tests ran, 1 skipped".to_owned(),
            all => format!("no tests ran, {} skipped", grouped(u64::from(all))),
        },
        Row::NoSummary => match &finding.unfinished {
            Some(fact) => format!("exit 0 but no {format} summary: {}", fact.text),
            None => format!("exit 0 but no {format} summary{}{so_far}", lines(finding)),
        },
        Row::LostTail => format!(
            "exit 0 but no {format} summary, and the output is incomplete ({})",
            hole_words(capture)
        ),
        Row::HoleUnknown => format!(
            "the output is incomplete ({}): no verdict",
            hole_words(capture)
        ),
        Row::Unparsable | Row::UnparsableCode => match &finding.problem {
            Some(fact) if fact.line > 0 => {
                let (line, byte) = (grouped(fact.line), grouped(fact.byte));
                format!("{how} but {} (line {line}, byte {byte})", fact.text)
            }
            Some(fact) => format!("{how} but {}", fact.text),
            None => format!("{how} but the output cannot be read"),
        },
        Row::GreenDespiteCode => match hint {
            Some(hint) => format!("{how}: {hint}, after {}", words(counts)),
            None => format!("{how} although the summary is green ({})", words(counts)),
        },
        Row::NoSummaryCode => match hint {
            Some(hint) => format!("{how}: {hint}"),
            None => format!("{how} and no {format} summary{}{so_far}", lines(finding)),
        },
        Row::Signal
        | Row::TimedOut
        | Row::OutOfMemory
        | Row::Evicted
        | Row::Cancelled
        | Row::Lost
        | Row::StartFailed => match total(counts) {
            0 => how,
            done => format!("{how} after {}: {}", plural(done, "test"), words(counts)),
        },
    }
}

fn lines(finding: &Finding) -> String {
    match finding.lines {
        0 => ": there is no output".to_owned(),
        lines => format!(" in {}", plural(lines, "line")),
    }
}

fn balance(finding: &Finding) -> Option<String> {
    let announced = finding.announced?;
    let finished = grouped(finding.finished());
    Some(format!("{finished} of {} ran", grouped(announced)))
}

fn incomplete(finding: &Finding) -> String {
    match (&finding.unfinished, balance(finding)) {
        (Some(fact), _) => format!("incomplete: {}", fact.text),
        (None, Some(balance)) => format!("incomplete: {balance}"),
        (None, None) => "incomplete".to_owned(),
    }
}

/// `2 of 412 failed`, with the first one's name and message when it is the only one.
fn red(finding: &Finding) -> String {
    let counts = &finding.counts;
    let bad = u64::from(counts.failed) + u64::from(counts.errored);
    if bad == 0 {
        return match &finding.red {
            Some(fact) => fact.text.clone(),
            None => "failed".to_owned(),
        };
    }
    let verb = if counts.failed == 0 {
        "errored"
    } else {
        "failed"
    };
    let mut text = format!("{} of {} {verb}", grouped(bad), grouped(total(counts)));
    if let Some((id, message)) = &finding.first_bad
        && bad == 1
    {
        text.push_str(": ");
        text.push_str(&crate::text::clip(id, 200));
        if let Some(message) = message {
            text.push_str(": ");
            text.push_str(&crate::text::clip(message, 200));
        }
    }
    if let Some(announced) = finding.announced
        && finding.finished() < announced
    {
        text.push_str("; only ");
        text.push_str(&balance(finding).unwrap_or_default());
    }
    text
}
