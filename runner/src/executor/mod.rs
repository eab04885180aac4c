//! Where an attempt runs.
//!
//! An executor starts what a suite runs, hands every byte it writes to the capture, and finds out how
//! it ended. It decides nothing: that is the judge's and the floor's part.

use std::path::PathBuf;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};

use crate::capture;
use crate::capture::artifacts::Collected;
use crate::event::Phase;
use crate::model::Termination;
use crate::plan::Suite;

pub mod kubernetes;
pub mod local;

/// Runs attempts.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Runs `suite` to its end.
    ///
    /// Returns only when nothing of the workload is left running, and every byte it wrote has reached
    /// `cx.output` or the drain deadline has passed; the output is finished before it returns. Never
    /// fails: what goes wrong is an [`EndState`](crate::model::EndState).
    async fn execute(&self, suite: &Suite, cx: AttemptContext) -> Termination;

    /// Removes what was made for all attempts together. Called once, after the last attempt has ended.
    async fn close(&self) {}
}

/// What an executor is given for one attempt.
pub struct AttemptContext {
    /// The run's id.
    pub run: String,
    /// From 1.
    pub attempt: u32,
    /// The attempt's directory, absolute; not there before something is put into it.
    pub dir: PathBuf,
    /// Where the output goes. Dropping it unfinished marks the capture `cut`.
    pub output: capture::Writer,
    /// Where to hand over the artifacts, copied to `artifacts` in `dir`, when the executor collects them itself.
    /// Dropped unused: they are collected from the suite's working directory on this machine.
    pub artifacts: oneshot::Sender<Collected>,
    /// How strongly the attempt is to be cancelled; it only rises.
    pub cancel: watch::Receiver<Cancel>,
    /// Where to say what the attempt is doing.
    pub phase: mpsc::UnboundedSender<(Phase, String)>,
    /// Where to write down what was seen outside, in one line each; for the journal.
    pub observed: mpsc::UnboundedSender<String>,
}

/// How strongly something is to be cancelled. It only rises.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cancel {
    /// Not at all.
    #[default]
    None,
    /// Ask it to end, wait its grace, then kill it. The reason is for people.
    Graceful(String),
    /// Kill it at once.
    Kill(String),
}

impl Cancel {
    /// 0, 1 or 2.
    pub fn level(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Graceful(_) => 1,
            Self::Kill(_) => 2,
        }
    }

    /// The reason, when there is one.
    pub fn reason(&self) -> &str {
        match self {
            Self::None => "",
            Self::Graceful(reason) | Self::Kill(reason) => reason,
        }
    }
}
