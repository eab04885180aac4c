//! One suite's life: attempt after attempt, until one stands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::Message;
use super::attempt;
use super::dir::RunDir;
use crate::event::{AttemptRecord, EventKind, SuiteIndex};
use crate::executor::{Cancel, Executor};
use crate::judge::Judge;
use crate::judge::floor::Policy;
use crate::model::{
    AttemptSummary, CaptureSummary, Completeness, Counts, JudgeSummary, SuiteStatus, SuiteSummary,
    millis,
};
use crate::plan::Suite;

/// The longest pause before another attempt.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// All that one suite's life needs.
pub(super) struct SuiteContext {
    pub(super) index: SuiteIndex,
    pub(super) suite: Arc<Suite>,
    pub(super) pipeline: String,
    pub(super) run_id: String,
    pub(super) run_dir: RunDir,
    pub(super) config_json: String,
    pub(super) judge: Arc<dyn Judge>,
    pub(super) executor: Arc<dyn Executor>,
    pub(super) cancel: watch::Receiver<Cancel>,
    pub(super) messages: mpsc::UnboundedSender<Message>,
}

impl SuiteContext {
    pub(super) fn policy(&self) -> Policy {
        policy(&self.suite)
    }

    /// Tells the dispatcher.
    pub(super) fn send(&self, message: Message) {
        // Only fails when the run is being left at once; there is nobody to tell then.
        drop(self.messages.send(message));
    }

    /// Tells the dispatcher what happened.
    pub(super) fn say(&self, kind: EventKind) {
        self.send(Message::Event(kind));
    }
}

/// What a suite allows.
pub(super) fn policy(suite: &Suite) -> Policy {
    Policy {
        accept_incomplete: suite.accept_incomplete,
        allow_empty: suite.allow_empty,
        strict: suite.strict,
    }
}

/// Lives a suite's life to its end.
pub(super) async fn run(cx: SuiteContext) -> SuiteSummary {
    let started = Instant::now();
    let (mut infra_left, mut failed_left) = (cx.suite.retries.infra, cx.suite.retries.failed);
    let mut history: Vec<AttemptSummary> = Vec::new();
    loop {
        let number = u32::try_from(history.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let record = attempt::run(&cx, number).await;
        history.push(in_short(&record));
        let left = match blame(&record) {
            Blame::Nobody => None,
            Blame::Infra => Some(&mut infra_left),
            Blame::Suite => Some(&mut failed_left),
        };
        let cancelled = cx.cancel.borrow().level() > 0;
        let retry = match left {
            Some(left) if *left > 0 && !cancelled => {
                *left -= 1;
                Some(pause(cx.suite.retries.backoff, number))
            }
            _ => None,
        };
        cx.say(EventKind::AttemptFinished {
            suite: cx.index,
            record: Box::new(record.clone()),
            retry_in_ms: retry.map(millis),
        });
        match retry {
            Some(pause) if slept(pause, cx.cancel.clone()).await => {}
            _ => {
                let took = millis(started.elapsed());
                return summarise(&cx.suite.name, record, history, took);
            }
        }
    }
}

/// Whose fault an attempt's status is.
enum Blame {
    Nobody,
    Infra,
    Suite,
}

fn blame(record: &AttemptRecord) -> Blame {
    match record.status {
        SuiteStatus::Failed | SuiteStatus::Empty | SuiteStatus::TimedOut => Blame::Suite,
        SuiteStatus::Incomplete => Blame::Infra,
        SuiteStatus::Errored if record.termination.end.is_infra() => Blame::Infra,
        SuiteStatus::Passed
        | SuiteStatus::Flaky
        | SuiteStatus::Skipped
        | SuiteStatus::Cancelled
        | SuiteStatus::Errored => Blame::Nobody,
    }
}

fn pause(backoff: Duration, attempt: u32) -> Duration {
    backoff
        .saturating_mul(1 << (attempt - 1).min(16))
        .min(LONGEST_PAUSE)
}

/// Sleeps; `false` when the run was cancelled meanwhile.
async fn slept(pause: Duration, mut cancel: watch::Receiver<Cancel>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        _ = cancel.wait_for(|cancel| cancel.level() > 0) => false,
    }
}

pub(super) fn in_short(record: &AttemptRecord) -> AttemptSummary {
    AttemptSummary {
        attempt: record.attempt,
        status: record.status,
        summary: record.summary.clone(),
        duration_ms: record.duration_ms,
        first_failure: record.failing.first().cloned(),
    }
}

/// A suite's outcome from its last attempt's record and the history of all of them.
pub(super) fn summarise(
    name: &str,
    record: AttemptRecord,
    history: Vec<AttemptSummary>,
    duration_ms: u64,
) -> SuiteSummary {
    let dir = attempt::is_worth_a_directory(&record).then(|| record.dir.clone());
    let (mut status, mut summary, mut warnings) = (record.status, record.summary, record.warnings);
    let earlier = history.split_last().map_or(&[][..], |(_, earlier)| earlier);
    let failed_before = earlier.iter().any(|attempt| attempt.status.is_failure());
    if status.is_pass() && failed_before {
        status = SuiteStatus::Flaky;
        summary = format!(
            "passed on attempt {} of {}: {summary}",
            history.len(),
            history.len()
        );
    } else if status.is_pass() {
        warnings.extend(earlier.iter().map(|attempt| {
            format!(
                "attempt {} was repeated: {}",
                attempt.attempt, attempt.summary
            )
        }));
    }
    SuiteSummary {
        name: name.to_owned(),
        status,
        summary,
        reason: record.reason,
        attempts: u32::try_from(history.len()).unwrap_or(u32::MAX),
        duration_ms,
        capture: CaptureSummary {
            completeness: record.capture.completeness,
            bytes: record.capture.bytes,
            lines: record.capture.lines,
        },
        counts: record
            .verdict
            .and_then(|verdict| verdict.counts)
            .unwrap_or_default(),
        judge: record.judge,
        end: Some(record.termination.end),
        warnings,
        failing: record.failing,
        failing_omitted: record.failing_omitted,
        history,
        dir,
    }
}

/// The summary of a suite that never started.
pub(super) fn never_started(suite: &Suite, status: SuiteStatus, why: String) -> SuiteSummary {
    SuiteSummary {
        name: suite.name.clone(),
        status,
        summary: why,
        reason: None,
        attempts: 0,
        duration_ms: 0,
        capture: CaptureSummary {
            completeness: Completeness::Unavailable,
            bytes: 0,
            lines: 0,
        },
        counts: Counts::default(),
        judge: JudgeSummary {
            name: suite.judge.clone(),
            digest: String::new(),
        },
        end: None,
        warnings: Vec::new(),
        failing: Vec::new(),
        failing_omitted: 0,
        history: Vec::new(),
        dir: None,
    }
}
