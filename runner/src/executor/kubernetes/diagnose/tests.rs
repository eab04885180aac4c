//! Ends as clusters tell them, one line each: what is concluded, and whether it is worth another try.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod};
use serde_json::{Value, json};
use tribunal_seal::wire::{End, Hasher, StreamState, StreamTotal, Summary};

use super::{EndedBy, PodSeen, Seen, Verdict, termination, waiting};
use crate::model::EndState;

/// A pod whose containers have these states; the first is the suite's.
fn pod(status: &Value) -> Pod {
    let containers = json!([
        {"name": "suite", "resources": {"limits": {"memory": "64Mi"}}},
        {"name": "beside"},
    ]);
    let init = json!([{"name": "setup"}, {"name": "db", "restartPolicy": "Always"}]);
    serde_json::from_value(json!({
        "metadata": {"name": "t-x-1-abc", "namespace": "ci"},
        "spec": {"nodeName": "n1", "containers": containers, "initContainers": init},
        "status": status,
    }))
    .expect("a pod")
}

fn ended(name: &str, code: i32, reason: &str) -> Value {
    json!({"name": name, "image": "i", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"terminated": {"exitCode": code, "reason": reason,
            "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:07Z"}}})
}

/// A container whose exit status containerd lost, and whose seal had left its word.
fn sealed(end: End) -> Value {
    let total = StreamTotal {
        bytes: 0,
        state: StreamState::Whole,
        digest: Hasher::default().digest(),
    };
    let word = Summary {
        end,
        streams: [total, total],
        files: 0,
        spool: 400,
        note: String::new(),
    };
    with_message(ended("suite", 255, "Unknown"), &word.line())
}

fn with_message(mut status: Value, message: &str) -> Value {
    if let Some(state) = status.pointer_mut("/state/terminated") {
        state["message"] = json!(message);
    }
    status
}

