//! The readers of an attempt: one task for every container of every pod.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::ResourceExt as _;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

use super::super::board::Objects;
use super::super::diagnose;
use super::super::drain::{self, ContainerPhase, Drained, FileSink, KubeLogs, Limits};
use super::super::manifest::MAIN;
use super::Life;
use crate::capture;

/// One container that is being read.
pub(super) struct Reading {
    main: bool,
    phase: watch::Sender<ContainerPhase>,
    task: Option<JoinHandle<Read>>,
    /// What the task came to, until it is taken in.
    end: Option<Result<Read, JoinError>>,
}

/// What was read, and the writer of the suite's own output.
type Read = (Drained, Option<capture::Writer>);

impl Reading {
    /// Whether everything of it is there.
    pub(super) fn is_done(&self) -> bool {
        self.task.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Waits until a reading ends that has not been taken in; forever, where none is under way.
pub(super) async fn any_done(readings: &mut BTreeMap<(String, String), Reading>) {
    let under_way = readings
        .values_mut()
        .filter(|reading| reading.task.is_some());
    let waits: Vec<_> = under_way
        .map(|reading| {
            Box::pin(async move {
                if let Some(task) = &mut reading.task {
                    reading.end = Some(task.await);
                    reading.task = None;
                }
            })
        })
        .collect();
    if waits.is_empty() {
        std::future::pending::<()>().await;
    }
    futures::future::select_all(waits).await;
}

impl Life<'_> {
    /// Begins to read containers that have started, and tells the readers what became of theirs.
    pub(super) fn read_containers(&mut self, objects: &Objects) {
        let first = objects.pods.keys().next().cloned();
        for (uid, now) in &objects.pods {
            for (container, phase) in diagnose::container_phases(&now.pod, now.deleted) {
                let key = (uid.clone(), container.clone());
                if let Some(reading) = self.readings.get(&key) {
                    reading.phase.send_if_modified(|old| {
                        let changed = *old != phase;
                        *old = phase.clone();
                        changed
                    });
                } else if matches!(phase, ContainerPhase::Running | ContainerPhase::Ended)
                    || (container == MAIN && matches!(phase, ContainerPhase::Gone(_)))
                {
                    let main = container == MAIN && first.as_ref() == Some(uid);
                    let reading = self.open(&now.pod, &container, phase, main);
                    self.readings.insert(key, reading);
                }
            }
        }
    }

    fn open(&mut self, pod: &Pod, container: &str, phase: ContainerPhase, main: bool) -> Reading {
        let pod = pod.name_any();
        let client: Client = self.space.client.clone();
        let logs = KubeLogs::new(client, &self.space.name, &pod, container);
        let limits = Limits::new(self.suite.drain_timeout);
        let (sender, receiver) = watch::channel(phase);
        let output = if main { self.output.take() } else { None };
        let file = side_file(&self.dir, &pod, container);
        let marker = self.marker.clone().filter(|_| main);
        #[expect(
            clippy::disallowed_methods,
            reason = "aborted when its reading is dropped, with the attempt at the latest"
        )]
        let task = tokio::spawn(async move {
            if let Some(mut output) = output {
                let drained = drain::drain(&logs, receiver, &mut output, marker, &limits).await;
                (drained, Some(output))
            } else {
                let mut sink = FileSink::new(file);
                (
                    drain::drain(&logs, receiver, &mut sink, None, &limits).await,
                    None,
                )
            }
        });
        Reading {
            main,
            phase: sender,
            task: Some(task),
            end: None,
        }
    }

    /// Takes in what has been read to its end.
    pub(super) async fn collect_readings(&mut self) {
        for (key, reading) in &mut self.readings {
            if let Some(task) = reading.task.take_if(|task| task.is_finished()) {
                reading.end = Some(task.await);
            }
            let Some(end) = reading.end.take() else {
                continue;
            };
            match end {
                Ok((drained, Some(output))) => self.main = Some((drained, output)),
                Ok((drained, None)) => {
                    let line = format!(
                        "log of {}: {} {}",
                        key.1,
                        drained.completeness.word(),
                        drained.note
                    );
                    self.observed.send(line).ok();
                }
                Err(error) => {
                    self.observed
                        .send(format!("reader of {} failed: {error}", key.1))
                        .ok();
                }
            }
        }
    }

    /// Whether the main container's log has been read to its end, or its reader broke.
    pub(super) fn main_is_read(&self) -> bool {
        self.main.is_some()
            || self
                .readings
                .values()
                .any(|reading| reading.main && reading.is_done())
    }

    /// Whether a container other than the main one is still being read.
    pub(super) fn others_are_read(&self) -> bool {
        self.readings
            .values()
            .filter(|reading| !reading.main)
            .all(Reading::is_done)
    }
}

fn side_file(dir: &Path, pod: &str, container: &str) -> PathBuf {
    dir.join("containers")
        .join(pod)
        .join(format!("{container}.log"))
}
