//! The outputs in the page: parts of 256 KiB that each begin at a line, the most useful first, until the budget
//! is spent. What is left out is named with its size and the place where it is.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use super::{Counted, Logs, block};
use crate::model::{RunSummary, SuiteStatus};
use crate::report::collected::Collected;
use crate::report::words;

/// Bytes of a part before it is compressed.
const PART: usize = 256 << 10;
/// What is put in first of the end of each output that matters.
const TAIL: u64 = 2 << 20;

/// A part of an output.
#[derive(Clone, Copy)]
struct Part {
    at: u64,
    len: usize,
    /// The number of its first line, from 1.
    line: u64,
    /// Line ends in it.
    lines: u64,
}

/// The output of an attempt.
pub(super) struct Log {
    pub(super) suite: usize,
    pub(super) attempt: u32,
    pub(super) bytes: u64,
    pub(super) lines: u64,
    /// Relative to the run's directory.
    pub(super) path: String,
    status: SuiteStatus,
    name: String,
    parts: Vec<Part>,
}

/// All outputs of a run, the most urgent suites first.
pub(super) struct Plan {
    pub(super) logs: Vec<Log>,
    files: Vec<Option<File>>,
}

/// What is not in the page.
pub(super) struct Omitted {
    pub(super) suite: String,
    pub(super) attempt: u32,
    pub(super) bytes: u64,
    pub(super) reason: &'static str,
    /// Relative to the run's directory.
    pub(super) path: String,
}

impl Plan {
    /// Looks at every output: where its lines are.
    pub(super) fn make(dir: &Path, run: &Collected, summary: &RunSummary) -> Self {
        let mut plan = Self {
            logs: Vec::new(),
            files: Vec::new(),
        };
        let mut order: Vec<usize> = (0..summary.suites.len()).collect();
        let status = |index: &usize| summary.suites.get(*index).map(|suite| suite.status);
        order.sort_by_key(|index| status(index).map(words::urgency));
        for suite in order {
            let Some(status) = status(&suite) else {
                continue;
            };
            let attempts = run.suites.get(suite).map(|suite| &suite.attempts);
            for record in attempts.into_iter().flatten().rev() {
                if record.capture.bytes == 0 {
                    continue;
                }
                let path = format!("{}/output.log", record.dir);
                let file = File::open(dir.join(&path)).ok();
                let parts = file.as_ref().map(parts).and_then(Result::ok);
                plan.logs.push(Log {
                    suite,
                    attempt: record.attempt,
                    bytes: record.capture.bytes,
                    lines: record.capture.lines,
                    path,
                    status,
                    name: record.suite.clone(),
                    parts: parts.unwrap_or_default(),
                });
                plan.files.push(file);
            }
        }
        plan
    }

    /// Writes what fits into `budget` bytes; returns what does not.
    pub(super) fn embed<W: Write>(
        &self,
        out: &mut Counted<W>,
        budget: u64,
        wanted: Logs,
    ) -> io::Result<Vec<Omitted>> {
        let end = out.bytes + budget;
        let mut done: Vec<Vec<bool>> = self
            .logs
            .iter()
            .map(|log| vec![false; log.parts.len()])
            .collect();
        // The ends of all that matter, then the rest of them, each from its end.
        let rounds: [fn(SuiteStatus) -> bool; 3] = [
            words::is_problem,
            |status| status == SuiteStatus::Flaky,
            |status| !words::is_problem(status) && status != SuiteStatus::Flaky,
        ];
        let rounds = match wanted {
            Logs::None => &rounds[..0],
            Logs::Problems => &rounds[..2],
            Logs::All => &rounds[..],
        };
        let mut full = false;
        for is_meant in rounds {
            for reach in [TAIL, u64::MAX] {
                for (number, log) in self.logs.iter().enumerate() {
                    if !is_meant(log.status) {
                        continue;
                    }
                    let Some(done) = done.get_mut(number) else {
                        continue;
                    };
                    let length = log.parts.iter().map(|part| part.len as u64).sum::<u64>();
                    for (which, part) in log.parts.iter().enumerate().rev() {
                        let Some(done) = done.get_mut(which) else {
                            continue;
                        };
                        if full || *done || length - part.at > reach.max(part.len as u64) {
                            continue;
                        }
                        // A compressed part is smaller than this; what it really took counts.
                        full = out.bytes + (part.len as u64) / 2 > end;
                        if !full {
                            self.part(out, number, part)?;
                            *done = true;
                        }
                    }
                }
            }
        }
        Ok(self.omitted(&done, wanted))
    }

    fn part<W: Write>(&self, out: &mut Counted<W>, log: usize, part: &Part) -> io::Result<()> {
        let Some(Some(mut file)) = self.files.get(log).map(Option::as_ref) else {
            return Ok(());
        };
        let mut bytes = vec![0; part.len];
        file.seek(SeekFrom::Start(part.at))?;
        file.read_exact(&mut bytes)?;
        let attributes = format!(
            "data-log={log} data-at={} data-len={} data-line={} data-lines={}",
            part.at, part.len, part.line, part.lines
        );
        block(out, &attributes, |to| to.write_all(&bytes))
    }

    fn omitted(&self, done: &[Vec<bool>], wanted: Logs) -> Vec<Omitted> {
        let omitted = self.logs.iter().zip(done).filter_map(|(log, done)| {
            let passed = !words::is_problem(log.status) && log.status != SuiteStatus::Flaky;
            let parts = log.parts.iter().zip(done);
            let missing: u64 = parts
                .filter(|(_, done)| !**done)
                .map(|(part, _)| part.len as u64)
                .sum();
            let reason = match wanted {
                _ if log.parts.is_empty() => "it could not be read",
                _ if missing == 0 => return None,
                Logs::None => "outputs are not asked for",
                Logs::Problems if passed => "the suite passed",
                _ => "the page has reached its limit",
            };
            Some(Omitted {
                suite: log.name.clone(),
                attempt: log.attempt,
                bytes: if log.parts.is_empty() {
                    log.bytes
                } else {
                    missing
                },
                reason,
                path: log.path.clone(),
            })
        });
        omitted.collect()
    }
}

/// Cuts a file into parts that end at a line's end, where one is near.
fn parts(mut file: &File) -> io::Result<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut buffer = vec![0; PART];
    let (mut at, mut line, mut kept) = (0_u64, 1_u64, 0_usize);
    loop {
        let free = buffer.get_mut(kept..).unwrap_or_default();
        let count = file.read(free)?;
        let filled = kept + count;
        let bytes = buffer.get(..filled).unwrap_or_default();
        if filled < PART && count > 0 {
            kept = filled;
            continue;
        }
        if filled == 0 {
            return Ok(parts);
        }
        let cut = match memchr::memrchr(b'\n', bytes) {
            Some(end) if count > 0 => end + 1,
            _ => filled,
        };
        let head = bytes.get(..cut).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', head).count() as u64;
        parts.push(Part {
            at,
            len: cut,
            line,
            lines,
        });
        at += cut as u64;
        line += lines;
        buffer.copy_within(cut..filled, 0);
        kept = filled - cut;
    }
}
