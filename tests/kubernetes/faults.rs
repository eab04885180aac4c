//! One fault at a time: the verdict is right, the capture is honest, and nothing is left behind.

use serde_json::Value;

use crate::proxy::{Fault, Kind, Plan, Proxy};
use crate::rig::{Cluster, cluster, completeness, output, project};
use crate::support::{Project, Ran, ran, suite};

/// Long enough for a body to be cut in, and slow enough to be read while it is written.
const SCRIPT: &str = "seq 1 2000; sleep 1.5; seq 2001 4000";

fn lines() -> Vec<u8> {
    (1..=4000)
        .flat_map(|n| format!("{n}\n").into_bytes())
        .collect()
}

/// One suite with [`SCRIPT`] behind a proxy with this plan.
fn run(cluster: &Cluster, plan: Plan) -> (Project, Ran, Value, Proxy) {
    let project = project(&format!(
        "[suites.unit]\nscript = \"{SCRIPT}\"\nretries = {{ infra = 0 }}\n[suites.unit.kubernetes]\n"
    ));
    let proxy = Proxy::start(cluster, plan);
    let mut command = project.command(&["run", "--format", "json"]);
    command.env("KUBECONFIG", &proxy.kubeconfig);
    let ran = ran(&command.output().expect("the binary starts"));
    let summary = serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.out, ran.err));
    cluster.assert_nothing_left(&project);
    (project, ran, summary, proxy)
}

/// The first request of a kind has this fault. On a slow machine there may be no such request, as a container has
/// ended before it was followed: then it is run again.
fn run_once(cluster: &Cluster, kind: Kind, fault: &Fault) -> (Project, Ran, Value) {
    for _ in 0..5 {
        let fault = fault.clone();
        let plan: Plan =
            Box::new(move |of, number| (of == kind && number == 1).then(|| fault.clone()));
        let (project, ran, summary, proxy) = run(cluster, plan);
        if !proxy.faults().is_empty() {
            return (project, ran, summary);
        }
    }
    panic!("{kind:?}: nothing went wrong in five runs");
}

#[test]
fn no_single_fault_costs_a_line_or_a_verdict() {
    let Some(cluster) = cluster() else { return };
    let faults = [
        (Kind::Create, Fault::Refuse(429, Some(1))),
        (Kind::Create, Fault::Refuse(503, None)),
        (Kind::Create, Fault::Refuse(401, None)),
        (Kind::Create, Fault::LoseAnswer),
        (Kind::Follow, Fault::Refuse(401, None)),
        (Kind::Follow, Fault::Refuse(429, Some(1))),
        (Kind::Follow, Fault::Refuse(500, None)),
        (Kind::Follow, Fault::Break(1000)),
        (Kind::Follow, Fault::End(1000)),
        (Kind::Follow, Fault::End(0)),
        (Kind::Follow, Fault::Close),
        // Half-open: the follower hears nothing any more, and left it is soon after the end.
        (Kind::Follow, Fault::Stall(1000)),
        (
            Kind::Follow,
            Fault::Says(
                5000,
                "failed to create fsnotify watcher: too many open files",
            ),
        ),
        (Kind::ReadLog, Fault::Refuse(503, Some(1))),
        (Kind::ReadLog, Fault::Break(3000)),
        (Kind::ReadLog, Fault::End(3000)),
        (Kind::ReadLog, Fault::LoseAnswer),
        (Kind::WatchPods, Fault::Refuse(500, None)),
        (Kind::WatchPods, Fault::Expire(1)),
        (Kind::WatchPods, Fault::Break(3000)),
        (Kind::WatchPods, Fault::End(3000)),
        (Kind::WatchPods, Fault::Repeat(2)),
        (Kind::WatchPods, Fault::Swap(1)),
        (Kind::WatchPods, Fault::Miss(1)),
        (Kind::WatchJobs, Fault::Expire(0)),
        (Kind::WatchJobs, Fault::Stall(0)),
        (Kind::Delete, Fault::Refuse(500, None)),
        (Kind::Delete, Fault::LoseAnswer),
    ];
    for (kind, fault) in faults {
        let what = format!("{kind:?}: {fault:?}");
        let (project, ran, summary) = run_once(&cluster, kind, &fault);
        assert_eq!(ran.code, Some(0), "{what}: {summary:#}\n{}", ran.err);
        assert_eq!(completeness(&project, "unit"), "complete", "{what}");
        assert!(output(&project, "unit") == lines(), "{what}: lines differ");
    }
}

