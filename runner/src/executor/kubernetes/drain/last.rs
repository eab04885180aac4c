//! The readings after the end: what the log really holds.
//!
//! A short log is read once more as a whole. A long one is not, as a kubelet sends some 70,000 lines a second for
//! all its readers together: its first record shows that no file was rotated away since the first reading, and its
//! last ones that the stream had reached the end. Between the two the stream was one file, read in order.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::api::{LogApi, LogError, LogRequest};
use super::body::Body;
use super::live::{Eof, Left};
use super::record::Lines;
use super::sink::Sink;
use super::track::{Track, gap, id};
use super::{Drained, Limits};
use crate::model::Completeness;

/// Up to so many records the whole log is read again.
const SHORT: u64 = 20_000;
/// How many lines of the runtime the last reading of a long log asks for; a line of more than 16 KiB is several.
const TAIL: u32 = 4_000;
/// How much of the beginning is asked for: a first record that is longer makes the whole log be read.
const HEAD: u32 = 64 * 1024;
/// After so many readings of less than was streamed, that is what the log holds.
const STRANGE: u32 = 5;
/// Readings of an unsettled log; more only while it grows.
const READINGS: u32 = 20;

/// The longest pause between two looks that a slow answer makes.
const SLOW: Duration = Duration::from_secs(2);

/// A file that begins so soon after the one that was read to its end continues it, as far as anybody can tell. Another
/// between them would have been opened and rotated away within this time, at two looks of a kubelet, which are three
/// seconds apart at least (`containerLogMonitorInterval` may not be less). A node that is busy takes 14 ms to go over
/// to the new file.
const SEAM: Duration = Duration::from_millis(250);

/// What one reading has shown.
struct Reading {
    body: Body,
    /// It ended in the middle of a line, for the first time.
    torn: bool,
    /// It ended in the middle of the same line as the one before: that is the log's last.
    unterminated: bool,
}

/// What the readings have shown.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts, each of which may hold with any other"
)]
struct Shown {
    readings: u32,
    /// How many looks in a row have seen this end. A body may end early without a word, so one is not enough.
    agreeing: u32,
    /// How many readings held less than was streamed.
    strange: u32,
    tail_fails: bool,
    /// Whether the whole log was compared with what was streamed.
    whole: bool,
    rotated: bool,
    /// Whether its file was rotated away and nothing was written since.
    emptied: bool,
}

impl Shown {
    /// Takes in a reading before which `known` records were; whether no more are needed.
    fn note(&mut self, reading: &Reading, tail: bool, known: u64, log: &Track) -> bool {
        let body = &reading.body;
        self.readings += 1;
        self.tail_fails = tail && body.is_failed();
        let emptied = known > 0 && body.records == 0;
        // A body that ended early, or else a file that is not what it was.
        let less = emptied || body.is_short();
        self.strange += u32::from(less);
        let undecided = less || self.tail_fails || reading.torn || !log.torn.is_empty();
        self.agreeing = if reading.unterminated {
            2
        } else if undecided {
            0
        } else if log.count == known {
            self.agreeing + 1
        } else {
            1
        };
        self.emptied = self.strange >= STRANGE && emptied;
        self.rotated |= body.rotated || self.emptied;
        self.whole |= !tail && !less;
        self.agreeing >= 2 || self.is_short() || self.readings > READINGS
    }

    /// Whether the log holds less than was streamed from it.
    fn is_short(&self) -> bool {
        self.strange >= STRANGE
    }

    /// Whether the next reading is to be of the log's end only.
    fn wants_tail(&self, log: &Track, behind: bool) -> bool {
        // Nothing is known where nothing was read, or where what was read could not be continued.
        if log.count == 0 {
            return log.gap && behind;
        }
        (log.count > SHORT || self.whole || behind) && !self.tail_fails
    }
}

