//! What a suite and a run came to, and the exit code that follows.

use serde::{Deserialize, Serialize};

/// What a suite came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuiteStatus {
    /// It ended by itself, its output is all there, and its judge saw tests run and none fail.
    Passed,
    /// It passed after an attempt or a case of it had failed.
    Flaky,
    /// Its own fault.
    Failed,
    /// No test ran.
    Empty,
    /// Its `timeout` passed.
    TimedOut,
    /// It could not be run or judged.
    Errored,
    /// Its output is not all there, so nothing can be said.
    Incomplete,
    /// It was stopped, or never started, because the run was cancelled.
    Cancelled,
    /// It was not to run: something it needs did not pass, or its judge says so.
    Skipped,
}

impl SuiteStatus {
    /// The word people see, in upper case: `TIMED OUT`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Flaky => "FLAKY",
            Self::Failed => "FAILED",
            Self::Empty => "EMPTY",
            Self::TimedOut => "TIMED OUT",
            Self::Errored => "ERRORED",
            Self::Incomplete => "INCOMPLETE",
            Self::Cancelled => "CANCELLED",
            Self::Skipped => "SKIPPED",
        }
    }

    /// The end of a sentence that begins with "..., which".
    pub(crate) fn clause(self) -> &'static str {
        match self {
            Self::Passed | Self::Flaky => "passed",
            Self::Failed => "failed",
            Self::Empty => "ran no test",
            Self::TimedOut => "timed out",
            Self::Errored => "could not be decided",
            Self::Incomplete => "is incomplete",
            Self::Cancelled => "was cancelled",
            Self::Skipped => "was skipped",
        }
    }

    /// Whether what needs this suite may run.
    pub fn is_pass(self) -> bool {
        matches!(self, Self::Passed | Self::Flaky)
    }

    /// Whether the suite itself is to blame: exit code 1.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Empty | Self::TimedOut)
    }

    /// Whether nothing could be decided: exit code 3.
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::Errored | Self::Incomplete)
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Every suite passed.
    Passed,
    /// A suite failed.
    Failed,
    /// Something errored or is incomplete, and nothing failed.
    Errored,
    /// The run was cancelled.
    Cancelled,
    /// Nothing was selected.
    Empty,
}

impl RunStatus {
    /// What the statuses of all suites add up to.
    pub fn of(statuses: impl IntoIterator<Item = SuiteStatus>) -> Self {
        let (mut any, mut failed, mut undecided, mut cancelled) = (false, false, false, false);
        for status in statuses {
            any = true;
            failed |= status.is_failure();
            undecided |= status.is_undecided();
            cancelled |= status == SuiteStatus::Cancelled;
        }
        match () {
            () if !any => Self::Empty,
            () if failed => Self::Failed,
            () if undecided => Self::Errored,
            () if cancelled => Self::Cancelled,
            () => Self::Passed,
        }
    }
}

/// The exit codes of `tribunal run` and `tribunal judge`; part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All passed.
    Passed = 0,
    /// A suite failed.
    Failed = 1,
    /// The command line, the pipeline or a judge is invalid; nothing was run.
    Usage = 2,
    /// Something errored or is incomplete, and nothing failed.
    Errored = 3,
    /// Nothing was selected.
    Empty = 4,
    /// Cancelled by SIGINT.
    Interrupted = 130,
    /// Cancelled by SIGTERM.
    Terminated = 143,
}

impl From<RunStatus> for ExitStatus {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Passed => Self::Passed,
            RunStatus::Failed => Self::Failed,
            RunStatus::Errored => Self::Errored,
            RunStatus::Cancelled => Self::Interrupted,
            RunStatus::Empty => Self::Empty,
        }
    }
}
