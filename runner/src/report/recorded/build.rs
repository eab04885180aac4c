//! Builds runs for tests the way a dispatcher would: totals and summaries follow from what happened.

use std::path::Path;

use super::attempt::{Attempt, judge};
use crate::event::{EVENT_VERSION, Event, EventKind, JudgeIntro, Phase, SuiteIntro, Totals};
use crate::model::{
    AttemptSummary, CaptureSummary, Case, CaseStatus, RunStatus, RunSummary, SUMMARY_VERSION,
    SuiteStatus, SuiteSummary,
};

/// The run's id and directory.
pub(super) const RUN: &str = "20261122-1532-7f3k";
const STARTED: &str = "2026-11-22T15:32:07Z";

/// What a hostile suite prints.
pub(super) const OUTPUT: &str = "checking 14 files\r\nchecking 98%\rchecking 100%\r\n\
    \u{1b}]0;owned\u{7}\u{1b}[31msrc/cart.py:88:5\u{1b}[0m E501 line too long\n\
    \u{1b}[2J\u{1b}[H::error file=x::not for the CI\n  ##[error]nor this\n\ttabs\tand\u{202e}bidi\n\
    Found 1 error.\n";

/// A case with a status and nothing else.
pub(super) fn case(id: &str, status: CaseStatus) -> Case {
    Case {
        id: id.into(),
        status,
        duration_ms: Some(12.0),
        message: None,
        details: None,
        file: None,
        line: None,
        extra: Vec::new(),
    }
}

/// A case that failed at a place.
pub(super) fn failed(id: &str, file: &str, line: u32, message: &str) -> Case {
    Case {
        message: Some(message.into()),
        details: Some(format!(
            "    def test():\n>       {message}\nE       {message}"
        )),
        file: Some(file.into()),
        line: Some(line),
        ..case(id, CaseStatus::Failed)
    }
}

/// Writes an output for every attempt below a run's directory.
pub(in super::super) fn write_outputs(dir: &Path, events: &[Event]) {
    for event in events {
        if let EventKind::AttemptFinished { record, .. } = &event.kind {
            let folder = dir.join(&record.dir);
            std::fs::create_dir_all(&folder).expect("a folder");
            let output = if record.capture.bytes == 0 {
                ""
            } else {
                OUTPUT
            };
            std::fs::write(folder.join("output.log"), output).expect("an output");
        }
    }
}

/// The summary that ends a run.
pub(super) fn summary_of(events: &[Event]) -> RunSummary {
    match events.last().map(|event| &event.kind) {
        Some(EventKind::RunFinished { summary }) => RunSummary::clone(summary),
        other => panic!("the run ends with {other:?}"),
    }
}

/// Records a run.
pub(super) struct Recorder {
    events: Vec<Event>,
    totals: Totals,
    intros: Vec<SuiteIntro>,
    history: Vec<Vec<AttemptSummary>>,
    done: Vec<Option<SuiteSummary>>,
    started: Vec<u64>,
    pipeline: String,
}

impl Recorder {
    pub(super) fn start(pipeline: &str, jobs: u32, suites: &[(&str, &str, &str)]) -> Self {
        let intros: Vec<SuiteIntro> = suites
            .iter()
            .map(|(name, judge, command)| SuiteIntro {
                name: (*name).into(),
                slug: name.replace(['[', ']', '='], "-"),
                judge: (*judge).into(),
                executor: "local".into(),
                command: (*command).into(),
                labels: std::collections::BTreeMap::default(),
            })
            .collect();
        let mut run = Self {
            events: Vec::new(),
            totals: Totals {
                selected: u32::try_from(suites.len()).expect("few suites"),
                ..Totals::default()
            },
            history: vec![Vec::new(); suites.len()],
            done: vec![None; suites.len()],
            started: vec![0; suites.len()],
            intros: intros.clone(),
            pipeline: pipeline.into(),
        };
        run.push(
            0,
            EventKind::RunStarted {
                version: EVENT_VERSION,
                tribunal: "0.1.0".into(),
                run: RUN.into(),
                dir: format!(".tribunal/runs/{RUN}"),
                pipeline: pipeline.into(),
                started_at: STARTED.into(),
                jobs,
                suites: intros,
                judges: vec![JudgeIntro {
                    name: "pytest".into(),
                    version: "1.2.0".into(),
                    digest: judge(&run.intros[0]).digest,
                }],
            },
        );
        run
    }

    pub(super) fn push(&mut self, at_ms: u64, kind: EventKind) {
        self.events.push(Event {
            at_ms,
            totals: self.totals,
            kind,
        });
    }

    pub(super) fn running(&mut self, at_ms: u64, suite: usize, attempt: u32, place: &str) {
        if attempt == 1 {
            self.totals.running += 1;
            self.started[suite] = at_ms;
        }
        let kind = EventKind::PhaseChanged {
            suite,
            attempt,
            phase: Phase::Running,
            detail: place.into(),
        };
        self.push(at_ms, kind);
    }

