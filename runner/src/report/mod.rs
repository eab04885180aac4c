//! Renderings of a run: one format, one file, all snapshotted from the same recorded run.

use crate::event::Event;

/// Renders a run, event by event.
pub trait Report: Send {
    /// Takes in one event. Called in order, on a thread of its own.
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError>;

    /// Called about ten times a second between events, for reports that show time passing.
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
