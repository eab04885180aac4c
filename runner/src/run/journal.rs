//! The journal: every event, one JSON line each, as it happens. The source of `show` and of replay.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use super::dir::{JOURNAL, RunDir, SUMMARY};
use crate::event::{Event, EventKind};
use crate::report::{Report, ReportError};

/// Writes `events.jsonl` and, at the end, `summary.json`.
pub struct Journal {
    dir: RunDir,
    out: BufWriter<File>,
    dirty: bool,
}

impl Journal {
    /// Opens the journal of a new run.
    pub fn create(dir: RunDir) -> Result<Self, ReportError> {
        let path = dir.path().join(JOURNAL);
        let file = File::create_new(&path).map_err(|error| broken(&path, error))?;
        Ok(Self {
            dir,
            out: BufWriter::with_capacity(64 << 10, file),
            dirty: false,
        })
    }

    fn flush(&mut self) -> Result<(), ReportError> {
        self.dirty = false;
        self.out
            .flush()
            .map_err(|error| broken(&self.dir.path().join(JOURNAL), error))
    }
}

impl Report for Journal {
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        let path = || self.dir.path().join(JOURNAL);
        serde_json::to_writer(&mut self.out, event)
            .map_err(|error| broken(&path(), error.into()))?;
        self.out
            .write_all(b"\n")
            .map_err(|error| broken(&path(), error))?;
        self.dirty = true;
        if let EventKind::RunFinished { summary } = &event.kind {
            self.flush()?;
            self.dir.write_json(SUMMARY, summary).map_err(|error| {
                broken(
                    &self.dir.path().join(SUMMARY),
                    std::io::Error::other(error.to_string()),
                )
            })?;
        }
        Ok(())
    }

    /// What happened is on disk a moment later, not only when the buffer is full: a run that is killed
    /// leaves a journal to look at.
    fn tick(&mut self) -> Result<(), ReportError> {
        if self.dirty { self.flush() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        self.flush()
    }
}

fn broken(path: &Path, source: std::io::Error) -> ReportError {
    ReportError {
        what: path.display().to_string(),
        source,
    }
}
