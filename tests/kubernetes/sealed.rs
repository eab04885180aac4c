//! Sealed capture on the real cluster: every byte, apart, proven; and nothing left.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::rig::{Cluster, captured, cluster, completeness, output, record};
use crate::support::{Project, suite};

#[test]
fn both_streams_are_there_apart_and_proven() {
    let Some(cluster) = cluster() else { return };
    let project = captured(
        "sealed",
        r#"
[suites.two]
script = "i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo out $i; echo err $i >&2; done"
[suites.two.kubernetes]
[suites.lines]
script = "seq 1 400000"
[suites.lines.kubernetes]
[suites.raw]
script = "printf 'a\\r\\n\\377\\000no end'"
[suites.raw.kubernetes]
[suites.silent]
command = ["true"]
strict = true
[suites.silent.kubernetes]
"#,
    );
    let (ran, summary) = cluster.run(&project, &[]);
    assert_eq!(ran.code, Some(0), "{}\n{summary:#}", ran.err);
    for name in ["two", "lines", "raw", "silent"] {
        assert_eq!(completeness(&project, name), "proven", "{name}");
    }
    let stream = |word: &str| -> Vec<u8> {
        (1..=500)
            .flat_map(|n| format!("{word} {n}\n").into_bytes())
            .collect()
    };
    let read = |which: &str| {
        project
            .tribunal(&["logs", "latest", "two", "--stream", which])
            .out
    };
    assert!(read("stdout").as_bytes() == stream("out"));
    assert!(read("stderr").as_bytes() == stream("err"));
    let lines: Vec<u8> = (1..=400_000)
        .flat_map(|n| format!("{n}\n").into_bytes())
        .collect();
    assert!(output(&project, "lines") == lines);
    // The log API cannot bring this: runtimes take a carriage return before a line feed away.
    assert_eq!(output(&project, "raw"), b"a\r\n\xff\0no end");
}

#[test]
fn artifacts_come_out_of_the_pod_and_are_judged() {
    let Some(cluster) = cluster() else { return };
    let project = captured(
        "auto",
        r#"
[defaults]
judge = "junit"
artifacts = ["reports/*.xml"]
retries = { infra = 0 }
[suites.good]
script = "mkdir reports; echo 'def test_it(): pass' > test_it.py; pytest -q --junitxml=reports/r.xml test_it.py; ln -s /etc/passwd reports/link.xml"
[suites.good.kubernetes]
image = "tribunal.test/python:1"
working_dir = "/tmp"
[suites.bad]
script = "mkdir reports; echo 'def test_it(): assert 0' > test_it.py; pytest -q --junitxml=reports/r.xml test_it.py"
[suites.bad.kubernetes]
image = "tribunal.test/python:1"
working_dir = "/tmp"
"#,
    );
    let (ran, summary) = cluster.run(&project, &[]);
    assert_eq!(ran.code, Some(1), "{}\n{summary:#}", ran.err);
    assert_eq!(suite(&summary, "good")["status"], "passed", "{summary:#}");
    assert_eq!(suite(&summary, "bad")["status"], "failed", "{summary:#}");
    let good = record(&project, "good");
    assert_eq!(good["artifacts"], serde_json::json!(["reports/r.xml"]));
    assert!(
        good["warnings"].to_string().contains("link.xml"),
        "{good:#}"
    );
    let file = project
        .latest()
        .join("suites/good/attempt-1/artifacts/reports/r.xml");
    let text = std::fs::read_to_string(file).expect("an artifact");
    assert!(text.contains("testsuite"), "{text}");
}

#[test]
fn an_image_without_a_shell_is_sealed_and_one_without_a_command_is_not() {
    let Some(cluster) = cluster() else { return };
    let project = captured(
        "auto",
        r#"
[suites.bare]
command = ["/bin/busybox", "echo", "no shell in between"]
[suites.bare.kubernetes]
[suites.own]
timeout = "1s"
[suites.own.kubernetes]
"#,
    );
    let plan = project.tribunal(&["plan"]);
    let planned = "bare: image tribunal.test/busybox:1, namespace tribunal-test, capture sealed, where the cluster \
                   allows it";
    assert!(plan.out.contains(planned), "{}", plan.out);
    assert!(
        plan.out.contains("capture stream: the image's own command"),
        "{}",
        plan.out
    );
    let (ran, _) = cluster.run(&project, &[]);
    assert_eq!(completeness(&project, "bare"), "proven");
    assert!(
        ran.err.contains("suite own is captured over the log API"),
        "{}",
        ran.err
    );
    assert_ne!(completeness(&project, "own"), "proven");
}

