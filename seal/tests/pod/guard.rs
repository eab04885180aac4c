//! The guard: a keeper that is killed is followed by another, and the wish to end reaches each.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(20);

fn guard(folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seal"));
    command.arg("guard").arg("--spool").arg(folder);
    command.args([
        "--port",
        "0",
        "--token",
        "t",
        "--spool-limit",
        "1000000",
        "--hold",
        "5",
    ]);
    command.spawn().expect("the guard starts")
}

/// The keeper under a guard, once it listens and is not `but`.
fn keeper_of(guard: &Child, folder: &Path, but: Option<Pid>) -> Pid {
    let children = format!("/proc/{0}/task/{0}/children", guard.id());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(&children).unwrap_or_default();
        let pid = text
            .split_whitespace()
            .next()
            .and_then(|pid| pid.parse().ok());
        let pid = pid.and_then(Pid::from_raw).filter(|pid| Some(*pid) != but);
        let listens = std::os::unix::net::UnixStream::connect(folder.join("keeper.sock")).is_ok();
        if let (Some(pid), true) = (pid, listens) {
            return pid;
        }
        assert!(Instant::now() < deadline, "no keeper listens");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn code(guard: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = guard.try_wait().expect("waited") {
            return status.code();
        }
        assert!(Instant::now() < deadline, "the guard does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_killed_keeper_is_followed_by_another_and_the_last_is_asked_to_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut guard = guard(folder.path());
    let first = keeper_of(&guard, folder.path(), None);
    kill_process(first, Signal::KILL).expect("killed");
    let second = keeper_of(&guard, folder.path(), Some(first));
    assert_ne!(first, second);
    kill_process(Pid::from_child(&guard), Signal::TERM).expect("asked");
    assert_eq!(code(&mut guard), Some(0));
}

#[test]
fn keepers_that_cannot_begin_are_not_started_for_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a-file");
    fs::write(&file, "").expect("written");
    let mut guard = guard(&file.join("spool"));
    assert_eq!(code(&mut guard), Some(125));
}