fn waits(name: &str, reason: &str, message: &str) -> Value {
    json!({"name": name, "image": "i:1", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": reason, "message": message}}})
}

fn disrupted(reason: &str, phase: &str, suite: &Value) -> Value {
    json!({"phase": phase, "containerStatuses": [suite], "conditions": [
        {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "told so"}]})
}

/// One line: the end in words, `again` where `retries.infra` applies.
fn told(end: &EndState) -> String {
    let again = if end.is_infra() { "  [again]" } else { "" };
    format!("{}{again}", end.describe())
}

fn end_of(pod: &Pod, ended_by: Option<EndedBy>) -> EndState {
    let by_us = ended_by.is_some();
    let pods = [PodSeen::of(pod, false, by_us)];
    let seen = Seen {
        job: None,
        pods: &pods,
        events: &[],
        ended_by,
        api_lost: None,
        main: "suite",
    };
    termination(&seen).end
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, one line an end")]
fn ends_are_told_as_they_were() {
    let plain = |suite: Value, phase: &str| json!({"phase": phase, "containerStatuses": [suite]});
    let mut deleted = pod(&plain(ended("suite", 143, "Error"), "Failed"));
    let time = |text: &str| serde_json::from_value(json!(text)).expect("a time");
    deleted.metadata.deletion_timestamp = time("2026-01-01T00:00:35Z");
    deleted.metadata.deletion_grace_period_seconds = Some(30);
    let mut heeded = pod(&plain(ended("suite", 0, "Completed"), "Succeeded"));
    heeded.metadata = deleted.metadata.clone();
    // As the kubelet leaves it, once the pod has ended.
    let mut settled = deleted.clone();
    settled.metadata.deletion_timestamp = time("2026-01-01T00:00:15Z");
    settled.metadata.deletion_grace_period_seconds = Some(0);
    let mut afterwards = pod(&plain(ended("suite", 3, "Error"), "Failed"));
    afterwards.metadata.deletion_timestamp = time("2026-01-01T00:00:38Z");
    afterwards.metadata.deletion_grace_period_seconds = Some(30);
    let cases: Vec<(&str, Pod)> = [
        ("exit 0", plain(ended("suite", 0, "Completed"), "Succeeded")),
        ("exit 3", plain(ended("suite", 3, "Error"), "Failed")),
        ("segfault", plain(ended("suite", 139, "Error"), "Failed")),
        ("oom", plain(ended("suite", 137, "OOMKilled"), "Failed")),
        ("oom of a child", plain(ended("suite", 0, "OOMKilled"), "Succeeded")),
        ("no exit code", plain(json!({"name": "suite", "state": {"terminated": {"exitCode": null}}}), "Succeeded")),
        ("killed, no reason", plain(ended("suite", 137, "Error"), "Failed")),
        ("state lost", plain(ended("suite", 137, "ContainerStatusUnknown"), "Failed")),
        ("status lost by containerd", plain(ended("suite", 255, "Unknown"), "Failed")),
        ("status lost, but sealed, exit 0", plain(sealed(End::Exited(0)), "Failed")),
        ("status lost, but sealed, exit 1", plain(sealed(End::Exited(1)), "Failed")),
        ("status lost, but sealed, killed", plain(sealed(End::Signaled(9)), "Failed")),
        ("status lost, killed whole", plain(sealed(End::Vanished), "Failed")),
        (
            "runtime broke",
            plain(with_message(ended("suite", 128, "StartError"), "failed to create shim task: timeout"), "Failed"),
        ),
        (
            "no program",
            plain(
                with_message(
                    ended("suite", 128, "StartError"),
                    "runc create failed: unable to start container process: exec: \"x\": executable file not found in $PATH",
                ),
                "Failed",
            ),
        ),
        ("evicted", json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"})),
        (
            "evicted, exit 0",
            disrupted("TerminationByKubelet", "Succeeded", &ended("suite", 0, "Completed")),
        ),
        (
            "evicted for its own disk",
            json!({"phase": "Failed", "reason": "Evicted", "message": "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi."}),
        ),
        ("preempted", disrupted("PreemptionByScheduler", "Failed", &ended("suite", 143, "Error"))),
        ("tainted", disrupted("DeletionByTaintManager", "Failed", &ended("suite", 143, "Error"))),
        ("node lost", json!({"phase": "Failed", "reason": "NodeLost", "message": "node n1 is gone"})),
        (
            "foreign deadline",
            json!({"phase": "Failed", "reason": "DeadlineExceeded", "containerStatuses": [ended("suite", 143, "Error")]}),
        ),
        (
            "init failed",
            json!({"phase": "Failed", "containerStatuses": [waits("suite", "PodInitializing", "")],
                "initContainerStatuses": [with_message(ended("setup", 7, "Error"), "no database\n")]}),
        ),
        (
            "init out of memory",
            json!({"phase": "Failed", "containerStatuses": [waits("suite", "PodInitializing", "")],
                "initContainerStatuses": [ended("setup", 137, "OOMKilled")]}),
        ),
        (
            "native sidecar killed as usual",
            json!({"phase": "Succeeded", "containerStatuses": [ended("suite", 0, "Completed")],
                "initContainerStatuses": [ended("db", 137, "Error")]}),
        ),
        (
            "plain sidecar failed",
            json!({"phase": "Failed", "containerStatuses": [ended("suite", 0, "Completed"), ended("beside", 2, "Error")]}),
        ),
        ("no statuses", json!({"phase": "Failed"})),
        ("no statuses but words", json!({"phase": "Failed", "message": "kubelet said no"})),
        ("only another container known", plain(ended("beside", 0, "Completed"), "Succeeded")),
        ("succeeded without a state", json!({"phase": "Succeeded"})),
        ("phase unknown", json!({"phase": "Unknown"})),
    ]
    .into_iter()
    .map(|(name, status)| (name, pod(&status)))
    .chain([
        ("deleted by somebody", deleted),
        ("deleted by somebody, exit 0", heeded),
        ("deleted by somebody, and told late", settled),
        ("deleted after its end", afterwards),
    ])
    .collect();
    let lines: Vec<String> = cases
        .iter()
        .map(|(name, pod)| {
            let end = end_of(pod, None);
            // Only an exit 0 of its own, seen in the suite's own container or by its seal, may ever become a pass.
            let may_pass = end == EndState::Exited { code: 0 };
            assert_eq!(
                may_pass,
                matches!(
                    *name,
                    "exit 0" | "native sidecar killed as usual" | "status lost, but sealed, exit 0"
                ),
                "{name}"
            );
            format!("{name}: {}", told(&end))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_tribunal_did_is_said_before_what_the_cluster_made_of_it() {
    let killed = pod(&json!({"phase": "Failed", "reason": "DeadlineExceeded",
        "containerStatuses": [ended("suite", 137, "Error")]}));
    let by = |why| told(&end_of(&killed, Some(why)));
    let limit = Duration::from_secs(90);
    insta::assert_snapshot!(
        [
            by(EndedBy::TimedOut { limit }),
            by(EndedBy::Cancelled {
                reason: "SIGINT".to_owned()
            }),
            by(EndedBy::Provisioning {
                limit,
                reason: "Unschedulable: no node".to_owned()
            }),
        ]
        .join("\n")
    );
    // A timeout that passed while the API was silent is nobody's: what it did meanwhile is not known.
    let running = pod(&json!({"phase": "Running", "containerStatuses": [
        {"name": "suite", "image": "i", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}}]}));
    let pods = [PodSeen::of(&running, false, true)];
    let seen = Seen {
        job: None,
        pods: &pods,
        events: &[],
        ended_by: Some(EndedBy::TimedOut { limit }),
        api_lost: Some("connection refused".to_owned()),
        main: "suite",
    };
    let end = termination(&seen).end;
    assert!(matches!(end, EndState::Lost { .. }), "{end:?}");
    let evicted = pod(&json!({"phase": "Failed", "reason": "Evicted", "message": "low on disk"}));
    let end = end_of(&evicted, Some(EndedBy::TimedOut { limit }));
    assert!(matches!(end, EndState::Evicted { .. }), "{end:?}");
}

#[test]
fn without_a_pod_there_is_no_pass() {
    let pod = pod(&json!({"phase": "Running"}));
    let end = |pods: &[PodSeen<'_>], api_lost: Option<&str>| {
        let seen = Seen {
            job: None,
            pods,
            events: &[],
            ended_by: None,
            api_lost: api_lost.map(str::to_owned),
            main: "suite",
        };
        told(&termination(&seen).end)
    };
    let second = PodSeen::of(&pod, false, false);
    insta::assert_snapshot!(
        [
            end(&[], None),
            end(&[], Some("connection refused")),
            end(&[PodSeen::of(&pod, true, false)], None),
            end(&[second, second], None),
            end(&[second], Some("no route to host")),
        ]
        .join("\n")
    );
}

fn reason(pod: Option<&Pod>, job: Option<&Job>, events: &[Event]) -> String {
    let pods: Vec<PodSeen<'_>> = pod
        .map(|pod| PodSeen::of(pod, false, false))
        .into_iter()
        .collect();
    let seen = Seen {
        job,
        pods: &pods,
        events,
        ended_by: None,
        api_lost: None,
        main: "suite",
    };
    let found = waiting(&seen);
    match found.verdict {
        Verdict::Patience => format!("waits: {}", found.reason),
        Verdict::Hopeless(end) => format!("ends: {}", told(&end)),
    }
}

#[test]
fn waiting_has_a_reason_and_an_end_where_it_cannot_help() {
    let pending =
        |statuses: Value| pod(&json!({"phase": "Pending", "containerStatuses": statuses}));
    let pods = vec![
        pending(json!([waits("suite", "ErrImagePull", "i/o timeout")])),
        pending(json!([waits(
            "suite",
            "ImagePullBackOff",
            "Back-off pulling image \"i:1\": manifest unknown"
        )])),
        pending(json!([waits(
            "suite",
            "ImagePullBackOff",
            "Back-off pulling image \"i:1\": 503"
        )])),
        pending(json!([waits(
            "suite",
            "InvalidImageName",
            "couldn't parse image name"
        )])),
        pending(json!([waits(
            "suite",
            "ErrImageNeverPull",
            "not present with pull policy of Never"
        )])),
        pending(json!([waits(
            "suite",
            "CreateContainerConfigError",
            "secret \"db\" not found"
        )])),
        pending(json!([waits("suite", "ContainerCreating", "")])),
        pod(
            &json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."}]}),
        ),
        pod(
            &json!({"phase": "Pending", "initContainerStatuses": [{"name": "setup", "image": "i", "imageID": "",
            "ready": false, "restartCount": 0, "state": {"running": {}}}]}),
        ),
    ];
    let event = |reason: &str, message: &str| -> Event {
        serde_json::from_value(
            json!({"metadata": {}, "involvedObject": {}, "reason": reason, "message": message}),
        )
        .expect("an event")
    };
    let suspended: Job = serde_json::from_value(json!({"metadata": {},
        "spec": {"suspend": true, "template": {}}}))
    .expect("a Job");
    let mut lines: Vec<String> = pods
        .iter()
        .map(|pod| reason(Some(pod), None, &[]))
        .collect();
    let quota = event(
        "FailedCreate",
        "Error creating: pods \"x\" is forbidden: exceeded quota: small",
    );
    let policy = event(
        "FailedCreate",
        "Error creating: pods \"x\" is forbidden: violates PodSecurity",
    );
    let mount = event(
        "FailedMount",
        "MountVolume.SetUp failed for volume \"v\": secret \"s\" not found",
    );
    lines.push(reason(Some(&pending(json!([]))), None, &[mount]));
    lines.push(reason(None, None, &[quota]));
    lines.push(reason(None, None, &[policy]));
    lines.push(reason(None, Some(&suspended), &[]));
    lines.push(reason(None, None, &[]));
    insta::assert_snapshot!(lines.join("\n"));
}
