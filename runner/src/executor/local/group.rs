//! The process group of an attempt: who is in it, and signals to all of them.

use std::io;

use rustix::process::{Pid, Signal, WaitIdStatus};

use crate::os::{self, Found, Mark};

/// A program's process group. Dropped before it was dealt with, it is killed.
#[derive(Debug)]
pub(super) struct Group {
    /// The leader's process id, which is the group's too.
    leader: Pid,
    /// Once the leader is reaped, the number is the group's only as long as the group has members.
    reaped: bool,
    settled: bool,
}

impl Group {
    pub(super) fn new(leader: Pid) -> Self {
        Self {
            leader,
            reaped: false,
            settled: false,
        }
    }

    /// How the leader ended, if it has. Does not reap it.
    pub(super) fn leader_ended(&self) -> io::Result<Option<WaitIdStatus>> {
        os::ended(self.leader)
    }

    /// The leader's CPU time; only until it is reaped.
    pub(super) fn leader_cpu_ms(&self) -> Option<u64> {
        os::cpu_ms(self.leader)
    }

    /// Those of the group that live.
    pub(super) fn members(&self, mark: &Mark) -> Vec<Found> {
        let members = os::group_members(self.leader, mark);
        // A number is not given out again while a group has it. Whoever has it now is a stranger.
        if self.reaped && members.iter().any(|found| found.pid == self.leader) {
            return Vec::new();
        }
        members
    }

    /// Sends each signal to every member. One walk of the group can miss a process that is being
    /// forked: whoever wants it empty must look and send again.
    pub(super) fn signal(&self, signals: &[Signal]) {
        if self.reaped && rustix::process::test_kill_process(self.leader).is_ok() {
            return;
        }
        for signal in signals {
            // Fails when nobody is left, or nobody may be signalled; looking at the members tells.
            rustix::process::kill_process_group(self.leader, *signal).ok();
        }
    }

    /// Lets go of the ended leader. Returns whether anything is left of the group, be it a zombie.
    pub(super) fn reap_leader(&mut self) -> bool {
        if !self.reaped {
            self.reaped = !matches!(os::reap(self.leader), Ok(None));
        }
        self.remains() && {
            os::reap_group(self.leader);
            self.remains()
        }
    }

    /// Says that nothing more is to be done about it.
    pub(super) fn settle(&mut self) {
        self.settled = true;
    }

    fn remains(&self) -> bool {
        rustix::process::test_kill_process_group(self.leader).is_ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.settled {
            self.signal(&[Signal::KILL]);
        }
    }
}
