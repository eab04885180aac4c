//! A project whose suites run on the test cluster, and what is left there afterwards.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, ResourceExt as _};
use serde_json::Value;

use crate::support::{Project, Ran, ran};

/// Where the test cluster's own namespace is not told by the kubeconfig.
const NAMESPACE: &str = "tribunal-test";
/// How long the cluster may take to remove what was deleted.
const GONE_WITHIN: Duration = Duration::from_mins(1);

/// The cluster for tests.
pub(crate) struct Cluster {
    pub(crate) kubeconfig: PathBuf,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) client: Client,
}

/// The test cluster; `None`, loudly, where there is none.
pub(crate) fn cluster() -> Option<Cluster> {
    let Some(kubeconfig) = std::env::var_os("KUBECONFIG_TRIBUNAL_TEST").map(PathBuf::from) else {
        crate::support::skipped("KUBECONFIG_TRIBUNAL_TEST: make test-cluster");
        return None;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = runtime.block_on(async {
        let config = Kubeconfig::read_from(&kubeconfig).expect("a kubeconfig");
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(config, &options).await;
        Client::try_from(config.expect("a usable kubeconfig")).expect("a client")
    });
    Some(Cluster {
        kubeconfig,
        runtime,
        client,
    })
}

impl Cluster {
    /// The binary in a project, with the cluster's kubeconfig.
    pub(crate) fn command(&self, project: &Project, args: &[&str]) -> Command {
        let mut command = project.command(args);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }

    /// Runs it to its end; leaves nothing in the cluster.
    pub(crate) fn run(&self, project: &Project, args: &[&str]) -> (Ran, Value) {
        let mut command = self.command(project, &[&["run", "--format", "json"], args].concat());
        let ran = ran(&command.output().expect("the binary starts"));
        let summary = serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.out, ran.err));
        self.assert_nothing_left(project);
        (ran, summary)
    }

    /// Fails when a Job, pod or `ConfigMap` of the project's last run remains.
    pub(crate) fn assert_nothing_left(&self, project: &Project) {
        let run = project.latest();
        let id = run.file_name().expect("a name").to_string_lossy();
        let since = Instant::now();
        loop {
            let left = self.left(&id);
            if left.is_empty() {
                return;
            }
            assert!(since.elapsed() < GONE_WITHIN, "left behind: {left:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn left(&self, run: &str) -> Vec<String> {
        let params = ListParams::default().labels(&format!("tribunal.dev/run={run}"));
        self.runtime.block_on(async {
            let jobs: Api<Job> = Api::namespaced(self.client.clone(), NAMESPACE);
            let pods: Api<Pod> = Api::namespaced(self.client.clone(), NAMESPACE);
            let jobs = jobs.list(&params).await.expect("Jobs").items;
            let pods = pods.list(&params).await.expect("pods").items;
            let jobs = jobs.iter().map(|job| format!("job {}", job.name_any()));
            let pods = pods.iter().map(|pod| format!("pod {}", pod.name_any()));
            let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), NAMESPACE);
            let maps = maps.list_metadata(&params).await.expect("ConfigMaps").items;
            let maps = maps
                .iter()
                .map(|map| format!("config map {}", map.name_any()));
            jobs.chain(pods).chain(maps).collect()
        })
    }

    /// The pods of the project's last run.
    pub(crate) fn pods(&self, project: &Project) -> Vec<Pod> {
        let run = project.latest();
        let id = run.file_name().expect("a name").to_string_lossy();
        let params = ListParams::default().labels(&format!("tribunal.dev/run={id}"));
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), NAMESPACE);
        let list = self.runtime.block_on(pods.list(&params));
        list.expect("pods").items
    }

    /// Deletes a pod as somebody else would.
    pub(crate) fn delete_pod(&self, name: &str) {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), NAMESPACE);
        let params = kube::api::DeleteParams::default();
        let deleting = pods.delete(name, &params);
        self.runtime.block_on(deleting).expect("deleted");
    }

    /// Creates an object of the namespace, and deletes it when the guard is dropped.
    pub(crate) fn create<K>(&self, object: &Value) -> Created<'_, K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + serde::de::DeserializeOwned
            + serde::Serialize
            + std::fmt::Debug,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), NAMESPACE);
        let object: K = serde_json::from_value(object.clone()).expect("an object");
        let name = object.name_any();
        let params = kube::api::PostParams::default();
        let creating = api.create(&params, &object);
        self.runtime.block_on(creating).expect("created");
        Created {
            cluster: self,
            api,
            name,
        }
    }
}

/// An object that lives as long as this.
pub(crate) struct Created<'a, K>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    cluster: &'a Cluster,
    api: Api<K>,
    name: String,
}

impl<K> Drop for Created<'_, K>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    fn drop(&mut self) {
        let params = kube::api::DeleteParams::default();
        let deleting = self.api.delete(&self.name, &params);
        self.cluster.runtime.block_on(deleting).ok();
    }
}

/// A project with these suites, read over the log API; `[kubernetes]` is written already and may be continued.
pub(crate) fn project(pipeline: &str) -> Project {
    captured("stream", pipeline)
}

/// The same with another capture.
pub(crate) fn captured(capture: &str, pipeline: &str) -> Project {
    Project::new(&format!(
        "[kubernetes]\nnamespace = \"{NAMESPACE}\"\nimage = \"tribunal.test/busybox:1\"\n\
         capture = \"{capture}\"\n{pipeline}"
    ))
}

/// The record of a suite's last attempt in the project's last run.
pub(crate) fn record(project: &Project, slug: &str) -> Value {
    let text = std::fs::read(last_attempt(project, slug).join("attempt.json")).expect("a record");
    serde_json::from_slice(&text).expect("JSON")
}

/// What the suite's last attempt printed.
pub(crate) fn output(project: &Project, slug: &str) -> Vec<u8> {
    std::fs::read(last_attempt(project, slug).join("output.log")).unwrap_or_default()
}

fn last_attempt(project: &Project, slug: &str) -> PathBuf {
    let folder = project.latest().join("suites").join(slug);
    let mut attempts: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("attempts")
        .map(|entry| entry.expect("readable").path())
        .collect();
    attempts.sort();
    attempts.pop().expect("an attempt")
}

/// How complete the suite's last attempt was captured.
pub(crate) fn completeness(project: &Project, name: &str) -> String {
    // From the summary: a silent suite that passed has no folder.
    let text = std::fs::read(project.latest().join("summary.json")).expect("a summary");
    let summary: Value = serde_json::from_slice(&text).expect("JSON");
    let suite = crate::support::suite(&summary, name);
    suite["capture"]["completeness"]
        .as_str()
        .unwrap_or("none")
        .to_owned()
}
