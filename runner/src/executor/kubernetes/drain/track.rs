//! What is known of a log so far.

use std::collections::VecDeque;
use std::hash::{Hash as _, Hasher as _};
use std::time::Duration;

use super::anchor;
use super::record::{Record, pieces};
use super::sink::Sink;

/// Everything that was taken so far, as a count and a running digest.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// Records taken.
    pub(super) count: u64,
    /// Digest of the sequence of their ids.
    pub(super) chain: u64,
    /// The id of the first record ever seen.
    pub(super) first: Option<u64>,
    /// The ids of the last records.
    recent: VecDeque<u64>,
    /// The latest time of any record.
    pub(super) last: Option<(i64, u32)>,
    /// Whether records are known to be missing.
    pub(super) gap: bool,
    /// How much later a file began than the one before it had ended, where one was read to its end and the next from
    /// its beginning, but nothing shows that there was none between.
    pub(super) seam: Option<Duration>,
    /// What the kubelet said inside of bodies.
    pub(super) said: Option<String>,
    /// The time of the first record ever seen.
    pub(super) first_time: Option<(i64, u32)>,
    /// The unterminated line at which the last body broke off; its whole line is expected again.
    pub(super) torn: Vec<u8>,
    /// The unterminated line before a gap: what follows may be the whole of it.
    orphan: Vec<u8>,
    /// The line that is known to be the log's first, where there is one; it is not output.
    marker: Option<String>,
    /// Whether it was said that the beginning is missing.
    told: bool,
    /// How many times the marker was taken.
    markers: u8,
    /// Whether it was the first record.
    pub(super) marked: bool,
}

/// Identity of a record: time and content.
pub(super) fn id(record: &Record<'_>) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    record.time.hash(&mut hasher);
    hasher.write(record.content);
    hasher.finish()
}

pub(super) fn chained(chain: u64, id: u64) -> u64 {
    (chain.rotate_left(5) ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Track {
    /// Takes a record that is new.
    pub(super) fn take(&mut self, record: &Record<'_>, id: u64, out: &mut Vec<u8>) {
        self.torn.clear();
        self.adopt(record, out);
        self.first.get_or_insert(id);
        self.first_time = self.first_time.or(record.time);
        self.count += 1;
        self.chain = chained(self.chain, id);
        if self.recent.len() == anchor::LEN {
            self.recent.pop_front();
        }
        self.recent.push_back(id);
        self.last = self.last.max(record.time);
        // Once for each of the two streams, of which either may come first.
        if self.markers < 2 && self.is_marker(record.content) {
            self.markers += 1;
            self.marked |= self.count == 1;
            return;
        }
        pieces(record.content).for_each(|piece| out.extend_from_slice(piece));
    }

    /// A log of which nothing is known but perhaps its first line.
    pub(super) fn new(marker: Option<String>) -> Self {
        Self {
            marker,
            ..Self::default()
        }
    }

    fn is_marker(&self, content: &[u8]) -> bool {
        let line = content.strip_suffix(b"\n").unwrap_or(content);
        self.marker
            .as_ref()
            .is_some_and(|marker| marker.as_bytes() == line)
    }

    /// Whether a body may have broken off in the middle of the marker, which is not output.
    fn is_half_the_marker(&self, half: &[u8]) -> bool {
        let marker = self.marker.as_ref().filter(|_| self.markers < 2);
        marker.is_some_and(|marker| marker.as_bytes().starts_with(half))
    }

    /// Whether not even the line that came first was found.
    pub(super) fn misses_its_marker(&self) -> bool {
        self.marker.is_some() && !self.marked && self.count == 0
    }

    /// Notes, once, that the log's beginning was no longer there; to be called before its first bytes go out.
    pub(super) fn check_beginning(&mut self, sink: &mut dyn Sink) {
        if self.marker.is_some() && !self.marked && self.count > 0 && !self.told {
            self.told = true;
            let reason =
                "the log had been rotated before it was first read: its beginning is missing";
            gap(self, sink, reason.to_owned());
        }
    }

    /// Forgets what was read, so that a file that does not continue it is taken whole. What is known of gaps
    /// and of the beginning stays.
    pub(super) fn forget(&mut self) {
        *self = Self {
            gap: self.gap,
            seam: self.seam,
            said: self.said.take(),
            first_time: self.first_time,
            marker: self.marker.take(),
            marked: self.marked,
            told: self.told,
            orphan: std::mem::take(&mut self.torn),
            ..Self::default()
        };
    }

    /// Puts out what stood unterminated before a gap, unless `record` is the same line.
    fn adopt(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let orphan = std::mem::take(&mut self.orphan);
        let half = super::record::parse(&orphan);
        let same = half.time == record.time && record.content.starts_with(half.content);
        if half.time.is_some() && !same && !self.is_half_the_marker(half.content) {
            out.extend_from_slice(half.content);
        }
    }

    /// Puts out what stands unterminated where no more will come: it was output. Whether there was any.
    pub(super) fn leave(&mut self, sink: &mut dyn Sink) -> bool {
        let mut any = false;
        for half in [
            std::mem::take(&mut self.orphan),
            std::mem::take(&mut self.torn),
        ] {
            let half = super::record::parse(&half);
            if half.time.is_some() && !self.is_half_the_marker(half.content) {
                sink.bytes(half.content);
                any = true;
            }
        }
        any
    }

    /// Keeps what a body broke off in: should its line never come whole, these bytes were still output.
    pub(super) fn tear(&mut self, rest: &[u8]) {
        self.torn = rest.to_vec();
    }

    pub(super) fn anchor(&self) -> Vec<u64> {
        self.recent.iter().copied().collect()
    }
}

/// Notes a gap where the log continues without a known join.
pub(super) fn gap(log: &mut Track, sink: &mut dyn Sink, reason: String) {
    log.gap = true;
    sink.gap(None, reason);
}
