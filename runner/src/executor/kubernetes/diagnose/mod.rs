//! What the cluster's objects say about an attempt; pure.
//!
//! The truth about an end is a container's own `state.terminated`; a Job's counts and a pod's phase are only
//! hints (draining.md, facts 3 and 4). Where nothing certain is known, that is what is said.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateTerminated, ContainerStatus, Event, Pod,
};
use kube::ResourceExt as _;

use super::drain::ContainerPhase;
use crate::model::EndState;

mod changes;
mod container;
mod end;
#[cfg(test)]
mod tests;
mod wait;

pub(super) use changes::{job_observations, pod_observations};
pub(super) use end::termination;
pub(super) use wait::waiting;

/// Why tribunal itself ended an attempt.
#[derive(Clone, Debug)]
pub(super) enum EndedBy {
    /// Its `timeout` had passed.
    TimedOut { limit: Duration },
    /// Somebody cancelled.
    Cancelled { reason: String },
    /// It had not started within `provisioning_timeout`; what it waited for.
    Provisioning { limit: Duration, reason: String },
    /// It cannot start.
    Hopeless(EndState),
}

/// The last state of a pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodSeen<'a> {
    pod: &'a Pod,
    deleted: bool,
    by_us: bool,
}

impl<'a> PodSeen<'a> {
    /// `deleted`: the object is no more; `by_us`: tribunal had asked it to end.
    pub(super) fn of(pod: &'a Pod, deleted: bool, by_us: bool) -> Self {
        Self {
            pod,
            deleted,
            by_us,
        }
    }
}

/// Everything that is known of an attempt.
pub(super) struct Seen<'a> {
    pub(super) job: Option<&'a Job>,
    pub(super) pods: &'a [PodSeen<'a>],
    pub(super) events: &'a [Event],
    pub(super) ended_by: Option<EndedBy>,
    /// Why the API has not answered for long, where it has not.
    pub(super) api_lost: Option<String>,
    /// The name of the suite's container.
    pub(super) main: &'a str,
}

/// Why nothing runs yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waiting {
    /// One sentence for people.
    pub(super) reason: String,
    /// Whether to go on waiting.
    pub(super) verdict: Verdict,
}

/// Whether waiting can help.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It cannot.
    Hopeless(EndState),
    /// It may.
    Patience,
}

/// Statuses of all containers: init, sidecars, main, in the order of the pod.
fn statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    let status = pod.status.as_ref();
    let init = status
        .and_then(|status| status.init_container_statuses.as_ref())
        .into_iter()
        .flatten();
    let plain = status
        .and_then(|status| status.container_statuses.as_ref())
        .into_iter()
        .flatten();
    let extra = status
        .and_then(|status| status.ephemeral_container_statuses.as_ref())
        .into_iter()
        .flatten();
    init.chain(plain).chain(extra)
}

fn state_of<'a>(pod: &'a Pod, name: &str) -> Option<&'a ContainerState> {
    statuses(pod)
        .find(|status| status.name == name)?
        .state
        .as_ref()
}

/// How the container `main` ended, where its state says so.
pub(super) fn main_ended<'a>(pod: &'a Pod, main: &str) -> Option<&'a ContainerStateTerminated> {
    state_of(pod, main)?.terminated.as_ref()
}

/// Whether the container `main` runs or has run.
pub(super) fn main_started(seen: &PodSeen<'_>, main: &str) -> bool {
    state_of(seen.pod, main).is_some_and(|state| {
        state.running.is_some()
            || state
                .terminated
                .as_ref()
                .is_some_and(|ended| ended.started_at.is_some() && !never_ran(ended))
    })
}

/// Whether the runtime could not even start it.
fn never_ran(ended: &ContainerStateTerminated) -> bool {
    matches!(
        ended.reason.as_deref(),
        Some("StartError" | "ContainerCannotRun")
    )
}

/// Whether the node lost the container's exit status, so that the code in its place says nothing: 255 and `Unknown` of
/// a containerd that was started again (unknownExitCode in its internal/cri/server), 137 and `ContainerStatusUnknown` of
/// a kubelet that finds no container any more.
pub(super) fn status_is_lost(ended: &ContainerStateTerminated) -> bool {
    matches!(
        ended.reason.as_deref(),
        Some("Unknown" | "ContainerStatusUnknown")
    )
}

/// Whether no more can come of the container `main`.
pub(super) fn main_is_over(seen: &PodSeen<'_>, main: &str) -> bool {
    let phase = phase_of(seen.pod);
    main_ended(seen.pod, main).is_some()
        || seen.deleted
        // A keeper that nobody told to leave keeps such a pod from failing.
        || end::failed_init(seen.pod).is_some()
        // A pod that failed before its container began (init failed, evicted) has no state for it.
        || (matches!(phase, "Failed" | "Succeeded") && state_of(seen.pod, main).is_none_or(|state| state.running.is_none()))
}

fn phase_of(pod: &Pod) -> &str {
    pod.status
        .as_ref()
        .and_then(|status| status.phase.as_deref())
        .unwrap_or("")
}

/// `pod NAMESPACE/NAME on NODE`.
pub(super) fn place(pod: &Pod) -> String {
    let node = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.node_name.as_deref())
        .unwrap_or("no node");
    format!(
        "pod {}/{} on {node}",
        pod.namespace().unwrap_or_default(),
        pod.name_any()
    )
}

/// What every container does, for its reader.
pub(super) fn container_phases(pod: &Pod, deleted: bool) -> Vec<(String, ContainerPhase)> {
    let failed = end::failed_init(pod).map(|(name, _)| name);
    let phase = |status: &ContainerStatus| {
        let state = status.state.as_ref();
        if let Some(ended) = state.and_then(|state| state.terminated.as_ref()) {
            ContainerPhase::Ended {
                at: ended.finished_at.as_ref().map(|at| at.0.as_second()),
            }
        } else if deleted {
            ContainerPhase::Gone("its pod was deleted".to_owned())
        } else if state.is_some_and(|state| state.running.is_some()) {
            ContainerPhase::Running
        } else if let Some(name) = failed {
            ContainerPhase::Gone(format!("init container {name} failed, so it never begins"))
        } else {
            ContainerPhase::Waiting
        }
    };
    statuses(pod)
        .map(|status| (status.name.clone(), phase(status)))
        .collect()
}
