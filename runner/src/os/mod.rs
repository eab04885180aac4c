//! What is special to a system: finding, waiting for and signalling processes.
//!
//! Linux sees everything through `/proc` and pidfds. Other systems make do with `ps` and polling.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus};

use crate::model::Leftover;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
use other as system;

pub(crate) mod facts;
mod orphans;
mod signal;

#[cfg(test)]
mod tests;

pub use orphans::{kill_orphans, orphans};
pub(crate) use signal::{signal_by_name, signal_name};
pub use system::become_subreaper;
pub(crate) use system::{cpu_ms, enlarge_pipe, group_members, holders, pipe_id, watch};

/// The variable with the run's id.
pub(crate) const RUN_VAR: &str = "TRIBUNAL_RUN_ID";
/// Set in pods only. Where a node of the cluster is this machine, its containers are processes here, with the
/// run's id in their environment; they are the cluster's to end.
pub(crate) const IN_A_POD: &str = "TRIBUNAL_EXECUTOR=kubernetes";
/// The variable that tells whose a process is, even below another tribunal: a `:`-separated list of
/// `run/suite/attempt`, the outermost first.
pub(crate) const LINEAGE_VAR: &str = "TRIBUNAL_LINEAGE";

/// Whose processes are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Those of a whole run, by its id.
    Run(String),
    /// Those of one attempt, by its entry in [`LINEAGE_VAR`].
    Attempt(String),
}

#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "environments of others can be read on Linux only")
)]
impl Mark {
    /// Whether a process with this variable belongs to it.
    fn is_in(&self, name: &[u8], value: &[u8]) -> bool {
        match self {
            Self::Run(run) if name == RUN_VAR.as_bytes() => value == run.as_bytes(),
            _ if name != LINEAGE_VAR.as_bytes() => false,
            Self::Run(run) => value.split(|byte| *byte == b':').any(|entry| {
                entry
                    .strip_prefix(run.as_bytes())
                    .is_some_and(|rest| rest.first() == Some(&b'/'))
            }),
            Self::Attempt(entry) => value
                .split(|byte| *byte == b':')
                .any(|found| found == entry.as_bytes()),
        }
    }

    /// Whether an environment, as a block of NUL-terminated `name=value`, has it.
    fn is_in_environ(&self, block: &[u8]) -> bool {
        if block
            .split(|byte| *byte == 0)
            .any(|variable| variable == IN_A_POD.as_bytes())
        {
            return false;
        }
        block.split(|byte| *byte == 0).any(|variable| {
            let Some(equals) = memchr::memchr(b'=', variable) else {
                return false;
            };
            let (name, value) = variable.split_at(equals);
            self.is_in(name, value.get(1..).unwrap_or_default())
        })
    }
}

/// A living process and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its process id; never that of this process.
    pub(crate) pid: Pid,
    /// Its command line, or its name in brackets, cleaned and cut.
    pub(crate) command: String,
    /// Whether it carries the mark that was asked for.
    pub(crate) marked: bool,
}

impl Found {
    /// As the report names it.
    pub(crate) fn leftover(&self, held_output: bool) -> Leftover {
        Leftover {
            pid: u32::try_from(self.pid.as_raw_nonzero().get()).unwrap_or_default(),
            command: self.command.clone(),
            held_output,
        }
    }
}

/// Sends a signal to a process, but only while it still carries `mark`: its id may have been given to
/// another process since it was found. Returns whether it was sent.
pub(crate) fn signal_marked(pid: Pid, mark: &Mark, signals: &[Signal]) -> bool {
    let Some(grip) = system::Grip::take(pid) else {
        return false;
    };
    system::carries(pid, mark) && signals.iter().all(|signal| grip.signal(*signal).is_ok())
}

/// Looks without blocking whether a child has ended, and leaves it unreaped, so that its id stays its own.
pub(crate) fn ended(child: Pid) -> io::Result<Option<WaitIdStatus>> {
    wait(
        &WaitId::Pid(child),
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT,
    )
}

/// Reaps a child if it has ended.
pub(crate) fn reap(child: Pid) -> io::Result<Option<WaitIdStatus>> {
    wait(
        &WaitId::Pid(child),
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
    )
}

/// Reaps the children in a group that have ended: orphans, when this process is a subreaper.
pub(crate) fn reap_group(group: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    while let Ok(Some(_)) = wait(&WaitId::Pgid(Some(group)), options) {}
}

fn wait(id: &WaitId<'_>, options: WaitIdOptions) -> io::Result<Option<WaitIdStatus>> {
    loop {
        match rustix::process::waitid(id.clone(), options) {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

/// Waits until one of `fds` can be read or has been hung up, at most `timeout` (`None`: for ever).
/// Returns for each whether it is so.
pub(crate) fn wait_readable<const N: usize>(
    fds: [Option<BorrowedFd<'_>>; N],
    timeout: Option<Duration>,
) -> [bool; N] {
    let started = Instant::now();
    let mut polled: Vec<PollFd<'_>> = fds
        .iter()
        .flatten()
        .map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN))
        .collect();
    loop {
        let left = timeout.map(|timeout| {
            let left = timeout.saturating_sub(started.elapsed());
            Timespec::try_from(left).unwrap_or(Timespec {
                tv_sec: 3600,
                tv_nsec: 0,
            })
        });
        match rustix::event::poll(&mut polled, left.as_ref()) {
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            // Out of kernel memory: neither give up nor spin.
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    let mut answers = polled.iter().map(|fd| !fd.revents().is_empty());
    fds.map(|fd| fd.is_some() && answers.next().unwrap_or(false))
}

/// Wakes a thread that waits in [`wait_readable`].
#[derive(Debug)]
pub(crate) struct Waker {
    reader: OwnedFd,
    /// `None` where one descriptor does both.
    writer: Option<OwnedFd>,
}

impl Waker {
    /// Makes one.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub(crate) fn new() -> io::Result<Self> {
        system::waker()
    }

    /// What becomes readable when it is woken.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// Wakes.
    pub(crate) fn wake(&self) {
        let writer = self.writer.as_ref().unwrap_or(&self.reader);
        // Fails only when it is full of wake-ups already.
        rustix::io::write(writer, &1_u64.to_ne_bytes()).ok();
    }

    /// Takes the wake-ups, so that it sleeps again.
    pub(crate) fn clear(&self) {
        rustix::io::read(&self.reader, &mut [0_u8; 64]).ok();
    }
}

/// A command line for people: lossy, without control characters, at most 200 of them.
fn clean_command(raw: &str) -> String {
    let blank = |c: char| c.is_control() || c.is_whitespace();
    let raw = raw.trim_matches(blank);
    let mut text: String = raw
        .chars()
        .map(|c| if blank(c) { ' ' } else { c })
        .take(200)
        .collect();
    if raw.chars().nth(200).is_some() {
        text.push('…');
    }
    text
}

/// Whether a process of that id is there, as far as this process may know.
pub(crate) fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return false;
    };
    // Not allowed to signal it: then it is there.
    !matches!(
        rustix::process::test_kill_process(pid),
        Err(rustix::io::Errno::SRCH)
    )
}
