//! The spool on disk: records are appended, the oldest segments go when space is needed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::pipe::SpliceFlags;
use tribunal_seal::wire::{
    Anchor, Hasher, Kind, MAX_PAYLOAD, RECORD_HEADER, RecordHeader, SESSION, Stream, StreamState,
    StreamTotal, Summary, encode,
};

use super::segment::Segment;
use crate::clock;

/// Set in a record while its payload is being moved into the file; never leaves the disk.
pub(super) const FLAG_OPEN: u8 = 0x80;
/// The file that says that bytes are copied, not moved: then a keeper's death loses some.
pub(super) const COPYING: &str = "copying";

const SMALLEST_SEGMENT: u64 = 64 << 10;
const LARGEST_SEGMENT: u64 = 1 << 20;
/// Bytes that are left for the anchor of the next segment.
const ANCHOR: u64 = 512;
/// How long the container's own log may stand still before the suite is no longer slowed for it.
const LOG_STUCK: Duration = Duration::from_secs(5);
/// Bytes that are hashed at once.
const CHUNK: usize = 64 << 10;

/// The spool on disk.
#[derive(Debug)]
pub(super) struct Spool {
    pub(super) folder: PathBuf,
    /// Never empty; the last one is written to.
    pub(super) segments: VecDeque<Segment>,
    /// The state of things behind the last record.
    pub(super) state: Anchor,
    /// The last record is there.
    pub(super) finished: Option<Summary>,
    /// What all segments together may have, in bytes.
    pub(super) limit: u64,
    /// What is before this offset the runner has.
    pub(super) acked: u64,
    /// How far the container's own log is, and when it last moved on.
    pub(super) log: (u64, Instant),
    /// The file system cannot move bytes from a pipe to a file.
    pub(super) copying: bool,
    pub(super) buffer: Vec<u8>,
}

impl Spool {
    /// Makes an empty one.
    pub(super) fn create(folder: &Path, limit: u64) -> io::Result<Self> {
        let mut session = [0; SESSION];
        File::open("/dev/urandom")?.read_exact(&mut session)?;
        let state = Anchor::new(session);
        let mut segment = Segment::create(folder, 0)?;
        let mut bytes = Vec::new();
        encode(&mut bytes, Kind::Anchor, clock::now(), 0, &state.encode());
        segment.file.write_all_at(&bytes, 0)?;
        segment.length = bytes.len() as u64;
        Ok(Self::with(folder, limit, [segment].into(), state))
    }

