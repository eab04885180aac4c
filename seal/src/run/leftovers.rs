//! Processes that outlive the program: who they are, who of them holds the output open.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::{Pid, Signal};

/// A process that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leftover {
    pub(super) pid: Pid,
    /// Its command line, cleaned and cut.
    pub(super) command: String,
    /// Whether it can still write to the suite's output.
    pub(super) holds_output: bool,
}

impl Leftover {
    /// As a note in the spool: `leftover 12 held sleep 100`, or `idle` for one that holds nothing.
    pub(super) fn note(&self) -> String {
        let holds = if self.holds_output { "held" } else { "idle" };
        let (pid, command) = (self.pid.as_raw_nonzero(), &self.command);
        format!("leftover {pid} {holds} {command}")
    }

    pub(super) fn signal(&self, signal: Signal) {
        // Fails when it is gone.
        rustix::process::kill_process(self.pid, signal).ok();
    }
}

/// The processes that have one of the FIFOs in `folder` open for writing.
pub(super) fn holders(folder: &Path) -> Vec<Leftover> {
    let ids: Vec<(u64, u64)> = ["stdout", "stderr"]
        .iter()
        .filter_map(|name| fs::metadata(folder.join(name)).ok())
        .map(|about| (about.dev(), about.ino()))
        .collect();
    let holds = |pid: Pid| {
        let Ok(descriptors) = fs::read_dir(path(pid, "fd")) else {
            return false;
        };
        descriptors.flatten().any(|descriptor| {
            // Looks, but does not open: a FIFO would be opened for real.
            let about = fs::metadata(descriptor.path());
            about.is_ok_and(|about| ids.contains(&(about.dev(), about.ino())))
                && may_write(pid, &descriptor.file_name().to_string_lossy())
        })
    };
    others()
        .filter(|pid| holds(*pid))
        .map(|pid| describe(pid, true))
        .collect()
}

/// The living processes of a group.
pub(super) fn members(group: Pid) -> Vec<Leftover> {
    let wanted = group.as_raw_nonzero().get();
    others()
        .filter(|pid| {
            let stat = fs::read(path(*pid, "stat")).unwrap_or_default();
            let text = String::from_utf8_lossy(&stat);
            // The name stands in parentheses and may hold anything.
            let Some((_, rest)) = text.rsplit_once(')') else {
                return false;
            };
            let mut fields = rest.split_ascii_whitespace();
            let dead = matches!(fields.next(), Some("Z" | "X"));
            let group = fields.nth(1).and_then(|group| group.parse::<i32>().ok());
            !dead && group == Some(wanted)
        })
        .map(|pid| describe(pid, false))
        .collect()
}

/// Whether a descriptor is open for writing.
fn may_write(pid: Pid, descriptor: &str) -> bool {
    let info = fs::read_to_string(path(pid, "fdinfo") + "/" + descriptor).unwrap_or_default();
    info.lines()
        .find_map(|line| line.strip_prefix("flags:"))
        .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
        .is_some_and(|flags| flags & 3 != 0)
}

fn describe(pid: Pid, holds_output: bool) -> Leftover {
    let line = fs::read(path(pid, "cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    let command = line.trim_end_matches('\0').chars().take(200);
    let command = command
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    Leftover {
        pid,
        command,
        holds_output,
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
