//! How suites end, and how the pod is let go.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tribunal_seal::wire::{End, Kind, LastWord, Proof, StreamState};

use crate::support::{PATIENCE, Pod, say_done};

fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_missing_program_is_127_and_one_without_permission_126() {
    for (argv, code, words) in [
        (&["no-such-program"][..], 127, "was not found in PATH"),
        (&["/no/such/program"], 127, "does not exist"),
        (&["/etc/passwd"], 126, "is not executable"),
    ] {
        let pod = Pod::new();
        let mut seal = pod.seal(&[], argv);
        let seen = pod.follow();
        assert_eq!(seal.wait().code(), Some(code));
        assert_eq!(seen.summary().end, End::NotStarted(code));
        assert!(seen.text(Kind::Note)[0].contains(words), "{:?}", seen.texts);
        let log =
            String::from_utf8_lossy(&seal.log(tribunal_seal::wire::Stream::Stderr)).into_owned();
        assert!(log.contains(words), "{log}");
    }
}

#[test]
fn a_signal_is_the_end_of_the_child_and_128_more_of_the_container() {
    let pod = Pod::new();
    let mut seal = pod.shell("echo before; kill -9 $$");
    let seen = pod.follow();
    assert_eq!(seal.wait().code(), Some(137));
    assert_eq!(seen.summary().end, End::Signaled(9));
    assert_eq!(seen.stdout(), b"before\n");
    assert_eq!(seen.proof, Some(Proof::Proven));
}

#[test]
fn term_reaches_the_whole_group() {
    let pod = Pod::new();
    let script = "trap 'echo got it; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
    let mut seal = pod.shell(script);
    until("ready", || {
        seal.log(tribunal_seal::wire::Stream::Stdout) == b"ready\n"
    });
    seal.signal(Signal::TERM);
    assert_eq!(seal.wait().code(), Some(5));
    let seen = pod.follow();
    assert_eq!(seen.stdout(), b"ready\ngot it\n");
    assert_eq!(seen.proof, Some(Proof::Proven));
}

#[test]
fn who_ignores_term_is_killed_after_the_grace_and_so_is_its_group() {
    let pod = Pod::new();
    let script =
        "trap '' TERM; (while :; do sleep 0.05; done) & echo ready; while :; do sleep 0.05; done";
    let mut seal = pod.seal(&["--grace", "0.3"], &["sh", "-c", script]);
    until("ready", || {
        seal.log(tribunal_seal::wire::Stream::Stdout) == b"ready\n"
    });
    seal.signal(Signal::TERM);
    assert_eq!(seal.wait().code(), Some(137));
    let seen = pod.follow();
    assert_eq!(seen.summary().end, End::Signaled(9));
    assert_eq!(seen.stdout(), b"ready\n");
    assert_eq!(seen.proof, Some(Proof::Proven));
}

#[test]
fn a_grandchild_that_holds_the_output_is_named_and_ended_and_nothing_is_proven() {
    let pod = Pod::new();
    // Out of the group, too.
    let mut seal = pod.seal(
        &["--drain", "0.2"],
        &["sh", "-c", "setsid sleep 1000 & echo done"],
    );
    let seen = pod.follow();
    assert_eq!(seal.wait().code(), Some(0));
    assert_eq!(seen.stdout(), b"done\n");
    assert_eq!(
        seen.summary().streams.map(|one| one.state),
        [StreamState::Cut; 2]
    );
    assert!(matches!(&seen.proof, Some(Proof::Incomplete(reasons)) if reasons.len() == 2));
    let notes = seen.text(Kind::Note);
    assert!(
        notes.iter().any(|note| note.contains("held sleep 1000")),
        "{notes:?}"
    );
}

#[test]
fn a_grandchild_that_holds_nothing_is_named_and_ended_and_all_is_proven() {
    let pod = Pod::new();
    let script = "sleep 1000 >/dev/null 2>&1 & echo done";
    let mut seal = pod.shell(script);
    let seen = pod.follow();
    assert_eq!(seal.wait().code(), Some(0));
    assert_eq!(seen.proof, Some(Proof::Proven));
    let notes = seen.text(Kind::Note);
    assert!(
        notes.iter().any(|note| note.contains("idle sleep 1000")),
        "{notes:?}"
    );
}

#[test]
fn a_late_writer_is_waited_for() {
    let pod = Pod::new();
    let mut seal = pod.shell("(sleep 0.5; echo late) & echo early");
    let seen = pod.follow();
    assert_eq!(seen.stdout(), b"early\nlate\n");
    assert_eq!(seen.proof, Some(Proof::Proven));
    seal.wait();
}

#[test]
fn without_a_keeper_nothing_is_started() {
    let mut pod = Pod::new();
    pod.kill_keeper();
    std::fs::remove_file(pod.folder.join("keeper.sock")).ok();
    let mut seal = pod.seal(&["--wait", "0.2"], &["touch", "started"]);
    assert_eq!(seal.wait().code(), Some(125));
    assert!(!pod.work.join("started").exists());
    let LastWord::Failed(reason) = seal.last_word() else {
        panic!("{:?}", seal.last_word());
    };
    assert!(reason.contains("was not started"), "{reason}");
}

#[test]
fn the_keeper_ignores_term_until_the_runner_is_done() {
    let mut pod = Pod::new();
    let mut seal = pod.shell("echo x");
    seal.wait();
    rustix::process::kill_process(rustix::process::Pid::from_child(&pod.keeper), Signal::TERM)
        .expect("sent");
    let seen = pod.follow();
    assert_eq!(seen.proof, Some(Proof::Proven));
    assert!(pod.keeper.try_wait().expect("waited").is_none());
    say_done(&pod);
    assert_eq!(pod.keeper.wait().expect("ended").code(), Some(0));
}

#[test]
fn the_keeper_leaves_after_the_hold_when_no_runner_comes() {
    let mut pod = Pod::with(64 << 20, 0.3);
    let mut seal = pod.shell("echo x");
    seal.wait();
    assert_eq!(pod.keeper.wait().expect("ended").code(), Some(0));
}

#[test]
fn a_keeper_whose_suite_never_began_leaves_when_asked() {
    let mut pod = Pod::new();
    until("listening", || pod.connect().is_ok());
    rustix::process::kill_process(rustix::process::Pid::from_child(&pod.keeper), Signal::TERM)
        .expect("sent");
    assert_eq!(pod.keeper.wait().expect("ended").code(), Some(0));
}

#[test]
fn a_second_start_in_the_same_pod_is_refused() {
    let pod = Pod::new();
    pod.shell("echo once").wait();
    let mut again = pod.seal(&[], &["touch", "started"]);
    assert_eq!(again.wait().code(), Some(125));
    assert!(!pod.work.join("started").exists());
    assert!(
        matches!(again.last_word(), LastWord::Failed(reason) if reason.contains("earlier start"))
    );
    assert_eq!(pod.follow().stdout(), b"once\n");
}
