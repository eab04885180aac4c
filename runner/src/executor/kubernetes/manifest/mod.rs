//! The Job of an attempt; pure.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::Job;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::sealed::Sealing;
use crate::model::millis;
use crate::plan::{ARCH_LABEL, KubernetesSpec, Suite, Toleration};

mod container;
mod merge;
mod sealed;
#[cfg(test)]
mod tests;

/// The name of the container that is the suite.
pub(super) const MAIN: &str = "suite";
/// The label that every object of a run has.
pub(super) const RUN_LABEL: &str = "tribunal.dev/run";
/// The label that says who made an object.
pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The annotation that a living run renews.
pub(super) const HEARTBEAT: &str = "tribunal.dev/heartbeat";
/// Seconds on top of every limit of ours before the cluster's own deadline ends a Job: a safety net for a
/// runner that died.
const MARGIN: u64 = 300;

/// A Job cannot be made of what the pipeline says.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ManifestError(String);

/// What a Job is made of.
pub(super) struct Order<'a> {
    pub(super) run: &'a str,
    pub(super) pipeline: &'a str,
    pub(super) suite: &'a Suite,
    pub(super) spec: &'a KubernetesSpec,
    pub(super) attempt: u32,
    /// `None`: the output is read over the log API.
    pub(super) sealing: Option<&'a Sealing>,
}

/// The name of an attempt's Job: the same for the same attempt, so that a repeated creation finds the first.
/// At most 52 bytes, as pods get a suffix and labels end at 63.
pub(super) fn job_name(order: &Order<'_>) -> String {
    let key = format!("{}\0{}\0{}", order.run, order.suite.name, order.attempt);
    let hash = Sha256::digest(key.as_bytes());
    let hash = crate::plugin::hex(hash.get(..6).unwrap_or_default());
    let slug: String = order
        .suite
        .slug
        .chars()
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '-'
            }
        })
        .take(30)
        .collect();
    let slug = slug.trim_matches('-');
    let dash = if slug.is_empty() { "" } else { "-" };
    format!("t-{slug}{dash}{hash}-{}", order.attempt)
}

/// A text as label value: at most 63 of `[A-Za-z0-9._-]`, alphanumeric at both ends.
pub(super) fn label_value(text: &str) -> String {
    let safe: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(63)
        .collect();
    safe.trim_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_owned()
}

/// Makes the Job. Fails when the pipeline's `pod` does not merge into a pod spec.
pub(super) fn job(order: &Order<'_>) -> Result<Job, ManifestError> {
    let Order { suite, spec, .. } = order;
    let mut labels: BTreeMap<String, String> = spec.labels.clone();
    labels.insert(RUN_LABEL.to_owned(), label_value(order.run));
    labels.insert("tribunal.dev/suite".to_owned(), label_value(&suite.slug));
    labels.insert("tribunal.dev/attempt".to_owned(), order.attempt.to_string());
    labels.insert(MANAGED_BY.to_owned(), "tribunal".to_owned());
    let mut annotations = spec.annotations.clone();
    annotations.insert("tribunal.dev/suite".to_owned(), suite.name.clone());
    annotations.insert(
        "tribunal.dev/pipeline".to_owned(),
        order.pipeline.to_owned(),
    );
    let mut on_pod = annotations.clone();
    // Neither autoscaler may take the node of a running test away.
    for key in [
        "cluster-autoscaler.kubernetes.io/safe-to-evict",
        "karpenter.sh/do-not-disrupt",
    ] {
        let value = if key.starts_with("karpenter") {
            "true"
        } else {
            "false"
        };
        on_pod
            .entry(key.to_owned())
            .or_insert_with(|| value.to_owned());
    }
    let seconds = |duration: std::time::Duration| millis(duration).div_ceil(1000);
    let deadline = seconds(spec.provisioning_timeout)
        + seconds(suite.timeout)
        + seconds(suite.grace)
        + seconds(suite.drain_timeout)
        + order.sealing.map_or(0, |_| seconds(spec.hold))
        + MARGIN;
    // Never so short that the cluster takes the log away while it is read.
    let ttl = seconds(spec.ttl).max(seconds(suite.drain_timeout) + 60);
    let mut pod = pod_spec(order);
    if let Some(sealing) = order.sealing {
        sealed::add(&mut pod, order, sealing);
    }
    let pod = merge::pod_spec(pod, &spec.pod)?;
    let job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job_name(order), "labels": labels, "annotations": annotations},
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "podReplacementPolicy": "Failed",
            "activeDeadlineSeconds": deadline,
            "ttlSecondsAfterFinished": ttl,
            "template": {"metadata": {"labels": labels, "annotations": on_pod}, "spec": pod},
        },
    });
    serde_json::from_value(job).map_err(|error| ManifestError(error.to_string()))
}

/// The line that a script's container prints first: the proof that the log is read from its beginning.
fn marker_of(job: &str) -> String {
    format!("tribunal: {job} begins")
}

/// What prints it, before the script.
fn beginning(marker: &str) -> String {
    format!("echo '{marker}'; echo '{marker}' >&2; ")
}

/// The line that the Job's main container prints first, where it does: not where it is sealed.
pub(super) fn marker(job: &Job) -> Option<String> {
    let marker = marker_of(job.metadata.name.as_deref()?);
    let spec = job.spec.as_ref()?.template.spec.as_ref()?;
    let main = spec.containers.iter().find(|it| it.name == MAIN)?;
    let script = main.command.as_ref()?.get(3)?;
    script.starts_with(&beginning(&marker)).then_some(marker)
}

fn pod_spec(order: &Order<'_>) -> Value {
    let Order { suite, spec, .. } = order;
    let mut pod = json!({
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": millis(suite.grace).div_ceil(1000),
        "enableServiceLinks": false,
        "automountServiceAccountToken": spec.service_account.is_some(),
        // Pod Security `restricted`.
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": 65_532,
            "runAsGroup": 65_532,
            "fsGroup": 65_532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container::suite(order)],
    });
    let mut set = |key: &str, value: Value| {
        if let Some(pod) = pod.as_object_mut() {
            pod.insert(key.to_owned(), value);
        }
    };
    if let Some(account) = &spec.service_account {
        set("serviceAccountName", json!(account));
    }
    if !spec.node_selector.is_empty() {
        set("nodeSelector", json!(spec.node_selector));
    }
    if !spec.tolerations.is_empty() {
        set(
            "tolerations",
            spec.tolerations.iter().map(toleration).collect(),
        );
    }
    if !spec.image_pull_secrets.is_empty() {
        set(
            "imagePullSecrets",
            spec.image_pull_secrets
                .iter()
                .map(|name| json!({"name": name}))
                .collect(),
        );
    }
    pod
}

fn toleration(from: &Toleration) -> Value {
    let mut map = Map::new();
    for (key, value) in [
        ("key", &from.key),
        ("operator", &from.operator),
        ("value", &from.value),
        ("effect", &from.effect),
    ] {
        if let Some(value) = value {
            map.insert(key.into(), json!(value));
        }
    }
    if let Some(seconds) = from.seconds {
        map.insert("tolerationSeconds".into(), json!(seconds));
    }
    Value::Object(map)
}