/// Reads the log as it is now, without following, until two looks at its end agree.
pub(super) async fn reconcile(
    api: &dyn LogApi,
    gone: Option<String>,
    sink: &mut dyn Sink,
    log: &mut Track,
    limits: &Limits,
    mut left: Left,
) -> Drained {
    let deadline = left.ended + limits.drain_timeout;
    let mut pause = limits.settle;
    let mut trouble = String::new();
    let mut shown = Shown {
        agreeing: u32::from(match left.eof {
            _ if !log.torn.is_empty() => false,
            Eof::AfterTheEnd => true,
            Eof::Early => log.count > SHORT,
            Eof::No => false,
        }),
        ..Shown::default()
    };
    // What the runtime writes just after the end is in the first reading after this (draining.md, fact 5).
    if shown.agreeing > 0 {
        tokio::time::sleep_until((left.ended + limits.settle).min(deadline)).await;
    }
    loop {
        let known = log.count;
        let tail = shown.wants_tail(log, left.behind);
        let request = LogRequest {
            tail: tail.then_some(TAIL),
            ..LogRequest::default()
        };
        // A whole log that takes too long is given up for its tail.
        let until = if tail || left.behind {
            deadline
        } else {
            left.ended + limits.drain_timeout.mul_f64(5.0 / 6.0)
        };
        let asked = Instant::now();
        match timeout_at(until, read(api, request, sink, log, left)).await {
            Err(_) if until < deadline && log.count > 0 => {
                left.behind = true;
                shown.tail_fails = false;
                continue;
            }
            Err(_) => return cut(sink, log, "the log was still being read"),
            Ok(Ok(reading)) => {
                if reading.body.differs() {
                    let reason = "what was streamed differs from the log file: lines are missing or out of order above";
                    gap(log, sink, reason.to_owned());
                    return drained(log, Completeness::Gap, "");
                }
                if shown.note(&reading, tail, known, log) {
                    break;
                }
                // What is slow to answer is slow to write, too.
                pause = limits.settle.max(asked.elapsed().min(SLOW));
            }
            Ok(Err(LogError::Gone(why))) => {
                let why = gone
                    .as_ref()
                    .map_or_else(|| why.clone(), |gone| format!("{gone} ({why})"));
                return vanished(sink, log, &why);
            }
            Ok(Err(LogError::Forbidden(why))) => return vanished(sink, log, &why),
            Ok(Err(LogError::NotStarted)) => {
                "the log API says that it has not started".clone_into(&mut trouble);
            }
            Ok(Err(LogError::Transient(why, after))) => {
                trouble = why;
                pause = after.unwrap_or((pause * 2).min(Duration::from_secs(5)));
            }
        }
        if Instant::now() + pause >= deadline {
            return cut(sink, log, &trouble);
        }
        tokio::time::sleep(pause).await;
    }
    if !shown.whole && !log.gap {
        match check_head(api, log, deadline).await {
            Ok(same) => shown.rotated |= !same,
            Err(why) => return cut(sink, log, &why),
        }
    }
    conclude(sink, log, &shown, left)
}

fn conclude(sink: &mut dyn Sink, log: &mut Track, shown: &Shown, left: Left) -> Drained {
    if log.leave(sink) {
        let reason =
            "the log was last seen in the middle of a line, and that line is not in it any more";
        gap(log, sink, reason.to_owned());
    }
    if log.misses_its_marker() {
        let reason =
            "its first line never reached the log: the runtime of its node has dropped output";
        gap(log, sink, reason.to_owned());
    }
    // A file that was opened and rotated away after the last line takes at least the time between two looks.
    let at_the_end = left
        .finished
        .zip(log.last)
        .is_some_and(|(end, (last, _))| end - last <= 1);
    if shown.emptied && !(at_the_end && left.read_its_file()) {
        // A follower that was behind is led into the new file, and ends there as cleanly as any other.
        let reason = "the log file was rotated just before the end, and nothing is left in which the last line that was \
                      read could be found again: lines after it may be missing";
        gap(log, sink, reason.to_owned());
    }
    let rotated = shown.rotated || log.seam.is_some();
    let completeness = match (log.gap, rotated || shown.is_short()) {
        (true, _) => Completeness::Gap,
        (_, true) => Completeness::Unverified,
        _ => Completeness::Complete,
    };
    let note = match (log.seam, rotated, shown.is_short()) {
        (Some(apart), ..) if !log.gap => format!(
            "the log file was rotated while it was read; the one that is left begins {:.3} ms after what was streamed ends, \
             so nothing seems to be missing, but that cannot be vouched for",
            apart.as_secs_f64() * 1e3
        ),
        (_, true, _) => {
            "the log file was rotated: its end is there, its middle cannot be vouched for"
                .to_owned()
        }
        (.., true) => "the log file is shorter now than what was streamed from it".to_owned(),
        _ => String::new(),
    };
    drained(log, completeness, &note)
}

