//! What all attempts of a run in one namespace share: the watches, the pace, the typed clients.

use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use tokio::task::JoinSet;

use super::board::{self, Board};
use super::create::Pace;
use super::manifest;
use super::sealed::Delivery;

/// A namespace in which suites of this run are.
pub(super) struct Namespace {
    pub(super) name: String,
    pub(super) pipeline: String,
    pub(super) client: Client,
    pub(super) jobs: Api<Job>,
    pub(super) pods: Api<Pod>,
    pub(super) events: Api<Event>,
    pub(super) board: Arc<Board>,
    pub(super) pace: Arc<Pace>,
    /// The program for sealed pods.
    pub(super) delivery: Delivery,
    /// The watches and the beats under way; ended with this.
    tasks: Mutex<JoinSet<()>>,
}

impl Namespace {
    /// Starts to watch the objects of `run`.
    pub(super) fn open(
        client: Client,
        name: &str,
        pipeline: &str,
        run: &str,
        pace: Arc<Pace>,
    ) -> Self {
        let board = Arc::new(Board::default());
        let (jobs, pods) = (
            Api::namespaced(client.clone(), name),
            Api::namespaced(client.clone(), name),
        );
        let selector = format!("{}={}", manifest::RUN_LABEL, manifest::label_value(run));
        let mut tasks = JoinSet::new();
        tasks.spawn(board::follow::<Job>(
            Arc::clone(&board),
            jobs.clone(),
            selector.clone(),
        ));
        tasks.spawn(board::follow::<Pod>(
            Arc::clone(&board),
            pods.clone(),
            selector,
        ));
        Self {
            name: name.to_owned(),
            pipeline: pipeline.to_owned(),
            events: Api::namespaced(client.clone(), name),
            delivery: Delivery::new(&client, name, run),
            client,
            jobs,
            pods,
            board,
            pace,
            tasks: Mutex::new(tasks),
        }
    }

    /// Writes on the Job that its run lives. One that fails is followed by another.
    pub(super) fn beat(&self, job: &str) {
        let (jobs, job) = (self.jobs.clone(), job.to_owned());
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let now = jiff::Timestamp::now().to_string();
            let patch =
                serde_json::json!({"metadata": {"annotations": {manifest::HEARTBEAT: now}}});
            let (params, patch) = (PatchParams::default(), Patch::Merge(&patch));
            let patching = jobs.patch(&job, &params, &patch);
            drop(tokio::time::timeout(super::client::REQUEST, patching).await);
        });
    }
}
