//! One attempt: the executor and the judge side by side, the judge live on what the executor captures.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::cases::CaseBook;
use super::suite::SuiteContext;
use super::{Message, dir};
use crate::capture::artifacts::Collected;
use crate::capture::{self, Capture};
use crate::event::{AttemptRecord, EVENT_VERSION, EventKind, Phase};
use crate::executor::AttemptContext;
use crate::judge::floor::{self, Matter, Policy};
use crate::judge::{Artifact, Ended, Evidence, Facts, JudgeError, Notice, UNHEARD};
use crate::model::{CaptureReport, SuiteStatus, Termination, Verdict, millis};
use crate::plan::Suite;

/// How long a judge may take after everything is there, waiting included. Its CPU has a limit of its own;
/// this one is for judges that sleep.
pub(super) const JUDGE_WALL: Duration = Duration::from_mins(2);
/// The name of an attempt's record.
pub(super) const RECORD: &str = "attempt.json";

/// Runs and judges one attempt. Never fails: what goes wrong is in the record.
pub(super) async fn run(cx: &SuiteContext, attempt: u32) -> AttemptRecord {
    let started = Instant::now();
    let started_at = Timestamp::now().to_string();
    let relative = format!("suites/{}/attempt-{attempt}", cx.suite.slug);
    let dir = cx.run_dir.path().join(&relative);
    let mut book = CaseBook::new(cx.index, attempt);
    // Asked before it judges: a version that comes later says so itself.
    let judge = cx.judge.identity();
    let (ended, answer) = execute_and_judge(cx, attempt, dir.clone(), &mut book).await;
    let mut record = AttemptRecord {
        version: EVENT_VERSION,
        suite: cx.suite.name.clone(),
        attempt,
        status: SuiteStatus::Errored,
        summary: String::new(),
        reason: None,
        warnings: ended.warnings,
        started_at,
        duration_ms: millis(started.elapsed()),
        termination: ended.termination,
        capture: ended.capture,
        judge,
        verdict: None,
        judge_error: None,
        failing: Vec::new(),
        failing_omitted: 0,
        artifacts: ended
            .artifacts
            .iter()
            .map(|file| file.name.clone())
            .collect(),
        dir: relative,
    };
    decide(&mut record, answer, &mut book, cx.policy());
    if is_worth_a_directory(&record)
        && let Err(error) = store(&dir, &record)
    {
        cx.say(EventKind::Warning {
            message: error.to_string(),
        });
    }
    record
}

/// Enters into a record what the judge and the floor make of the attempt. Its end and its capture are known;
/// warnings that are there already are kept.
pub(super) fn decide(
    record: &mut AttemptRecord,
    answer: Answer,
    book: &mut CaseBook,
    policy: Policy,
) {
    if let Some(judge) = book.judge() {
        record.judge = judge;
    }
    let matter = Matter {
        judge: &record.judge.name,
        answer: answer.as_ref(),
        termination: &record.termination,
        capture: &record.capture,
        saw_failure: book.saw_failure(),
    };
    let mut ruling = floor::rule(&matter, policy);
    ruling.warnings.append(&mut record.warnings);
    (record.status, record.summary) = (ruling.status, ruling.summary);
    (record.reason, record.warnings) = (ruling.reason, ruling.warnings);
    (record.failing, record.failing_omitted) = book.failing();
    let counts = book.counts();
    (record.verdict, record.judge_error) = match answer {
        Ok(mut verdict) => {
            verdict.counts = verdict.counts.or(counts);
            (Some(verdict), None)
        }
        Err(error) => (None, Some(in_full(&error))),
    };
}

/// Whether an attempt's record is kept beside what it left. One that passed at once and left nothing has its
/// record in the journal alone: a directory and a file cost more than the rest of such an attempt.
pub(super) fn is_worth_a_directory(record: &AttemptRecord) -> bool {
    record.capture.bytes > 0
        || !record.artifacts.is_empty()
        || record.attempt > 1
        || record.status != SuiteStatus::Passed
}

fn store(dir: &Path, record: &AttemptRecord) -> Result<(), dir::DirError> {
    dir::make(dir)?;
    dir::write_json(&dir.join(RECORD), record)
}

/// What an attempt left behind.
struct Outcome {
    termination: Termination,
    capture: CaptureReport,
    artifacts: Vec<Artifact>,
    warnings: Vec<String>,
}

pub(super) type Answer = Result<Verdict, JudgeError>;

