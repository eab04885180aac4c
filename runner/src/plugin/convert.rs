//! Between the contract's words and ours. What comes from a judge is cleaned and cut here.

use super::clean;
use super::host::bind::exports::tribunal::judge::plugin;
use super::host::bind::tribunal::judge::evidence as wit_evidence;
use super::host::bind::tribunal::judge::types as wit;
use crate::model::{
    CaptureReport, Case, CaseStatus, Completeness, Condition, Container, Counts, EndState, Label,
    Verdict, VerdictStatus,
};

/// Bytes of a case's name, a file's name, a summary.
const MAX_LINE: usize = 1 << 10;
/// Bytes of a case's message and of a fact's value.
const MAX_MESSAGE: usize = 8 << 10;
/// Bytes of a case's details.
const MAX_DETAILS: usize = 64 << 10;
/// Bytes of a fact's name.
const MAX_KEY: usize = 256;
/// Further facts of one case or verdict.
const MAX_EXTRA: usize = 64;

/// A whole number as the contract passes it: exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "the contract says so: some guests have no u64"
)]
pub(super) fn number(number: u64) -> f64 {
    number as f64
}

pub(super) fn labels_out(labels: &[Label]) -> Vec<wit::Label> {
    let out = |label: &Label| wit::Label {
        key: label.key.clone(),
        value: label.value.clone(),
    };
    labels.iter().map(out).collect()
}

pub(super) fn end_out(end: &EndState) -> wit::EndState {
    match end.clone() {
        EndState::Exited { code } => wit::EndState::Exited(code),
        EndState::Signaled {
            signal,
            name,
            core_dumped,
        } => wit::EndState::Signaled(wit::Signal {
            number: u32::try_from(signal).unwrap_or(0),
            name,
            core_dumped,
        }),
        EndState::TimedOut { limit_ms } => wit::EndState::TimedOut(number(limit_ms)),
        EndState::OomKilled { limit, .. } => wit::EndState::OomKilled(limit.unwrap_or_default()),
        EndState::Evicted { reason } => wit::EndState::Evicted(reason),
        EndState::StartFailed { reason, .. } => wit::EndState::StartFailed(reason),
        EndState::Cancelled { reason } => wit::EndState::Cancelled(reason),
        EndState::Lost { reason } => wit::EndState::Lost(reason),
        EndState::Other { reason } => wit::EndState::Other(reason),
    }
}

pub(super) fn capture_out(report: &CaptureReport) -> wit::Capture {
    wit::Capture {
        completeness: match report.completeness {
            Completeness::Proven => wit::Completeness::Proven,
            Completeness::Complete => wit::Completeness::Complete,
            Completeness::Unverified => wit::Completeness::Unverified,
            Completeness::Gap => wit::Completeness::Gap,
            Completeness::Cut => wit::Completeness::Cut,
            Completeness::Unavailable => wit::Completeness::Unavailable,
        },
        bytes: number(report.bytes),
        lines: number(report.lines),
        missing: number(report.missing()),
        note: report.note.clone(),
    }
}

pub(super) fn container_out(container: &Container) -> wit_evidence::Container {
    let message = (!container.message.is_empty()).then(|| wit::Label {
        key: "message".to_owned(),
        value: container.message.clone(),
    });
    wit_evidence::Container {
        name: container.name.clone(),
        ended: end_out(&container.end),
        extra: message.into_iter().collect(),
    }
}

pub(super) fn condition_out(condition: &Condition) -> wit_evidence::Condition {
    wit_evidence::Condition {
        kind: condition.kind.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
    }
}

fn labels_in(labels: &[wit::Label]) -> Vec<Label> {
    let labels = labels.iter().take(MAX_EXTRA);
    labels
        .map(|label| Label {
            key: clean::line(&label.key, MAX_KEY),
            value: clean::text(&label.value, MAX_MESSAGE),
        })
        .collect()
}

