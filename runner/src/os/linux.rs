//! Linux: `/proc`, pidfds, eventfds, subreapers.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::event::EventfdFlags;
use rustix::process::{Pid, PidfdFlags, Signal};

use super::{Found, Mark, Waker, clean_command};

/// Clock ticks a second in `/proc`: 100 on every Linux, whatever the kernel's own tick is.
const TICK_MS: u64 = 10;

/// Makes this process the parent of whatever its descendants leave behind, so that it can be found and
/// reaped.
///
/// # Errors
/// When the system refuses, which Linux 3.4 and later do not.
pub fn become_subreaper() -> io::Result<()> {
    // Any process id switches it on.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

/// Opens what becomes readable when the process has ended; `None` where the system cannot.
pub(crate) fn watch(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// Makes a pipe as large as any user may; a refusal changes nothing but speed.
pub(crate) fn enlarge_pipe(pipe: BorrowedFd<'_>) {
    rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20).ok();
}

/// What tells a pipe from all others.
pub(crate) fn pipe_id(pipe: BorrowedFd<'_>) -> Option<u64> {
    rustix::fs::fstat(pipe).ok().map(|stat| stat.st_ino)
}

pub(super) fn waker() -> io::Result<Waker> {
    let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
    Ok(Waker {
        reader: rustix::event::eventfd(0, flags)?,
        writer: None,
    })
}

/// A hold on one process that stays on it when its id is given to another.
pub(super) struct Grip(OwnedFd);

impl Grip {
    /// Takes hold; `None` when there is no such process.
    pub(super) fn take(pid: Pid) -> Option<Self> {
        watch(pid).map(Self)
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(rustix::process::pidfd_send_signal(&self.0, signal)?)
    }
}

/// One line of `/proc/<pid>/stat`, as far as it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    /// Ended, and only waiting to be reaped.
    pub(super) dead: bool,
    pub(super) group: i32,
    /// CPU time of the process and its waited-for children, in ticks.
    pub(super) ticks: u64,
}

impl Stat {
    /// Parses it. The name stands in parentheses and may hold anything, parentheses too.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let after_name = memchr::memrchr(b')', line)? + 1;
        let text = std::str::from_utf8(line.get(after_name..)?).ok()?;
        let fields: Vec<&str> = text.split_ascii_whitespace().take(18).collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        let state = *fields.first()?;
        let threads = number(17)?;
        let mut ticks: u64 = 0;
        for at in 11..15 {
            ticks = ticks.saturating_add(number(at)?);
        }
        Some(Self {
            // A process whose first thread has ended looks like a zombie while its others run.
            dead: state == "X" || (state == "Z" && threads <= 1),
            group: fields.get(2)?.parse().ok()?,
            ticks,
        })
    }

    fn of(pid: Pid) -> Option<Self> {
        Self::parse(&fs::read(path(pid, "stat")).ok()?)
    }
}

/// CPU time of an unreaped child and the children it waited for, in milliseconds (10 ms steps).
pub(crate) fn cpu_ms(child: Pid) -> Option<u64> {
    Stat::of(child).map(|stat| stat.ticks.saturating_mul(TICK_MS))
}

/// The living processes of a group.
pub(crate) fn group_members(group: Pid, mark: &Mark) -> Vec<Found> {
    let wanted = group.as_raw_nonzero().get();
    others()
        .filter(|pid| Stat::of(*pid).is_some_and(|stat| stat.group == wanted && !stat.dead))
        .map(|pid| describe(pid, mark))
        .collect()
}

/// The processes that have one of these pipes open. Those of other users cannot be seen.
pub(crate) fn holders(pipes: &[u64], mark: &Mark) -> Vec<Found> {
    let names: HashSet<String> = pipes.iter().map(|id| format!("pipe:[{id}]")).collect();
    others()
        .filter(|pid| {
            let Ok(descriptors) = fs::read_dir(path(*pid, "fd")) else {
                return false;
            };
            descriptors.flatten().any(|descriptor| {
                fs::read_link(descriptor.path())
                    .ok()
                    .and_then(|target| target.into_os_string().into_string().ok())
                    .is_some_and(|target| names.contains(&target))
            })
        })
        .map(|pid| describe(pid, mark))
        // A program that is being started is still this one until it is exec'ed, with all its descriptors.
        .filter(|found| found.marked || !is_same_program(found.pid))
        .collect()
}

fn is_same_program(pid: Pid) -> bool {
    let program = |path: String| fs::read_link(path).ok();
    program(path(pid, "exe")).is_some_and(|other| program("/proc/self/exe".into()) == Some(other))
}

/// The living processes that carry a mark.
pub(super) fn marked(mark: &Mark) -> Vec<Found> {
    others()
        .filter(|pid| carries(*pid, mark))
        // A zombie has no environment any more: what is here lives.
        .map(|pid| describe(pid, mark))
        .collect()
}

/// Whether a process was started with `mark` in its environment.
pub(super) fn carries(pid: Pid, mark: &Mark) -> bool {
    fs::read(path(pid, "environ")).is_ok_and(|block| mark.is_in_environ(&block))
}

fn describe(pid: Pid, mark: &Mark) -> Found {
    let line = fs::read(path(pid, "cmdline")).unwrap_or_default();
    let mut command = clean_command(&String::from_utf8_lossy(&line));
    if command.is_empty() {
        let name = fs::read(path(pid, "comm")).unwrap_or_default();
        command = format!("[{}]", clean_command(&String::from_utf8_lossy(&name)));
    }
    Found {
        pid,
        command,
        marked: carries(pid, mark),
    }
}

/// Every process but this one.
fn others() -> impl Iterator<Item = Pid> {
    let own = rustix::process::getpid();
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .filter(move |pid| *pid != own)
}

fn path(pid: Pid, file: &str) -> String {
    format!("/proc/{}/{file}", pid.as_raw_nonzero())
}
