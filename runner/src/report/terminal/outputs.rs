//! Raw output of suites: as it comes, or in one piece; and answers to what a person asks meanwhile.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::asked::{self, Wish};
use super::follow::Follower;
use super::settings::{Output, Verbosity};
use super::state::Suite;
use super::style::{DIM, Line};
use super::{Terminal, clean, tail, text};
use crate::event::SuiteIndex;

/// Between two looks at outputs for the region.
const LOOK_MS: u64 = 500;
/// What is read of an output's end for its last lines.
const LAST: u64 = 4 << 10;
/// Columns of a line in an answer.
const COLUMNS: usize = 200;

/// The outputs that are being followed.
#[derive(Debug)]
pub(super) struct Outputs {
    /// Whether all output is shown as it comes.
    live: bool,
    /// A reader for each attempt.
    followers: BTreeMap<(SuiteIndex, u32), Follower>,
    looked_ms: Option<u64>,
}

impl Outputs {
    pub(super) fn new(output: Output) -> Self {
        Self {
            live: output == Output::Live,
            followers: BTreeMap::new(),
            looked_ms: None,
        }
    }
}

impl Terminal {
    /// Answers what was asked since the last tick.
    pub(super) fn answer(&mut self) -> io::Result<()> {
        while let Some(wish) = self.settings.asked.next() {
            let now = self.now_ms();
            match wish {
                _ if self.start_ms.is_none() && !matches!(wish, Wish::Suspend | Wish::Resume) => {}
                Wish::Info => {
                    let color = self.look.color;
                    let last = |suite: &Suite| last_lines(&self.path_of(suite), color);
                    let lines = asked::info(self.look, &self.state, now, last);
                    self.print(&lines)?;
                }
                Wish::Mark => self.print(&[asked::mark(self.look, now)])?,
                Wish::Help => self.print(&asked::help())?,
                Wish::Follow => {
                    self.outputs.live = !self.outputs.live;
                    let word = if self.outputs.live { "on" } else { "off" };
                    let line = Line::new().add(format!("all output as it comes: {word}"));
                    self.print(&[line])?;
                    if !self.outputs.live {
                        self.outputs.followers.clear();
                    }
                }
                Wish::Suspend => {
                    let gone = self.clear();
                    self.paused = true;
                    self.settings.asked.suspended();
                    gone?;
                }
                Wish::Resume => {
                    self.paused = false;
                    self.screen.forget();
                    if self.has_region() {
                        self.draw()?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the output of a suite's present attempt is.
    fn path_of(&self, suite: &Suite) -> PathBuf {
        self.path(&suite.slug, suite.attempt)
    }

    fn path(&self, slug: &str, attempt: u32) -> PathBuf {
        let dir = self.context().dir.join("suites").join(slug);
        dir.join(format!("attempt-{attempt}"))
            .join(crate::capture::LOG_FILE)
    }

    /// Prints what the running suites have written since.
    pub(super) fn follow(&mut self) -> io::Result<()> {
        if !self.outputs.live || self.settings.replay {
            return Ok(());
        }
        for suite in self.state.running_places() {
            let Some(known) = self.state.suites.get(suite) else {
                continue;
            };
            let attempt = known.attempt;
            self.print_output(suite, attempt, false)?;
        }
        Ok(())
    }

    /// Prints the rest of what an attempt wrote that has ended.
    pub(super) fn follow_to_end(&mut self, suite: SuiteIndex, attempt: u32) -> io::Result<()> {
        let whole = self.settings.output == Output::All;
        if !self.says(Verbosity::Normal) || !(self.outputs.live || whole) {
            return Ok(());
        }
        while self.print_output(suite, attempt, true)? {}
        self.outputs.followers.remove(&(suite, attempt));
        Ok(())
    }

    /// Prints a piece; returns whether there is more of it.
    fn print_output(&mut self, suite: SuiteIndex, attempt: u32, ended: bool) -> io::Result<bool> {
        let Some(known) = self.state.suites.get(suite) else {
            return Ok(false);
        };
        let path = self.path(&known.slug, attempt);
        let pipe = self.look.pipe();
        let prefix = if self.state.suites.len() == 1 {
            pipe.to_owned()
        } else {
            let columns = self.state.longest_name.min(self.columns().name);
            let name = text::cut_middle(&known.name, columns, self.look.ellipsis());
            format!("{} {pipe}", text::left(&name, columns))
        };
        let color = self.look.color;
        let followers = &mut self.outputs.followers;
        let follower = followers
            .entry((suite, attempt))
            .or_insert_with(|| Follower::new(path.clone(), color));
        let (lines, more) = match follower.read(ended) {
            Ok(read) => read,
            Err(error) => {
                let what = format!("its output {} cannot be read: {error}", path.display());
                (vec![clean::line(&what).into_owned()], false)
            }
        };
        let lines: Vec<Line> = lines
            .into_iter()
            .map(|line| Line::new().with(DIM, &prefix).add(line))
            .collect();
        self.print(&lines)?;
        Ok(more)
    }

    /// Looks at the outputs of the suites in sight, now and then.
    pub(super) fn look_at_outputs(&mut self, most: usize) {
        let wide = self.columns().width >= Some(super::rows::WIDE_FROM);
        let now = self.clock_ms();
        let due = self
            .outputs
            .looked_ms
            .is_none_or(|at| now.saturating_sub(at) >= LOOK_MS);
        if !wide || !due {
            return;
        }
        self.outputs.looked_ms = Some(now);
        for place in self.state.running_places().into_iter().take(most) {
            let Some(suite) = self.state.suites.get(place) else {
                continue;
            };
            let path = self.path_of(suite);
            let bytes = std::fs::metadata(&path).map_or(0, |found| found.len());
            let known = suite.captured;
            let printed = (bytes != known)
                .then(|| last_lines(&path, false).1.pop())
                .flatten();
            if let Some(suite) = self.state.suites.get_mut(place) {
                suite.captured = bytes;
                suite.printed = printed.unwrap_or_else(|| std::mem::take(&mut suite.printed));
            }
        }
    }
}

/// The size of an output, and its last lines. One that is not there or cannot be read has none.
fn last_lines(path: &std::path::Path, color: bool) -> (u64, Vec<String>) {
    let bytes = std::fs::metadata(path).map_or(0, |found| found.len());
    let tail = tail::read(path, LAST).unwrap_or_default();
    let mut lines = clean::lines(&tail, color, COLUMNS);
    lines.retain(|line| !line.trim().is_empty());
    lines.drain(..lines.len().saturating_sub(asked::LINES));
    (bytes, lines)
}
