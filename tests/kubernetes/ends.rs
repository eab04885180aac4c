//! Each way to end, as the real cluster tells it.

use crate::rig::{captured, cluster, completeness, output, project, record};
use crate::support::suite;

/// A container that keeps to Pod Security `restricted`.
const CONFINED: &str =
    "securityContext = { allowPrivilegeEscalation = false, capabilities = { drop = [\"ALL\"] } }";

#[test]
fn every_end_is_told_as_it_was() {
    every_end("stream", "complete");
}

#[test]
fn every_end_is_told_as_it_was_under_the_seal() {
    every_end("sealed", "proven");
}

fn every_end(capture: &str, whole: &str) {
    let Some(cluster) = cluster() else { return };
    let pipeline = format!(
        r#"jobs = 12
[defaults]
retries = {{ infra = 0 }}
[suites.zero]
script = "echo out; echo err >&2"
[suites.zero.kubernetes]
[suites.three]
script = "echo bad; exit 3"
[suites.three.kubernetes]
[suites.argv]
command = ["sh", "-c", "echo \"$0 $(echo sub) $$\" | tr -d 0-9"]
[suites.argv.kubernetes]
[suites.memory]
script = "python3 -c 'import time; print(1, flush=True); a = bytearray(200 << 20); time.sleep(9)'"
[suites.memory.kubernetes]
image = "tribunal.test/python:1"
resources = {{ limits = {{ memory = "50Mi" }} }}
[suites.words]
script = "trap 'echo asked; sleep 1; echo last words; exit 0' TERM; echo go; while :; do sleep 0.1; done"
timeout = "2s"
[suites.words.kubernetes]
[suites.deaf]
script = "trap '' TERM; echo go; while :; do sleep 0.1; done"
timeout = "2s"
grace = "2s"
[suites.deaf.kubernetes]
[suites.setup]
script = "echo never"
[suites.setup.kubernetes]
pod = {{ initContainers = [{{ name = "init", image = "tribunal.test/busybox:1", command = ["sh", "-c", "exit 7"], {CONFINED} }}] }}
[suites.beside]
script = "sleep 1; echo done"
[suites.beside.kubernetes]
pod = {{ initContainers = [{{ name = "db", image = "tribunal.test/busybox:1", restartPolicy = "Always", command = ["sh", "-c", "trap 'exit 143' TERM; while :; do sleep 0.1; done"], {CONFINED} }}] }}
[suites.absent]
command = ["/no/such/program"]
[suites.absent.kubernetes]
"#
    );
    let project = captured(capture, &pipeline);
    let (ran, summary) = cluster.run(&project, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let status = |name: &str| suite(&summary, name)["status"].as_str().expect("a status");
    for (name, expected) in [
        ("zero", "passed"),
        ("three", "failed"),
        ("argv", "passed"),
        ("memory", "failed"),
        ("words", "timed-out"),
        ("deaf", "timed-out"),
        ("setup", "errored"),
        ("beside", "passed"),
        ("absent", "errored"),
    ] {
        assert_eq!(status(name), expected, "{name}: {summary:#}");
    }
    // Nobody can say which of two streams was written first, once both have something.
    let zero = output(&project, "zero");
    assert!([&b"out\nerr\n"[..], b"err\nout\n"].contains(&&zero[..]));
    assert_eq!(completeness(&project, "zero"), whole);
    assert_eq!(output(&project, "three"), b"bad\n");
    assert_eq!(output(&project, "argv"), b"sh sub \n");
    // Its standard output: where the whole process group is asked to end, the shell says that its child was.
    let words = project
        .tribunal(&["logs", "latest", "words", "--stream", "stdout"])
        .out;
    assert_eq!(words, "go\nasked\nlast words\n");
    assert_eq!(output(&project, "deaf"), b"go\n");
    assert_eq!(output(&project, "memory"), b"1\n");
    let kind = |name: &str| record(&project, name)["termination"]["kind"].clone();
    assert_eq!(kind("memory"), "oom-killed");
    assert_eq!(kind("words"), "timed-out");
    let setup = record(&project, "setup")["summary"].to_string();
    assert!(setup.contains("init container init: exit 7"), "{setup}");
}

#[test]
fn a_pod_that_somebody_deletes_is_tried_again() {
    let Some(cluster) = cluster() else { return };
    let project = project(
        r#"
[defaults]
retries = { infra = 1, backoff = "100ms" }
[suites.unit]
script = "echo attempt $TRIBUNAL_ATTEMPT; if [ $TRIBUNAL_ATTEMPT = 1 ]; then sleep 60; fi"
[suites.unit.kubernetes]
"#,
    );
    let mut child = cluster
        .command(&project, &["run"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary starts");
    let log = || {
        project
            .path()
            .join(".tribunal/runs/latest/suites/unit/attempt-1/output.log")
    };
    while std::fs::read(log()).unwrap_or_default() != b"attempt 1\n" {
        assert!(child.try_wait().expect("a child").is_none(), "it ended");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let pods = cluster.pods(&project);
    let name = pods[0].metadata.name.clone().expect("a name");
    cluster.delete_pod(&name);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    let record = record(&project, "unit");
    assert_eq!(record["attempt"], 2, "{record:#}");
    assert_eq!(output(&project, "unit"), b"attempt 2\n");
    let first = project.latest().join("suites/unit/attempt-1/attempt.json");
    let first = std::fs::read_to_string(first).expect("a record");
    assert!(first.contains("deleted"), "{first}");
    cluster.assert_nothing_left(&project);
}
