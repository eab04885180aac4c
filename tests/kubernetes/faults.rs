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
    assert!(!proxy.faults().is_empty(), "nothing went wrong");
    (project, ran, summary, proxy)
}

/// The n-th request of a kind has this fault.
fn once(kind: Kind, nth: u32, fault: Fault) -> Plan {
    Box::new(move |of, number| (of == kind && number == nth).then(|| fault.clone()))
}

#[test]
fn no_single_fault_costs_a_line_or_a_verdict() {
    let Some(cluster) = cluster() else { return };
    let faults = [
        (Kind::Create, Fault::Refuse(429, Some(1))),
        (Kind::Create, Fault::Refuse(503, None)),
        (Kind::Create, Fault::LoseAnswer),
        (Kind::Follow, Fault::Refuse(401, None)),
        (Kind::Follow, Fault::Refuse(429, Some(1))),
        (Kind::Follow, Fault::Refuse(500, None)),
        (Kind::Follow, Fault::Break(1000)),
        (Kind::Follow, Fault::End(1000)),
        (Kind::Follow, Fault::End(0)),
        (Kind::Follow, Fault::Close),
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
        let (project, ran, summary, _proxy) = run(&cluster, once(kind, 1, fault));
        assert_eq!(ran.code, Some(0), "{what}: {summary:#}\n{}", ran.err);
        assert_eq!(completeness(&project, "unit"), "complete", "{what}");
        assert!(output(&project, "unit") == lines(), "{what}: lines differ");
    }
}

#[test]
fn a_silent_watch_is_found_out() {
    let Some(cluster) = cluster() else { return };
    let (project, ran, summary, _proxy) =
        run(&cluster, once(Kind::WatchPods, 1, Fault::Stall(2000)));
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
    let numbers: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let project = project(&format!(
        "jobs = 10\n[suites.s]\nscript = \"seq 1 1000\"\nmatrix = {{ n = [{}] }}\n[suites.s.kubernetes]\n",
        numbers.join(", ")
    ));
    let proxy = Proxy::start(&cluster, Box::new(|_, _| None));
    let mut command = project.command(&["run"]);
    command.env("KUBECONFIG", &proxy.kubeconfig);
    let ran = ran(&command.output().expect("the binary starts"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let mut counts = std::collections::BTreeMap::new();
    for kind in proxy.seen() {
        *counts.entry(kind).or_insert(0) += 1;
    }
    let of_suites: i32 = counts
        .iter()
        .filter(|(kind, _)| !kind.is_of_the_run())
        .map(|(_, count)| count)
        .sum();
    assert!(of_suites <= 6 * 20, "{counts:?}");
    let journal = std::fs::read_to_string(project.latest().join("events.jsonl")).expect("there");
    let queued = journal.matches("\"phase\":\"queued\"").count();
    assert_eq!(queued, 10, "ten of twenty wait for a slot");
    assert!(journal.contains("waiting for one of 10 slots, behind 9 others"));
    // The watches are the run's, not the suites'.
    assert!(counts[&Kind::WatchPods] <= 3, "{counts:?}");
    cluster.assert_nothing_left(&project);
}
