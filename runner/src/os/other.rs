//! Systems without `/proc` and pidfds, macOS first: `ps` and polling. Processes that left their group
//! cannot be found here, and a pipe's holders only within the group.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal};

use super::{Found, Mark, Waker, clean_command};

/// Does nothing: only Linux has subreapers.
///
/// # Errors
/// None.
pub fn become_subreaper() -> io::Result<()> {
    Ok(())
}

/// `None`: the end of a child is polled for.
pub(crate) fn watch(_pid: Pid) -> Option<OwnedFd> {
    None
}

/// Does nothing: these systems enlarge their pipes themselves.
pub(crate) fn enlarge_pipe(_pipe: BorrowedFd<'_>) {}

/// `None`: nothing can be looked up by it.
pub(crate) fn pipe_id(_pipe: BorrowedFd<'_>) -> Option<u64> {
    None
}

pub(super) fn waker() -> io::Result<Waker> {
    let (reader, writer) = io::pipe()?;
    rustix::io::ioctl_fionbio(&reader, true)?;
    rustix::io::ioctl_fionbio(&writer, true)?;
    Ok(Waker {
        reader: reader.into(),
        writer: Some(writer.into()),
    })
}

/// A process, by its id alone.
pub(super) struct Grip(Pid);

impl Grip {
    /// Takes hold; `None` when there is no such process.
    pub(super) fn take(pid: Pid) -> Option<Self> {
        rustix::process::test_kill_process(pid)
            .is_ok()
            .then_some(Self(pid))
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(rustix::process::kill_process(self.0, signal)?)
    }
}

/// `None`: not to be had without reaping.
pub(crate) fn cpu_ms(_child: Pid) -> Option<u64> {
    None
}

/// The living processes of a group.
pub(crate) fn group_members(group: Pid, _mark: &Mark) -> Vec<Found> {
    let listing = Command::new("/bin/ps")
        .args(["-A", "-o", "pid=,pgid=,stat=,command="])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let Ok(listing) = listing else {
        return Vec::new();
    };
    String::from_utf8_lossy(&listing.stdout)
        .lines()
        .filter_map(|line| member(line, group))
        .collect()
}

fn member(line: &str, group: Pid) -> Option<Found> {
    let mut words = line.split_whitespace();
    let pid = Pid::from_raw(words.next()?.parse().ok()?)?;
    let in_group = words.next()?.parse() == Ok(group.as_raw_nonzero().get());
    let lives = !words.next()?.starts_with('Z');
    (in_group && lives).then(|| Found {
        pid,
        command: clean_command(&words.collect::<Vec<_>>().join(" ")),
        marked: false,
    })
}

/// None: not to be found here.
pub(crate) fn holders(_pipes: &[u64], _mark: &Mark) -> Vec<Found> {
    Vec::new()
}

/// None: not to be found here.
pub(super) fn marked(_mark: &Mark) -> Vec<Found> {
    Vec::new()
}

/// `false`: environments cannot be read here.
pub(super) fn carries(_pid: Pid, _mark: &Mark) -> bool {
    false
}
