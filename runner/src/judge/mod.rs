//! Judging: what a judge is shown, what it answers, and the floor under every answer.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use crate::capture::Capture;
use crate::model::{CaptureReport, Case, JudgeSummary, Label, Termination, Verdict};

pub mod floor;

/// Turns evidence into a verdict.
#[async_trait]
pub trait Judge: Send + Sync {
    /// The judge's name and digest, as every verdict names it.
    fn identity(&self) -> JudgeSummary;

    /// The version the judge says it is, for people; empty where it says none.
    fn version(&self) -> String {
        String::new()
    }

    /// Judges one attempt, live or afterwards: the evidence blocks until there is more.
    ///
    /// Cases, progress and messages go to `notices` as they come up. Dropping the future stops the
    /// judgement.
    async fn judge(
        &self,
        evidence: Evidence,
        notices: mpsc::Sender<Notice>,
    ) -> Result<Verdict, JudgeError>;
}

/// All that a judge may see of an attempt.
#[derive(Clone)]
pub struct Evidence {
    /// Facts known from the start.
    pub facts: Arc<Facts>,
    /// The output, while it is being written and after.
    pub capture: Arc<Capture>,
    /// How it ended: `None` until that is known and the artifacts are collected. If the sender is
    /// dropped without an answer, the end is `lost`.
    pub ended: watch::Receiver<Option<Arc<Ended>>>,
}

/// Facts known from the start.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The pipeline's name.
    pub pipeline: String,
    /// The suite's name.
    pub suite: String,
    /// From 1.
    pub attempt: u32,
    /// `local`, `kubernetes` or `file`.
    pub executor: String,
    /// The argument vector.
    pub command: Vec<String>,
    /// The suite's labels.
    pub labels: Vec<Label>,
    /// The judge's `config` table as JSON.
    pub config_json: String,
}

/// What is known once an attempt has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How it ended.
    pub termination: Termination,
    /// Its output.
    pub capture: CaptureReport,
    /// Files it left, sorted by name.
    pub artifacts: Vec<Artifact>,
}

/// A file an attempt left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Path relative to the suite's working directory, with `/`.
    pub name: String,
    /// Where the collected copy is.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
}

/// How many notices may wait to be heard; a judge that has more to say waits then.
pub const UNHEARD: usize = 32;

/// What a judge says before it answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Test cases, in the order in which they were found: as many as came up at once.
    Cases(Vec<Case>),
    /// How far the suite is.
    Progress {
        /// Cases done.
        done: u32,
        /// Cases in all, where known.
        total: Option<u32>,
    },
    /// This version judges from the first byte on, and what was said before no longer counts. Only said
    /// by judges that were replaced at least once; the others are who they were.
    Began {
        /// The version.
        judge: JudgeSummary,
        /// Whether another version had begun before it.
        again: bool,
    },
    /// A message.
    Log {
        /// `debug`, `info`, `warn` or `error`.
        level: &'static str,
        /// What; cleaned of control characters.
        message: String,
    },
}

/// Why a judge gave no verdict. Never a pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// The judge itself says so.
    #[error("{0}")]
    Declined(String),
    /// It trapped; with its stderr and a backtrace.
    #[error("the judge crashed: {summary}")]
    Crashed {
        /// One line.
        summary: String,
        /// Its stderr and backtrace.
        details: String,
    },
    /// It ran over a limit.
    #[error("the judge ran over its {what} limit of {limit}")]
    Limit {
        /// `CPU`, `memory`, ...
        what: String,
        /// The limit, for people.
        limit: String,
    },
    /// It answered something that cannot be.
    #[error("the judge gave a nonsense answer: {0}")]
    Nonsense(String),
}

impl JudgeError {
    /// Stderr and backtrace, where there are any.
    pub fn details(&self) -> &str {
        match self {
            Self::Crashed { details, .. } => details,
            _ => "",
        }
    }
}
