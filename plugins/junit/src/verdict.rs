//! From everything that was found to a verdict.
//!
//! Passed needs all of it: the program ended by itself with 0, every report was read to its end,
//! each holds what it declares, at least one test passed, and none failed.

use tribunal_sdk::{Counts, EndState, Error, Status, Verdict, describe_end, label};

use crate::parser::Outcome;
use crate::tally::{MOST_CASES, Tally};

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

fn verdict(status: Status, summary: String, counts: Counts, reason: Option<&str>) -> Verdict {
    let extra = reason
        .map(|reason| label("reason", reason))
        .into_iter()
        .collect();
    Verdict {
        status,
        summary,
        counts: Some(counts),
        extra,
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

/// Returns what the reports alone say, which holds only after exit 0.
fn green(reports: &[Report], tally: &Tally) -> (Status, String, Option<&'static str>) {
    let counts = tally.counts();
    if let Some(problem) = reports.iter().find_map(Report::problem) {
        let readable = words(&counts);
        return (
            Status::Errored,
            format!("{problem} (counted: {readable})"),
            Some("unreadable-report"),
        );
    }
    if tally.overflow {
        let summary =
            format!("the reports hold more than {MOST_CASES} test cases: split the suite");
        return (Status::Errored, summary, Some("too-many-cases"));
    }
    if !reports.iter().any(|report| report.outcome.documents > 0) {
        return (
            Status::Failed,
            "exit 0 but no JUnit report".to_owned(),
            Some("no-report"),
        );
    }
    if let Some(summary) = red(tally) {
        return (Status::Failed, summary, None);
    }
    if let Some(summary) = reports.iter().find_map(Report::contradiction) {
        return (Status::Failed, summary, Some("declared-more"));
    }
    if tally.unnamed_passed > 0 {
        let summary = format!(
            "a test case has no name, so the run was broken off (counted: {})",
            words(&counts)
        );
        return (Status::Failed, summary, Some("broken-off"));
    }
    if counts.passed == 0 && counts.flaky == 0 {
        return match counts.skipped {
            0 => (
                Status::Empty,
                "no test ran: the report is empty".to_owned(),
                Some("no-tests"),
            ),
            1 => (
                Status::Empty,
                "the only test was skipped".to_owned(),
                Some("all-skipped"),
            ),
            all => (
                Status::Empty,
                format!("all {all} tests were skipped"),
                Some("all-skipped"),
            ),
        };
    }
    (Status::Passed, words(&counts), None)
}

/// Decides.
///
/// # Errors
/// [`Error::MissingEvidence`] when the end was not seen.
pub fn decide(end: &EndState, reports: &[Report], tally: &Tally) -> Result<Verdict, Error> {
    let counts = tally.counts();
    let how = describe_end(end);
    let so_far = if reports.iter().any(|report| report.outcome.documents > 0) {
        words(&counts)
    } else {
        "no JUnit report".to_owned()
    };
    let (status, reason) = match end {
        EndState::Exited(0) => {
            let (status, summary, reason) = green(reports, tally);
            return Ok(verdict(status, summary, counts, reason));
        }
        EndState::Exited(_) => {
            let (inner, said, _) = green(reports, tally);
            let summary = match inner {
                Status::Failed if red(tally).is_some() => {
                    return Ok(verdict(inner, said, counts, None));
                }
                Status::Passed => format!("{how}, though the report is green ({said})"),
                _ if so_far == "no JUnit report" && inner != Status::Errored => {
                    format!("{how} and no JUnit report")
                }
                _ => format!("{how}; {said}"),
            };
            return Ok(verdict(Status::Failed, summary, counts, Some("exit-code")));
        }
        EndState::Signaled(_) => (Status::Failed, "signal"),
        EndState::TimedOut(_) => (Status::Failed, "timeout"),
        EndState::OomKilled(_) => (Status::Failed, "oom"),
        EndState::Evicted(_) => (Status::Errored, "evicted"),
        EndState::StartFailed(_) => (Status::Errored, "start-failed"),
        EndState::Cancelled(_) => (Status::Errored, "cancelled"),
        EndState::Lost(_) | EndState::Other(_) => return Err(Error::MissingEvidence(how)),
    };
    Ok(verdict(
        status,
        format!("{how}; {so_far}"),
        counts,
        Some(reason),
    ))
}
