//! Whoever is killed when: exact, or said.

use std::time::Duration;

use rustix::process::Signal;
use tribunal_seal::wire::{End, Kind, Proof, Stream};

use crate::support::{Pod, Reader, seq};

/// Waits until the suite is in the middle of it.
fn under_way(pod: &Pod, bytes: u64) -> Reader {
    let mut reader = Reader::default();
    reader.follow(pod, |follower, _| {
        follower.verifier().bytes(Stream::Stdout) < bytes
    });
    reader
}

#[test]
fn the_main_container_is_killed_with_its_output_in_flight() {
    for _ in 0..5 {
        let pod = Pod::with(1 << 20, 300.0);
        // Writes a number to a file only after its line is in the pipe: what the suite believes it wrote.
        let mut seal = pod.shell("i=0; while :; do i=$((i+1)); echo $i; echo $i > last; done");
        let mut reader = under_way(&pod, 2000);
        seal.kill_all();
        let last: String = std::fs::read_to_string(pod.work.join("last")).unwrap_or_default();
        reader.follow(&pod, |_, _| true);
        let seen = reader.seen;
        assert_eq!(seen.proof, Some(Proof::Proven));
        assert_eq!(seen.summary().end, End::Vanished);
        let text = String::from_utf8_lossy(seen.stdout());
        assert!(text.ends_with('\n'), "a line was torn");
        let lines = text.lines().count();
        let lines = u32::try_from(lines).expect("few");
        assert_eq!(seen.stdout(), seq(lines), "a line was torn or lost");
        // `last` is empty when it was just being written.
        if let Ok(last) = last.trim().parse::<u32>() {
            assert!(
                lines == last || lines == last + 1,
                "{lines} lines, {last} written"
            );
        }
    }
}

#[test]
fn what_is_in_the_pipe_when_all_is_killed_is_read() {
    let pod = Pod::new();
    let mut seal = pod.shell("echo ready; sleep 1000");
    let mut reader = under_way(&pod, 5);
    // The keeper stands still while the suite writes and everything is killed.
    let keeper = rustix::process::Pid::from_child(&pod.keeper);
    rustix::process::kill_process(keeper, Signal::STOP).expect("stopped");
    let mut fifo = std::fs::OpenOptions::new()
        .write(true)
        .open(pod.folder.join("stdout"))
        .expect("open");
    std::io::Write::write_all(&mut fifo, &seq(10_000)).expect("fits into the pipe");
    drop(fifo);
    seal.kill_all();
    rustix::process::kill_process(keeper, Signal::CONT).expect("goes on");
    reader.follow(&pod, |_, _| true);
    assert_eq!(
        reader.seen.stdout(),
        [b"ready\n", &seq(10_000)[..]].concat()
    );
    assert_eq!(reader.seen.proof, Some(Proof::Proven));
}

#[test]
fn the_keeper_is_killed_again_and_again_and_nothing_is_lost() {
    // The suite is as far as the reader, not ahead.
    let mut pod = Pod::with(1 << 20, 300.0);
    let mut seal = pod.shell("seq 1 3000000; seq 1 100000 >&2");
    let mut reader = Reader::default();
    let mut kills = 0_usize;
    while reader.follower.proof().is_none() && kills < 25 {
        kills += 1;
        let lives = kills * 12_345;
        reader.follow(&pod, |_, brought| brought < lives);
        pod.kill_keeper();
        pod.start_keeper();
    }
    reader.follow(&pod, |_, _| true);
    assert_eq!(
        reader.seen.hashers[0].digest(),
        crate::support::digest(&seq(3_000_000))
    );
    assert_eq!(reader.seen.bytes[1], seq(100_000));
    assert_eq!(reader.seen.proof, Some(Proof::Proven));
    assert_eq!(seal.wait().code(), Some(0));
    let notes = reader.seen.text(Kind::Note).len();
    assert!(notes >= kills.min(20), "{notes} of {kills}");
    // What the runner had may be gone before the log was that far: then the log says so.
    let log = String::from_utf8_lossy(&seal.log(Stream::Stderr)).into_owned();
    let all = seal.log(Stream::Stdout) == seq(3_000_000);
    let said: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with("tribunal:"))
        .collect();
    assert!(
        all || !said.is_empty(),
        "the log misses output and does not say so"
    );
}

#[test]
fn the_keeper_is_killed_while_the_suite_ends() {
    for delay in 0..12 {
        let mut pod = Pod::new();
        let mut seal = pod.shell("seq 1 50000; exit 4");
        std::thread::sleep(Duration::from_millis(delay * 5));
        pod.kill_keeper();
        pod.start_keeper();
        let seen = pod.follow();
        assert_eq!(seen.stdout(), seq(50_000));
        assert_eq!(seen.proof, Some(Proof::Proven));
        assert_eq!(seal.wait().code(), Some(4));
    }
}

#[test]
fn both_are_killed_at_once_and_that_is_said() {
    let mut pod = Pod::new();
    let mut seal = pod.shell("echo ready; sleep 1000");
    let mut reader = under_way(&pod, 5);
    pod.kill_keeper();
    seal.kill_all();
    pod.start_keeper();
    reader.follow(&pod, |_, _| true);
    assert_eq!(reader.seen.stdout(), b"ready\n");
    assert_eq!(reader.seen.summary().end, End::Vanished);
    assert!(matches!(reader.seen.proof, Some(Proof::Incomplete(_))));
}