    pub(super) fn with(
        folder: &Path,
        limit: u64,
        segments: VecDeque<Segment>,
        state: Anchor,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            segments,
            state,
            finished: None,
            limit,
            acked: 0,
            log: (0, Instant::now()),
            copying: folder.join(COPYING).exists(),
            buffer: vec![0; CHUNK],
        }
    }

    /// The first offset that can still be read.
    pub(super) fn first(&self) -> u64 {
        self.segments.front().map_or(0, |segment| segment.start)
    }

    /// The offset behind the last record.
    pub(super) fn end(&self) -> u64 {
        self.segments.back().map_or(0, Segment::end)
    }

    /// The segment that holds the byte at `offset`.
    pub(super) fn at(&self, offset: u64) -> Option<&Segment> {
        let after = self
            .segments
            .partition_point(|segment| segment.start <= offset);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        (offset < segment.end()).then_some(segment)
    }

    /// Makes room for a payload of `length` bytes by letting go of what the runner has. Returns how many
    /// bytes there is room for: 0 when the spool is full.
    pub(super) fn room(&mut self, length: usize) -> io::Result<usize> {
        let wanted = (length + RECORD_HEADER) as u64 + ANCHOR;
        loop {
            let used = self.end() - self.first();
            if used + wanted <= self.limit {
                return Ok(length);
            }
            let Some(oldest) = self.segments.front() else {
                return Ok(0);
            };
            if !self.may_go(oldest) {
                let left = self
                    .limit
                    .saturating_sub(used + RECORD_HEADER as u64 + ANCHOR);
                // A few bytes of room are none: records of single bytes would fill the spool with headers.
                let left = if left < 4096 { 0 } else { left };
                return Ok(length.min(usize::try_from(left).unwrap_or(length)));
            }
            if self.segments.len() == 1 {
                self.rotate()?;
            }
            if let Some(oldest) = self.segments.pop_front() {
                oldest.unlink()?;
            }
        }
    }

    /// Whether a segment is needed no more: the runner has it, and the container's log too, unless that has
    /// not moved for a while.
    fn may_go(&self, segment: &Segment) -> bool {
        let (logged, moved) = self.log;
        let end = segment.end();
        end <= self.acked && (end <= logged || moved.elapsed() > LOG_STUCK)
    }

    /// Takes note of how far the container's own log is.
    pub(super) fn logged(&mut self, offset: u64) {
        if offset > self.log.0 || offset >= self.end() {
            self.log = (offset, Instant::now());
        }
    }

    /// Lets go of all segments that the runner has, but for the one that is written to: the disk is full.
    pub(super) fn release(&mut self) -> io::Result<()> {
        while self.segments.len() > 1
            && let Some(oldest) = self.segments.front()
            && self.may_go(oldest)
        {
            oldest.unlink()?;
            self.segments.pop_front();
        }
        Ok(())
    }

    /// Appends a record. On an error nothing was appended.
    pub(super) fn append(&mut self, kind: Kind, position: u64, payload: &[u8]) -> io::Result<()> {
        self.begin_record()?;
        let mut bytes = Vec::with_capacity(RECORD_HEADER + payload.len());
        encode(&mut bytes, kind, clock::now(), position, payload);
        let segment = self.last()?;
        if let Err(error) = segment.file.write_all_at(&bytes, segment.length) {
            segment.trim().ok();
            return Err(error);
        }
        segment.length += bytes.len() as u64;
        self.apply(kind, position, payload);
        Ok(())
    }

    /// Moves at most `length` bytes from a FIFO into a new record. Returns how many; 0 when nobody can write
    /// to the FIFO any more.
    ///
    /// # Errors
    /// When nothing was moved; what is in the FIFO stays there.
    pub(super) fn absorb(
        &mut self,
        stream: Stream,
        fifo: BorrowedFd<'_>,
        length: usize,
    ) -> io::Result<usize> {
        let length = length.clamp(1, MAX_PAYLOAD);
        if self.copying {
            return self.copy(stream, fifo, length);
        }
        self.begin_record()?;
        let mut header = RecordHeader {
            kind: Kind::output(stream),
            flags: FLAG_OPEN,
            length: u32::try_from(length).unwrap_or(0),
            time: clock::now(),
            position: self.state.bytes(stream),
        };
        let segment = self.last()?;
        let start = segment.length;
        let payload = start + RECORD_HEADER as u64;
        let moved = segment
            .file
            .write_all_at(&header.sealed(&[]), start)
            .and_then(|()| splice(fifo, &segment.file, payload, length));
        let moved = match moved {
            Ok(moved) if moved > 0 => moved,
            other => {
                segment.trim()?;
                return match other {
                    Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => {
                        File::create(self.folder.join(COPYING))?;
                        self.copying = true;
                        self.copy(stream, fifo, length)
                    }
                    other => other,
                };
            }
        };
        header.flags = 0;
        header.length = u32::try_from(moved).unwrap_or(0);
        self.seal_record(&header, stream)?;
        Ok(moved)
    }

    /// Hashes the payload that stands behind the last record and makes it one.
    pub(super) fn seal_record(&mut self, header: &RecordHeader, stream: Stream) -> io::Result<()> {
        let segment = self
            .segments
            .back_mut()
            .ok_or_else(|| io::Error::other("the spool has no segment"))?;
        let mut at = segment.length + RECORD_HEADER as u64;
        let end = at + u64::from(header.length);
        let mut crc = header.begin_sum();
        let mut hasher: Hasher = self.state.streams[stream.index()].clone();
        while at < end {
            let wanted = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
            let chunk = &mut self.buffer[..wanted];
            segment.file.read_exact_at(chunk, at)?;
            crc.update(chunk);
            hasher.update(chunk);
            at += wanted as u64;
        }
        segment
            .file
            .write_all_at(&header.with_sum(crc), segment.length)?;
        segment.length = end;
        self.state.streams[stream.index()] = hasher;
        Ok(())
    }

    fn copy(&mut self, stream: Stream, fifo: BorrowedFd<'_>, length: usize) -> io::Result<usize> {
        let mut bytes = vec![0; length.min(CHUNK)];
        let read = rustix::io::read(fifo, &mut bytes)?;
        if read == 0 {
            return Ok(0);
        }
        bytes.truncate(read);
        let position = self.state.bytes(stream);
        // These bytes are nowhere else: what the disk refuses is tried again until it takes them.
        while let Err(error) = self.append(Kind::output(stream), position, &bytes) {
            if Errno::from_io_error(&error) != Some(Errno::NOSPC) {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(read)
    }

    /// What is known by now, as the last word.
    pub(super) fn summary(&self, end: tribunal_seal::wire::End, note: String) -> Summary {
        let total = |stream: Stream| {
            let hasher = &self.state.streams[stream.index()];
            let state = match (self.state.gaps, self.state.cuts) {
                (gaps, _) if gaps[stream.index()] => StreamState::Gap,
                (_, cuts) if cuts[stream.index()] => StreamState::Cut,
                _ => StreamState::Whole,
            };
            StreamTotal {
                bytes: hasher.bytes(),
                state,
                digest: hasher.digest(),
            }
        };
        Summary {
            end,
            streams: Stream::BOTH.map(total),
            files: self.state.files,
            spool: self.end(),
            note,
        }
    }

    /// Takes note of a record that is in the spool.
    pub(super) fn apply(&mut self, kind: Kind, position: u64, payload: &[u8]) {
        let text = || String::from_utf8_lossy(payload);
        if kind.is_told() {
            self.state.told = self.state.told.max(position);
        }
        match kind {
            Kind::Stdout | Kind::Stderr => {
                if let Some(stream) = kind.stream() {
                    self.state.streams[stream.index()].update(payload);
                }
            }
            Kind::Begun => self.state.begun = true,
            Kind::Ended => self.state.ended = tribunal_seal::wire::End::parse(&text()),
            Kind::Closed => {
                self.state.closed = true;
                if let Some(summary) = Summary::parse(&text()) {
                    self.state.cuts = summary.streams.map(|one| one.state == StreamState::Cut);
                }
            }
            Kind::Gap => {
                let stream = text().split(' ').next().and_then(Stream::of);
                if let Some(stream) = stream {
                    self.state.gaps[stream.index()] = true;
                }
            }
            Kind::FileEnd if payload.len() == tribunal_seal::wire::DIGEST => self.state.files += 1,
            Kind::End => self.finished = Summary::parse(&text()),
            Kind::Anchor
            | Kind::Note
            | Kind::File
            | Kind::FileData
            | Kind::FileEnd
            | Kind::Left => {}
        }
    }

    fn last(&mut self) -> io::Result<&mut Segment> {
        self.segments
            .back_mut()
            .ok_or_else(|| io::Error::other("the spool has no segment"))
    }

    fn begin_record(&mut self) -> io::Result<()> {
        let enough = (self.limit / 8).clamp(SMALLEST_SEGMENT, LARGEST_SEGMENT);
        if self.last()?.length >= enough {
            self.rotate()?;
        }
        Ok(())
    }

    /// Begins a new segment.
    fn rotate(&mut self) -> io::Result<()> {
        let mut segment = Segment::create(&self.folder, self.end())?;
        let mut bytes = Vec::new();
        encode(
            &mut bytes,
            Kind::Anchor,
            clock::now(),
            0,
            &self.state.encode(),
        );
        if let Err(error) = segment.file.write_all_at(&bytes, 0) {
            segment.unlink().ok();
            return Err(error);
        }
        segment.length = bytes.len() as u64;
        self.segments.push_back(segment);
        Ok(())
    }
}

/// Moves bytes from a FIFO to a file. The kernel lengthens the file and shortens the FIFO in one step that a
/// signal cannot divide: a byte is always in one of the two.
fn splice(fifo: BorrowedFd<'_>, file: &File, at: u64, length: usize) -> io::Result<usize> {
    let mut moved = 0;
    let mut offset = at;
    while moved < length {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        match rustix::pipe::splice(fifo, None, file, Some(&mut offset), length - moved, flags) {
            Ok(0) => break,
            Ok(count) => moved += count,
            Err(Errno::INTR) => {}
            Err(_) if moved > 0 => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(moved)
}
