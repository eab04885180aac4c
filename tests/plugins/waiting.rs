//! Five hundred live judges of a real run, all blocked in a read: no threads of their own, and little memory.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::adapting::program;
use crate::support::Project;

const COUNT: usize = 500;
const HEAD: &str = "============================= test session starts ==============================\n\
    collected 2 items\n\ntests/test_a.py::test_one PASSED                                         [ 50%]\n";
const TAIL: &str = "tests/test_a.py::test_two PASSED                                         [100%]\n\n\
    ============================== 2 passed in 0.01s ===============================\n";

/// Suites that print half of a pytest run and wait for somebody to open the FIFO `go`, then print the rest.
fn project(judge: &str) -> Project {
    let mut pipeline = "[judges.later]\npath = 'later.wasm'\n".to_owned();
    for n in 0..COUNT {
        writeln!(
            pipeline,
            "[suites.s{n}]\nscript = 'cat head; cat go; cat tail'\njudge = '{judge}'"
        )
        .expect("a string takes everything");
    }
    let project = Project::new(&pipeline);
    // Of the second tier, so it is started only when its suite has ended.
    project.write("later.wasm", program(r#"{"status":"passed"}"#, 0));
    project.write("head", HEAD);
    project.write("tail", TAIL);
    let made = Command::new("mkfifo")
        .arg(project.path().join("go"))
        .status();
    assert!(made.expect("mkfifo").success());
    project
}

/// Threads and resident bytes.
#[derive(Clone, Copy, Debug)]
struct Cost {
    threads: usize,
    resident: usize,
}

fn cost(child: &Child) -> Cost {
    let text = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    let number = |key: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(key))
            .expect("Linux");
        let number = line.split_whitespace().nth(1).expect("a number");
        number.parse::<usize>().expect("a number")
    };
    Cost {
        threads: number("Threads:"),
        resident: number("VmRSS:") << 10,
    }
}

/// How many lines of the run's journal have this in them.
fn told(project: &Project, part: &str) -> usize {
    let journal = project.path().join(".tribunal/runs/latest/events.jsonl");
    let text = fs::read_to_string(journal).unwrap_or_default();
    text.lines().filter(|line| line.contains(part)).count()
}

/// Starts a run, waits until the journal has `part` once for each suite, and measures. Returns the run's exit code.
fn measure(judge: &str, part: &str) -> (Cost, Option<i32>) {
    let project = project(judge);
    let jobs = COUNT.to_string();
    let mut child = project
        .command(&["run", "--jobs", &jobs, "-qq"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let begun = Instant::now();
    while told(&project, part) < COUNT {
        assert!(
            begun.elapsed() < Duration::from_mins(2),
            "{} of {COUNT}",
            told(&project, part)
        );
        thread::sleep(Duration::from_millis(100));
    }
    // The journal is a little ahead of what it tells.
    thread::sleep(Duration::from_millis(500));
    let found = cost(&child);
    // Whoever waits for a writer has one now, and then the end.
    while child.try_wait().expect("ours").is_none() {
        assert!(begun.elapsed() < Duration::from_mins(4), "it does not end");
        let open = OpenOptions::new()
            .write(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(project.path().join("go"));
        thread::sleep(Duration::from_millis(100));
        drop(open);
        thread::sleep(Duration::from_millis(20));
    }
    (found, child.wait().expect("ours").code())
}

#[test]
fn five_hundred_live_judges_take_no_threads_and_less_than_a_mebibyte_each() {
    // Each has told its first case, and is in the read behind it.
    let (live, code) = measure("pytest", "\"case-reported\"");
    assert_eq!(code, Some(0), "all of them pass in the end");
    let (none, _) = measure("later", "\"running\"");
    println!("{COUNT} live judges: {live:?}; the same suites without: {none:?}");
    // Those of the pool of the second judge, which the first has too.
    assert!(
        live.threads <= none.threads + 2,
        "{live:?}, without judges {none:?}"
    );
    let each = live.resident.saturating_sub(none.resident) / COUNT;
    println!("{} KiB each", each >> 10);
    assert!(each < 1 << 20, "{each} bytes each");
}
