//! What only a real kubelet and a real runtime do: rotation, evictions, grace, many ends at once.

use crate::rig::{cluster, completeness, output, project, record};
use crate::support::suite;

fn lines(count: u32) -> Vec<u8> {
    (1..=count)
        .flat_map(|n| format!("{n}\n").into_bytes())
        .collect()
}

/// Rotates where the cluster's log files are small (`make test-cluster`: 1 MiB, looked at every 3 s); elsewhere
/// the same must come out `complete`.
#[test]
fn rotation_costs_no_verdict_and_is_never_called_complete() {
    let Some(cluster) = cluster() else { return };
    let script = "for i in 0 1 2 3; do seq $((i*30000+1)) $((i*30000+30000)); sleep 4; done; \
                  echo '=== 3 passed in 0.01s ==='";
    let project = project(&format!(
        "[defaults]\njudge = \"pytest\"\nretries = {{ infra = 0 }}\n\
         [suites.green]\nscript = \"{script}\"\n[suites.green.kubernetes]\n\
         [suites.red]\nscript = \"{script}; exit 1\"\n[suites.red.kubernetes]\n\
         [suites.mute]\nscript = \"{}\"\n[suites.mute.kubernetes]\n",
        script.replace("3 passed", "3 things")
    ));
    let (_, summary) = cluster.run(&project, &[]);
    let expected = |last: &str| [lines(120_000), last.as_bytes().to_vec()].concat();
    let rotates = std::env::var("TRIBUNAL_CLUSTER_LOG_MAX_SIZE").is_ok_and(|size| size == "1Mi");
    for (name, last) in [
        ("green", "=== 3 passed in 0.01s ===\n"),
        ("red", "=== 3 passed in 0.01s ===\n"),
        ("mute", "=== 3 things in 0.01s ===\n"),
    ] {
        let status = suite(&summary, name)["status"].as_str().expect("a status");
        let (text, capture) = (output(&project, name), completeness(&project, name));
        assert!(text.ends_with(last.as_bytes()), "{name}: no last line");
        assert!(!rotates || capture != "complete", "{name} was rotated");
        assert!(capture != "complete" || text == expected(last), "{name}");
        // What is missing makes `incomplete` of it, nothing else does; and nothing makes it green.
        let right = match name {
            "green" => "passed",
            _ => "failed",
        };
        let allowed = status == right || (capture == "gap" && status == "incomplete");
        assert!(allowed, "{name}: {status} with {capture}: {summary:#}");
    }
}

#[test]
fn what_is_printed_in_the_grace_is_kept() {
    let Some(cluster) = cluster() else { return };
    let trap = "trap 'for i in 1 2 3 4 5; do echo after $i; sleep 1; done; exit 0' TERM; \
                echo go; while :; do sleep 0.1; done";
    let project = project(&format!(
        "[defaults]\nretries = {{ infra = 0 }}\n\
         [suites.ours]\nscript = \"{trap}\"\ntimeout = \"2s\"\n[suites.ours.kubernetes]\n\
         [suites.theirs]\nscript = \"{trap}\"\n[suites.theirs.kubernetes]\npod = {{ activeDeadlineSeconds = 3 }}\n"
    ));
    let (ran, summary) = cluster.run(&project, &[]);
    assert_eq!(ran.code, Some(1), "{summary:#}");
    for (name, status) in [("ours", "timed-out"), ("theirs", "errored")] {
        assert_eq!(suite(&summary, name)["status"], status, "{summary:#}");
        let text = String::from_utf8(output(&project, name)).expect("text");
        assert!(text.ends_with("after 4\nafter 5\n"), "{name}: {text}");
    }
    let theirs = suite(&summary, "theirs")["summary"].to_string();
    assert!(theirs.contains("activeDeadlineSeconds"), "{theirs}");
}

#[test]
fn who_fills_the_disk_or_the_memory_is_told_so() {
    let Some(cluster) = cluster() else { return };
    let project = project(
        r#"
[defaults]
judge = "pytest"
retries = { infra = 1 }
timeout = "2m"
[suites.disk]
script = "echo '=== 3 passed in 0.01s ==='; dd if=/dev/zero of=/tmp/fill bs=1M count=30 2>/dev/null; sleep 100"
[suites.disk.kubernetes]
resources = { limits = { "ephemeral-storage" = "5Mi" } }
[suites.child]
script = "python3 -c 'bytearray(200 << 20)' || true; echo '=== 3 passed in 0.01s ==='"
[suites.child.kubernetes]
image = "tribunal.test/python:1"
resources = { limits = { memory = "50Mi" } }
"#,
    );
    let (_, summary) = cluster.run(&project, &[]);
    let disk = suite(&summary, "disk");
    assert_ne!(disk["status"], "passed", "{summary:#}");
    assert_ne!(disk["status"], "flaky", "{summary:#}");
    assert_eq!(disk["attempts"], 1, "its own fault: {summary:#}");
    let said = disk["summary"].to_string();
    assert!(said.contains("own use of disk"), "{said}");
    // Where the runtime tells that a child was killed for its memory, exit 0 and a green summary are no pass.
    let kind = record(&project, "child")["termination"]["kind"].clone();
    let status = &suite(&summary, "child")["status"];
    assert!(kind == "exited" || status == "failed", "{summary:#}");
}

/// `TRIBUNAL_TEST_FAST_JOBS` says how many.
#[test]
fn no_fast_job_loses_its_only_line() {
    let Some(cluster) = cluster() else { return };
    let set = std::env::var("TRIBUNAL_TEST_FAST_JOBS").ok();
    let count = set.map_or(50, |text| text.parse::<usize>().expect("a number"));
    let numbers: Vec<String> = (0..count).map(|n| n.to_string()).collect();
    let project = project(&format!(
        "jobs = 25\n[suites.s]\nscript = \"echo 'the one line'\"\nmatrix = {{ n = [{}] }}\n[suites.s.kubernetes]\n",
        numbers.join(", ")
    ));
    let (ran, summary) = cluster.run(&project, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let suites = summary["suites"].as_array().expect("a list");
    assert_eq!(suites.len(), count);
    for (suite, number) in suites.iter().zip(&numbers) {
        let name = suite["name"].as_str().expect("a name");
        assert_eq!(suite["capture"]["completeness"], "complete", "{name}");
        assert_eq!(
            output(&project, &format!("s-n-{number}")),
            b"the one line\n"
        );
    }
}
