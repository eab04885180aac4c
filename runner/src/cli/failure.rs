//! What a command says when it cannot do its work: what happened, where, what to do, and the exit code.

use std::fmt;

use crate::model::ExitStatus;
use crate::plan::PlanError;
use crate::run::dir::DirError;

/// A command that could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    status: ExitStatus,
    /// Ready to print, with a line end.
    text: String,
}

impl Failure {
    /// Something on the command line or in a file is wrong: exit code 2.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self {
            status: ExitStatus::Usage,
            text: format!("error: {message}\n"),
        }
    }

    /// Something could not be done: exit code 3.
    pub(crate) fn errored(message: impl fmt::Display) -> Self {
        Self {
            status: ExitStatus::Errored,
            text: format!("error: {message}\n"),
        }
    }

    /// Something that has an exit code of its own.
    pub(crate) fn of(status: ExitStatus, message: impl fmt::Display) -> Self {
        Self {
            status,
            text: format!("error: {message}\n"),
        }
    }

    /// A text that is rendered already: exit code 2.
    pub(crate) fn rendered(text: String) -> Self {
        Self {
            status: ExitStatus::Usage,
            text,
        }
    }

    /// The exit code.
    pub(crate) fn status(&self) -> ExitStatus {
        self.status
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl From<DirError> for Failure {
    fn from(error: DirError) -> Self {
        match error {
            DirError::Io { .. } => Self::errored(error),
            _ => Self::usage(error),
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self {
            status: error.exit_status(),
            text: format!("error: {error}\n"),
        }
    }
}
