//! What a person asks of a run that goes on, by a key or by a signal, and the lines that answer.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::rows;
use super::state::{State, Suite};
use super::style::{BOLD, CYAN, DIM, Line, Look, RED};
use super::text;

/// Suites told of one by one, and lines of output of each.
const SUITES: usize = 20;
pub(super) const LINES: usize = 3;

/// One wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// What runs, for how long, and what it printed last.
    Info,
    /// A line to find this moment again by.
    Mark,
    /// Which keys there are.
    Help,
    /// All output as it comes; once more: no longer.
    Follow,
    /// The region is to go: the process will be stopped.
    Suspend,
    /// The process goes on, and what is on the screen is not known.
    Resume,
}

/// The wishes on their way to the report. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    suspended: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    wishes: VecDeque<Wish>,
    suspended: bool,
}

impl Asked {
    /// Asks.
    pub fn ask(&self, wish: Wish) {
        let mut waiting = self.lock();
        if wish == Wish::Suspend {
            waiting.suspended = false;
        }
        waiting.wishes.push_back(wish);
    }

    /// Asks for the region to be taken away, and waits for it; but not for a report that is held up.
    pub fn suspend(&self, patience: Duration) {
        self.ask(Wish::Suspend);
        let until = Instant::now() + patience;
        let mut waiting = self.lock();
        while !waiting.suspended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.0.suspended.wait_timeout(waiting, left);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the next wish.
    pub(super) fn next(&self) -> Option<Wish> {
        self.lock().wishes.pop_front()
    }

    /// Says that the region is away.
    pub(super) fn suspended(&self) {
        self.lock().suspended = true;
        self.0.suspended.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the lines that say what runs; `last` gives the newest lines of a suite's output, and its size.
pub(super) fn info(
    look: Look,
    state: &State,
    now_ms: u64,
    last: impl Fn(&Suite) -> (u64, Vec<String>),
) -> Vec<Line> {
    let totals = state.totals;
    let running = state.running();
    let waiting = totals.selected.saturating_sub(totals.running + totals.done);
    let title = format!(
        "at {}: {} running, {waiting} waiting, {} of {} done, {} failed, {} not decided",
        text::rough(now_ms),
        text::plural(u64::from(totals.running), "suite"),
        totals.done,
        totals.selected,
        totals.failed,
        totals.undecided,
    );
    let mut lines = vec![Line::new().with(BOLD, "INFO").add("  ").add(title)];
    for suite in running.iter().take(SUITES) {
        let (bytes, output) = last(suite);
        let what = rows::doing(suite, now_ms);
        let mut parts = vec![
            suite.word().to_owned(),
            text::rough(now_ms.saturating_sub(suite.since_ms)),
        ];
        parts.extend((!what.is_empty()).then_some(what));
        parts.push(format!("attempt {}", suite.attempt));
        parts.extend((!suite.detail.is_empty()).then(|| suite.detail.clone()));
        parts.push(format!("{} of output", text::bytes(bytes)));
        let style = if suite.has_failures() { RED } else { CYAN };
        lines.push(
            Line::new()
                .add("    ")
                .with(style, suite.name.clone())
                .add(format!("  {}", parts.join("  "))),
        );
        let pipe = look.pipe();
        let output = output.into_iter();
        lines.extend(output.map(|line| Line::new().add("    ").with(DIM, pipe).add(line)));
    }
    let more = running.len().saturating_sub(SUITES);
    if more > 0 {
        let mark = look.ellipsis();
        lines.push(Line::new().add(format!("    {mark} and {more} more running")));
    }
    lines
}

/// Returns the line that marks a moment.
pub(super) fn mark(look: Look, now_ms: u64) -> Line {
    let rule = if look.unicode { "────" } else { "----" };
    Line::new().with(
        BOLD,
        format!("{rule} mark at {} {rule}", text::rough(now_ms)),
    )
}

/// Returns the lines that tell of the keys.
pub(super) fn help() -> Vec<Line> {
    const KEYS: [(&str, &str); 5] = [
        (
            "i",
            "what runs now, and what it printed last; SIGUSR1 asks the same",
        ),
        ("l", "all output as it comes; once more: no longer"),
        ("Enter", "a line to find this moment again by"),
        (
            "q",
            "end the run, like Ctrl-C: once asks, twice kills, three times leaves",
        ),
        ("?", "these keys"),
    ];
    let line = |(key, what): (&str, &str)| {
        Line::new()
            .add("    ")
            .with(BOLD, text::left(key, 7))
            .add(what)
    };
    let title = Line::new().with(BOLD, "KEYS");
    std::iter::once(title).chain(KEYS.map(line)).collect()
}
