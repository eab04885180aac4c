//! The index: which bytes of `output.log` came from which stream, and when.
//!
//! A list of 16-byte records in the order of the log, little-endian: bit 63 of the first word is the
//! stream (0 stdout, 1 stderr), the rest is the segment's length in bytes; the second word is the time of
//! its first byte in microseconds since the attempt's start. Offsets follow from the lengths. A log that
//! is one segment has no index file: the report's byte counts say which stream it was.

use std::fs::File;
use std::io;

use super::{Stream, read_at};
use crate::model::CaptureReport;

/// Size of a record in bytes.
pub(super) const RECORD: usize = 16;
const STDERR_BIT: u64 = 1 << 63;

/// A run of bytes from one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) stream: Stream,
    /// Length in bytes.
    pub(super) len: u64,
    /// Time of its first byte, in microseconds since the attempt's start.
    pub(super) at_us: u64,
}

impl Segment {
    /// The only segment of a log that has one stream.
    pub(super) fn sole(report: &CaptureReport) -> Self {
        let stream = if report.stderr_bytes > report.stdout_bytes {
            Stream::Stderr
        } else {
            Stream::Stdout
        };
        Self {
            stream,
            len: report.bytes,
            at_us: 0,
        }
    }

    pub(super) fn encode(self) -> [u8; RECORD] {
        let flag = if self.stream == Stream::Stderr {
            STDERR_BIT
        } else {
            0
        };
        let mut record = [0; RECORD];
        let (first, second) = record.split_at_mut(8);
        first.copy_from_slice(&(self.len | flag).to_le_bytes());
        second.copy_from_slice(&self.at_us.to_le_bytes());
        record
    }

    fn decode(record: &[u8; RECORD]) -> Self {
        let word = |from: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&record[from..from + 8]);
            u64::from_le_bytes(bytes)
        };
        let stream = if word(0) & STDERR_BIT == 0 {
            Stream::Stdout
        } else {
            Stream::Stderr
        };
        Self {
            stream,
            len: word(0) & !STDERR_BIT,
            at_us: word(8),
        }
    }
}

/// Reads up to `count` records from record `from` on; at least one must be there.
pub(super) fn read(file: &File, from: u64, count: u64) -> io::Result<Vec<Segment>> {
    let count = usize::try_from(count.min(256)).unwrap_or(256);
    let bytes = read_at(file, from * RECORD as u64, count * RECORD)?;
    let (records, _) = bytes.as_chunks::<RECORD>();
    Ok(records.iter().map(Segment::decode).collect())
}
