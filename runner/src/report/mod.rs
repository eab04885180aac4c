//! Renderings of a run: one format, one file, all snapshotted from the same recorded run.

pub mod ci;
mod collected;
pub mod ctrf;
mod feed;
mod file;
pub mod html;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod markdown;
mod out;
#[cfg(test)]
mod recorded;
pub mod terminal;
mod words;

use crate::event::Event;
use crate::model::{ExitStatus, RunSummary};

pub use feed::{Feed, FeedSender};
pub use out::Out;

/// What a report must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Every event.
    Everything,
    /// What a person sees: of each suite only the newest progress and the newest case, and that only if it did not
    /// pass. So what waits for a reader that does not read is bounded by the plan, not by time.
    Display,
    /// The end, and nothing else.
    Summary,
    /// No event: it learns by itself what happened.
    Nothing,
}

/// Renders a run, event by event.
pub trait Report: Send {
    /// Returns what it must be told; asked once, before the first event.
    fn need(&self) -> Need {
        Need::Everything
    }

    /// Takes in one event. Called in order, on a thread of its own.
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError>;

    /// Called about ten times a second, for reports that show time passing or keep something back.
    fn tick(&mut self) -> Result<(), ReportError> {
        Ok(())
    }

    /// Called once, after the last event.
    fn finish(&mut self) -> Result<(), ReportError>;
}

/// A report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {what}: {source}")]
pub struct ReportError {
    /// Which report, and where to.
    pub what: String,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// Returns the exit code that a run's summary stands for: what the report prints and `run` returns.
///
/// A signal that cancelled the run decides before the suites do.
pub fn exit_status(summary: &RunSummary) -> ExitStatus {
    const SIGTERM: i32 = 15;
    match summary.cancelled_by {
        Some(SIGTERM) => ExitStatus::Terminated,
        Some(_) => ExitStatus::Interrupted,
        None => summary.status.into(),
    }
}
