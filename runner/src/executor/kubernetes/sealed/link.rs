//! The way to a keeper: a port-forward through the API server.

use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::Portforwarder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::super::client::chain;
use super::PORT;

/// How long a connection may take to come about.
const OPEN: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum LinkError {
    /// Another try may help.
    Again(String),
    /// No try helps.
    Never(String),
}

/// Opens connections to one keeper.
#[async_trait]
pub(in super::super) trait Link: Send + Sync {
    async fn open(&self) -> Result<Box<dyn Wire>, LinkError>;
}

/// A connection.
#[async_trait]
pub(in super::super) trait Wire: Send {
    /// Sends all of it.
    async fn send(&mut self, bytes: &[u8]) -> Result<(), String>;
    /// Appends what has come to `to`; 0: the connection is at its end. Cancelling it loses nothing.
    async fn receive(&mut self, to: &mut [u8]) -> Result<usize, String>;
}

/// The keeper of a pod.
pub(in super::super) struct KubeLink {
    pods: Api<Pod>,
    pod: String,
}

impl KubeLink {
    pub(in super::super) fn new(pods: Api<Pod>, pod: String) -> Self {
        Self { pods, pod }
    }
}

#[async_trait]
impl Link for KubeLink {
    async fn open(&self) -> Result<Box<dyn Wire>, LinkError> {
        let opening = self.pods.portforward(&self.pod, &[PORT]);
        let mut forwarder = match tokio::time::timeout(OPEN, opening).await {
            Ok(Ok(forwarder)) => forwarder,
            Ok(Err(error)) => {
                let forbidden = matches!(
                    &error,
                    kube::Error::Api(status) if status.code == 403 || status.code == 401
                );
                let why = format!("the pod's port cannot be forwarded: {}", chain(&error));
                // A refused upgrade says its status only in words.
                return Err(if forbidden || why.contains("403 Forbidden") {
                    LinkError::Never(why)
                } else {
                    LinkError::Again(why)
                });
            }
            Err(_) => {
                return Err(LinkError::Again(
                    "the pod's port was not forwarded within 10s".to_owned(),
                ));
            }
        };
        let Some(stream) = forwarder.take_stream(PORT) else {
            return Err(LinkError::Again("no stream of the port".to_owned()));
        };
        Ok(Box::new(Forwarded { stream, forwarder }))
    }
}

struct Forwarded {
    stream: DuplexStream,
    forwarder: Portforwarder,
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        // Its task would wait for an answer that a broken connection does not give.
        self.forwarder.abort();
    }
}

#[async_trait]
impl Wire for Forwarded {
    async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sending = self.stream.write_all(bytes);
        sending.await.map_err(|error| error.to_string())
    }

    async fn receive(&mut self, to: &mut [u8]) -> Result<usize, String> {
        self.stream
            .read(to)
            .await
            .map_err(|error| error.to_string())
    }
}
