//! How it comes to an end: both streams closed, the last record written, the pod let go.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use tribunal_seal::wire::{End, Kind};

use super::Keeper;
use super::client::done_or_full;
use super::spool::Spool;
use super::streams::Got;
use crate::lock;
use crate::signals::Signals;

/// How long after the main container has vanished somebody may still hold a stream open: its processes are
/// ended one after the other.
const VANISHING: Duration = Duration::from_secs(10);
/// How long the keeper waits at least for the main container to begin; it is started beside it, from the same image.
const BEGINNING: Duration = Duration::from_mins(10);
/// Marks a spool of which a runner said that it has everything.
const DONE: &str = "done";

/// How the end is going.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Ending {
    /// The line that says that both streams are closed.
    pub(super) closed: Option<String>,
    /// The seal has told everything.
    pub(super) finish_asked: bool,
    /// When a runner was last heard of.
    pub(super) runner_at: Instant,
    /// The disk refused a byte, which then waited.
    pub(super) disk_was_full: bool,
    /// What is to be said with the last word.
    note: String,
    is_done: bool,
    finished_at: Option<Instant>,
    vanished_at: Option<Instant>,
    /// Whoever still holds a stream is not waited for.
    cut_at_once: bool,
    lock_held: bool,
}

impl Ending {
    pub(super) fn new(folder: &Path, spool: &Spool) -> Self {
        let now = Instant::now();
        let end = || spool.state.ended.clone().unwrap_or(End::Vanished);
        Self {
            closed: spool
                .state
                .closed
                .then(|| spool.summary(end(), String::new()).line()),
            finish_asked: false,
            runner_at: now,
            disk_was_full: false,
            note: String::new(),
            is_done: folder.join(DONE).exists(),
            finished_at: spool.finished.is_some().then_some(now),
            vanished_at: None,
            cut_at_once: false,
            lock_held: true,
        }
    }

    /// A runner has all it wants; remembered, should the keeper be restarted.
    pub(super) fn be_done(&mut self, folder: &Path) {
        self.is_done = true;
        // Only shortens a wait.
        std::fs::write(folder.join(DONE), "").ok();
    }
}

impl Keeper<'_> {
    /// Marks the streams that are open as cut.
    pub(super) fn cut(&mut self, at_once: bool) {
        for fifo in &mut self.fifos {
            // Its end may be there and only not seen yet.
            while !fifo.at_end && matches!(fifo.read(&mut self.spool), Ok(Got::Some { .. })) {}
            self.spool.state.cuts[fifo.stream().index()] |= !fifo.at_end;
        }
        self.ending.cut_at_once |= at_once;
    }

    /// Takes the next step towards the end, if there is one to take.
    pub(super) fn look_at_the_end(&mut self, tick: bool) -> io::Result<()> {
        if !self.spool.state.begun || self.spool.finished.is_some() {
            return Ok(());
        }
        if tick {
            self.watch_the_seal()?;
        }
        if self.spool.state.ended.is_none() {
            return Ok(());
        }
        if !self.spool.state.closed {
            // A FIFO whose writers were gone before this keeper opened it never says so to `poll`.
            self.read(0)?;
            self.read(1)?;
            self.close()?;
        }
        if self.spool.state.closed
            && (self.ending.finish_asked || self.ending.vanished_at.is_some())
        {
            self.finish()?;
        }
        Ok(())
    }

    /// Notices that the main container is gone.
    fn watch_the_seal(&mut self) -> io::Result<()> {
        self.ending.lock_held = lock::is_held(&self.options.folder);
        if self.ending.lock_held || self.ending.finish_asked {
            return Ok(());
        }
        if self.ending.vanished_at.is_none() {
            self.ending.vanished_at = Some(Instant::now());
            if self.spool.state.ended.is_some() {
                "the main container was gone before the seal had told everything: artifacts may be missing"
                    .clone_into(&mut self.ending.note);
            }
        }
        if self.spool.state.ended.is_none() {
            // The disk may be full: then the next tick tries again.
            let vanished = End::Vanished.text();
            done_or_full(self.spool.append(Kind::Ended, 0, vanished.as_bytes()))?;
        }
        Ok(())
    }

    /// Closes both streams once they are read to their end, or nobody waits for that any more.
    fn close(&mut self) -> io::Result<()> {
        let overdue = |at: Instant| at.elapsed() >= VANISHING;
        if self.ending.vanished_at.is_some_and(overdue) {
            self.cut(true);
        }
        if self.ending.cut_at_once {
            for fifo in &mut self.fifos {
                // What is in it already is read first.
                fifo.at_end |= rustix::io::ioctl_fionread(fifo.fd())? == 0;
            }
        }
        if self.fifos.iter().any(|fifo| !fifo.at_end) {
            return Ok(());
        }
        let line = self.last_word().line();
        if done_or_full(self.spool.append(Kind::Closed, 0, line.as_bytes()))? {
            self.ending.closed = Some(line);
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let line = self.last_word().line();
        if done_or_full(self.spool.append(Kind::End, 0, line.as_bytes()))? {
            self.ending.finished_at = Some(Instant::now());
        }
        Ok(())
    }

    fn last_word(&self) -> tribunal_seal::wire::Summary {
        let end = self.spool.state.ended.clone().unwrap_or(End::Vanished);
        let mut note = self.ending.note.clone();
        if self.ending.disk_was_full && note.is_empty() {
            "the disk of the spool was full for a time; the suite waited".clone_into(&mut note);
        }
        self.spool.summary(end, note)
    }

    /// Whether the keeper has nothing more to do.
    pub(super) fn may_leave(&mut self, signals: &Signals) -> bool {
        let asked = signals.asked_to_end();
        if !self.spool.state.begun {
            // The main container did not start: the pod is taken down, or nobody comes to do so.
            let patience = self.options.hold.max(BEGINNING);
            let late = self.ending.runner_at.elapsed() >= patience;
            return (asked || late) && !lock::is_held(&self.options.folder);
        }
        let Some(finished_at) = self.ending.finished_at else {
            // A runner that is done before the end does not want it.
            return asked && self.ending.is_done && !self.ending.lock_held;
        };
        if self.ending.is_done {
            return !lock::is_held(&self.options.folder);
        }
        let last = finished_at.max(self.ending.runner_at);
        last.elapsed() >= self.options.hold
    }
}