#[test]
fn a_silent_watch_is_found_out() {
    let Some(cluster) = cluster() else { return };
    let (project, ran, summary) = run_once(&cluster, Kind::WatchPods, &Fault::Stall(2000));
    assert_eq!(ran.code, Some(0), "{summary:#}\n{}", ran.err);
    assert!(output(&project, "unit") == lines());
}

#[test]
fn a_log_that_nobody_may_read_is_no_pass() {
    let Some(cluster) = cluster() else { return };
    for status in [403, 404] {
        let plan: Plan = Box::new(move |kind, _| {
            matches!(kind, Kind::Follow | Kind::ReadLog).then_some(Fault::Refuse(status, None))
        });
        let (project, ran, summary, _proxy) = run(&cluster, plan);
        assert_eq!(ran.code, Some(3), "{summary:#}");
        assert_eq!(suite(&summary, "unit")["status"], "incomplete");
        assert_eq!(completeness(&project, "unit"), "unavailable");
    }
}

#[test]
fn a_log_that_always_breaks_off_is_no_pass() {
    let Some(cluster) = cluster() else { return };
    let plan: Plan = Box::new(|kind, _| {
        matches!(kind, Kind::Follow | Kind::ReadLog).then_some(Fault::Break(3000))
    });
    let (_project, ran, summary, _proxy) = run(&cluster, plan);
    assert_eq!(ran.code, Some(3), "{summary:#}");
    assert_eq!(suite(&summary, "unit")["status"], "incomplete");
}

#[test]
fn a_suite_costs_few_requests() {
    let Some(cluster) = cluster() else { return };
    for (suite, code) in [
        ("script = \"seq 1 1000\"", 0),
        ("command = [\"seq\", \"1\", \"1000\"]", 0),
        ("script = \"seq 1 1000; exit 3\"", 1),
        ("script = \"seq 1 21000\"", 0),
    ] {
        requests(&cluster, suite, code);
    }
}

fn requests(cluster: &Cluster, suite: &str, code: i32) {
    let numbers: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    let project = project(&format!(
        "jobs = 6\n[suites.s]\n{suite}\nmatrix = {{ n = [{}] }}\n[suites.s.kubernetes]\n",
        numbers.join(", ")
    ));
    let proxy = Proxy::start(cluster, Box::new(|_, _| None));
    let mut command = project.command(&["run"]);
    command.env("KUBECONFIG", &proxy.kubeconfig);
    let ran = ran(&command.output().expect("the binary starts"));
    assert_eq!(ran.code, Some(code), "{suite}: {}{}", ran.out, ran.err);
    let mut counts = std::collections::BTreeMap::new();
    for kind in proxy.answered() {
        *counts.entry(kind).or_insert(0) += 1;
    }
    // A slow machine makes suites wait: those ask more than once why, and say now and then that they live.
    let attempts = counts[&Kind::Create];
    let of_suites: i32 = counts
        .iter()
        .filter(|(kind, _)| !kind.is_of_the_run())
        .map(|(kind, count)| match kind {
            Kind::Patch => 0,
            Kind::Events => attempts.min(*count),
            _ => *count,
        })
        .sum();
    assert!(
        of_suites <= 6 * attempts,
        "{suite}: {counts:?}\n{}",
        proxy.answers()
    );
    let journal = std::fs::read_to_string(project.latest().join("events.jsonl")).expect("there");
    let queued = journal.matches("\"phase\":\"queued\"").count();
    assert_eq!(queued, 6, "six of twelve wait for a slot");
    assert!(journal.contains("waiting for one of 6 slots, behind 5 others"));
    // The watches are the run's, not the suites'.
    assert!(counts[&Kind::WatchPods] <= 3, "{counts:?}");
    cluster.assert_nothing_left(&project);
}
