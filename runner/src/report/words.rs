//! The sentences that several reports share: the verdict, its counts, and why a suite has its status.

use super::terminal::{clean, text};
use crate::model::{
    AttemptSummary, Completeness, RunStatus, RunSummary, SuiteStatus, SuiteSummary,
};

/// The statuses, the most urgent first.
pub(super) const URGENT: [SuiteStatus; 9] = [
    SuiteStatus::Failed,
    SuiteStatus::TimedOut,
    SuiteStatus::Empty,
    SuiteStatus::Errored,
    SuiteStatus::Incomplete,
    SuiteStatus::Cancelled,
    SuiteStatus::Flaky,
    SuiteStatus::Skipped,
    SuiteStatus::Passed,
];

/// Returns a suite's place among the others: problems first.
pub(super) fn urgency(status: SuiteStatus) -> usize {
    URGENT
        .iter()
        .position(|known| *known == status)
        .unwrap_or(0)
}

/// Returns `PASS`, `FAIL`, `UNDECIDED`, `CANCELLED` or `NOTHING RUN`.
pub(super) fn verdict(summary: &RunSummary) -> &'static str {
    match summary.status {
        _ if summary.cancelled_by.is_some() => "CANCELLED",
        RunStatus::Cancelled => "CANCELLED",
        RunStatus::Passed => "PASS",
        RunStatus::Failed => "FAIL",
        RunStatus::Errored => "UNDECIDED",
        RunStatus::Empty => "NOTHING RUN",
    }
}

/// Returns a status as people read it in a sentence: `timed out`.
pub(super) fn status(status: SuiteStatus) -> String {
    status.word().to_lowercase()
}

/// Returns `2 failed, 1 incomplete, 2 passed`, adding up to all suites.
pub(super) fn counts(summary: &RunSummary) -> String {
    let counts: Vec<String> = URGENT
        .iter()
        .filter_map(|wanted| {
            let suites = summary.suites.iter();
            let count = suites.filter(|suite| suite.status == *wanted).count();
            (count > 0).then(|| format!("{} {}", text::number(count as u64), status(*wanted)))
        })
        .collect();
    if counts.is_empty() {
        "no suite was selected".to_owned()
    } else {
        counts.join(", ")
    }
}

/// Whether people must look at it.
pub(super) fn is_problem(status: SuiteStatus) -> bool {
    status.is_failure() || status.is_undecided() || status == SuiteStatus::Cancelled
}

/// Returns the suites, problems first, in the order of the plan otherwise.
pub(super) fn by_urgency(summary: &RunSummary) -> Vec<&SuiteSummary> {
    let mut suites: Vec<&SuiteSummary> = summary.suites.iter().collect();
    suites.sort_by_key(|suite| urgency(suite.status));
    suites
}

/// Returns one sentence on why the suite has its status, from the evidence: what the judge said, what the
/// host made of it, how the program ended, how much of the output is there.
pub(super) fn why(suite: &SuiteSummary) -> String {
    let mut parts = vec![suite.summary.clone()];
    parts.extend(suite.reason.clone());
    if let Some(end) = &suite.end {
        let end = end.describe();
        if !parts.iter().any(|part| part.contains(&end)) {
            parts.push(end);
        }
    }
    if suite.attempts > 0 {
        let bytes = text::bytes(suite.capture.bytes);
        parts.push(match suite.capture.completeness {
            Completeness::Proven | Completeness::Complete => format!("output complete ({bytes})"),
            Completeness::Unverified => format!("output unverified ({bytes})"),
            Completeness::Gap => format!("output has a gap ({bytes} are there)"),
            Completeness::Cut => format!("output cut after {bytes}"),
            Completeness::Unavailable => "output unavailable".to_owned(),
        });
    }
    parts.join("; ")
}

/// Returns what earlier attempts of a flaky suite came to.
pub(super) fn earlier(attempt: &AttemptSummary) -> String {
    let case = attempt.first_failure.as_ref().map(|case| {
        let message = case.message.as_deref().unwrap_or("");
        format!("{} {message}", case.id)
    });
    let what = case.unwrap_or_else(|| attempt.summary.clone());
    format!("attempt {}: {}", attempt.attempt, what.trim_end())
}

/// Returns the command that runs the suites again which did not pass, and those that were skipped for want of them; none
/// when all passed.
pub(super) fn again(summary: &RunSummary) -> Option<String> {
    let never_started =
        |suite: &SuiteSummary| suite.status == SuiteStatus::Skipped && suite.attempts == 0;
    let names: Vec<String> = by_urgency(summary)
        .iter()
        .filter(|suite| is_problem(suite.status) || never_started(suite))
        .map(|suite| text::shell(&clean::line(&suite.name)))
        .collect();
    match (names.len(), &summary.run) {
        (0, _) => None,
        (1..=20, _) => Some(format!("tribunal run {}", names.join(" "))),
        (_, Some(run)) => Some(format!("tribunal run --failed {run}")),
        (_, None) => Some("tribunal run --failed".to_owned()),
    }
}
