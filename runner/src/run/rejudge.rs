//! Judging what was run before once more, from its captures: nothing is run, and the record stays as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::attempt::{self, JUDGE_WALL};
use super::cases::CaseBook;
use super::suite;
use crate::capture::Capture;
use crate::event::{AttemptRecord, Event, EventKind};
use crate::judge::{Artifact, Ended, Evidence, Judge, JudgeError, UNHEARD};
use crate::model::{CaptureReport, Completeness, SuiteSummary};
use crate::plan::Suite;

/// What is stored of a suite that has come to its end.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its outcome as it stands.
    pub summary: SuiteSummary,
    /// Its attempts in full, in order; none for suites that never started.
    pub records: Vec<AttemptRecord>,
    /// The run's directory.
    pub run_dir: PathBuf,
}

/// Collects the suites of a run's journal that have come to their end, in the order of the plan.
pub fn stored(events: &[Event], run_dir: &Path) -> Vec<Stored> {
    let mut records: BTreeMap<usize, Vec<AttemptRecord>> = BTreeMap::new();
    let mut suites = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::AttemptFinished { suite, record, .. } => {
                let records = records.entry(*suite).or_default();
                records.push(AttemptRecord::clone(record));
            }
            EventKind::SuiteFinished { suite, summary } => {
                suites.insert(*suite, SuiteSummary::clone(summary));
            }
            _ => {}
        }
    }
    suites
        .into_iter()
        .map(|(index, summary)| Stored {
            summary,
            records: records.remove(&index).unwrap_or_default(),
            run_dir: run_dir.to_owned(),
        })
        .collect()
}

/// A stored suite, and by whom and under which rules it is judged now.
pub struct Trial {
    /// What is stored.
    pub stored: Stored,
    /// The suite as the pipeline declares it now.
    pub suite: Arc<Suite>,
    /// The pipeline's name.
    pub pipeline: String,
    /// The judge.
    pub judge: Arc<dyn Judge>,
    /// Its config.
    pub config_json: String,
}

/// What a trial came to.
#[derive(Clone, Debug)]
pub struct Retrial {
    /// The outcome before.
    pub old: SuiteSummary,
    /// The outcome now.
    pub new: SuiteSummary,
}

impl Retrial {
    /// Whether a person would see a difference. Another judge that says the same makes none.
    pub fn differs(&self) -> bool {
        differs(&self.old, &self.new)
    }
}

/// Whether a person would see a difference between two outcomes.
pub fn differs(old: &SuiteSummary, new: &SuiteSummary) -> bool {
    let ids = |summary: &SuiteSummary| -> Vec<String> {
        let mut ids: Vec<String> = summary.failing.iter().map(|case| case.id.clone()).collect();
        ids.sort();
        ids
    };
    old.status != new.status
        || old.summary != new.summary
        || old.reason != new.reason
        || ids(old) != ids(new)
}

/// Judges them all, at most `at_once` at a time, on the threads of the runtime it is called in. In order.
pub async fn all(trials: Vec<Trial>, at_once: usize) -> Vec<Retrial> {
    let mut trials = trials.into_iter().enumerate();
    let mut under_way = JoinSet::new();
    let mut ended: Vec<(usize, Retrial)> = Vec::new();
    loop {
        while under_way.len() < at_once.max(1) {
            let Some((place, trial)) = trials.next() else {
                break;
            };
            under_way.spawn(async move { (place, rejudge(trial).await) });
        }
        match under_way.join_next().await {
            Some(Ok(retrial)) => ended.push(retrial),
            // A panic in there is ours, and goes on here.
            Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
            None => break,
        }
    }
    ended.sort_by_key(|(place, _)| *place);
    ended.into_iter().map(|(_, retrial)| retrial).collect()
}

/// Judges a suite's attempts in order. An attempt that passes now would have been the last.
async fn rejudge(trial: Trial) -> Retrial {
    let old = trial.stored.summary.clone();
    let mut history = Vec::new();
    let mut last = None;
    for record in &trial.stored.records {
        let record = again(&trial, record).await;
        history.push(suite::in_short(&record));
        let passed = record.status.is_pass();
        last = Some(record);
        if passed {
            break;
        }
    }
    let new = match last {
        Some(record) => suite::summarise(&old.name, record, history, old.duration_ms),
        None => old.clone(),
    };
    Retrial { old, new }
}

/// Judges one attempt from what it left.
async fn again(trial: &Trial, record: &AttemptRecord) -> AttemptRecord {
    let mut record = record.clone();
    record.warnings.clear();
    let dir = trial.stored.run_dir.join(&record.dir);
    let capture = Capture::open(&dir, record.capture.clone()).or_else(|error| {
        // What is not there any more proves nothing.
        record.capture =
            CaptureReport::nothing(Completeness::Unavailable, format!("the log: {error}"));
        Capture::open(&dir, record.capture.clone())
    });
    let mut book = CaseBook::new(0, record.attempt);
    record.judge = trial.judge.identity();
    let answer = match capture {
        Ok(capture) => {
            let ended = Ended {
                termination: record.termination.clone(),
                capture: record.capture.clone(),
                artifacts: artifacts(&dir, &record.artifacts),
            };
            let facts = attempt::facts(
                &trial.suite,
                &trial.pipeline,
                &trial.config_json,
                record.attempt,
            );
            // Held until the judge has answered: dropped, it would mean that the end is lost.
            let (held, ended) = watch::channel(Some(Arc::new(ended)));
            let evidence = Evidence {
                facts: Arc::new(facts),
                capture,
                ended,
            };
            let answer = hear(trial.judge.as_ref(), evidence, &mut book).await;
            drop(held);
            answer
        }
        Err(error) => Err(JudgeError::Declined(format!(
            "the log cannot be read: {error}"
        ))),
    };
    attempt::decide(&mut record, answer, &mut book, suite::policy(&trial.suite));
    record
}

async fn hear(judge: &dyn Judge, evidence: Evidence, book: &mut CaseBook) -> attempt::Answer {
    let (sender, mut notices) = mpsc::channel(UNHEARD);
    let listening = async {
        while let Some(notice) = notices.recv().await {
            book.note(notice);
        }
    };
    let judging = async {
        let judged = tokio::time::timeout(JUDGE_WALL, judge.judge(evidence, sender)).await;
        judged.unwrap_or_else(|_| {
            Err(JudgeError::Limit {
                what: "time".to_owned(),
                limit: format!("{} s", JUDGE_WALL.as_secs()),
            })
        })
    };
    tokio::join!(judging, listening).0
}

/// The collected files that are still there.
fn artifacts(dir: &Path, names: &[String]) -> Vec<Artifact> {
    let folder = dir.join("artifacts");
    names
        .iter()
        .filter_map(|name| {
            let path = folder.join(name);
            let size = path.metadata().ok()?.len();
            Some(Artifact {
                name: name.clone(),
                path,
                size,
            })
        })
        .collect()
}
