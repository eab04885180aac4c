//! From everything that was found to a verdict.
//!
//! Passed needs all of it: the program ended by itself with 0, every report was read to its end,
//! each holds what it declares, at least one test passed, and none failed.

use tribunal_judge_kit::table::{Colour, Count, Facts, Row, rule};
use tribunal_judge_kit::{Fact, verdict::explain};
use tribunal_sdk::{Capture, Counts, EndState, Error, Verdict, describe_end, label};

use crate::parser::Outcome;
use crate::tally::{MOST_CASES, Tally};
use crate::text::clip;

/// Why something was read as a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The pipeline names it: it must be one.
    Named,
    /// Its name ends in `.xml`: it may be some other XML.
    Collected,
    /// The output: it may be anything.
    Output,
}

/// Where a report was found, and what it was.
pub struct Report {
    /// The artifact's path, or `the output`.
    pub name: String,
    /// What it was.
    pub outcome: Outcome,
    /// Why it was read.
    pub source: Source,
}

impl Report {
    /// Returns why the report cannot be used.
    pub(crate) fn problem(&self) -> Option<String> {
        let name = &self.name;
        if let Some(malformed) = &self.outcome.malformed {
            return Some(format!("{name} is {malformed}"));
        }
        if self.outcome.documents > 0 {
            return None;
        }
        match (&self.outcome.other_root, self.outcome.foreign, self.source) {
            (Some(root), Some(what), _) => {
                Some(format!("{name} is not JUnit: its root <{root}> is {what}"))
            }
            (_, _, Source::Output) | (Some(_), None, Source::Collected) => None,
            (Some(root), None, _) => Some(format!("{name} is not JUnit: its root is <{root}>")),
            (None, ..) if self.outcome.bytes == 0 => Some(format!("{name} is empty")),
            (None, ..) => Some(format!(
                "{name} is not JUnit: there is no <testsuite> in it"
            )),
        }
    }

    /// Returns what else people should know.
    pub(crate) fn warning(&self) -> Option<String> {
        let name = &self.name;
        if self.outcome.documents > 0 {
            let (declared, found) = self.outcome.declared.tests?;
            return Some(format!(
                "{name} declares {declared} tests, and {found} were found"
            ));
        }
        match &self.outcome.other_root {
            Some(root) if self.source == Source::Collected && self.problem().is_none() => Some(
                format!("{name} was ignored: its root <{root}> is no test report"),
            ),
            _ => None,
        }
    }

    fn contradiction(&self) -> Option<String> {
        let name = &self.name;
        let declared = &self.outcome.declared;
        if let Some((declared, found)) = declared.failures {
            let plural = if declared == 1 { "" } else { "s" };
            return Some(format!(
                "the report declares {declared} failure{plural}, only {found} found ({name})"
            ));
        }
        let tests = declared.hollow?;
        Some(format!(
            "the report declares {tests} tests, and holds none ({name})"
        ))
    }
}

