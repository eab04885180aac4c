//! What this machine gives: for `tribunal doctor`. Reads only.

use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};

/// Open files and processes that this process may have; none means without limit.
pub(crate) fn limits() -> (Option<u64>, Option<u64>) {
    (
        getrlimit(Resource::Nofile).current,
        getrlimit(Resource::Nproc).current,
    )
}

/// Bytes that are free for this user where a path is, or would be.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(existing(path))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Whether something could be made where a path is, or would be.
pub(crate) fn is_writable(path: &Path) -> bool {
    let rights = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(existing(path), rights).is_ok()
}

/// The path, or what is there of it.
fn existing(path: &Path) -> PathBuf {
    let there = path.ancestors().find(|path| path.exists());
    match there {
        Some(there) if !there.as_os_str().is_empty() => there.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether a process can be held by a descriptor. Without, its end is found by asking again and again.
pub(crate) fn has_pidfd() -> bool {
    #[cfg(target_os = "linux")]
    {
        let own = rustix::process::getpid();
        rustix::process::pidfd_open(own, rustix::process::PidfdFlags::empty()).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        false
    }
}

/// What the control group of this process allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    /// Bytes of memory; none means without limit.
    pub(crate) memory: Option<u64>,
    /// Bytes of memory in use.
    pub(crate) used: Option<u64>,
    /// Processes; none means without limit.
    pub(crate) pids: Option<u64>,
}

/// The control group of this process; none where there is no unified hierarchy.
pub(crate) fn group() -> Option<Group> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let root = Path::new("/sys/fs/cgroup");
    let folder = root.join(own.trim_start_matches('/'));
    // In a container the group's own name may not be seen: then the root is it.
    let folder = if folder.join("cgroup.procs").exists() {
        folder
    } else {
        root.to_owned()
    };
    folder.join("cgroup.controllers").exists().then_some(())?;
    let number = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        text.trim().parse().ok()
    };
    Some(Group {
        memory: number("memory.max"),
        used: number("memory.current"),
        pids: number("pids.max"),
    })
}

/// How many files and folders a user may watch; none where that is not told.
pub(crate) fn watches() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").ok()?;
    text.trim().parse().ok()
}
