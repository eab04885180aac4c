//! The journal: every event, one JSON line each, as it happens. The source of `show`, of replay, and of
//! whoever follows a run by its lines.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::dir::{JOURNAL, RunDir, SUMMARY};
use crate::event::{Event, EventKind};
use crate::report::{Report, ReportError, jsonl};

/// So many bytes of lines are not left waiting for the next tick.
const WAITING: usize = 64 << 10;
/// Memory that one large line took is given back beyond this.
const KEPT: usize = 1 << 20;

/// Writes `events.jsonl` and, at the end, `summary.json`.
pub struct Journal {
    dir: RunDir,
    path: PathBuf,
    file: File,
    /// Whole lines that are not on disk yet.
    lines: Vec<u8>,
    written: Arc<Written>,
}

impl Journal {
    /// Opens the journal of a new run.
    pub fn create(dir: RunDir) -> Result<Self, ReportError> {
        let path = dir.path().join(JOURNAL);
        let file = File::create_new(&path).map_err(|error| broken(&path, error))?;
        Ok(Self {
            dir,
            path,
            file,
            lines: Vec::with_capacity(2 * WAITING),
            written: Arc::default(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How much of it is on disk, now and later on.
    pub fn written(&self) -> Arc<Written> {
        Arc::clone(&self.written)
    }

    fn flush(&mut self) -> Result<(), ReportError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let wrote = self.file.write_all(&self.lines);
        wrote.map_err(|error| broken(&self.path, error))?;
        self.written.add(self.lines.len() as u64);
        self.lines.clear();
        self.lines.shrink_to(KEPT);
        Ok(())
    }
}

impl Report for Journal {
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        jsonl::push_line(&mut self.lines, event).map_err(|error| broken(&self.path, error))?;
        if let EventKind::RunFinished { summary } = &event.kind {
            self.flush()?;
            self.dir.write_json(SUMMARY, summary).map_err(|error| {
                broken(
                    &self.dir.path().join(SUMMARY),
                    std::io::Error::other(error.to_string()),
                )
            })?;
        } else if self.lines.len() >= WAITING {
            self.flush()?;
        }
        Ok(())
    }

    /// What happened is on disk a moment later, not only when enough of it has come together: a run that is
    /// killed leaves a journal to look at.
    fn tick(&mut self) -> Result<(), ReportError> {
        self.flush()
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        self.flush()?;
        self.written.end(true);
        Ok(())
    }
}

impl Drop for Journal {
    /// Whoever follows must not wait for lines of a writer that is gone.
    fn drop(&mut self) {
        self.written.end(false);
    }
}

/// How much of a journal is on disk: its writer moves this on, and whoever copies it waits here.
#[derive(Debug, Default)]
pub struct Written {
    now: Mutex<Stand>,
    changed: Condvar,
}

/// How far a journal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// Bytes that are on disk: whole lines.
    pub bytes: u64,
    /// Whether nothing more comes, and then whether that is because all is there.
    pub ended: Option<bool>,
}

impl Written {
    /// Returns how far it is, without waiting.
    pub fn now(&self) -> Stand {
        *self.lock()
    }

    /// Waits until there are more than `seen` bytes, or nothing more comes.
    pub fn wait(&self, seen: u64) -> Stand {
        let mut now = self.lock();
        while now.bytes <= seen && now.ended.is_none() {
            now = self
                .changed
                .wait(now)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *now
    }

    fn add(&self, bytes: u64) {
        self.lock().bytes += bytes;
        self.changed.notify_all();
    }

    fn end(&self, whole: bool) {
        self.lock().ended.get_or_insert(whole);
        self.changed.notify_all();
    }

    /// A panic elsewhere leaves it right: every change is a single step.
    fn lock(&self) -> MutexGuard<'_, Stand> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken(path: &Path, source: std::io::Error) -> ReportError {
    ReportError {
        what: path.display().to_string(),
        source,
    }
}