/// Whether the log still begins with the first record ever seen.
async fn check_head(api: &dyn LogApi, log: &Track, deadline: Instant) -> Result<bool, String> {
    let request = LogRequest {
        limit_bytes: Some(HEAD),
        ..LogRequest::default()
    };
    let mut pause = Duration::from_millis(200);
    loop {
        let reading = async {
            let mut stream = api.open(request).await?;
            let (mut lines, mut first) = (Lines::default(), None);
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(|why| LogError::Transient(why, None))?;
                lines.push(&chunk, |line| {
                    first.get_or_insert_with(|| id(&super::record::parse(line)));
                });
                if first.is_some() {
                    break;
                }
            }
            Ok(first)
        };
        let why = match timeout_at(deadline, reading).await {
            // A first line longer than the head shows nothing: not the same, as far as is known.
            Ok(Ok(first)) => return Ok(first.is_some() && first == log.first),
            Ok(Err(LogError::Transient(why, after))) => {
                pause = after.unwrap_or((pause * 2).min(Duration::from_secs(5)));
                why
            }
            Ok(Err(LogError::Gone(_) | LogError::Forbidden(_) | LogError::NotStarted)) => {
                return Ok(false);
            }
            Err(_) => "the beginning of the log was still being read".to_owned(),
        };
        if Instant::now() + pause >= deadline {
            return Err(why);
        }
        tokio::time::sleep(pause).await;
    }
}

fn drained(log: &Track, completeness: Completeness, note: &str) -> Drained {
    let note = match (&log.said, note.is_empty()) {
        (Some(said), true) => format!("the kubelet said: {said}"),
        (Some(said), false) => format!("{note}; the kubelet said: {said}"),
        (None, _) => note.to_owned(),
    };
    // Words of the kubelet that stand in a log which is whole need no note.
    let note = if completeness == Completeness::Complete {
        String::new()
    } else {
        note
    };
    Drained {
        completeness,
        note,
        first: log.first_time,
        from_the_start: log.marked,
    }
}

fn cut(sink: &mut dyn Sink, log: &mut Track, why: &str) -> Drained {
    if log.count == 0 {
        return drained(log, Completeness::Unavailable, why);
    }
    log.leave(sink);
    let why = format!("the drain deadline passed before the end of the log was seen: {why}");
    drained(log, Completeness::Cut, &why)
}

fn vanished(sink: &mut dyn Sink, log: &mut Track, why: &str) -> Drained {
    if log.count == 0 {
        return drained(
            log,
            Completeness::Unavailable,
            &format!("no log could be read: {why}"),
        );
    }
    log.leave(sink);
    gap(
        log,
        sink,
        format!("the log could not be read to its end: {why}"),
    );
    drained(log, Completeness::Gap, "")
}

/// One reading without following; takes what is new. A body that does not join on is read once more as new, with
/// a gap before it: the whole file, or only its tail where there is no time for more.
async fn read(
    api: &dyn LogApi,
    request: LogRequest,
    sink: &mut dyn Sink,
    log: &mut Track,
    left: Left,
) -> Result<Reading, LogError> {
    let mut stream = api.open(request).await?;
    let (mut lines, mut out) = (Lines::default(), Vec::new());
    let is_whole = request.tail.is_none();
    let mut body = Body::new(log, is_whole);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|why| LogError::Transient(why, None))?;
        lines.push(&chunk, |line| body.line(log, line, &mut out));
        flush(log, sink, &mut out);
    }
    let rest = lines.rest();
    let unterminated = !rest.is_empty() && rest == log.torn && body.is_joined();
    let torn = !rest.is_empty() && !unterminated;
    if torn && body.goes_on() {
        log.tear(rest);
    }
    body = body.end(log, rest, unterminated, &mut out);
    flush(log, sink, &mut out);
    if body.is_failed() && !body.differs() && (is_whole || left.behind) {
        let reason = if left.behind && !is_whole {
            "there was no time to read all of it before the drain deadline; its last lines follow"
        } else {
            "the log file was rotated and no longer has what was streamed last; lines before this one are missing"
        };
        match body.apart.filter(|apart| *apart <= SEAM) {
            Some(apart) if is_whole && left.read_its_file() => log.seam = log.seam.max(Some(apart)),
            _ => gap(log, sink, reason.to_owned()),
        }
        log.forget();
        return Err(LogError::Transient(reason.to_owned(), Some(Duration::ZERO)));
    }
    Ok(Reading {
        body,
        torn,
        unterminated,
    })
}

fn flush(log: &mut Track, sink: &mut dyn Sink, out: &mut Vec<u8>) {
    log.check_beginning(sink);
    if !out.is_empty() {
        sink.bytes(out);
        out.clear();
    }
}
