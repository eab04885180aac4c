//! The captured output of an attempt: written without loss, read while it grows.
//!
//! One [`Writer`] (an executor's) puts every byte into `output.log`; any number of [`Reader`]s (judges,
//! `tribunal logs`) follow it, both streams together or one alone. What separates the streams again is
//! `output.idx`. Neither file exists before there is something to put into it.
//!
//! Writing never fails for the executor: a disk that takes no more becomes a [`Gap`] in the report, so
//! that a full disk cannot stop a suite and cannot pass unseen.
//!
//! [`Gap`]: crate::model::Gap

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::model::CaptureReport;

pub mod artifacts;
mod index;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

pub use reader::Reader;
pub use writer::Writer;

use index::Segment;

/// The raw output's file name in an attempt's directory.
pub const LOG_FILE: &str = "output.log";
/// The index's file name: which bytes came from which stream, and when.
pub const INDEX_FILE: &str = "output.idx";

/// One of the two output streams of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Which output to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// One stream alone.
    Only(Stream),
    /// Both, in the order of arrival.
    Combined,
}

/// An attempt's output, to be read while it grows and after.
#[derive(Debug)]
pub struct Capture {
    state: Mutex<State>,
    /// Signalled whenever `state` has changed in a way that a reader may wait for.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    log: Option<Arc<File>>,
    index: Option<Arc<File>>,
    bytes: u64,
    /// Segments in the index file.
    closed: u64,
    /// The last segment, which still grows. The writer alone closes it.
    open: Option<Segment>,
    ended: Option<CaptureReport>,
}

/// Begins a capture in `dir`. Neither it nor any file in it is made before the first byte.
pub fn create(dir: &Path) -> (Writer, Arc<Capture>) {
    let capture = Arc::new(Capture {
        state: Mutex::default(),
        changed: Notify::new(),
    });
    (
        Writer::new(dir.to_owned(), Arc::clone(&capture), Instant::now()),
        capture,
    )
}

impl Capture {
    /// Opens the finished capture of a stored attempt.
    ///
    /// # Errors
    /// When a file that the report speaks of is not there or shorter than it says.
    pub fn open(dir: &Path, report: CaptureReport) -> io::Result<Arc<Self>> {
        let mut state = State {
            bytes: report.bytes,
            ..State::default()
        };
        if report.bytes > 0 {
            let log = File::open(dir.join(LOG_FILE))?;
            let found = log.metadata()?.len();
            if found < report.bytes {
                let message = format!("{LOG_FILE} has {found} of {} bytes", report.bytes);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
            state.log = Some(Arc::new(log));
            match File::open(dir.join(INDEX_FILE)) {
                Ok(file) => {
                    state.closed = file.metadata()?.len() / index::RECORD as u64;
                    state.index = Some(Arc::new(file));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    state.open = Some(Segment::sole(&report));
                }
                Err(error) => return Err(error),
            }
        }
        state.ended = Some(report);
        Ok(Arc::new(Self {
            state: Mutex::new(state),
            changed: Notify::new(),
        }))
    }

    /// Takes any file as a finished capture whose bytes all came from standard output.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn of_file(path: PathBuf, report: CaptureReport) -> io::Result<Arc<Self>> {
        let state = State {
            log: Some(Arc::new(File::open(path)?)),
            bytes: report.bytes,
            open: Some(Segment::sole(&report)),
            ended: Some(report),
            ..State::default()
        };
        Ok(Arc::new(Self {
            state: Mutex::new(state),
            changed: Notify::new(),
        }))
    }

    /// A reader from the first byte on.
    pub fn reader(self: &Arc<Self>, channel: Channel) -> Reader {
        Reader::new(Arc::clone(self), channel)
    }

    /// Bytes captured so far.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// Waits until the output has ended.
    pub async fn ended(&self) -> CaptureReport {
        self.wait(|state| state.ended.clone()).await
    }

    /// Waits until `look` finds what it looks for.
    async fn wait<T>(&self, mut look: impl FnMut(&State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that a change in between is not missed.
            changed.as_mut().enable();
            if let Some(found) = look(&self.lock()) {
                return found;
            }
            changed.await;
        }
    }

    /// The state is plain data and consistent between statements: a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads exactly `len` bytes at `at`.
fn read_at(file: &File, at: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}