    pub(super) fn case(&mut self, at_ms: u64, suite: usize, attempt: u32, case: &Case) {
        let case = case.clone();
        self.push(
            at_ms,
            EventKind::CaseReported {
                suite,
                attempt,
                case,
            },
        );
    }

    pub(super) fn progress(
        &mut self,
        at_ms: u64,
        suite: usize,
        done: u32,
        total: Option<u32>,
        failed: u32,
    ) {
        self.push(
            at_ms,
            EventKind::Progress {
                suite,
                done,
                total,
                failed,
            },
        );
    }

    pub(super) fn attempt(
        &mut self,
        at_ms: u64,
        suite: usize,
        attempt: &Attempt,
        retry: Option<u64>,
    ) {
        let started_at = format!("2026-11-22T15:32:{:02}Z", attempt.number + 7);
        let record = attempt.record(&self.intros[suite], started_at);
        self.history[suite].push(AttemptSummary {
            attempt: record.attempt,
            status: record.status,
            summary: record.summary.clone(),
            duration_ms: record.duration_ms,
            first_failure: record.failing.first().cloned(),
        });
        let kind = EventKind::AttemptFinished {
            suite,
            record: Box::new(record),
            retry_in_ms: retry,
        };
        self.push(at_ms, kind);
    }

    /// The last attempt of a suite, and its end.
    pub(super) fn done(&mut self, at_ms: u64, suite: usize, attempt: &Attempt) {
        let mut summary = self.summary(suite, attempt);
        summary.duration_ms = at_ms - self.started[suite];
        self.attempt(at_ms, suite, attempt, None);
        summary.history.clone_from(&self.history[suite]);
        self.totals.running -= 1;
        self.end(at_ms, suite, summary);
    }

    /// The end of a suite that never ran.
    pub(super) fn not_run(
        &mut self,
        at_ms: u64,
        suite: usize,
        status: SuiteStatus,
        summary: &'static str,
    ) {
        let mut summary = self.summary(suite, &Attempt::new(status, summary));
        summary.attempts = 0;
        summary.duration_ms = 0;
        summary.end = None;
        summary.dir = None;
        summary.capture.bytes = 0;
        self.end(at_ms, suite, summary);
    }

    fn summary(&self, suite: usize, attempt: &Attempt) -> SuiteSummary {
        let intro = &self.intros[suite];
        SuiteSummary {
            name: intro.name.clone(),
            status: attempt.status,
            summary: attempt.summary.into(),
            reason: attempt.reason.map(Into::into),
            attempts: attempt.number,
            duration_ms: attempt.duration_ms,
            capture: CaptureSummary {
                completeness: attempt.completeness,
                bytes: attempt.bytes,
                lines: attempt.bytes / 60,
            },
            counts: attempt.counts(),
            judge: judge(intro),
            end: Some(attempt.end.clone()),
            warnings: attempt.warnings.clone(),
            failing: attempt.failing.clone(),
            failing_omitted: attempt.failing_omitted,
            history: Vec::new(),
            dir: Some(format!("suites/{}/attempt-{}", intro.slug, attempt.number)),
        }
    }

    fn end(&mut self, at_ms: u64, suite: usize, summary: SuiteSummary) {
        let totals = &mut self.totals;
        totals.done += 1;
        totals.passed += u32::from(summary.status.is_pass());
        totals.flaky += u32::from(summary.status == SuiteStatus::Flaky);
        totals.failed += u32::from(summary.status.is_failure());
        totals.undecided += u32::from(summary.status.is_undecided());
        totals.not_run += u32::from(matches!(
            summary.status,
            SuiteStatus::Skipped | SuiteStatus::Cancelled
        ));
        self.done[suite] = Some(summary.clone());
        let summary = Box::new(summary);
        self.push(at_ms, EventKind::SuiteFinished { suite, summary });
    }

    /// The end of the run.
    pub(super) fn finish(self, at_ms: u64) -> Vec<Event> {
        self.finish_with(at_ms, None, Vec::new())
    }

    pub(super) fn finish_with(
        mut self,
        at_ms: u64,
        cancelled_by: Option<i32>,
        warnings: Vec<String>,
    ) -> Vec<Event> {
        let suites: Vec<SuiteSummary> = self.done.iter().flatten().cloned().collect();
        let summary = RunSummary {
            version: SUMMARY_VERSION,
            run: Some(RUN.into()),
            pipeline: self.pipeline.clone(),
            status: RunStatus::of(suites.iter().map(|suite| suite.status)),
            started_at: STARTED.into(),
            duration_ms: at_ms,
            cancelled_by,
            suites,
            warnings,
        };
        let summary = Box::new(summary);
        self.push(at_ms, EventKind::RunFinished { summary });
        self.events
    }
}
