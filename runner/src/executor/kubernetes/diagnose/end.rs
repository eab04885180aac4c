//! How an attempt ended: the priority list of draining.md §4. Never a plain exit without its evidence.

use k8s_openapi::api::core::v1::{Container as PodContainer, ContainerStateTerminated, Pod};

use tribunal_seal::wire::{End, LastWord};

use super::super::sealed::KEEPER;
use super::container::{containers, of_code, of_container, said};
use super::{EndedBy, PodSeen, Seen, main_ended, phase_of, place, status_is_lost, statuses};
use crate::model::{Condition, EndState, Termination, human_ms, millis};

/// `DisruptionTarget` reasons and pod reasons that mean a lost node rather than an eviction.
const NODE_LOST: [&str; 3] = ["DeletionByTaintManager", "NodeLost", "DeletionByPodGC"];
/// Pod reasons by which a kubelet or scheduler takes a pod away.
const TAKEN: [&str; 8] = [
    "Evicted",
    "NodeShutdown",
    "Terminated",
    "Shutdown",
    "Preempting",
    "UnexpectedAdmissionError",
    "NodeAffinity",
    "Preempted",
];

/// How it ended, with everything that is known.
pub(in super::super) fn termination(seen: &Seen<'_>) -> Termination {
    let mut termination = Termination::new(end(seen));
    if let Some(now) = seen.pods.first() {
        termination.place = place(now.pod);
        termination.containers = containers(now.pod, now.by_us);
        termination.conditions = pod_conditions(now.pod);
        if let Some(ended) = main_ended(now.pod, seen.main)
            && let (Some(from), Some(to)) = (&ended.started_at, &ended.finished_at)
        {
            let ms = to.0.as_millisecond() - from.0.as_millisecond();
            termination.duration_ms = u64::try_from(ms).unwrap_or(0);
        }
    }
    let job = seen
        .job
        .and_then(|job| job.status.as_ref())
        .and_then(|status| status.conditions.as_ref());
    termination.conditions.extend(
        job.into_iter()
            .flatten()
            .filter(|known| known.status == "True")
            .map(|known| Condition {
                kind: format!("Job{}", known.type_),
                reason: known.reason.clone().unwrap_or_default(),
                message: known.message.clone().unwrap_or_default(),
            }),
    );
    termination
}

fn end(seen: &Seen<'_>) -> EndState {
    if let Some(EndedBy::Hopeless(end)) = &seen.ended_by {
        return end.clone();
    }
    if let [_, second, ..] = seen.pods {
        return EndState::Lost {
            reason: format!("the cluster replaced its pod by {}", place(second.pod)),
        };
    }
    let Some(now) = seen.pods.first() else {
        return without_pod(seen);
    };
    if let Some(end) = disrupted(now) {
        return end;
    }
    if let Some(why) = &seen.ended_by {
        // A limit that passed while nothing could be seen says nothing about the suite.
        return match (why, &seen.api_lost, main_ended(now.pod, seen.main)) {
            (EndedBy::TimedOut { .. }, Some(why), None) => EndState::Lost {
                reason: format!("the API server does not answer: {why}"),
            },
            _ => by_us(why),
        };
    }
    match main_ended(now.pod, seen.main) {
        Some(main) => by_itself(seen, now, main),
        None => without_state(seen, now),
    }
}

/// What tribunal had decided.
fn by_us(why: &EndedBy) -> EndState {
    match why {
        EndedBy::TimedOut { limit } => EndState::TimedOut {
            limit_ms: millis(*limit),
        },
        EndedBy::Cancelled { reason } => EndState::Cancelled {
            reason: reason.clone(),
        },
        EndedBy::Provisioning { limit, reason } => EndState::StartFailed {
            reason: format!("not running within {}: {reason}", human_ms(millis(*limit))),
            transient: true,
        },
        EndedBy::Hopeless(end) => end.clone(),
    }
}

