//! The lossless side: every byte to disk, and what the disk refuses into the report.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::index::{RECORD, Segment};
use super::{Capture, INDEX_FILE, LOG_FILE, Stream};
use crate::model::{CaptureReport, Completeness, Gap};

/// A segment that has grown for so long is closed, so that the index tells times.
const SEGMENT_US: u64 = 1_000_000;

/// Writes an attempt's output.
///
/// Dropping it without [`finish`](Self::finish) ends the capture as `cut`.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    capture: Arc<Capture>,
    start: Instant,
    report: CaptureReport,
    finished: bool,
}

impl Writer {
    pub(super) fn new(dir: PathBuf, capture: Arc<Capture>, start: Instant) -> Self {
        let report = CaptureReport::nothing(Completeness::Proven, "");
        Self {
            dir,
            capture,
            start,
            report,
            finished: false,
        }
    }

    /// Appends what a stream produced. Never fails and never drops silently: bytes that the disk does
    /// not take are a [`Gap`] of the report, and later bytes are tried again.
    ///
    /// Blocks for as long as the disk does.
    pub fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let (stored, problem) = self.store(bytes);
        let (kept, lost) = bytes.split_at(stored);
        if !kept.is_empty() {
            self.account(stream, kept);
        }
        if let Some(error) = problem {
            self.lose(lost.len() as u64, &error);
        }
    }

    /// Notes that bytes are missing at the present end of the log; `bytes` where their number is known.
    pub fn note_gap(&mut self, bytes: Option<u64>, reason: impl Into<String>) {
        self.report.gaps.push(Gap {
            at: self.report.bytes,
            bytes,
            reason: reason.into(),
        });
    }

    /// Notes that a stream had to be opened again.
    pub fn note_reconnect(&mut self) {
        self.report.reconnects += 1;
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.report.bytes
    }

    /// Ends the capture. `completeness` is what the executor can vouch for; a gap lowers it.
    pub fn finish(mut self, completeness: Completeness, note: impl Into<String>) -> CaptureReport {
        self.end(completeness, note.into())
    }

    fn end(&mut self, completeness: Completeness, note: String) -> CaptureReport {
        self.finished = true;
        // One segment needs no index: the byte counts tell its stream.
        if self.capture.lock().index.is_some() {
            self.close_segment();
        }
        self.report.completeness = if self.report.gaps.is_empty() {
            completeness
        } else {
            completeness.max(Completeness::Gap)
        };
        self.report.note = match (note.is_empty(), self.report.gaps.first()) {
            (true, Some(gap)) => gap.reason.clone(),
            _ => note,
        };
        self.capture.lock().ended = Some(self.report.clone());
        self.capture.changed.notify_waiters();
        self.report.clone()
    }

    /// Writes to the log; returns how many bytes it took, and why not all.
    fn store(&mut self, bytes: &[u8]) -> (usize, Option<io::Error>) {
        let log = match self.log() {
            Ok(log) => log,
            Err(error) => return (0, Some(error)),
        };
        let mut stored = 0;
        while stored < bytes.len() {
            match log.write_at(&bytes[stored..], self.report.bytes + stored as u64) {
                Ok(0) => return (stored, Some(io::ErrorKind::WriteZero.into())),
                Ok(n) => stored += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (stored, Some(error)),
            }
        }
        (stored, None)
    }

    fn log(&self) -> io::Result<Arc<File>> {
        if let Some(log) = &self.capture.lock().log {
            return Ok(Arc::clone(log));
        }
        let log = Arc::new(create_file(&self.dir.join(LOG_FILE))?);
        self.capture.lock().log = Some(Arc::clone(&log));
        Ok(log)
    }

    /// Makes stored bytes visible to readers.
    fn account(&mut self, stream: Stream, kept: &[u8]) {
        let len = kept.len() as u64;
        self.report.bytes += len;
        self.report.lines += memchr::memchr_iter(b'\n', kept).count() as u64;
        match stream {
            Stream::Stdout => self.report.stdout_bytes += len,
            Stream::Stderr => self.report.stderr_bytes += len,
        }
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let open = self.capture.lock().open;
        if open.is_some_and(|open| open.stream != stream || now - open.at_us > SEGMENT_US) {
            self.close_segment();
        }
        let mut state = self.capture.lock();
        state.bytes = self.report.bytes;
        match &mut state.open {
            Some(open) => open.len += len,
            none => {
                *none = Some(Segment {
                    stream,
                    len,
                    at_us: now,
                });
            }
        }
        drop(state);
        self.capture.changed.notify_waiters();
    }

    /// Moves the open segment to the index. An index that cannot be written costs the separation of the
    /// streams, not a byte; the report says so, and the segment goes on as one of mixed origin.
    fn close_segment(&mut self) {
        let (open, closed, index) = {
            let state = self.capture.lock();
            (state.open, state.closed, state.index.clone())
        };
        let Some(open) = open else { return };
        let index = match index {
            Some(index) => Ok(index),
            None => create_file(&self.dir.join(INDEX_FILE)).map(Arc::new),
        };
        let written = index.and_then(|index| {
            index.write_all_at(&open.encode(), closed * RECORD as u64)?;
            Ok(index)
        });
        match written {
            Ok(index) => {
                let mut state = self.capture.lock();
                state.index = Some(index);
                state.closed += 1;
                state.open = None;
            }
            Err(error) => self.lose(0, &error),
        }
    }

    fn lose(&mut self, bytes: u64, error: &io::Error) {
        let at = self.report.bytes;
        match self.report.gaps.last_mut() {
            Some(Gap {
                at: last,
                bytes: Some(sum),
                ..
            }) if *last == at => *sum += bytes,
            _ => {
                let reason = format!("{} could not be written: {error}", self.dir.display());
                self.report.gaps.push(Gap {
                    at,
                    bytes: Some(bytes),
                    reason,
                });
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.finished {
            self.end(Completeness::Cut, "the capture was abandoned".to_owned());
        }
    }
}

/// Makes a file, and its folder where that is not there yet.
fn create_file(path: &Path) -> io::Result<File> {
    let open = || {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
    };
    match (open(), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            open()
        }
        (result, _) => result,
    }
}
