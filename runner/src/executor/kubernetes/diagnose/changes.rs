//! What changed between two states of an object, in lines for the journal.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt as _;

/// What a newer state of a pod says that the older did not.
pub(in super::super) fn pod_observations(old: Option<&Pod>, new: &Pod) -> Vec<String> {
    difference(
        &old.map(pod_facts).unwrap_or_default(),
        pod_facts(new),
        &format!("pod {}", new.name_any()),
    )
}

/// What a newer state of a Job says that the older did not.
pub(in super::super) fn job_observations(old: Option<&Job>, new: &Job) -> Vec<String> {
    difference(
        &old.map(job_facts).unwrap_or_default(),
        job_facts(new),
        &format!("job {}", new.name_any()),
    )
}

fn difference(old: &[String], new: Vec<String>, who: &str) -> Vec<String> {
    new.into_iter()
        .filter(|fact| !old.contains(fact))
        .map(|fact| format!("{who}: {fact}"))
        .collect()
}

fn pod_facts(pod: &Pod) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(node) = pod.spec.as_ref().and_then(|spec| spec.node_name.as_ref()) {
        facts.push(format!("on node {node}"));
    }
    if let Some(at) = &pod.metadata.deletion_timestamp {
        facts.push(format!("deletion asked for at {}", at.0));
    }
    let Some(status) = &pod.status else {
        return facts;
    };
    if let Some(phase) = &status.phase {
        let mut words = vec!["phase", phase];
        words.extend(status.reason.as_deref());
        words.extend(status.message.as_deref());
        facts.push(words.join(" "));
    }
    for condition in status.conditions.iter().flatten() {
        let why = condition.reason.as_deref().unwrap_or("");
        facts.push(
            format!("condition {}={} {why}", condition.type_, condition.status)
                .trim_end()
                .to_owned(),
        );
    }
    facts.extend(super::statuses(pod).map(container));
    facts
}

fn container(status: &ContainerStatus) -> String {
    let name = &status.name;
    let Some(state) = &status.state else {
        return format!("container {name}: no state");
    };
    if let Some(ended) = &state.terminated {
        let reason = ended.reason.as_deref().unwrap_or("no reason");
        format!(
            "container {name}: terminated, exit {} ({reason})",
            ended.exit_code
        )
    } else if state.running.is_some() {
        format!("container {name}: running")
    } else {
        let reason = state
            .waiting
            .as_ref()
            .and_then(|waiting| waiting.reason.as_deref());
        format!(
            "container {name}: waiting ({})",
            reason.unwrap_or("no reason")
        )
    }
}

fn job_facts(job: &Job) -> Vec<String> {
    let Some(status) = &job.status else {
        return Vec::new();
    };
    let count = |number: Option<i32>| number.unwrap_or(0);
    let uncounted = status.uncounted_terminated_pods.as_ref().map_or(0, |pods| {
        pods.failed.as_ref().map_or(0, Vec::len) + pods.succeeded.as_ref().map_or(0, Vec::len)
    });
    let mut facts = vec![format!(
        "active {} terminating {} succeeded {} failed {} uncounted {uncounted}",
        count(status.active),
        count(status.terminating),
        count(status.succeeded),
        count(status.failed),
    )];
    for condition in status.conditions.iter().flatten() {
        let why = condition.reason.as_deref().unwrap_or("");
        facts.push(
            format!("condition {}={} {why}", condition.type_, condition.status)
                .trim_end()
                .to_owned(),
        );
    }
    facts
}