/// The main container's own end.
fn by_itself(seen: &Seen<'_>, now: &PodSeen<'_>, main: &ContainerStateTerminated) -> EndState {
    if main.reason.as_deref() == Some("OOMKilled") {
        return EndState::OomKilled {
            limit: memory_limit(now.pod, seen.main),
            code: Some(main.exit_code),
        };
    }
    let told = status_is_lost(main).then(|| told_by_seal(main));
    if let Some(None) = told {
        return of_container(main);
    }
    if now
        .pod
        .status
        .as_ref()
        .and_then(|status| status.reason.as_deref())
        == Some("DeadlineExceeded")
    {
        return EndState::Other {
            reason: "ended by the pod's activeDeadlineSeconds, which tribunal did not set"
                .to_owned(),
        };
    }
    // What comes after somebody's deletion is no end of its own, exit 0 included: it may have heeded the TERM.
    if was_deleted_before(now.pod, main) && !now.by_us {
        let reason = format!(
            "its pod was deleted by somebody else while it ran (exit {})",
            main.exit_code
        );
        return EndState::Lost { reason };
    }
    // An absent or null exit code reads as 0: it counts only beside another word that says so.
    if main.exit_code == 0 {
        let word = main.reason.as_deref().unwrap_or("");
        if word == "Error" || (word.is_empty() && main.finished_at.is_none()) {
            return EndState::Lost {
                reason: "its container ended, and nothing says with which exit code".to_owned(),
            };
        }
    }
    if let Some(end) = of_seal(main) {
        return end;
    }
    if let Some(Some(end)) = told {
        return end;
    }
    let end = of_container(main);
    if end == (EndState::Exited { code: 0 }) && phase_of(now.pod) == "Failed" {
        let mut culprits = statuses(now.pod).filter_map(|status| {
            let ended = status.state.as_ref()?.terminated.as_ref()?;
            (status.name != seen.main && ended.exit_code != 0).then_some((&status.name, ended))
        });
        let culprit = culprits.next();
        if culprit.is_some_and(|(name, _)| name == KEEPER) && culprits.next().is_none() {
            // What was lost with the keeper is the capture's to say.
            return end;
        }
        let culprit = match culprit {
            Some((name, ended)) => format!(
                "container {name} ended with {}",
                of_container(ended).describe()
            ),
            None => "the cluster gives no reason".to_owned(),
        };
        return EndState::Other {
            reason: format!("exit 0, but its pod failed: {culprit}"),
        };
    }
    end
}

/// Whether the pod's deletion may have been asked for before `main` ended, as far as whole seconds can tell.
fn was_deleted_before(pod: &Pod, main: &ContainerStateTerminated) -> bool {
    let Some(gone_by) = &pod.metadata.deletion_timestamp else {
        return false;
    };
    // A grace of 0 is the kubelet's last word, with a time of its own: when it was asked for is not told any more.
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
    let asked = gone_by.0.as_second() - grace;
    let ended = main.finished_at.as_ref();
    grace == 0 || ended.is_none_or(|ended| ended.0.as_second() >= asked)
}

/// How the suite ended by the seal's own word, which does not go through the runtime's book of exit codes.
fn told_by_seal(main: &ContainerStateTerminated) -> Option<EndState> {
    let end = match LastWord::parse(main.message.as_deref()?)? {
        LastWord::Whole(summary) => summary.end,
        LastWord::Lost { end, .. } => end,
        LastWord::Failed(_) => return None,
    };
    match end {
        End::Exited(code) | End::NotStarted(code) => Some(EndState::Exited { code }),
        End::Signaled(number) => Some(of_code(128 + number, Some(number))),
        End::Vanished | End::NeverBegun => None,
    }
}

/// What only the seal knows: that the suite itself was never started.
fn of_seal(main: &ContainerStateTerminated) -> Option<EndState> {
    let (code, transient, reason) = match LastWord::parse(main.message.as_deref()?)? {
        LastWord::Whole(summary) => match summary.end {
            End::NotStarted(code) => (code, false, summary.note),
            _ => return None,
        },
        LastWord::Lost {
            end: End::NotStarted(code),
            reason,
        } => (code, false, reason),
        LastWord::Lost { .. } => return None,
        LastWord::Failed(reason) => (main.exit_code, true, reason),
    };
    let reason = match code {
        _ if !reason.is_empty() => reason,
        127 => "the program is not in the image".to_owned(),
        _ => "the program cannot be executed".to_owned(),
    };
    Some(EndState::StartFailed { reason, transient })
}

