//! After the program: the rest of its output, and whoever it left behind.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tribunal_seal::wire::{FrameKind, Kind};

use super::child::Child;
use super::leftovers::{self, Leftover};
use super::{KILL_AGAIN, Run};

/// How long after the end of a stopped program the rest of its output may take.
const STOPPED_DRAIN: Duration = Duration::from_millis(200);
/// The longest grace for those a program left behind.
const LEFTOVER_GRACE: Duration = Duration::from_secs(1);
/// How long members of the group may outlive the program without being called leftovers.
const SETTLE: Duration = Duration::from_millis(50);
/// How long killed processes may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(10);
/// How long an empty pipe without a holder that can be seen may stay open.
const UNSEEN: Duration = Duration::from_secs(2);

impl Run<'_> {
    /// Waits until nobody of a stopped group lives, and kills them when their grace is over.
    pub(super) fn empty_group(&mut self, child: &mut Child) {
        let kill_at = self.kill_at.unwrap_or_else(Instant::now);
        while child.group_lives() && Instant::now() < kill_at + GONE_WITHIN {
            if Instant::now() >= kill_at {
                child.signal(Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(5));
            child.reap();
        }
    }

    /// Waits until the keeper has read both streams to their end; ends those who hold them open too long.
    pub(super) fn drain(&mut self, mut child: Option<&mut Child>) -> io::Result<()> {
        let limit = match self.kill_at {
            Some(_) => STOPPED_DRAIN,
            None => self.options.drain,
        };
        let mut until = Instant::now() + limit;
        let mut empty_since = None;
        loop {
            if self.closed_by(until, child.as_deref_mut())? {
                return Ok(());
            }
            let holders = leftovers::holders(&self.options.folder);
            if !holders.is_empty() {
                return self.release_output(&holders, child);
            }
            if self.unread() > 0 {
                // Nobody holds it: it is only read slowly, because the runner or the disk is slow.
                empty_since = None;
            } else if empty_since.get_or_insert_with(Instant::now).elapsed() > UNSEEN {
                return self.cut_at_once();
            }
            until = Instant::now() + KILL_AGAIN * 2;
        }
    }

    /// Ends those that hold the output open, and lets the keeper read what they still had to say.
    fn release_output(
        &mut self,
        holders: &[Leftover],
        mut child: Option<&mut Child>,
    ) -> io::Result<()> {
        self.name(holders)?;
        if self.kill_at.is_none() {
            // They are ended by us: what they would have written is not there.
            let line = &mut self.line;
            let mut rounds = 0;
            line.say(FrameKind::Cut, 0, &mut || false, &mut |_| {
                rounds += 1;
                rounds > 2
            })?;
        }
        for (signal, time) in [
            (Signal::TERM, self.options.grace.min(LEFTOVER_GRACE)),
            (Signal::KILL, GONE_WITHIN),
        ] {
            let until = Instant::now() + time;
            while Instant::now() < until {
                let holders = leftovers::holders(&self.options.folder);
                if holders.is_empty() {
                    break;
                }
                if let Some(child) = child.as_deref_mut() {
                    child.signal(signal);
                    child.signal(Signal::CONT);
                    child.reap();
                }
                for holder in &holders {
                    holder.signal(signal);
                    holder.signal(Signal::CONT);
                }
                if self.closed_by(Instant::now() + KILL_AGAIN, child.as_deref_mut())? {
                    return Ok(());
                }
            }
        }
        if leftovers::holders(&self.options.folder).is_empty() {
            // Now it is only a matter of reading.
            let mut forever = || false;
            return self
                .line
                .listen(&mut forever, &mut |line| line.closed.is_some());
        }
        self.cut_at_once()
    }

    fn cut_at_once(&mut self) -> io::Result<()> {
        self.line
            .say(FrameKind::Cut, 1, &mut || false, &mut |line| {
                line.closed.is_some()
            })
    }

    /// Ends who is left of the group and names them.
    pub(super) fn sweep_group(&mut self, child: &mut Child) -> io::Result<()> {
        let settled_by = Instant::now() + SETTLE;
        let mut left = leftovers::members(child.pid);
        while !left.is_empty() && Instant::now() < settled_by {
            std::thread::sleep(Duration::from_millis(2));
            child.reap();
            left = leftovers::members(child.pid);
        }
        if left.is_empty() {
            return Ok(());
        }
        self.name(&left)?;
        child.signal(Signal::TERM);
        child.signal(Signal::CONT);
        let kill_at = Instant::now() + self.options.grace.min(LEFTOVER_GRACE);
        while child.group_lives() && Instant::now() < kill_at + GONE_WITHIN {
            if Instant::now() >= kill_at {
                child.signal(Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(5));
            child.reap();
        }
        Ok(())
    }

    /// Names processes in the spool.
    fn name(&mut self, found: &[Leftover]) -> io::Result<()> {
        for leftover in found.iter().take(20) {
            let note = leftover.note();
            self.line.tell(Kind::Note, note.as_bytes(), &mut || false)?;
        }
        Ok(())
    }

    /// Waits until both streams are closed, at most until then; reaps meanwhile.
    fn closed_by(&mut self, until: Instant, mut child: Option<&mut Child>) -> io::Result<bool> {
        let mut look = || {
            if let Some(child) = child.as_deref_mut() {
                child.reap();
            }
            Instant::now() >= until
        };
        match self
            .line
            .listen(&mut look, &mut |line| line.closed.is_some())
        {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(false),
            Err(error) => Err(error),
        }
    }
}
