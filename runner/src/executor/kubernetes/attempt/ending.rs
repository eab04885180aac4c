//! The end of an attempt: asked for, waited for, diagnosed; and nothing left in the cluster.

use std::time::{Duration, Instant};

use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};

use super::super::board::Objects;
use super::super::client::REQUEST;
use super::super::diagnose::{self, EndedBy};
use super::super::manifest::MAIN;
use super::{GIVE_UP, Life};
use crate::executor::Cancel;
use crate::model::{Completeness, EndState, Termination, millis};

/// A pod's phase may be final before the states of its containers are (draining.md, step 24).
const LATE_STATUS: Duration = Duration::from_secs(1);
/// What a suite gets on top of its timeout while the API does not answer; the Job's own deadline ends it there.
const API_PATIENCE: Duration = Duration::from_mins(5);
/// How often a deletion is tried: for some 6 s where the run was cancelled and a person waits, else for some 40 s,
/// so that a short outage leaves nothing behind.
const DELETE_TRIES: (u32, u32) = (5, 12);

impl Life<'_> {
    /// Acts on cancelling and on the suite's timeout.
    pub(super) async fn obey(&mut self, objects: &Objects) {
        let cancel = self.cancel.borrow().clone();
        self.cancel_seen = cancel.level();
        match &cancel {
            Cancel::Kill(reason) if !self.killed => {
                self.ended_by.get_or_insert(EndedBy::Cancelled {
                    reason: reason.clone(),
                });
                self.killed = true;
                self.stop(objects, true).await;
            }
            Cancel::Graceful(reason) if self.asked.is_none() && self.ended.is_none() => {
                self.ended_by.get_or_insert(EndedBy::Cancelled {
                    reason: reason.clone(),
                });
                self.stop(objects, false).await;
            }
            _ => {}
        }
        // While the API does not answer nobody knows whether it still runs: the timeout would be a guess.
        let patience = self.api_lost().map_or(Duration::ZERO, |_| API_PATIENCE);
        if self.asked.is_none()
            && self.ended.is_none()
            && self
                .started
                .is_some_and(|at| at.elapsed() >= self.suite.timeout + patience)
        {
            self.ended_by.get_or_insert(EndedBy::TimedOut {
                limit: self.suite.timeout,
            });
            self.stop(objects, false).await;
        }
    }

    /// Asks the pod to end.
    ///
    /// A deadline in the past makes the kubelet end the containers with their grace and keeps the pod and
    /// its logs (`activeDeadlineSeconds` may be set and lowered on a live pod); a deletion would take them
    /// away. Where patching is not allowed, or at a kill, the Job is deleted.
    pub(super) async fn stop(&mut self, objects: &Objects, kill: bool) {
        self.asked.get_or_insert_with(Instant::now);
        let running = objects.pods.values().find(|now| !now.deleted);
        if let (Some(now), false, true) = (running, kill, self.started.is_some()) {
            let patch = serde_json::json!({"spec": {"activeDeadlineSeconds": 1}});
            let (name, params, patch) = (
                now.pod.name_any(),
                PatchParams::default(),
                Patch::Merge(&patch),
            );
            let patching = self.space.pods.patch(&name, &params, &patch);
            if matches!(tokio::time::timeout(REQUEST, patching).await, Ok(Ok(_))) {
                return;
            }
        }
        if kill && let Some(now) = running {
            // Not 0: that only forgets the pod, and its processes live on for the grace that they once had.
            let (name, at_once) = (now.pod.name_any(), DeleteParams::default().grace_period(1));
            let deleting = self.space.pods.delete(&name, &at_once);
            drop(tokio::time::timeout(Duration::from_secs(5), deleting).await);
        }
        self.delete_job().await;
    }

    /// Whether nothing more is to be waited for.
    pub(super) fn is_over(&self) -> bool {
        let drain = self.suite.drain_timeout;
        if self.main_is_read() {
            // Plain sidecars may say why the pod fails; they get the drain's time, no more.
            return self.others_are_read()
                || self.killed
                || self.ended_by.is_some()
                || self.ended.is_some_and(|at| at.elapsed() > drain);
        }
        let nothing_ran = self.readings.is_empty() && self.started.is_none();
        match (&self.ended_by, self.asked) {
            (Some(EndedBy::Hopeless(_) | EndedBy::Provisioning { .. }), _) | (Some(_), Some(_))
                if nothing_ran =>
            {
                true
            }
            (_, Some(at)) if self.killed => at.elapsed() > Duration::from_secs(5),
            (_, Some(at)) => {
                at.elapsed() > self.suite.grace + drain + self.sealed_extra() + GIVE_UP
            }
            // The pod is over and its main container never ran: an init container failed, or it was evicted.
            _ => {
                self.output.is_some()
                    && self.others_are_read()
                    && self.ended.is_some_and(|at| at.elapsed() > LATE_STATUS)
            }
        }
    }

    /// Finds out what happened, ends the capture, deletes the Job.
    pub(super) async fn conclude(mut self) -> Termination {
        // One that ended since the last look: its capture must not be dropped for that.
        self.collect_readings().await;
        let mut objects = self.objects.borrow().clone();
        // The log may be there before the watch has told the end of the container.
        let unproven = self.main.as_ref().is_some_and(|(drained, _)| {
            drained.completeness == Completeness::Complete && !drained.from_the_start
        });
        if unproven || (self.ended_by.is_none() && !Self::is_plain(&objects)) {
            self.read_events(&objects).await;
            objects = self.objects.borrow_and_update().clone();
            self.note(&objects);
        }
        let mut termination = self.with_seen(&objects, diagnose::termination);
        if termination.duration_ms == 0
            && let Some(started) = self.started
        {
            termination.duration_ms = millis(self.ended.unwrap_or_else(Instant::now) - started);
        }
        if let Some(marker) = &self.marker {
            // On errors the kubelet copies the log's last lines into the message.
            for container in &mut termination.containers {
                container.message = container.message.replace(&format!("{marker}\n"), "");
            }
        }
        self.interpret(&mut termination);
        self.hand_over_artifacts();
        self.dismiss_keeper(&objects).await;
        self.delete_job().await;
        match self.main.take() {
            Some((mut drained, output)) => {
                self.doubt_the_beginning(&mut drained);
                output.finish(drained.completeness, drained.note);
            }
            None if self.output.is_some() => {
                let why = match &termination.end {
                    EndState::StartFailed { .. } => "nothing ran".to_owned(),
                    end => format!("no container of it was ever readable: {}", end.describe()),
                };
                self.finish_unopened(&why);
            }
            // The reader is dropped with its writer, which marks the capture `cut`.
            None => {}
        }
        termination
    }

    /// Whether the main container simply exited, so that events would say nothing more.
    fn is_plain(objects: &Objects) -> bool {
        objects.pods.len() == 1
            && objects.pods.values().all(|now| {
                !now.deleted
                    && diagnose::main_ended(&now.pod, MAIN).is_some_and(|ended| {
                        ended
                            .reason
                            .as_deref()
                            .is_some_and(|why| why == "Completed" || why == "Error")
                    })
            })
    }

    pub(super) async fn read_events(&mut self, objects: &Objects) {
        let mut uids: Vec<String> = objects.pods.keys().cloned().collect();
        // The Job's own say why there is no pod.
        if uids.is_empty() {
            uids.extend(objects.job.iter().filter_map(|job| job.uid()));
        }
        let mut events = Vec::new();
        for uid in uids {
            let params = ListParams::default().fields(&format!("involvedObject.uid={uid}"));
            let listing = self.space.events.list(&params);
            if let Ok(Ok(list)) = tokio::time::timeout(Duration::from_secs(5), listing).await {
                events.extend(list.items);
            }
        }
        self.events = events;
    }

    /// Deletes the Job and its pods in the background. What cannot be deleted has its TTL.
    pub(super) async fn delete_job(&self) {
        let (least, all) = DELETE_TRIES;
        let most = if self.cancel_seen > 0 { least } else { all };
        for tries in 0..most {
            let params = DeleteParams::background();
            let deleting = self.space.jobs.delete(&self.name, &params);
            match tokio::time::timeout(Duration::from_secs(5), deleting).await {
                Ok(Ok(_)) => return,
                Ok(Err(kube::Error::Api(status))) if status.code == 404 || status.code == 403 => {
                    return;
                }
                _ => tokio::time::sleep(Duration::from_millis(200 << tries.min(5))).await,
            }
        }
        let line = format!(
            "Job {} could not be deleted; the cluster removes it after its TTL",
            self.name
        );
        self.observed.send(line).ok();
    }
}
