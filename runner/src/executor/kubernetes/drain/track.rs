//! What is known of a log so far, and where a new body continues it.

use std::collections::VecDeque;
use std::hash::{Hash as _, Hasher as _};

use super::anchor::{self, Search, Step};
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
    fn take(&mut self, record: &Record<'_>, id: u64, out: &mut Vec<u8>) {
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

    fn anchor(&self) -> Vec<u64> {
        self.recent.iter().copied().collect()
    }
}

/// How a body is joined to what is known.
#[derive(Debug)]
enum Join {
    /// Everything in it is new.
    New,
    /// It begins with the log's first record, as far as is known: skip what is known, checking its digest.
    Skip { count: u64, chain: u64 },
    /// Somewhere in it is the anchor.
    Search {
        search: Search,
        held: Vec<(Record<'static>, Vec<u8>, u64)>,
        found: bool,
    },
    /// It could not be joined.
    Failed,
    /// Its records differ from those that were taken at the same place.
    Differs,
}

/// One body, record by record.
pub(super) struct Body {
    join: Join,
    /// Whether it is the whole file, from its first record on.
    whole: bool,
    begun: bool,
    /// A line without timestamp, held until it is known whether the body goes on.
    odd: Option<Vec<u8>>,
    /// Records in it.
    pub(super) records: u64,
    /// Whether the file no longer begins with the first record ever seen.
    pub(super) rotated: bool,
}

impl Body {
    /// `whole`: the body was asked for without `sinceTime`.
    pub(super) fn new(log: &Track, whole: bool) -> Self {
        let join = if log.count == 0 {
            Join::New
        } else {
            Join::Search {
                search: Search::new(log.anchor()),
                held: Vec::new(),
                found: false,
            }
        };
        Self {
            join,
            whole,
            begun: false,
            odd: None,
            records: 0,
            rotated: false,
        }
    }

    /// Whether what follows is known to be new.
    pub(super) fn is_joined(&self) -> bool {
        match &self.join {
            Join::New => true,
            Join::Search { found, .. } => *found,
            _ => false,
        }
    }

    /// Whether the body cannot continue what is known.
    pub(super) fn is_failed(&self) -> bool {
        matches!(self.join, Join::Failed | Join::Differs)
    }

    /// Whether its records differ from those that were taken at the same place.
    pub(super) fn differs(&self) -> bool {
        matches!(self.join, Join::Differs)
    }

    /// Takes everything from here on as new.
    pub(super) fn accept(&mut self) {
        self.join = Join::New;
    }

    /// Takes a whole line, with its line feed.
    pub(super) fn line(&mut self, log: &mut Track, line: &[u8], out: &mut Vec<u8>) {
        let record = super::record::parse(line);
        if record.time.is_none() {
            // The kubelet's own words stand last in a body; anything else goes on.
            let before = self.odd.replace(line.to_vec());
            if let Some(before) = before {
                self.record(
                    log,
                    &Record {
                        time: None,
                        content: &before,
                    },
                    out,
                );
            }
            return;
        }
        if let Some(before) = self.odd.take() {
            self.record(
                log,
                &Record {
                    time: None,
                    content: &before,
                },
                out,
            );
        }
        self.record(log, &record, out);
    }

    fn record(&mut self, log: &mut Track, record: &Record<'_>, out: &mut Vec<u8>) {
        let id = id(record);
        if !std::mem::replace(&mut self.begun, true) && self.whole && log.first.is_some() {
            if log.first == Some(id) {
                self.join = Join::Skip { count: 0, chain: 0 };
            } else {
                self.rotated = true;
            }
        }
        self.records += 1;
        match &mut self.join {
            Join::New => log.take(record, id, out),
            Join::Failed | Join::Differs => {}
            Join::Skip { count, chain } => {
                *count += 1;
                *chain = chained(*chain, id);
                if *count == log.count {
                    self.join = if *chain == log.chain {
                        Join::New
                    } else {
                        Join::Differs
                    };
                }
            }
            Join::Search {
                search,
                held,
                found,
            } => match search.step(id) {
                Step::Found => {
                    held.clear();
                    self.join = Join::New;
                }
                Step::FoundOnce => {
                    held.clear();
                    *found = true;
                }
                Step::Maybe => {
                    held.push((
                        Record {
                            time: record.time,
                            content: &[],
                        },
                        record.content.to_vec(),
                        id,
                    ));
                }
                Step::Lost if *found => {
                    let held = std::mem::take(held);
                    for (kept, content, id) in &held {
                        log.take(
                            &Record {
                                time: kept.time,
                                content,
                            },
                            *id,
                            out,
                        );
                    }
                    log.take(record, id, out);
                    self.join = Join::New;
                }
                Step::Lost => {
                    held.clear();
                    // All that is in front of the anchor is known, and none of it is later than the latest.
                    if record.time > log.last && record.time.is_some() {
                        self.join = Join::Failed;
                    }
                }
            },
        }
    }

    /// Ends the body. `rest` is what stood after the last line feed; it counts only `at_end` of the log.
    pub(super) fn end(
        mut self,
        log: &mut Track,
        rest: &[u8],
        at_end: bool,
        out: &mut Vec<u8>,
    ) -> Self {
        if at_end && !rest.is_empty() {
            let record = super::record::parse(rest);
            if record.time.is_some() {
                self.line(log, rest, out);
            } else {
                self.odd = Some(rest.to_vec());
            }
        }
        if let Join::Search {
            held, found: true, ..
        } = &mut self.join
        {
            for (kept, content, id) in std::mem::take(held) {
                log.take(
                    &Record {
                        time: kept.time,
                        content: &content,
                    },
                    id,
                    out,
                );
            }
        }
        if let Some(odd) = self.odd.take() {
            let words = String::from_utf8_lossy(&odd);
            log.said = Some(words.trim().chars().take(300).collect());
        }
        self
    }

    /// Whether it ended before the last record that is known.
    pub(super) fn is_short(&self) -> bool {
        match self.join {
            Join::Skip { .. } => true,
            Join::Search { found, .. } => !found,
            Join::New | Join::Failed | Join::Differs => false,
        }
    }
}

/// Notes a gap where the log continues without a known join.
pub(super) fn gap(log: &mut Track, sink: &mut dyn Sink, reason: String) {
    log.gap = true;
    sink.gap(None, reason);
}
