//! Many at once and much at once. The ignored ones are run by `alone`, in a process of their own.

use std::fs;
use std::time::Instant;

use tribunal::executor::Executor as _;
use tribunal::executor::local::LocalExecutor;
use tribunal::model::{Completeness, EndState};
use tribunal::os;

use crate::output::burst;
use crate::rig::{Rig, alone};

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("descriptors").count()
}

/// A figure of this process in KiB.
fn status_kib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("status");
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .expect("the line");
    let figure = line.split_whitespace().nth(1).expect("a figure");
    figure.parse().expect("a number")
}

/// Zombies among this process's children.
fn zombies() -> usize {
    let own = std::process::id().to_string();
    let all = fs::read_dir("/proc").expect("processes").flatten();
    all.filter(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let mut fields = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace();
        fields.next() == Some("Z") && fields.next() == Some(own.as_str())
    })
    .count()
}

async fn many(count: usize, rig: impl Fn(usize) -> Rig) {
    let mut set = tokio::task::JoinSet::new();
    for number in 0..count {
        let rig = rig(number);
        set.spawn(async move { (number, rig.run().await) });
    }
    while let Some(done) = set.join_next().await {
        let (number, outcome) = done.expect("no panic");
        assert_eq!(outcome.end(), &EndState::Exited { code: 0 });
        assert_eq!(outcome.text(), format!("{number}\n"));
        assert_eq!(outcome.capture.completeness, Completeness::Proven);
        assert!(outcome.termination.leftovers.is_empty());
    }
}

#[test]
fn two_hundred_at_once_leave_no_descriptor_and_no_zombie() {
    alone("scale::two_hundred");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run in a process of its own"]
async fn two_hundred() {
    let talk = |number| Rig::script(&format!("sleep 0.2; echo {number}"));
    // Threads and the runtime's own descriptors come with the first ones.
    many(2, talk).await;
    let before = descriptors();
    many(200, talk).await;
    assert_eq!(descriptors(), before);
    assert_eq!(zombies(), 0);
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn one_gib_in_flat_memory() {
    burst(1).await;
    let before = status_kib("VmHWM");
    let began = Instant::now();
    burst(1024).await;
    let grown = status_kib("VmHWM") - before;
    println!(
        "1 GiB in {:?} with its digests; {grown} KiB more memory",
        began.elapsed()
    );
    assert!(grown < 64 << 10, "{grown} KiB");
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn a_subreaper_reaps() {
    os::become_subreaper().expect("Linux can");
    // Orphans of the group, dead before and after the leader, silent and not.
    let text = "(sleep 0.05 &); (true &); (sleep 322 >/dev/null 2>&1 &); exit 0";
    let outcome = Rig::script(text).run().await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 0 });
    assert_eq!(outcome.termination.leftovers.len(), 1);
    assert_eq!(zombies(), 0);

    let rig = Rig::script("(setsid sleep 323 >/dev/null 2>&1 &); sleep 0.2");
    let run = rig.run.clone();
    rig.run().await;
    let ended = os::kill_orphans(&run, std::time::Duration::from_secs(1));
    assert_eq!(ended.len(), 1);
    assert_eq!(zombies(), 0);
}

/// User and system CPU time of this process, without its children, in ticks of 10 ms.
fn own_ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("stat");
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |at: usize| fields[at].parse::<u64>().expect("a number");
    number(11) + number(12)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: run it alone, in a release build"]
async fn the_cost_of_an_attempt() {
    const COUNT: u64 = 3_000;
    let rig = Rig::argv(&["true"]);
    let one = || async {
        let (cx, _cancel) = rig.context(rig.cwd().to_owned());
        let termination = LocalExecutor.execute(&rig.suite, cx).await;
        assert_eq!(termination.end, EndState::Exited { code: 0 });
    };
    one().await;
    let (before, began) = (own_ticks(), Instant::now());
    let half = || async {
        for _ in 0..COUNT / 2 {
            one().await;
        }
    };
    tokio::join!(half(), half());
    let us = (own_ticks() - before) * 10_000 / COUNT;
    let took = began.elapsed();
    println!("{us} us of own CPU an attempt, {took:?} for {COUNT}");
    assert!(us <= 300, "{us} us");
}
