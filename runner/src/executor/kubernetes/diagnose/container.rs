//! What one container says of its own end.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};

use super::{never_ran, status_is_lost, statuses};
use crate::model::{Container, EndState};

/// What runtimes say where the program is not there or cannot be executed.
const NOT_IN_THE_IMAGE: [&str; 4] = [
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "exec format error",
];

/// `asked`: tribunal had them ended, so that a KILL is no riddle.
pub(super) fn containers(pod: &Pod, asked: bool) -> Vec<Container> {
    let one = |status: &ContainerStatus| {
        let state = status.state.as_ref();
        let ended = state.and_then(|state| state.terminated.as_ref());
        let mut message = ended
            .filter(|ended| !never_ran(ended))
            .and_then(|ended| ended.message.clone())
            .unwrap_or_default();
        if ended.is_some_and(|ended| {
            ended.exit_code == 137 && ended.reason.as_deref() == Some("Error") && !asked
        }) {
            // kubernetes/kubernetes#119600: the reason may be wrong.
            message = format!("possibly out of memory; {message}");
        }
        Container {
            name: status.name.clone(),
            end: ended.map_or_else(|| unended(state), of_container),
            message,
        }
    };
    statuses(pod).map(one).collect()
}

fn unended(state: Option<&ContainerState>) -> EndState {
    let waiting = state.and_then(|state| state.waiting.as_ref());
    let reason = if state.is_some_and(|state| state.running.is_some()) {
        "still running"
    } else {
        waiting
            .and_then(|waiting| waiting.reason.as_deref())
            .unwrap_or("no state")
    };
    EndState::Other {
        reason: reason.to_owned(),
    }
}

pub(super) fn said(ended: &ContainerStateTerminated) -> String {
    let last = ended
        .message
        .as_deref()
        .and_then(|text| text.lines().rev().find(|line| !line.trim().is_empty()));
    last.map(|line| format!(": {}", line.trim()))
        .unwrap_or_default()
}

/// A container's own end. `signal` is usually 0 with CRI; 128+n is what a shell or runtime makes of one.
pub(super) fn of_container(ended: &ContainerStateTerminated) -> EndState {
    let message = ended.message.as_deref().unwrap_or("no message");
    if never_ran(ended) {
        // A runtime that fails is a matter of the node; what is not in the image is not on any other node.
        let lower = message.to_lowercase();
        let hopeless = NOT_IN_THE_IMAGE.iter().any(|words| lower.contains(words));
        return EndState::StartFailed {
            reason: format!("the container could not start: {}", innermost(message)),
            transient: !hopeless,
        };
    }
    if ended.reason.as_deref() == Some("OOMKilled") {
        return EndState::OomKilled {
            limit: None,
            code: Some(ended.exit_code),
        };
    }
    if status_is_lost(ended) {
        return EndState::Lost {
            reason: "the node lost the container's exit status".to_owned(),
        };
    }
    of_code(ended.exit_code, ended.signal)
}

/// What an exit code says, with the signal where one was told.
pub(super) fn of_code(code: i32, signal: Option<i32>) -> EndState {
    let signal = signal.filter(|signal| *signal > 0).unwrap_or(code - 128);
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        _ => {
            return EndState::Exited { code };
        }
    };
    EndState::Signaled {
        signal,
        name: name.to_owned(),
        core_dumped: false,
    }
}

/// A runtime's error without the names of everything that it went through.
fn innermost(message: &str) -> &str {
    let process = "unable to start container process: ";
    match message.find(process) {
        Some(at) => message.get(at + process.len()..).unwrap_or(message),
        None => message,
    }
}
