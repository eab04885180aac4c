//! The suite's program: started in a group of its own, signalled, reaped with all its orphans.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions};
use tribunal_seal::wire::End;

/// A program that could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotStarted {
    /// What a shell would give: 127 when there is no such program, 126 when it cannot be executed.
    pub(super) code: i32,
    /// What happened, where, and what to do.
    pub(super) reason: String,
}

/// A program that runs, or ran.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) pid: Pid,
    pub(super) end: Option<End>,
}

impl Child {
    /// Starts a program with these as stdout and stderr, found as `execvp` finds it.
    pub(super) fn start(argv: &[OsString], outputs: [File; 2]) -> Result<Self, NotStarted> {
        let Some((program, arguments)) = argv.split_first() else {
            return Err(NotStarted {
                code: 127,
                reason: "its command is empty: name a program".to_owned(),
            });
        };
        let [stdout, stderr] = outputs;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::inherit())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .spawn();
        match child {
            Ok(child) => Ok(Self {
                pid: Pid::from_child(&child),
                end: None,
            }),
            Err(error) => Err(explain(&error, &program.to_string_lossy())),
        }
    }

    /// Reaps all that has ended; notices the program's end.
    pub(super) fn reap(&mut self) {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if pid == self.pid {
                self.end = status
                    .exit_status()
                    .map(End::Exited)
                    .or_else(|| status.terminating_signal().map(End::Signaled));
            }
        }
    }

    /// Sends a signal to the whole group. After the program's end its number is the group's only as long as
    /// no other process has it.
    pub(super) fn signal(&self, signal: Signal) {
        if self.end.is_some() && rustix::process::test_kill_process(self.pid).is_ok() {
            return;
        }
        // Fails when nobody is left.
        rustix::process::kill_process_group(self.pid, signal).ok();
    }

    /// Whether anybody of the group is left.
    pub(super) fn group_lives(&self) -> bool {
        rustix::process::test_kill_process_group(self.pid).is_ok()
    }
}

fn explain(error: &io::Error, name: &str) -> NotStarted {
    let (code, reason) = match Errno::from_io_error(error) {
        Some(Errno::NOENT) if name.contains('/') => (
            127,
            format!(
                "`{name}` does not exist in this image, or the loader or interpreter it needs does not: \
                 correct `command`, or the image"
            ),
        ),
        Some(Errno::NOENT) => {
            let path = std::env::var("PATH").unwrap_or_default();
            (
                127,
                format!(
                    "`{name}` was not found in PATH of this image (looked in {path}): correct `command`, or \
                     install it in the image"
                ),
            )
        }
        Some(Errno::ACCESS | Errno::PERM) => (
            126,
            format!(
                "`{name}` is not executable in this image: `chmod +x` it, or run it with its interpreter"
            ),
        ),
        Some(Errno::NOEXEC) => (
            126,
            format!(
                "`{name}` is no program for this machine and has no `#!` line: another architecture?"
            ),
        ),
        Some(Errno::TOOBIG) => (
            126,
            "its arguments and environment are larger than the system allows".to_owned(),
        ),
        _ => (
            126,
            format!("the system refused to start `{name}`: {error}"),
        ),
    };
    NotStarted { code, reason }
}