/// Returns the counts in words: `12 passed, 1 flaky, 2 skipped`.
fn words(counts: &Counts) -> String {
    let words: Vec<String> = [
        (counts.passed, "passed"),
        (counts.flaky, "flaky"),
        (counts.skipped, "skipped"),
        (counts.failed, "failed"),
        (counts.errored, "errored"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    if words.is_empty() {
        "no tests".to_owned()
    } else {
        words.join(", ")
    }
}

fn total(counts: &Counts) -> u64 {
    [
        counts.passed,
        counts.failed,
        counts.errored,
        counts.skipped,
        counts.flaky,
    ]
    .into_iter()
    .map(u64::from)
    .sum()
}

/// `2 of 412 failed`, with the first one's name and message when it is the only one.
fn red(tally: &Tally) -> Option<String> {
    let counts = tally.counts();
    let bad = u64::from(counts.failed) + u64::from(counts.errored);
    if bad == 0 {
        return None;
    }
    let verb = if counts.failed == 0 {
        "errored"
    } else {
        "failed"
    };
    let summary = format!("{bad} of {} {verb}", total(&counts));
    Some(match &tally.first_bad {
        Some((id, message)) if bad == 1 => {
            let why = message
                .as_ref()
                .map(|why| format!(": {why}"))
                .unwrap_or_default();
            format!("{summary}: {id}{why}")
        }
        _ => summary,
    })
}

/// What the reports alone say.
struct Said {
    colour: Colour,
    count: Count,
    summary: String,
    /// A finer reason than the row's.
    reason: Option<&'static str>,
}

fn said(
    colour: Colour,
    count: Count,
    summary: String,
    reason: impl Into<Option<&'static str>>,
) -> Said {
    Said {
        colour,
        count,
        summary,
        reason: reason.into(),
    }
}

/// Returns what the reports alone say, which holds only after exit 0.
fn reports_say(reports: &[Report], tally: &Tally) -> Said {
    let counts = tally.counts();
    let whole = Count::Balanced;
    if let Some(problem) = reports.iter().find_map(Report::problem) {
        let summary = format!("{problem} (counted: {})", words(&counts));
        return said(Colour::Unparsable, whole, summary, "unreadable-report");
    }
    if tally.overflow {
        let summary =
            format!("the reports hold more than {MOST_CASES} test cases: split the suite");
        return said(Colour::Unparsable, whole, summary, "too-many-cases");
    }
    if !reports.iter().any(|report| report.outcome.documents > 0) {
        let summary = "exit 0 but no JUnit report".to_owned();
        return said(Colour::None, whole, summary, "no-report");
    }
    if let Some(summary) = red(tally) {
        return said(Colour::Red, whole, summary, None);
    }
    if let Some(summary) = reports.iter().find_map(Report::contradiction) {
        return said(Colour::Red, whole, summary, "declared-more");
    }
    if tally.unnamed_passed > 0 {
        let summary = format!(
            "a test case has no name, so the run was broken off (counted: {})",
            words(&counts)
        );
        return said(Colour::Green, Count::Short, summary, "broken-off");
    }
    if counts.passed == 0 && counts.flaky == 0 {
        let (summary, reason) = match counts.skipped {
            0 => ("no test ran: the report is empty".to_owned(), "no-tests"),
            1 => ("the only test was skipped".to_owned(), "all-skipped"),
            all => (format!("all {all} tests were skipped"), "all-skipped"),
        };
        return said(Colour::NoTests, whole, summary, reason);
    }
    said(Colour::Green, whole, words(&counts), None)
}

/// Decides.
///
/// # Errors
/// [`Error::MissingEvidence`] when the end was not seen.
pub fn decide(
    end: &EndState,
    reports: &[Report],
    tally: &Tally,
    capture: &Capture,
) -> Result<Verdict, Error> {
    let counts = tally.counts();
    let how = describe_end(end);
    let found = reports.iter().any(|report| report.outcome.documents > 0);
    let said = reports_say(reports, tally);
    // A document that is whole says so itself; what the output lost matters where there is none.
    let row = rule(&Facts {
        end,
        capture,
        colour: said.colour,
        count: said.count,
        flaky: counts.flaky > 0,
        empty_codes: &[],
    });
    let of_report = match row {
        // The report names no reason of its own when tests failed.
        Row::Red | Row::RedDespiteZero => said.reason,
        _ => said.reason.or(Some(row.reason())),
    };
    let (summary, reason) = match end {
        EndState::Lost(_) | EndState::Other(_) => return Err(Error::MissingEvidence(how)),
        EndState::Exited(0) => (said.summary.clone(), of_report),
        EndState::Exited(_) => match said.colour {
            Colour::Red if said.reason.is_none() => (said.summary.clone(), None),
            Colour::Green if said.count == Count::Balanced => {
                let summary = format!("{how}, though the report is green ({})", said.summary);
                (summary, Some("exit-code"))
            }
            Colour::None => (format!("{how} and no JUnit report"), Some("exit-code")),
            _ => (format!("{how}; {}", said.summary), Some("exit-code")),
        },
        _ if found => (format!("{how}; {}", words(&counts)), Some(row.reason())),
        _ => (format!("{how}; no JUnit report"), Some(row.reason())),
    };
    let reason = reason.filter(|reason| !reason.is_empty());
    let mut extra: Vec<_> = reason
        .map(|text| label("reason", text))
        .into_iter()
        .collect();
    extra.extend(explain(row, Some(&rests_on(&said, reports, tally))));
    Ok(Verdict {
        status: row.status(),
        summary,
        counts: Some(counts),
        extra,
    })
}

/// The report, and in it the first case that failed.
fn rests_on(said: &Said, reports: &[Report], tally: &Tally) -> Fact {
    let text = match (&tally.first_bad, said.colour) {
        (Some((id, _)), Colour::Red) => format!("<testcase> {id}"),
        _ => said.summary.clone(),
    };
    let mut fact = Fact::of(text);
    let named = |report: &Report| match report.source {
        Source::Output => String::new(),
        Source::Named | Source::Collected => report.name.clone(),
    };
    if let [report] = reports {
        fact.source = named(report);
    }
    let mut rests = |source: &str, at: &Fact| {
        fact.line = at.line;
        fact.byte = at.byte;
        fact.quote.clone_from(&at.quote);
        source.clone_into(&mut fact.source);
    };
    let malformed = || {
        reports.iter().find_map(|report| {
            let malformed = report.outcome.malformed.as_ref()?;
            Some((named(report), malformed.fact()))
        })
    };
    match (said.colour, &tally.first_bad, &tally.first_place) {
        (Colour::Red, Some((id, _)), Some((placed, report, place))) if id == placed => {
            let quote = format!("<testcase> {id}");
            rests(report, &place.fact("", clip(&quote, 200)));
        }
        (Colour::Unparsable, ..) if !tally.overflow => {
            if let Some((report, at)) = malformed() {
                rests(&report, &at);
            }
        }
        _ => {}
    }
    fact
}
