//! Suites as Kubernetes Jobs.
//!
//! One connection and, for each namespace, one watch on Jobs and one on pods serve every attempt of a run.
//! The truth about an end is each container's own state; the truth about output is the last reading after it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{AttemptContext, Executor};
use crate::model::{Completeness, EndState, Termination};
use crate::plan::{Suite, Target};

mod attempt;
mod board;
mod client;
mod create;
mod diagnose;
mod doctor;
mod drain;
mod manifest;
mod namespace;
mod sealed;

pub use client::{ConnectError, Connection, connect};
pub use doctor::{Examination, Permission, Ward, examine, role};
use namespace::Namespace;
pub use sealed::{Survey, survey};

/// Runs attempts as Jobs of one cluster.
pub struct KubernetesExecutor {
    connection: Connection,
    pipeline: String,
    survey: Survey,
    pace: Arc<create::Pace>,
    namespaces: Mutex<BTreeMap<String, Arc<Namespace>>>,
}

impl KubernetesExecutor {
    /// Prepares it; nothing is sent yet. `survey`: what the cluster allows for the plan that is run.
    pub fn new(connection: Connection, pipeline: &str, survey: Survey) -> Self {
        Self {
            connection,
            pipeline: pipeline.to_owned(),
            survey,
            pace: Arc::default(),
            namespaces: Mutex::default(),
        }
    }

    fn namespace(&self, name: &str, run: &str) -> Arc<Namespace> {
        let mut spaces = self
            .namespaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let space = spaces.entry(name.to_owned()).or_insert_with(|| {
            let client = self.connection.client.clone();
            Arc::new(Namespace::open(
                client,
                name,
                &self.pipeline,
                run,
                Arc::clone(&self.pace),
            ))
        });
        Arc::clone(space)
    }
}

#[async_trait]
impl Executor for KubernetesExecutor {
    async fn execute(&self, suite: &Suite, cx: AttemptContext) -> Termination {
        let Target::Kubernetes(spec) = &suite.target else {
            cx.output.finish(Completeness::Unavailable, "nothing ran");
            let reason = "it has no [kubernetes] table".to_owned();
            return Termination::new(EndState::StartFailed {
                reason,
                transient: false,
            });
        };
        let name = spec
            .namespace
            .as_deref()
            .unwrap_or(&self.connection.namespace);
        let space = self.namespace(name, &cx.run);
        let choice = self.survey.choose(name, suite, spec);
        Box::pin(attempt::run(&space, suite, spec, choice, cx)).await
    }

    async fn close(&self) {
        let spaces: Vec<Arc<Namespace>> = {
            let spaces = self.namespaces.lock();
            let spaces = spaces.unwrap_or_else(PoisonError::into_inner);
            spaces.values().map(Arc::clone).collect()
        };
        for space in spaces {
            space.delivery.clear().await;
        }
    }
}
