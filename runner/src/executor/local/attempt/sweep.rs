//! After the program: the rest of its output, and whoever it left behind.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Attempt, GONE_WITHIN, KILL_AGAIN, later};
use crate::event::Phase;
use crate::model::Leftover;
use crate::os::{self, Found};

/// How long after the end of a stopped program the rest of its output may take.
const STOPPED_DRAIN: Duration = Duration::from_millis(200);
/// A shorter wait is not worth a word: between its fork and its exec, a program that is being started
/// beside this one has the pipes open too.
const TELL_AFTER: Duration = Duration::from_millis(50);
/// The longest grace for those a program left behind.
const LEFTOVER_GRACE: Duration = Duration::from_secs(1);
/// How long members of the group may outlive the program without being called leftovers: the other half
/// of a shell's pipeline, just ending.
const SETTLE: Duration = Duration::from_millis(50);
/// How long a strange holder of the output that cannot be killed is still read from.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Attempt<'_> {
    /// Waits until nobody of a stopped group lives, and kills them when their grace is over.
    pub(super) fn empty_group(&mut self) {
        let mut pause = Duration::from_millis(2);
        loop {
            let looked = Instant::now();
            let members = self.group.members(&self.job.mark);
            let Some(stop) = &self.stop else { break };
            if members.is_empty() {
                break;
            }
            let now = Instant::now();
            if now >= later(stop.kill_at, GONE_WITHIN) {
                self.name(&members, false);
                break;
            }
            if now >= stop.kill_at {
                self.group.signal(&[Signal::KILL]);
            }
            // Looking takes its time where there are many processes.
            pause = (pause * 2).min(KILL_AGAIN).max(looked.elapsed() * 4);
            let mut until = later(now, pause);
            if stop.kill_at > now {
                until = until.min(stop.kill_at);
            }
            self.read_until(until);
        }
        // Also for members that cannot be seen; the leader is not reaped, so the number is its own.
        self.group.signal(&[Signal::KILL]);
    }

    /// Reads to the end of the output. Returns why it could not, in a sentence.
    pub(super) fn drain(&mut self) -> Option<String> {
        let limit = match self.stop {
            Some(_) => STOPPED_DRAIN,
            None => self.job.drain_timeout,
        };
        let begun = Instant::now();
        let deadline = later(begun, limit);
        // What is in the pipes already is read whatever the deadline says.
        let mut told = false;
        while !self.pipes.at_end() {
            let left = deadline.saturating_duration_since(Instant::now());
            let hurry = self.wish.now().level() > 0;
            if told && (left.is_zero() || hurry) {
                return self.release_output(begun.elapsed().min(limit));
            }
            let timeout = match told {
                true => left,
                false if hurry => Duration::ZERO,
                false => left.min(TELL_AFTER.saturating_sub(begun.elapsed())),
            };
            let turn = self.pipes.turn(None, self.wish.waker.fd(), Some(timeout));
            if turn.woken {
                self.heed_late();
            }
            let quiet = !turn.read && (hurry || begun.elapsed() >= TELL_AFTER);
            if !told && (quiet || left.is_zero()) {
                told = true;
                self.tell(Phase::Draining, "waiting for the end of its output");
            }
        }
        None
    }

    /// Ends those that hold the output open, and reads what they still had to say.
    fn release_output(&mut self, waited: Duration) -> Option<String> {
        let mark = &self.job.mark;
        let mut holders = os::holders(&self.pipes.ids(), mark);
        let members = self.group.members(mark);
        if holders.is_empty() {
            // Not to be seen on this system, or not with these rights.
            holders.clone_from(&members);
        }
        self.name(&holders, true);
        let grace = match self.wish.now().level() {
            2 => Duration::ZERO,
            _ => self.job.grace.min(LEFTOVER_GRACE),
        };
        self.signal_all(&holders, &[Signal::TERM, Signal::CONT]);
        self.read_until_end(later(Instant::now(), grace));
        let give_up = later(Instant::now(), LAST_WORDS);
        let mut first = true;
        while !self.pipes.at_end() && (first || Instant::now() < give_up) {
            first = false;
            self.signal_all(&os::holders(&self.pipes.ids(), mark), &[Signal::KILL]);
            self.read_until_end(later(Instant::now(), KILL_AGAIN));
        }
        let at_end = self.pipes.at_end();
        // Nobody held it: it was only read slowly, to its end. Or the attempt was stopped, and those who
        // held it with it.
        if at_end && (holders.is_empty() || self.stop.is_some()) {
            return None;
        }
        let strangers = holders
            .iter()
            .any(|found| !found.marked && !members.iter().any(|member| member.pid == found.pid));
        Some(held_note(&holders, waited, strangers || !at_end))
    }

    /// Ends who is left of the group and names them, then lets go of it.
    pub(super) fn sweep_group(&mut self) {
        if !self.group.reap_leader() {
            return;
        }
        let settled_by = later(Instant::now(), SETTLE);
        let mut pause = Duration::from_millis(1);
        let mut members = self.group.members(&self.job.mark);
        while !members.is_empty() && Instant::now() < settled_by {
            std::thread::sleep(pause);
            pause *= 2;
            members = self.group.members(&self.job.mark);
        }
        if !members.is_empty() {
            self.name(&members, false);
            self.group.signal(&[Signal::TERM, Signal::CONT]);
            let kill_at = later(Instant::now(), self.job.grace.min(LEFTOVER_GRACE));
            let give_up = later(kill_at, GONE_WITHIN);
            let mut pause = Duration::from_millis(2);
            while !members.is_empty() && Instant::now() < give_up {
                let killing = Instant::now() >= kill_at || self.wish.now().level() == 2;
                if killing {
                    self.group.signal(&[Signal::KILL]);
                }
                self.read_until(later(Instant::now(), pause));
                pause = (pause * 2).min(KILL_AGAIN);
                members = self.group.members(&self.job.mark);
                self.name(&members, false);
            }
        }
        // Orphans are children of a subreaper.
        self.group.reap_leader();
    }

    /// Signals the group, and those outside it that carry this attempt's mark.
    fn signal_all(&self, holders: &[Found], signals: &[Signal]) {
        self.group.signal(signals);
        for holder in holders.iter().filter(|holder| holder.marked) {
            os::signal_marked(holder.pid, &self.job.mark, signals);
        }
    }

    /// Reads, or sleeps where there is nothing to read any more, until `until` or a stronger wish.
    fn read_until(&mut self, until: Instant) {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let turn = self.pipes.turn(None, self.wish.waker.fd(), Some(left));
            if turn.woken {
                self.heed_late();
                return;
            }
        }
    }

    /// Reads until the end of the output, at most until `until`.
    fn read_until_end(&mut self, until: Instant) {
        while !self.pipes.at_end() {
            let left = until.saturating_duration_since(Instant::now());
            let turn = self.pipes.turn(None, self.wish.waker.fd(), Some(left));
            if turn.woken {
                self.heed_late();
            }
            if left.is_zero() && (!turn.read || Instant::now() > later(until, LAST_WORDS)) {
                return;
            }
        }
    }

    /// After the program's end a wish changes nothing about how it ended, only how soon it is over.
    fn heed_late(&mut self) {
        self.wish.waker.clear();
        if self.wish.now().level() == 2
            && let Some(stop) = &mut self.stop
        {
            stop.kill_at = stop.kill_at.min(Instant::now());
        }
    }

    /// Names processes in the report, each once.
    fn name(&mut self, found: &[Found], held_output: bool) {
        for process in found {
            let leftover: Leftover = process.leftover(held_output);
            if !self.leftovers.iter().any(|one| one.pid == leftover.pid) {
                self.leftovers.push(leftover);
            }
        }
    }
}

fn held_note(holders: &[Found], waited: Duration, lives: bool) -> String {
    let after = crate::model::human_ms(super::millis(waited));
    if holders.is_empty() {
        return format!(
            "the output was still open {after} after the program had ended, held by a process that \
             cannot be seen; what it writes from now on is not here"
        );
    }
    let names: Vec<String> = holders
        .iter()
        .take(5)
        .map(|found| format!("`{}` (pid {})", found.command, found.pid.as_raw_nonzero()))
        .collect();
    let more = match holders.len().saturating_sub(5) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let fate = if lives {
        "what is written from now on is not here"
    } else {
        "killed, so what would have followed is not here"
    };
    format!(
        "the output was still held open {after} after the program had ended, by {}{more}; {fate}",
        names.join(", ")
    )
}
