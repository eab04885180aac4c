//! What a suite on Kubernetes needs to know, resolved; plain data, nothing of a client.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Command;

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
    /// Sealed capture: bytes of the spool, in which output waits for the runner.
    pub spool_limit: u64,
    /// Sealed capture: how long the pod keeps what it has for a runner that is away.
    #[serde(serialize_with = "super::millis")]
    pub hold: Duration,
    /// A partial pod spec, merged last; an object or null.
    pub pod: serde_json::Value,
}

/// How output is captured on Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureMode {
    /// Sealed where the suite and the cluster allow it, else stream.
    Auto,
    /// Over the log API: complete where no log file rotates.
    Stream,
    /// Counted and kept by a program of ours in the pod: proven. An error where that is impossible.
    Sealed,
}

/// Architectures that there is a program for, as Kubernetes names them.
pub const SEALED_ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];
/// The node label that says the architecture.
pub(crate) const ARCH_LABEL: &str = "kubernetes.io/arch";

impl KubernetesSpec {
    /// Why a suite with this `command` cannot be captured sealed on any cluster; `None` where it can.
    pub fn never_sealed(&self, command: &Command) -> Option<String> {
        if matches!(command, Command::Image) {
            return Some("the image's own command is not known here: write `command`".to_owned());
        }
        let main = self
            .pod
            .get("containers")
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
            .find(|it| it.get("name").is_some_and(|name| name == "suite"));
        if main.is_some_and(|it| it.get("command").is_some() || it.get("args").is_some()) {
            return Some("`pod` replaces the suite's command".to_owned());
        }
        if self.pod.get("hostNetwork") == Some(&serde_json::Value::Bool(true)) {
            return Some(
                "with hostNetwork the keeper's port would be one of the node's".to_owned(),
            );
        }
        if let Some(os) = self.selected("kubernetes.io/os")
            && os != "linux"
        {
            return Some(format!("the nodes run {os}, and the seal is for Linux"));
        }
        let arch = self.selected(ARCH_LABEL)?;
        (!SEALED_ARCHITECTURES.contains(&arch))
            .then(|| format!("there is no seal for nodes of architecture {arch}"))
    }

    /// The value that nodes must have for this label.
    pub(crate) fn selected(&self, label: &str) -> Option<&str> {
        let in_pod = self.pod.get("nodeSelector").and_then(|it| it.get(label));
        in_pod
            .and_then(serde_json::Value::as_str)
            .or_else(|| self.node_selector.get(label).map(String::as_str))
    }
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
