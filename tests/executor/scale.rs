//! Many at once and much at once. The ignored ones are run by `alone`, in a process of their own.

use std::fs;
use std::time::Instant;

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
