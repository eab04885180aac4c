//! `seal guard`: the first process of the keeper's container. Starts the keeper, and again where it ends before its time.
//!
//! The container is an ordinary one, which the kubelet does not start again: a native sidecar would be, but the
//! kubelet starts the suite only after it has seen the sidecar run, up to a second later.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal, kill_process};

use crate::signals::Signals;

/// Between the end of a keeper and the next one.
const AGAIN: Duration = Duration::from_millis(50);
/// A keeper that ended this soon after its start could not begin its work.
const SOON: Duration = Duration::from_secs(1);
/// How often in a row it may do so.
const MOST: u32 = 20;

/// Runs the keeper with these options until one ends well; returns the exit code for the container.
///
/// # Errors
/// When this program cannot be started again.
pub(crate) fn guard(options: &[OsString], signals: &Signals) -> io::Result<u8> {
    let mut failures = 0;
    loop {
        let started = Instant::now();
        // By the name that this process has, as whoever looks at processes sees it.
        let name = std::env::args_os().next().unwrap_or_default();
        let mut keeper = Command::new("/proc/self/exe")
            .arg0(name)
            .arg("keeper")
            .args(options)
            .spawn()?;
        let ended = until_ended(&mut keeper, signals)?;
        failures = if started.elapsed() < SOON {
            failures + 1
        } else {
            0
        };
        match ended.code() {
            Some(0) => return Ok(0),
            Some(code) if failures >= MOST => return Ok(u8::try_from(code).unwrap_or(1)),
            _ => std::thread::sleep(AGAIN),
        }
    }
}

/// Waits, and passes the wish to end on: to every keeper once, also when it came before this one was started.
fn until_ended(keeper: &mut Child, signals: &Signals) -> io::Result<ExitStatus> {
    let mut told = false;
    loop {
        signals.clear();
        if let Some(status) = keeper.try_wait()? {
            return Ok(status);
        }
        if signals.asked_to_end() && !told {
            told = true;
            // It may have ended meanwhile.
            kill_process(Pid::from_child(keeper), Signal::TERM).ok();
        }
        let mut polled = [PollFd::from_borrowed_fd(signals.fd(), PollFlags::IN)];
        // The end of the child is a signal; the time is for one that was lost.
        let moment = Timespec {
            tv_sec: 1,
            tv_nsec: 0,
        };
        rustix::event::poll(&mut polled, Some(&moment)).ok();
    }
}
