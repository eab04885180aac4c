//! Reads one container's log to its end.
//!
//! The log API gives no proof of anything by itself: a clean end of the body says nothing (the API server
//! drops the kubelet's error), only the newest file can be read, and a follower may be cut at any byte.
//! So: follow from the first moment, resume by content, and believe only the reading after the end.

use std::time::Duration;

use tokio::sync::watch;

use crate::model::Completeness;

mod anchor;
mod api;
mod body;
mod gather;
mod last;
mod live;
mod record;
mod sink;
mod track;

#[cfg(test)]
mod tests;

pub(super) use api::{KubeLogs, LogApi};
#[cfg(test)]
pub(super) use api::{LogBody, LogError, LogRequest};
pub(super) use sink::{FileSink, Sink};

/// What is known of a container, told by the pod's watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ContainerPhase {
    /// It has not started.
    Waiting,
    /// It runs.
    Running,
    /// Its `state.terminated` was seen, with its `finishedAt` in seconds since the epoch, by the node's clock.
    Ended { at: Option<i64> },
    /// Its pod is gone, or its node: no state will come.
    Gone(String),
}

impl ContainerPhase {
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Ended { .. } | Self::Gone(_))
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// From the end of the container to the end of the reading.
    pub(super) drain_timeout: Duration,
    /// A follower that is silent for so long is opened again: the connection may be dead without a word.
    pub(super) idle_running: Duration,
    /// A follower that is silent for so long after the end is left. A slow one holds what rotation has taken
    /// from everybody else, so it is not left lightly.
    pub(super) idle_ended: Duration,
    /// Between the last two readings: the runtime may write the tail just after the end (draining.md, fact 5).
    pub(super) settle: Duration,
}

impl Limits {
    pub(super) fn new(drain_timeout: Duration) -> Self {
        Self {
            drain_timeout,
            idle_running: Duration::from_mins(2),
            idle_ended: Duration::from_secs(4),
            settle: Duration::from_millis(250),
        }
    }
}

/// What a drained log came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drained {
    pub(super) completeness: Completeness,
    /// What happened, in a sentence; empty when nothing did.
    pub(super) note: String,
    /// The time of the first record that was seen: seconds since the epoch and nanoseconds, by the node's clock.
    pub(super) first: Option<(i64, u32)>,
    /// Whether that record is known to be the log's first.
    pub(super) from_the_start: bool,
}

/// Reads the log behind `api` into `sink` until its container has ended and the last reading agrees, or
/// [`Limits::drain_timeout`] has passed since. `marker`: the line that the log begins with, which is not output.
pub(super) async fn drain(
    api: &dyn LogApi,
    mut phase: watch::Receiver<ContainerPhase>,
    sink: &mut dyn Sink,
    marker: Option<String>,
    limits: &Limits,
) -> Drained {
    let mut log = track::Track::new(marker);
    let mut left = live::follow(api, &mut phase, sink, &mut log, limits).await;
    let mut gone = None;
    match &*phase.borrow() {
        ContainerPhase::Gone(why) => gone = Some(why.clone()),
        ContainerPhase::Ended { at } => left.finished = *at,
        ContainerPhase::Waiting | ContainerPhase::Running => {}
    }
    last::reconcile(api, gone, sink, &mut log, limits, left).await
}
