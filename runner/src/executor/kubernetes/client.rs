//! The connection to a cluster, and its failures in words.

use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::plan::Cluster;

/// How long one request that is no stream may take.
pub(super) const REQUEST: Duration = Duration::from_secs(30);

/// A cluster could not be reached at all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConnectError(String);

/// A client and where it points.
#[derive(Clone)]
pub struct Connection {
    pub(super) client: Client,
    /// The namespace of the context, or of the pod tribunal runs in.
    pub namespace: String,
    /// The API server.
    pub server: String,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.server)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Reads the credentials, makes a client and asks the server for its version.
///
/// Errors say which file, context or server is meant, and what to do.
pub async fn connect(cluster: &Cluster) -> Result<Connection, ConnectError> {
    let mut config = config(cluster).await?;
    // The watchdogs of the drain decide about silence: a client-wide limit would end quiet suites.
    config.read_timeout = None;
    config.connect_timeout = Some(Duration::from_secs(10));
    // Every caller has retries of its own, with a bound and a word for people.
    config.default_retry = false;
    let (namespace, server) = (
        config.default_namespace.clone(),
        config.cluster_url.to_string(),
    );
    let client = Client::try_from(config).map_err(|error| {
        ConnectError(format!(
            "the credentials for {server} are unusable: {error}"
        ))
    })?;
    let mut last = String::new();
    for pause in [0_u64, 500, 2000] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        match tokio::time::timeout(REQUEST, client.apiserver_version()).await {
            // Whoever may not read the version may still create Jobs.
            Ok(Ok(_)) => {
                return Ok(Connection {
                    client,
                    namespace,
                    server,
                });
            }
            Ok(Err(kube::Error::Api(status))) if status.code == 403 => {
                return Ok(Connection {
                    client,
                    namespace,
                    server,
                });
            }
            Ok(Err(kube::Error::Api(status))) if status.code == 401 => {
                return Err(ConnectError(format!(
                    "the cluster at {server} does not accept the credentials (401 Unauthorized): the token or certificate \
                     has expired or belongs to another cluster; log in again"
                )));
            }
            Ok(Err(error)) => last = chain(&error),
            Err(_) => "no answer within 30s".clone_into(&mut last),
        }
    }
    Err(ConnectError(format!(
        "the cluster at {server} cannot be reached: {last}; is it running, and is the context right?"
    )))
}

async fn config(cluster: &Cluster) -> Result<Config, ConnectError> {
    let options = KubeConfigOptions {
        context: cluster.context.clone(),
        ..KubeConfigOptions::default()
    };
    let (file, place) = if let Some(path) = &cluster.kubeconfig {
        (Kubeconfig::read_from(path), path.display().to_string())
    } else {
        let there = std::env::var_os("KUBECONFIG").is_some()
            || etcetera::home_dir().is_ok_and(|home| home.join(".kube/config").is_file());
        if !there && cluster.context.is_none() {
            return Config::incluster().map_err(|_| {
                ConnectError(
                    "no cluster is configured: there is no KUBECONFIG, no ~/.kube/config, and this is no pod with a \
                     service account; set KUBECONFIG or kubernetes.kubeconfig"
                        .to_owned(),
                )
            });
        }
        (
            Kubeconfig::read(),
            "the kubeconfig (KUBECONFIG or ~/.kube/config)".to_owned(),
        )
    };
    let file =
        file.map_err(|error| ConnectError(format!("{place} cannot be used: {}", chain(&error))))?;
    if let Some(context) = &cluster.context
        && !file.contexts.iter().any(|known| known.name == *context)
    {
        let known: Vec<&str> = file
            .contexts
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        return Err(ConnectError(format!(
            "{place} has no context \"{context}\"; it has: {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        )));
    }
    Config::from_custom_kubeconfig(file, &options)
        .await
        .map_err(|error| ConnectError(format!("{place} cannot be used: {}", chain(&error))))
}

/// An error with its causes: clients wrap the one that matters.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
