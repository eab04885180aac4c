//! Why nothing runs yet, and whether waiting can help.

use k8s_openapi::api::core::v1::{ContainerStateWaiting, Event, Pod};

use super::{Seen, Verdict, Waiting, statuses};
use crate::model::EndState;

/// Words of image errors that no waiting mends; checked only once the kubelet backs off, which it does after a
/// second failure.
const IMAGE_HOPELESS: [&str; 6] = [
    "not found",
    "manifest unknown",
    "does not exist",
    "unauthorized",
    "authentication required",
    "denied",
];

/// Why the attempt waits.
pub(in super::super) fn waiting(seen: &Seen<'_>) -> Waiting {
    let Some(now) = seen.pods.last() else {
        return without_pod(seen);
    };
    let pod = now.pod;
    for status in statuses(pod) {
        if let Some(waiting) = status
            .state
            .as_ref()
            .and_then(|state| state.waiting.as_ref())
            && let Some(known) = container(&status.name, &status.image, waiting)
        {
            return known;
        }
    }
    let unscheduled = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten())
        .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False");
    if let Some(condition) = unscheduled {
        let message = condition
            .message
            .as_deref()
            .unwrap_or("the scheduler gives no reason");
        let word = condition.reason.as_deref().unwrap_or("Unschedulable");
        return patience(format!("{word}: {message}"));
    }
    let stuck = [
        "FailedMount",
        "FailedAttachVolume",
        "FailedCreatePodSandBox",
        "FailedScheduling",
    ];
    if let Some(event) = last_event(seen.events, &stuck) {
        return patience(event);
    }
    if let Some(init) = init_under_way(pod) {
        return patience(format!("init container {init} is running"));
    }
    let on_node = pod
        .spec
        .as_ref()
        .is_some_and(|spec| spec.node_name.is_some());
    patience(
        if on_node {
            "its container is being created"
        } else {
            "waiting for a node"
        }
        .to_owned(),
    )
}

fn patience(reason: String) -> Waiting {
    Waiting {
        reason,
        verdict: Verdict::Patience,
    }
}

fn hopeless(reason: String) -> Waiting {
    let end = EndState::StartFailed {
        reason: reason.clone(),
        transient: false,
    };
    Waiting {
        reason,
        verdict: Verdict::Hopeless(end),
    }
}

fn without_pod(seen: &Seen<'_>) -> Waiting {
    if let Some(why) = &seen.api_lost {
        return patience(format!("the API server does not answer: {why}"));
    }
    let suspended = seen
        .job
        .and_then(|job| job.spec.as_ref()?.suspend)
        .unwrap_or(false);
    if suspended {
        return patience("the Job is suspended: a queue of the cluster holds it".to_owned());
    }
    let mut refused = seen
        .events
        .iter()
        .filter(|event| event.reason.as_deref() == Some("FailedCreate"));
    if let Some(event) = refused.next_back() {
        let message = event.message.clone().unwrap_or_default();
        let message = format!("the cluster makes no pod: {message}");
        // A quota may get free; what a policy refuses once it refuses again.
        return if message.contains("exceeded quota") {
            patience(message)
        } else {
            hopeless(message)
        };
    }
    patience("waiting for a pod".to_owned())
}

fn last_event(events: &[Event], reasons: &[&str]) -> Option<String> {
    let fits = |event: &&Event| {
        event
            .reason
            .as_deref()
            .is_some_and(|reason| reasons.contains(&reason))
    };
    let event = events.iter().rev().find(fits)?;
    Some(format!(
        "{}: {}",
        event.reason.as_deref()?,
        event.message.as_deref().unwrap_or("no message")
    ))
}

fn container(name: &str, image: &str, waiting: &ContainerStateWaiting) -> Option<Waiting> {
    let reason = waiting.reason.as_deref()?;
    let message = waiting.message.as_deref().unwrap_or("");
    let said = if message.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}: {message}")
    };
    Some(match reason {
        "InvalidImageName" | "ErrImageNeverPull" => {
            hopeless(format!("image {image} of {name}: {said}"))
        }
        "ImagePullBackOff" => {
            let text = format!("image {image} of {name}: {said}");
            let lower = message.to_lowercase();
            if IMAGE_HOPELESS.iter().any(|word| lower.contains(word)) {
                hopeless(text)
            } else {
                patience(text)
            }
        }
        "ErrImagePull" | "ImageInspectError" | "RegistryUnavailable" => {
            patience(format!("image {image} of {name}: {said}"))
        }
        "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PostStartHookError" => patience(format!("container {name} cannot start: {said}")),
        "CreateContainerConfigError" => {
            patience(format!("container {name} is not configured: {said}"))
        }
        "CrashLoopBackOff" => patience(format!("container {name} keeps ending: {said}")),
        _ => return None,
    })
}

fn init_under_way(pod: &Pod) -> Option<&str> {
    let status = pod.status.as_ref()?;
    let main_runs = status.container_statuses.iter().flatten().any(|status| {
        status
            .state
            .as_ref()
            .is_some_and(|state| state.running.is_some() || state.terminated.is_some())
    });
    if main_runs {
        return None;
    }
    let running = |state: &k8s_openapi::api::core::v1::ContainerState| state.running.is_some();
    let init = status.init_container_statuses.iter().flatten();
    init.filter(|status| status.state.as_ref().is_some_and(running))
        .map(|status| status.name.as_str())
        .next_back()
}
