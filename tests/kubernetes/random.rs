//! Many faults at random: no false pass, no hang, nothing left behind.
//!
//! `TRIBUNAL_TEST_FAULT_RUNS` says how many runs, `TRIBUNAL_TEST_FAULT_SEED` with which seed they begin.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::proxy::{Fault, Kind, Plan, Proxy};
use crate::rig::{Cluster, cluster, output, project};

/// A run that takes longer hangs: every wait of tribunal's has a shorter limit.
const HANGS: Duration = Duration::from_mins(5);

/// Suites and the only statuses that would be false: what they print and how they end is known.
const PIPELINE: &str = r#"jobs = 8
[defaults]
judge = "pytest"
drain_timeout = "10s"
retries = { infra = 1, backoff = "100ms" }
[suites.green]
script = "seq 1 3000; sleep 1; seq 3001 6000; echo '=== 3 passed in 0.01s ==='"
[suites.green.kubernetes]
[suites.red]
script = "seq 1 3000; echo '=== 1 failed, 2 passed in 0.01s ==='; exit 1"
[suites.red.kubernetes]
[suites.mute]
script = "seq 1 3000; sleep 1; exit 0"
[suites.mute.kubernetes]
[suites.denied]
script = "echo '=== 3 passed in 0.01s ==='; seq 1 2000; exit 4"
[suites.denied.kubernetes]
[suites.killed]
script = "echo '=== 3 passed in 0.01s ==='; sleep 0.5; sh -c 'kill -9 $$' || exit 137"
[suites.killed.kubernetes]
"#;

/// A generator of its own, so that a seed means the same everywhere (Steele et al., `SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("small")
    }
}

fn plan(seed: u64) -> Plan {
    let mut random = Random(seed);
    let mut left = 60;
    let share = 10 + 15 * usize::try_from(seed % 4).expect("small");
    Box::new(move |kind, _| {
        if left == 0 || kind == Kind::About || random.below(100) >= share {
            return None;
        }
        left -= 1;
        Some(any(&mut random, kind))
    })
}

fn any(random: &mut Random, kind: Kind) -> Fault {
    let refusals = [
        Fault::Refuse(429, Some(1)),
        Fault::Refuse(500, None),
        Fault::Refuse(503, None),
        Fault::Refuse(504, None),
        Fault::LoseAnswer,
        Fault::Close,
    ];
    if kind.is_watch() && random.below(2) == 0 {
        let at = random.below(8);
        let events = [
            Fault::Expire(at),
            Fault::Miss(at),
            Fault::Repeat(at),
            Fault::Swap(at),
        ];
        return events[random.below(4)].clone();
    }
    if kind.is_stream() && random.below(3) > 0 {
        let at = random.below(if kind.is_watch() { 20_000 } else { 120_000 });
        let bodies = [
            Fault::Break(at),
            Fault::End(at),
            Fault::Says(at, "unable to retrieve container logs for containerd://0"),
            Fault::Stall(at),
        ];
        // A silent watch costs a minute: seldom.
        let stalls = !kind.is_watch() || random.below(8) == 0;
        return bodies[random.below(if stalls { 4 } else { 3 })].clone();
    }
    refusals[random.below(refusals.len())].clone()
}

#[test]
fn no_faults_make_a_false_pass() {
    let Some(cluster) = cluster() else { return };
    let number = |name: &str, default: u64| {
        let set = std::env::var(name).ok();
        set.map_or(default, |text| text.parse().expect("a number"))
    };
    let first = number("TRIBUNAL_TEST_FAULT_SEED", 1);
    let runs = number("TRIBUNAL_TEST_FAULT_RUNS", 12);
    let mut told = std::collections::BTreeMap::new();
    for seed in first..first + runs {
        println!("seed {seed}");
        for (suite, status, capture) in one(&cluster, seed) {
            *told.entry((suite, status, capture)).or_insert(0_u32) += 1;
        }
    }
    println!("{runs} runs from seed {first}: {told:#?}");
}

fn one(cluster: &Cluster, seed: u64) -> Vec<(String, String, String)> {
    let project = project(PIPELINE);
    let proxy = Proxy::start(cluster, plan(seed));
    let mut command = project.command(&["run", "--format", "json"]);
    let mut child = command
        .env("KUBECONFIG", &proxy.kubeconfig)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let begun = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().expect("our child") {
            break status.code();
        }
        if begun.elapsed() > HANGS {
            child.kill().ok();
            panic!("seed {seed}: hangs after {:#?}", proxy.faults());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let text = std::fs::read(project.latest().join("summary.json")).expect("a summary");
    let summary: Value = serde_json::from_slice(&text).expect("JSON");
    let mut told = Vec::new();
    for suite in summary["suites"].as_array().expect("a list") {
        let name = suite["name"].as_str().expect("a name");
        let status = suite["status"].as_str().expect("a status");
        let capture = suite["capture"]["completeness"].as_str().unwrap_or("none");
        let context = || format!("seed {seed}, {name}: {suite:#}\n{:#?}", proxy.faults());
        let passed = status == "passed" || status == "flaky";
        assert!(!passed || name == "green", "false pass: {}", context());
        assert!(
            name != "green" || status != "failed",
            "false fail: {}",
            context()
        );
        if name == "green" && capture == "complete" {
            assert!(
                output(&project, name) == green(),
                "not complete: {}",
                context()
            );
        }
        told.push((name.to_owned(), status.to_owned(), capture.to_owned()));
    }
    assert!(matches!(code, Some(1 | 3)), "seed {seed}: exit {code:?}");
    cluster.assert_nothing_left(&project);
    // Streams and watches end with the run.
    let since = Instant::now();
    while proxy.open() > 0 {
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "seed {seed}: streams stay open"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    told
}

fn green() -> Vec<u8> {
    let lines = (1..=6000).flat_map(|n| format!("{n}\n").into_bytes());
    lines.chain(*b"=== 3 passed in 0.01s ===\n").collect()
}