const SLOW: &str =
    "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; echo e $i >&2; sleep 0.1; done";

#[test]
fn a_killed_keeper_comes_back_and_no_byte_is_missing() {
    let Some((cluster, project, mut child)) = begin(SLOW) else {
        return;
    };
    let pod = pod_of(&cluster, &project);
    kill_in(&pod, "keeper");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let text = String::from_utf8(output(&project, "unit")).expect("text");
    for word in ["line", "e"] {
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with(&format!("{word} ")))
            .collect();
        let all: Vec<String> = (1..=60).map(|n| format!("{word} {n}")).collect();
        assert_eq!(lines, all);
    }
    assert_eq!(completeness(&project, "unit"), "proven");
    cluster.assert_nothing_left(&project);
}

#[test]
fn a_main_container_that_is_killed_all_at_once_loses_nothing_it_wrote() {
    let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done; echo last; while :; do sleep 1; done";
    let Some((cluster, project, mut child)) = begin(script) else {
        return;
    };
    let log = log_of(&project);
    while !std::fs::read(&log).unwrap_or_default().ends_with(b"last\n") {
        assert!(child.try_wait().expect("a child").is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    kill_in(&pod_of(&cluster, &project), "run");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    let record = record(&project, "unit");
    assert_eq!(record["termination"]["kind"], "signaled", "{record:#}");
    assert_eq!(record["capture"]["completeness"], "proven", "{record:#}");
    assert_eq!(record["capture"]["lines"], 20_001);
    cluster.assert_nothing_left(&project);
}

/// A sealed suite under way, on a cluster whose processes are ours to kill.
fn begin(script: &str) -> Option<(Cluster, Project, Child)> {
    if std::env::var_os("TRIBUNAL_TEST_CLUSTER_IS_OURS").is_none() {
        crate::support::skipped("TRIBUNAL_TEST_CLUSTER_IS_OURS: make test-cluster");
        return None;
    }
    let cluster = cluster()?;
    let project = captured(
        "sealed",
        &format!(
            "[suites.unit]\nscript = \"{script}\"\nretries = {{ infra = 0 }}\n[suites.unit.kubernetes]\n"
        ),
    );
    let mut child = cluster
        .command(&project, &["run"])
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary starts");
    while std::fs::read(log_of(&project))
        .unwrap_or_default()
        .is_empty()
    {
        assert!(child.try_wait().expect("a child").is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some((cluster, project, child))
}

fn log_of(project: &Project) -> PathBuf {
    project
        .path()
        .join(".tribunal/runs/latest/suites/unit/attempt-1/output.log")
}

fn pod_of(cluster: &Cluster, project: &Project) -> String {
    let pods = cluster.pods(project);
    pods[0].metadata.name.clone().expect("a name")
}

/// Kills the seal of a pod that runs in `mode`, as the kernel would: by its process, told by the pod's own name.
fn kill_in(pod: &str, mode: &str) {
    let host = format!("HOSTNAME={pod}");
    let mut killed = 0;
    for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
        let Some(number) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let read = |file: &str| std::fs::read(entry.path().join(file)).unwrap_or_default();
        let (argv, env) = (read("cmdline"), read("environ"));
        let mut words = argv.split(|byte| *byte == 0);
        let is_seal = words.next().is_some_and(|word| word.ends_with(b"/seal"))
            && words.next() == Some(mode.as_bytes());
        if is_seal
            && env
                .split(|byte| *byte == 0)
                .any(|pair| pair == host.as_bytes())
        {
            let pid = Pid::from_raw(number).expect("a pid");
            kill_process(pid, Signal::KILL).expect("killed");
            killed += 1;
        }
    }
    assert_eq!(killed, 1, "{mode} of {pod}");
}
