//! The following side: reads while the log grows, both streams together or one alone.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::index::{self, Segment};
use super::{Capture, Channel, State, Stream, read_at};

/// Reads a capture from its first byte on, waiting for more until it has ended.
#[derive(Debug)]
pub struct Reader {
    capture: Arc<Capture>,
    channel: Channel,
    /// Where the next byte is looked for in the log.
    position: u64,
    /// The segment `position` is in, counted in the index; for one stream alone.
    segment: u64,
    /// Where that segment begins in the log.
    segment_start: u64,
    /// Segments read ahead from the index, from `segment` on.
    ahead: VecDeque<Segment>,
}

/// What there is to do next.
enum Step {
    /// Read so many bytes at `position`.
    Read(Arc<File>, usize),
    /// The next segments are in the index: read so many of them.
    Index(Arc<File>, u64),
    /// Nothing more will come.
    End,
}

impl Reader {
    pub(super) fn new(capture: Arc<Capture>, channel: Channel) -> Self {
        let ahead = VecDeque::new();
        Self {
            capture,
            channel,
            position: 0,
            segment: 0,
            segment_start: 0,
            ahead,
        }
    }

    /// Offset in the whole log of the byte that `read` will look at next.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next bytes: at least one and at most `max` (which must not be 0). Waits for them. Empty: the
    /// output has ended.
    ///
    /// # Errors
    /// When the log cannot be read back.
    pub async fn read(&mut self, max: usize) -> io::Result<Vec<u8>> {
        loop {
            if let Channel::Only(stream) = self.channel {
                self.skip_closed(stream);
            }
            let capture = Arc::clone(&self.capture);
            match capture.wait(|state| self.step(state, max)).await {
                Step::End => return Ok(Vec::new()),
                Step::Index(file, count) => {
                    self.ahead = index::read(&file, self.segment, count)?.into();
                }
                Step::Read(file, len) => {
                    let bytes = read_at(&file, self.position, len)?;
                    self.position += len as u64;
                    return Ok(bytes);
                }
            }
        }
    }

    /// The last bytes of the whole output, at most `max`. Waits until it has ended; does not move the
    /// reading position.
    ///
    /// # Errors
    /// When the log cannot be read back.
    pub async fn tail(&self, max: usize) -> io::Result<Vec<u8>> {
        let report = self.capture.ended().await;
        let (log, sole) = {
            let state = self.capture.lock();
            (
                state.log.clone(),
                state.index.is_none().then_some(state.open).flatten(),
            )
        };
        let Some(log) = log else {
            return Ok(Vec::new());
        };
        let stream = match (self.channel, sole) {
            (Channel::Combined, _) => None,
            (Channel::Only(stream), Some(sole)) if sole.stream == stream => None,
            (Channel::Only(_), Some(_)) => return Ok(Vec::new()),
            (Channel::Only(stream), None) => Some(stream),
        };
        let Some(stream) = stream else {
            let len = report.bytes.min(max as u64);
            return read_at(
                &log,
                report.bytes - len,
                usize::try_from(len).unwrap_or(max),
            );
        };
        let mut last = self.last_segments(stream, max as u64)?;
        let mut bytes = Vec::new();
        for (at, len) in last.drain(..) {
            bytes.extend(read_at(&log, at, usize::try_from(len).unwrap_or(max))?);
        }
        Ok(bytes)
    }

    /// Where the last `max` bytes of one stream are: offsets and lengths in order.
    fn last_segments(&self, stream: Stream, max: u64) -> io::Result<VecDeque<(u64, u64)>> {
        let (index, closed) = {
            let state = self.capture.lock();
            (state.index.clone(), state.closed)
        };
        let (mut found, mut sum, mut at, mut next) = (VecDeque::new(), 0, 0, 0);
        let Some(index) = index else { return Ok(found) };
        while next < closed {
            for segment in index::read(&index, next, closed - next)? {
                next += 1;
                if segment.stream == stream {
                    found.push_back((at, segment.len));
                    sum += segment.len;
                }
                at += segment.len;
                while found.front().is_some_and(|first| sum - first.1 >= max) {
                    sum -= found.pop_front().map_or(0, |first: (u64, u64)| first.1);
                }
            }
        }
        if let Some(first) = found.front_mut() {
            let surplus = sum.saturating_sub(max);
            *first = (first.0 + surplus, first.1 - surplus);
        }
        Ok(found)
    }

    /// Leaves segments that are read to their end or belong to the other stream.
    fn skip_closed(&mut self, stream: Stream) {
        while let Some(segment) = self.ahead.front() {
            let end = self.segment_start + segment.len;
            if segment.stream == stream && self.position < end {
                return;
            }
            self.ahead.pop_front();
            self.segment += 1;
            self.segment_start = end;
            self.position = end;
        }
    }

    fn step(&self, state: &State, max: usize) -> Option<Step> {
        let readable = match self.channel {
            Channel::Combined => state.bytes - self.position,
            Channel::Only(stream) => {
                let current = self.ahead.front().copied();
                if current.is_none() && self.segment < state.closed {
                    let index = state.index.as_ref()?;
                    return Some(Step::Index(Arc::clone(index), state.closed - self.segment));
                }
                // Not closed, so it is the open one, which begins where the closed ones end.
                let segment = current
                    .or(state.open)
                    .filter(|segment| segment.stream == stream);
                segment.map_or(0, |s| self.segment_start + s.len - self.position)
            }
        };
        match (readable, &state.log, &state.ended) {
            (1.., Some(log), _) => {
                let len = usize::try_from(readable).unwrap_or(max).min(max);
                Some(Step::Read(Arc::clone(log), len))
            }
            (_, _, Some(_)) => Some(Step::End),
            _ => None,
        }
    }
}
