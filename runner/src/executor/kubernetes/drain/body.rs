//! One body of a log, record by record, and where it continues what is known.

use std::time::Duration;

use super::anchor::{Search, Step};
use super::record::Record;
use super::track::{Track, chained, id};

/// A record that is held back: it may be known.
#[derive(Debug)]
struct Held {
    time: Option<(i64, u32)>,
    content: Vec<u8>,
    id: u64,
}

impl Held {
    fn pass_on(&self, log: &mut Track, out: &mut Vec<u8>) {
        let record = Record {
            time: self.time,
            content: &self.content,
        };
        log.take(&record, self.id, out);
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
        held: Vec<Held>,
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
    /// How long after the latest record that is known it begins, where its very first is later.
    pub(super) apart: Option<Duration>,
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
            apart: None,
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

    /// Whether its next record is new in any case: where equal ones repeat, it may be one of them.
    pub(super) fn goes_on(&self) -> bool {
        match &self.join {
            Join::New => true,
            Join::Search { found, search, .. } => *found && !search.is_open(),
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
        // The kubelet's own words stand last in a body; anything else goes on.
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
        if record.time.is_none() {
            self.odd = Some(line.to_vec());
        } else {
            self.record(log, &record, out);
        }
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
                Step::Maybe => held.push(Held {
                    time: record.time,
                    content: record.content.to_vec(),
                    id,
                }),
                Step::Lost if *found => {
                    for held in std::mem::take(held) {
                        held.pass_on(log, out);
                    }
                    log.take(record, id, out);
                    self.join = Join::New;
                }
                Step::Lost => {
                    held.clear();
                    // All that is in front of the anchor is known, and none of it is later than the latest.
                    if record.time > log.last && record.time.is_some() {
                        self.join = Join::Failed;
                        if self.records == 1 {
                            // The half of a line that a rotation tore is the later one.
                            let half = super::record::parse(&log.torn).time;
                            self.apart = between(log.last.max(half), record.time);
                        }
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
            for held in std::mem::take(held) {
                held.pass_on(log, out);
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

/// The time from one record to a later one, by the node's clock.
fn between(from: Option<(i64, u32)>, to: Option<(i64, u32)>) -> Option<Duration> {
    let since =
        |(second, nanos): (i64, u32)| Some(Duration::new(u64::try_from(second).ok()?, nanos));
    since(to?)?.checked_sub(since(from?)?)
}
