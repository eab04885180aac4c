//! What a suite on Kubernetes needs to know, resolved; plain data, nothing of a client.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

/// The run-wide part of `[kubernetes]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// A kubeconfig file, absolute; `None`: `KUBECONFIG`, `~/.kube/config`, or the pod's service account.
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context; `None`: its current one.
    pub context: Option<String>,
    /// Jobs at once.
    pub jobs: usize,
}

/// How one suite runs on Kubernetes: `[kubernetes]` and `[suites.x.kubernetes]`, merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KubernetesSpec {
    /// `None`: the namespace of the context.
    pub namespace: Option<String>,
    /// The image; never empty.
    pub image: String,
    /// `Always`, `IfNotPresent` or `Never`.
    pub image_pull_policy: Option<String>,
    /// The working directory in the container; `None`: the image's.
    pub working_dir: Option<String>,
    /// The pod's service account.
    pub service_account: Option<String>,
    /// Names of Secrets in the namespace.
    pub image_pull_secrets: Vec<String>,
    /// Resource name to quantity, as Kubernetes writes them.
    pub requests: BTreeMap<String, String>,
    /// Resource name to quantity, as Kubernetes writes them.
    pub limits: BTreeMap<String, String>,
    /// Labels a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// Taints the pod tolerates.
    pub tolerations: Vec<Toleration>,
    /// Labels on the Job and its pod.
    pub labels: BTreeMap<String, String>,
    /// Annotations on the Job and its pod.
    pub annotations: BTreeMap<String, String>,
    /// How long the cluster keeps the ended Job if tribunal could not delete it.
    #[serde(serialize_with = "super::millis")]
    pub ttl: Duration,
    /// How long the attempt may wait for its main container to start.
    #[serde(serialize_with = "super::millis")]
    pub provisioning_timeout: Duration,
    /// How the output is captured.
    pub capture: CaptureMode,
    /// A partial pod spec, merged last; an object or null.
    pub pod: serde_json::Value,
}

/// How output is captured on Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureMode {
    /// Over the log API: complete where no log file rotates.
    Stream,
}

/// One entry of `tolerations`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Toleration {
    /// The taint's key; `None` with `Exists`: every taint.
    pub key: Option<String>,
    /// `Exists` or `Equal`.
    pub operator: Option<String>,
    /// The taint's value.
    pub value: Option<String>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: Option<String>,
    /// For `NoExecute`: how long it is tolerated.
    pub seconds: Option<i64>,
}
