//! One attempt of a recorded suite.

use super::build::OUTPUT;
use crate::event::{AttemptRecord, EVENT_VERSION, SuiteIntro};
use crate::model::{
    CaptureReport, Case, Completeness, Container, Counts, EndState, Gap, JudgeSummary, Leftover,
    SuiteStatus, Termination, Verdict, VerdictStatus,
};

/// How an attempt ends.
pub(super) struct Attempt {
    pub(super) status: SuiteStatus,
    pub(super) summary: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) number: u32,
    pub(super) duration_ms: u64,
    /// Passed and failed.
    pub(super) counts: [u32; 2],
    pub(super) end: EndState,
    pub(super) container: Option<&'static str>,
    pub(super) failing: Vec<Case>,
    pub(super) failing_omitted: u64,
    pub(super) warnings: Vec<String>,
    pub(super) bytes: u64,
    pub(super) completeness: Completeness,
    pub(super) gaps: Vec<Gap>,
    pub(super) said_passed: Option<&'static str>,
    pub(super) judge_error: Option<&'static str>,
    pub(super) leftovers: Vec<Leftover>,
}

impl Attempt {
    pub(super) fn new(status: SuiteStatus, summary: &'static str) -> Self {
        let code = i32::from(status == SuiteStatus::Failed);
        Self {
            status,
            summary,
            reason: None,
            number: 1,
            duration_ms: 410,
            counts: [0, 0],
            end: EndState::Exited { code },
            container: None,
            failing: Vec::new(),
            failing_omitted: 0,
            warnings: Vec::new(),
            bytes: OUTPUT.len() as u64,
            completeness: Completeness::Proven,
            gaps: Vec::new(),
            said_passed: None,
            judge_error: None,
            leftovers: Vec::new(),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let [passed, failed] = self.counts;
        Counts {
            passed,
            failed,
            ..Counts::default()
        }
    }

    pub(super) fn record(&self, suite: &SuiteIntro, started_at: String) -> AttemptRecord {
        let mut termination = Termination::new(self.end.clone());
        termination.duration_ms = self.duration_ms;
        termination.leftovers.clone_from(&self.leftovers);
        if let Some(pod) = self.container {
            termination.place = pod.into();
            termination.containers.push(Container {
                name: "main".into(),
                end: self.end.clone(),
                message: String::new(),
            });
        }
        let verdict = match (self.said_passed, self.judge_error) {
            (_, Some(_)) => None,
            (Some(summary), None) => Some((VerdictStatus::Passed, summary)),
            (None, None) if self.status.is_pass() => Some((VerdictStatus::Passed, self.summary)),
            (None, None) => Some((VerdictStatus::Failed, self.summary)),
        };
        AttemptRecord {
            version: EVENT_VERSION,
            suite: suite.name.clone(),
            attempt: self.number,
            status: self.status,
            summary: self.summary.into(),
            reason: self.reason.map(Into::into),
            warnings: self.warnings.clone(),
            started_at,
            duration_ms: self.duration_ms,
            termination,
            capture: CaptureReport {
                completeness: self.completeness,
                bytes: self.bytes,
                lines: self.bytes / 60,
                stdout_bytes: self.bytes,
                stderr_bytes: 0,
                gaps: self.gaps.clone(),
                reconnects: 0,
                note: String::new(),
            },
            judge: judge(suite),
            verdict: verdict.map(|(status, summary)| Verdict {
                status,
                summary: summary.into(),
                counts: Some(self.counts()),
                extra: Vec::new(),
            }),
            judge_error: self.judge_error.map(Into::into),
            failing: self.failing.clone(),
            failing_omitted: self.failing_omitted,
            artifacts: Vec::new(),
            dir: format!("suites/{}/attempt-{}", suite.slug, self.number),
        }
    }
}

pub(super) fn judge(suite: &SuiteIntro) -> JudgeSummary {
    JudgeSummary {
        name: suite.judge.clone(),
        digest: "sha256:9f86d081884c7d65".into(),
    }
}