pub(super) fn case_in(case: wit::TestCase) -> Case {
    let status = match case.status {
        wit::CaseStatus::Passed => CaseStatus::Passed,
        wit::CaseStatus::Failed => CaseStatus::Failed,
        wit::CaseStatus::Errored => CaseStatus::Errored,
        wit::CaseStatus::Skipped => CaseStatus::Skipped,
        wit::CaseStatus::Flaky => CaseStatus::Flaky,
    };
    let line = |text: Option<String>, max| text.map(|text| clean::line_of(text, max));
    let id = clean::line_of(case.id, MAX_LINE);
    Case {
        id: if id.is_empty() {
            "(no name)".to_owned()
        } else {
            id
        },
        status,
        duration_ms: case.duration_ms.filter(|ms| ms.is_finite() && *ms >= 0.0),
        message: line(case.message, MAX_MESSAGE),
        details: case.details.map(|text| clean::text(&text, MAX_DETAILS)),
        file: line(case.file, MAX_LINE),
        line: case.line,
        extra: labels_in(&case.extra),
    }
}

/// Bytes of a case's text.
pub(super) fn case_size(case: &Case) -> u64 {
    let optional = [&case.message, &case.details, &case.file];
    let texts = optional.into_iter().flatten().map(String::len);
    let extra = case
        .extra
        .iter()
        .map(|fact| fact.key.len() + fact.value.len());
    (case.id.len() + texts.chain(extra).sum::<usize>()) as u64
}

pub(super) fn verdict_in(verdict: &wit::Verdict) -> Verdict {
    let (status, word) = match verdict.status {
        wit::Status::Passed => (VerdictStatus::Passed, "passed"),
        wit::Status::Failed => (VerdictStatus::Failed, "failed"),
        wit::Status::Errored => (VerdictStatus::Errored, "errored"),
        wit::Status::Skipped => (VerdictStatus::Skipped, "skipped"),
        wit::Status::Empty => (VerdictStatus::Empty, "no tests ran"),
    };
    let summary = clean::line(&verdict.summary, MAX_LINE);
    Verdict {
        status,
        summary: if summary.is_empty() {
            word.to_owned()
        } else {
            summary
        },
        counts: verdict.counts.map(|counts| Counts {
            passed: counts.passed,
            failed: counts.failed,
            errored: counts.errored,
            skipped: counts.skipped,
            flaky: counts.flaky,
        }),
        extra: labels_in(&verdict.extra),
    }
}

/// Why a judge could not answer, in a sentence.
pub(super) fn refusal_in(error: &wit::Error) -> String {
    let (what, why) = match error {
        wit::Error::BadConfig(why) => ("the judge's config is not valid", why),
        wit::Error::Unparsable(why) => ("the judge could not read the output", why),
        wit::Error::MissingEvidence(why) => ("the judge misses evidence", why),
        wit::Error::Internal(why) => ("the judge gave up", why),
    };
    match clean::line(why, MAX_LINE) {
        why if why.is_empty() => what.to_owned(),
        why => format!("{what}: {why}"),
    }
}

/// What a judge says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgeInfo {
    /// Its own name, which may differ from the pipeline's.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// JSON schema of its `config` table, if it has one; at most 64 KiB.
    pub config_schema: Option<String>,
}

pub(super) fn info_in(info: &plugin::Info) -> JudgeInfo {
    JudgeInfo {
        name: clean::line(&info.name, MAX_KEY),
        version: clean::line(&info.version, MAX_KEY),
        description: clean::line(&info.description, MAX_LINE),
        config_schema: info
            .config_schema
            .as_deref()
            .map(|schema| clean::text(schema, MAX_DETAILS)),
    }
}

/// Problems that a judge finds in its `config` table; at most 20.
pub(super) fn problems_in(problems: &[String]) -> Vec<String> {
    let problems = problems.iter().take(20);
    problems.map(|text| clean::line(text, MAX_LINE)).collect()
}