/// Taken away by the cluster: before everything else, since such a container may well exit with 0.
fn disrupted(now: &PodSeen<'_>) -> Option<EndState> {
    let status = now.pod.status.as_ref()?;
    let conditions = status.conditions.iter().flatten();
    let target = conditions
        .into_iter()
        .find(|known| known.type_ == "DisruptionTarget" && known.status == "True");
    let reason = status.reason.as_deref().unwrap_or("");
    let taken =
        TAKEN.contains(&reason) || NODE_LOST.contains(&reason) || reason.starts_with("OutOf");
    let word = match target {
        // Our own deletion is no disruption; some clusters mark it so all the same.
        Some(known) if !now.by_us || taken => known.reason.as_deref().unwrap_or("DisruptionTarget"),
        _ if taken => reason,
        _ => return None,
    };
    let message = status
        .message
        .as_deref()
        .or_else(|| target?.message.as_deref())
        .unwrap_or("");
    let text = if message.is_empty() {
        word.to_owned()
    } else {
        format!("{word}: {message}")
    };
    // What a suite fills up itself is its own fault: another node would be filled up too.
    let lower = message.to_lowercase();
    if lower.contains("exceeds the total limit")
        || lower.contains("exceeded its local ephemeral storage limit")
        || lower.contains("usage of emptydir")
    {
        return Some(EndState::Other {
            reason: format!("evicted for its own use of disk: {message}"),
        });
    }
    if NODE_LOST.contains(&word) {
        return Some(EndState::Lost {
            reason: format!("node lost: {text}"),
        });
    }
    Some(EndState::Evicted { reason: text })
}

fn without_pod(seen: &Seen<'_>) -> EndState {
    if let Some(why) = &seen.ended_by {
        return by_us(why);
    }
    EndState::Lost {
        reason: match &seen.api_lost {
            Some(why) => format!("the API server does not answer: {why}"),
            None => "its Job ended or vanished without a pod that could be seen".to_owned(),
        },
    }
}

/// No state of the main container: what else says something?
fn without_state(seen: &Seen<'_>, now: &PodSeen<'_>) -> EndState {
    if let Some((name, ended)) = failed_init(now.pod) {
        return EndState::StartFailed {
            reason: format!(
                "init container {name}: {}{}",
                of_container(ended).describe(),
                said(ended)
            ),
            transient: false,
        };
    }
    let status = now.pod.status.as_ref();
    let words = status.and_then(|status| status.message.clone().or_else(|| status.reason.clone()));
    let reason = match (
        now.deleted || now.pod.metadata.deletion_timestamp.is_some(),
        words,
        &seen.api_lost,
    ) {
        (true, _, _) => format!(
            "{} was deleted by somebody before its end was seen",
            place(now.pod)
        ),
        (_, _, Some(why)) => format!("the API server does not answer: {why}"),
        (_, Some(words), _) => format!(
            "its pod is {} without a container's state: {words}",
            phase_of(now.pod)
        ),
        _ => format!(
            "its pod is {} and no container says how it ended",
            phase_of(now.pod)
        ),
    };
    EndState::Lost { reason }
}

/// The init container that failed, so that the suite's own never begins. Native sidecars may end as they like.
pub(super) fn failed_init(pod: &Pod) -> Option<(&str, &ContainerStateTerminated)> {
    let status = pod.status.as_ref()?;
    let init = status.init_container_statuses.iter().flatten();
    let mut plain = init.filter(|status| !is_sidecar(pod, &status.name));
    plain.find_map(|status| {
        let ended = status.state.as_ref()?.terminated.as_ref()?;
        (ended.exit_code != 0).then_some((status.name.as_str(), ended))
    })
}

fn is_sidecar(pod: &Pod, name: &str) -> bool {
    let init = pod
        .spec
        .iter()
        .flat_map(|spec| spec.init_containers.iter().flatten());
    init.into_iter().any(|container| {
        container.name == name && container.restart_policy.as_deref() == Some("Always")
    })
}

fn memory_limit(pod: &Pod, main: &str) -> Option<String> {
    let fits = |container: &&PodContainer| container.name == main;
    let container = pod.spec.as_ref()?.containers.iter().find(fits)?;
    Some(
        container
            .resources
            .as_ref()?
            .limits
            .as_ref()?
            .get("memory")?
            .0
            .clone(),
    )
}

fn pod_conditions(pod: &Pod) -> Vec<Condition> {
    let status = pod.status.as_ref();
    let mut all: Vec<Condition> = status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten())
        .filter(|known| {
            known.type_ == "DisruptionTarget"
                || (known.status == "False"
                    && known.message.is_some()
                    && known.type_ == "PodScheduled")
        })
        .map(|known| Condition {
            kind: known.type_.clone(),
            reason: known.reason.clone().unwrap_or_default(),
            message: known.message.clone().unwrap_or_default(),
        })
        .collect();
    if let Some(status) = status
        && let Some(reason) = &status.reason
    {
        all.push(Condition {
            kind: "Pod".to_owned(),
            reason: reason.clone(),
            message: status.message.clone().unwrap_or_default(),
        });
    }
    all
}
