//! What is different about an attempt whose output is sealed.

use std::io::Read as _;
use std::time::{Duration, Instant};

use kube::ResourceExt as _;
use kube::api::DeleteParams;
use tribunal_seal::wire::LastWord;

use super::super::board::Objects;
use super::super::diagnose;
use super::super::manifest::MAIN;
use super::super::namespace::Namespace;
use super::super::sealed::{Choice, KEEPER, MainEnd, Read, Sealing};
use super::Life;
use crate::capture::artifacts::Collected;
use crate::event::Phase;
use crate::executor::AttemptContext;
use crate::model::{EndState, Termination};
use crate::plan::{CaptureMode, KubernetesSpec, Suite};

/// What a sealed reading brought besides output.
#[derive(Debug)]
pub(super) struct Told {
    collected: Collected,
    notes: Vec<String>,
    /// Whether the keeper knows that it may leave.
    released: bool,
}

impl From<Read> for Told {
    fn from(read: Read) -> Self {
        Self {
            collected: read.collected,
            notes: read.notes,
            released: read.released,
        }
    }
}

/// Brings the program to where the pod finds it. `None`: the log API it is, and the journal says why.
pub(super) async fn seal(
    space: &Namespace,
    suite: &Suite,
    spec: &KubernetesSpec,
    choice: Choice,
    cx: &AttemptContext,
) -> Result<Option<Sealing>, EndState> {
    let because = match choice {
        Choice::Sealed { arch } => {
            let telling = "bringing the seal to the cluster".to_owned();
            cx.phase.send((Phase::Provisioning, telling)).ok();
            let deadline = Instant::now() + spec.provisioning_timeout;
            let mut cancel = cx.cancel.clone();
            let delivered = tokio::select! {
                delivered = space.delivery.ensure(&arch, &spec.image, deadline) => delivered,
                wish = cancel.wait_for(|cancel| cancel.level() > 0) => {
                    let reason = wish.map(|wish| wish.reason().to_owned()).unwrap_or_default();
                    return Err(EndState::Cancelled { reason });
                }
            };
            match (delivered, token()) {
                (Ok(config_map), Ok(token)) => {
                    return Ok(Some(Sealing {
                        config_map,
                        arch,
                        token,
                    }));
                }
                (Ok(_), Err(error)) => Some(format!("no token could be made: {error}")),
                (Err(why), _) if spec.capture == CaptureMode::Sealed => {
                    return Err(EndState::StartFailed {
                        reason: why.reason,
                        transient: why.transient,
                    });
                }
                (Err(why), _) => Some(why.reason),
            }
        }
        Choice::Stream { because } => because,
    };
    if let Some(why) = because {
        let line = format!("capture of {}: stream, not sealed: {why}", suite.name);
        cx.observed.send(line).ok();
    }
    Ok(None)
}

/// 128 bits that nobody guesses.
fn token() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(crate::plugin::hex(&bytes))
}

impl Life<'_> {
    /// The end of the main container, for the reader of its spool.
    pub(super) fn main_end(pod: &k8s_openapi::api::core::v1::Pod) -> Option<MainEnd> {
        let ended = diagnose::main_ended(pod, MAIN)?;
        Some(MainEnd {
            message: ended.message.clone().unwrap_or_default(),
            code: (!diagnose::status_is_lost(ended)).then_some(ended.exit_code),
        })
    }

    /// What a sealed pod may take longer to end: the seal waits for whoever holds its output, as a local run does.
    pub(super) fn sealed_extra(&self) -> Duration {
        match self.sealing {
            Some(_) => self.suite.drain_timeout,
            None => Duration::ZERO,
        }
    }

    /// Hands the artifacts over, so that nobody looks for them on this machine.
    pub(super) fn hand_over_artifacts(&mut self) {
        let Some(sender) = self.artifacts.take() else {
            return;
        };
        let mut collected = match &mut self.sealed {
            Some(told) => std::mem::take(&mut told.collected),
            None => Collected::default(),
        };
        if self.sealing.is_none() && !self.suite.artifacts.is_empty() {
            collected.warnings.push(
                "artifacts were not collected: the capture is stream, and only sealed captures bring them"
                    .to_owned(),
            );
        }
        sender.send(collected).ok();
    }

    /// Puts what the seal said into words, and leaves its keeper out where nothing was wrong with it.
    pub(super) fn interpret(&self, termination: &mut Termination) {
        if self.sealing.is_none() {
            return;
        }
        termination.containers.retain(|container| {
            container.name != KEEPER || matches!(container.end, EndState::OomKilled { .. })
        });
        for container in &mut termination.containers {
            container.message = match LastWord::parse(&container.message) {
                None => continue,
                Some(LastWord::Whole(summary)) => summary.note,
                Some(LastWord::Lost { reason, .. } | LastWord::Failed(reason)) => reason,
            };
        }
        let notes = self.sealed.iter().flat_map(|told| &told.notes);
        for note in notes {
            self.observed.send(format!("seal: {note}")).ok();
            if let (Some(why), EndState::StartFailed { reason, .. }) =
                (note.strip_prefix("not started: "), &mut termination.end)
            {
                why.clone_into(reason);
            }
        }
    }

    /// A keeper that was not told to leave would hold its pod for long.
    pub(super) async fn dismiss_keeper(&self, objects: &Objects) {
        let released = self.sealed.as_ref().is_some_and(|told| told.released);
        if self.sealing.is_none() || released {
            return;
        }
        for now in objects.pods.values().filter(|now| !now.deleted) {
            let (name, at_once) = (now.pod.name_any(), DeleteParams::default().grace_period(1));
            let deleting = self.space.pods.delete(&name, &at_once);
            drop(tokio::time::timeout(Duration::from_secs(5), deleting).await);
        }
    }
}
