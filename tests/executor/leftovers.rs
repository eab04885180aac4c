//! What a suite leaves behind is named and ended.

use std::time::Duration;

use tribunal::event::Phase;
use tribunal::executor::Cancel;
use tribunal::model::{Completeness, EndState, Leftover};
use tribunal::os;

use crate::rig::{Outcome, Rig, alone, lives};

fn only_leftover(outcome: &Outcome) -> &Leftover {
    let [leftover] = outcome.termination.leftovers.as_slice() else {
        panic!("not one leftover: {:?}", outcome.termination.leftovers);
    };
    leftover
}

#[tokio::test]
async fn a_grandchild_that_holds_the_output_is_named_and_ended() {
    let rig = Rig::script("sleep 317 & sleep 0.1; echo done")
        .with(|suite| suite.drain_timeout = Duration::from_millis(300));
    let outcome = rig.run().await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 0 });
    assert_eq!(outcome.phases, [Phase::Running, Phase::Draining]);
    assert_eq!(outcome.capture.completeness, Completeness::Cut);
    assert_eq!(outcome.text(), "done\n");
    let leftover = only_leftover(&outcome);
    assert_eq!(
        (leftover.command.as_str(), leftover.held_output),
        ("sleep 317", true)
    );
    assert!(!lives(leftover.pid));
    let note = &outcome.capture.note;
    let note = note.replace(&leftover.pid.to_string(), "PID");
    insta::assert_snapshot!(note, @"the output was still held open 300ms after the program had ended, by `sleep 317` (pid PID); killed, so what would have followed is not here");
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[tokio::test]
async fn a_grandchild_that_ends_in_time_is_heard_out() {
    let outcome = Rig::script("(sleep 0.4; echo late) & sleep 0.1; echo early")
        .run()
        .await;
    assert_eq!(outcome.text(), "early\nlate\n");
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
    assert_eq!(outcome.phases, [Phase::Running, Phase::Draining]);
    assert!(outcome.termination.leftovers.is_empty());
    // The program's own time, not its grandchild's.
    assert!(outcome.termination.duration_ms < 400);
}

#[tokio::test]
async fn a_silent_grandchild_is_ended_and_the_output_is_whole() {
    let outcome = Rig::script("sleep 318 >/dev/null 2>&1 & echo done")
        .run()
        .await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 0 });
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
    let leftover = only_leftover(&outcome);
    assert_eq!(
        (leftover.command.as_str(), leftover.held_output),
        ("sleep 318", false)
    );
    assert!(!lives(leftover.pid));
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[tokio::test]
async fn a_daemon_in_a_session_of_its_own_cannot_hold_the_output() {
    let rig = Rig::script("setsid sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & echo done")
        .with(|suite| {
            suite.drain_timeout = Duration::from_millis(300);
            suite.grace = Duration::from_millis(200);
        });
    let outcome = rig.run().await;
    assert_eq!(outcome.capture.completeness, Completeness::Cut);
    assert_eq!(outcome.text(), "done\n");
    let leftovers = &outcome.termination.leftovers;
    assert!(
        leftovers
            .iter()
            .any(|one| one.command.starts_with("sh -c trap") && one.held_output)
    );
    assert!(leftovers.iter().all(|one| !lives(one.pid)), "{leftovers:?}");
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[tokio::test]
async fn a_stranger_that_holds_the_output_is_named_and_left_alone() {
    // Without the marks of the attempt in its environment it is not known to be ours.
    let rig = Rig::script("env -i setsid sleep 319 & echo done")
        .with(|suite| suite.drain_timeout = Duration::from_millis(500));
    let outcome = rig.run().await;
    assert_eq!(outcome.capture.completeness, Completeness::Cut);
    let leftover = only_leftover(&outcome);
    assert_eq!(leftover.command, "sleep 319");
    assert!(lives(leftover.pid));
    assert!(
        outcome.capture.note.contains("written from now on"),
        "{}",
        outcome.capture.note
    );
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
    let pid = rustix::process::Pid::from_raw(leftover.pid.cast_signed()).expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it lives");
}

#[tokio::test]
async fn a_small_fork_bomb_is_put_out() {
    // Each process replaces itself by a fresh one for as long as it may: a moving target of eight.
    let text = r"
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(7):
    if os.fork() == 0: break
os.write(1, b'.')
end = time.time() + 20
while time.time() < end:
    time.sleep(0.002)
    if os.fork() > 0: os._exit(0)
";
    let rig = Rig::script(&format!("trap '' TERM; python3 -c \"{text}\"; sleep 60"))
        .with(|suite| suite.grace = Duration::from_millis(100));
    let run = rig.run.clone();
    let outcome = rig
        .run_while(async |control| {
            control.speaks().await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            control.cancel(Cancel::Graceful("SIGINT".to_owned()));
        })
        .await;
    assert!(matches!(outcome.end(), EndState::Cancelled { .. }));
    assert_eq!(os::orphans(&run), []);
    assert!(outcome.took < Duration::from_secs(10), "{:?}", outcome.took);
}

#[tokio::test]
async fn a_dropped_attempt_is_killed() {
    let rig = Rig::script("echo on; sleep 320");
    let run = rig.run.clone();
    let waiting = rig.run_while(async |control| {
        control.speaks().await;
        tokio::time::sleep(Duration::from_mins(1)).await;
    });
    assert!(
        tokio::time::timeout(Duration::from_secs(1), waiting)
            .await
            .is_err()
    );
    let gone = async {
        while !os::orphans(&run).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone)
        .await
        .expect("nothing is left");
}

#[tokio::test]
async fn the_orphans_of_a_run_are_found_and_ended() {
    // Two daemons, double-forked, in sessions of their own, silent; one ignores TERM.
    let daemon = "(setsid sh -c 'exec sleep 321' >/dev/null 2>&1 &); \
                  (setsid sh -c 'trap \"\" TERM; touch up; while :; do sleep 0.1; done' >/dev/null 2>&1 &); \
                  while [ ! -e up ]; do sleep 0.01; done";
    let rig = Rig::script(daemon);
    let run = rig.run.clone();
    let outcome = rig.run().await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 0 });
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
    let found = os::orphans(&run);
    assert!(
        found.iter().any(|one| one.command == "sleep 321"),
        "{found:?}"
    );
    assert!(found.len() >= 2, "{found:?}");
    let ended = os::kill_orphans(&run, Duration::from_millis(200));
    assert!(ended.len() >= 2, "{ended:?}");
    assert_eq!(os::orphans(&run), []);
    assert!(ended.iter().all(|one| !lives(one.pid)));
}

#[test]
fn a_subreaper_leaves_no_zombie() {
    alone("scale::a_subreaper_reaps");
}
