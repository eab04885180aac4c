//! Ctrl-C and SIGTERM: first graceful, second kills, third leaves; no orphan remains.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Project, Ran, ran};

/// Starts a run and waits until its suite is up.
fn start(project: &Project) -> Child {
    let child = project
        .command(&["run", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    wait_for("the suite", || project.path().join("up").exists());
    child
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{what} did not come"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

fn end(child: Child) -> (Ran, Duration) {
    let begun = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    (ran(&output), begun.elapsed())
}

/// Whether a process is there whose command line has this word.
fn is_running(word: &str) -> bool {
    std::fs::read_dir("/proc")
        .expect("Linux")
        .filter_map(Result::ok)
        .any(|entry| {
            std::fs::read(entry.path().join("cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
        })
}

#[test]
fn the_first_signal_asks_and_the_output_is_kept() {
    // Up only when the sleep has become one: between fork and exec it has the shell's trap and outlives TERM.
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let project = Project::new(
            "[suites.a]\nscript = 'trap \"echo bye; exit 0\" TERM; sleep 7654.1 & while [ $(cat /proc/$!/comm) != sleep ]; do :; done; touch up; wait'\ngrace = '20s'",
        );
        let child = start(&project);
        send(&child, signal);
        let (ran, took) = end(child);
        assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
        assert!(took < Duration::from_secs(15), "{took:?}");
        assert_eq!(project.tribunal(&["logs", "latest", "a"]).out, "bye\n");
        let summary: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(summary["status"], "cancelled", "{summary:#}");
        assert!(!is_running("7654.1"), "no orphan remains");
    }
}

#[test]
fn the_second_kills_what_ignores_the_first() {
    let project = Project::new(
        "[suites.a]\nscript = 'trap \"\" TERM INT; touch up; while :; do sleep 7654.2; done'\ngrace = '10m'",
    );
    let child = start(&project);
    send(&child, "-INT");
    std::thread::sleep(Duration::from_millis(200));
    send(&child, "-INT");
    let (ran, took) = end(child);
    assert_eq!(ran.code, Some(130), "{}{}", ran.out, ran.err);
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(!is_running("7654.2"), "no orphan remains");
}

#[test]
fn the_third_leaves_at_once() {
    let project = Project::new(
        "[suites.a]\nscript = 'trap \"\" TERM INT; touch up; while :; do sleep 7654.3; done'\ngrace = '10m'\ndrain_timeout = '10m'",
    );
    let child = start(&project);
    for _ in 0..3 {
        send(&child, "-INT");
        std::thread::sleep(Duration::from_millis(50));
        if child.id() == 0 {
            break;
        }
    }
    let (ran, took) = end(child);
    assert_eq!(ran.code, Some(130), "{}{}", ran.out, ran.err);
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(!is_running("7654.3"), "no orphan remains");
}

#[test]
fn daemons_that_left_their_group_do_not_remain() {
    let project = Project::new(
        "[suites.a]\nscript = 'setsid sleep 7654.4 >/dev/null 2>&1 </dev/null & echo started'",
    );
    let ran = project.tribunal(&["run"]);
    assert!(!is_running("7654.4"), "{}{}", ran.out, ran.err);
    assert!(
        format!("{}{}", ran.out, ran.err).contains("sleep"),
        "it is named: {}{}",
        ran.out,
        ran.err
    );
}

/// The suites have ended, the journal is whole, and the reader of the report reads nothing: two signals end that.
#[test]
fn a_report_that_nobody_reads_can_be_left() {
    // More than the pipe takes.
    let long = "x".repeat(4_000);
    let numbers: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let project = Project::new(&format!(
        "[suites.a]\ncommand = ['true']\nlabels = {{ long = '{long}' }}\nmatrix = {{ n = [{}] }}\n",
        numbers.join(",")
    ));
    let mut child = project
        .command(&["run", "--format", "jsonl"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let summary = project.path().join(".tribunal/runs/latest/summary.json");
    wait_for("the summary", || summary.exists());
    std::thread::sleep(Duration::from_millis(300));
    send(&child, "-TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("asked").is_none(), "one is too few");
    send(&child, "-TERM");
    wait_for("the end", || child.try_wait().expect("asked").is_some());
    assert_eq!(child.wait().expect("ended").code(), Some(143));
    let journal = std::fs::read_to_string(project.latest().join("events.jsonl"));
    let journal = journal.expect("the journal");
    assert!(journal.ends_with('\n') && journal.contains("\"run-finished\""));
}