async fn execute_and_judge(
    cx: &SuiteContext,
    attempt: u32,
    dir: PathBuf,
    book: &mut CaseBook,
) -> (Outcome, Answer) {
    let (writer, capture) = capture::create(&dir);
    let (ended_tx, ended_rx) = watch::channel(None);
    let (notices_tx, notices_rx) = mpsc::channel(UNHEARD);
    let (phase_tx, phase_rx) = mpsc::unbounded_channel();
    let (observed_tx, observed_rx) = mpsc::unbounded_channel();
    let (artifacts_tx, artifacts_rx) = oneshot::channel();
    let evidence = Evidence {
        facts: Arc::new(facts(&cx.suite, &cx.pipeline, &cx.config_json, attempt)),
        capture: Arc::clone(&capture),
        ended: ended_rx,
    };
    let context = AttemptContext {
        run: cx.run_id.clone(),
        attempt,
        dir: dir.clone(),
        output: writer,
        artifacts: artifacts_tx,
        cancel: cx.cancel.clone(),
        phase: phase_tx,
        observed: observed_tx,
    };
    let executing = async {
        let begun = std::time::SystemTime::now();
        let termination = cx.executor.execute(&cx.suite, context).await;
        let outcome = finish(cx, &capture, termination, artifacts_rx, dir, begun).await;
        cx.say(EventKind::PhaseChanged {
            suite: cx.index,
            attempt,
            phase: Phase::Judging,
            detail: String::new(),
        });
        ended_tx.send_replace(Some(Arc::new(Ended {
            termination: outcome.termination.clone(),
            capture: outcome.capture.clone(),
            artifacts: outcome.artifacts.clone(),
        })));
        outcome
    };
    let judging = judge_within(cx, evidence, notices_tx, ended_tx.subscribe());
    let (outcome, answer, ()) = tokio::join!(
        executing,
        judging,
        relay(cx, attempt, book, notices_rx, (phase_rx, observed_rx))
    );
    (outcome, answer)
}

/// Waits for the end of the output and collects artifacts.
async fn finish(
    cx: &SuiteContext,
    capture: &Arc<Capture>,
    termination: Termination,
    artifacts: oneshot::Receiver<Collected>,
    dir: PathBuf,
    begun: std::time::SystemTime,
) -> Outcome {
    let report = capture.ended().await;
    let mut outcome = Outcome {
        termination,
        capture: report,
        artifacts: Vec::new(),
        warnings: Vec::new(),
    };
    if let Ok(collected) = artifacts.await {
        outcome.artifacts = collected.files;
        outcome.warnings = collected.warnings;
    } else if !cx.suite.artifacts.is_empty() {
        let suite = Arc::clone(&cx.suite);
        let collecting = tokio::task::spawn_blocking(move || {
            capture::artifacts::collect(&suite.cwd, &suite.artifacts, &dir.join("artifacts"), begun)
        });
        match collecting.await {
            Ok(collected) => {
                outcome.artifacts = collected.files;
                outcome.warnings = collected.warnings;
            }
            Err(error) => outcome
                .warnings
                .push(format!("artifacts were not collected: {error}")),
        }
    }
    outcome
}

/// The judgement, which may wait as long as the suite runs and then has [`JUDGE_WALL`].
async fn judge_within(
    cx: &SuiteContext,
    evidence: Evidence,
    notices: mpsc::Sender<Notice>,
    mut ended: watch::Receiver<Option<Arc<Ended>>>,
) -> Answer {
    let overdue = async {
        if ended.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(JUDGE_WALL).await;
    };
    tokio::select! {
        answer = cx.judge.judge(evidence, notices) => answer,
        () = overdue => Err(JudgeError::Limit {
            what: "time".to_owned(),
            limit: format!("{} s after the end of the output", JUDGE_WALL.as_secs()),
        }),
    }
}

/// Passes on what the judge and the executor say, until both have nothing more to say.
async fn relay(
    cx: &SuiteContext,
    attempt: u32,
    book: &mut CaseBook,
    mut notices: mpsc::Receiver<Notice>,
    (mut phases, mut observed): (
        mpsc::UnboundedReceiver<(Phase, String)>,
        mpsc::UnboundedReceiver<String>,
    ),
) {
    let (mut judge_speaks, mut executor_speaks, mut executor_sees) = (true, true, true);
    let mut told = false;
    while judge_speaks || executor_speaks || executor_sees {
        tokio::select! {
            notice = notices.recv(), if judge_speaks => match notice {
                Some(notice) => {
                    for kind in book.take(notice) {
                        cx.say(kind);
                    }
                    if !told && book.saw_failure() && attempt > cx.suite.retries.failed {
                        told = true;
                        cx.send(Message::SawFailure(cx.index));
                    }
                }
                None => judge_speaks = false,
            },
            phase = phases.recv(), if executor_speaks => match phase {
                Some((phase, detail)) => cx.say(EventKind::PhaseChanged {
                    suite: cx.index,
                    attempt,
                    phase,
                    detail,
                }),
                None => executor_speaks = false,
            },
            what = observed.recv(), if executor_sees => match what {
                Some(what) => cx.say(EventKind::Observed {
                    suite: cx.index,
                    attempt,
                    what,
                }),
                None => executor_sees = false,
            },
        }
    }
    if let Some(kind) = book.progress() {
        cx.say(kind);
    }
}

/// What a judge may know from the start.
pub(super) fn facts(suite: &Suite, pipeline: &str, config_json: &str, attempt: u32) -> Facts {
    let label = |(key, value): (&String, &String)| crate::model::Label {
        key: key.clone(),
        value: value.clone(),
    };
    Facts {
        pipeline: pipeline.to_owned(),
        suite: suite.name.clone(),
        attempt,
        executor: suite.target.executor().to_owned(),
        command: suite.command.argv(),
        labels: suite.labels.iter().map(label).collect(),
        config_json: config_json.to_owned(),
    }
}

fn in_full(error: &JudgeError) -> String {
    let details = error.details();
    if details.is_empty() {
        error.to_string()
    } else {
        format!("{error}\n{details}")
    }
}
