//! A program's standard input: the output of the attempt, from its first byte.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncRead;
use tokio::sync::Mutex;
use wasmtime_wasi::cli::{IsTerminal, StdinStream};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

use super::super::limits::MAX_READ;
use crate::capture::Reader;

/// Standard input; what is read of one copy is gone for all.
#[derive(Clone)]
pub(in super::super) struct Stdin(Arc<Mutex<Inner>>);

struct Inner {
    reader: Reader,
    /// Read and not yet given to the program.
    ahead: Bytes,
    ended: bool,
    /// Why it could not be read.
    fault: Option<String>,
}

impl Inner {
    async fn fill(&mut self, max: usize) {
        if !self.ahead.is_empty() || self.ended {
            return;
        }
        match self.reader.read(max).await {
            Ok(bytes) => {
                self.ended = bytes.is_empty();
                self.ahead = bytes.into();
            }
            Err(error) => {
                self.ended = true;
                self.fault = Some(format!("the captured output could not be read: {error}"));
            }
        }
    }
}

impl Stdin {
    pub(super) fn new(reader: Reader) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            reader,
            ahead: Bytes::new(),
            ended: false,
            fault: None,
        })))
    }

    /// The next bytes, at most `max`; none at the end.
    ///
    /// # Errors
    /// When the capture cannot be read back.
    pub(in super::super) async fn next(&self, max: usize) -> wasmtime::Result<Vec<u8>> {
        let mut inner = self.0.lock().await;
        inner.fill(max).await;
        if let Some(fault) = &inner.fault {
            return Err(super::super::host::HostFault(fault.clone()).into());
        }
        let count = inner.ahead.len().min(max);
        Ok(inner.ahead.split_to(count).into())
    }
}

impl IsTerminal for Stdin {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Stdin {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        // Only the streams of 0.2 are linked.
        Box::new(tokio::io::empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Stdin {
    async fn ready(&mut self) {
        self.0.lock().await.fill(MAX_READ).await;
    }
}

#[async_trait]
impl InputStream for Stdin {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        // A program has one thread: nobody else holds it.
        let Ok(mut inner) = self.0.try_lock() else {
            return Ok(Bytes::new());
        };
        if let Some(fault) = &inner.fault {
            return Err(StreamError::Trap(
                super::super::host::HostFault(fault.clone()).into(),
            ));
        }
        if inner.ahead.is_empty() && inner.ended {
            return Err(StreamError::Closed);
        }
        let count = inner.ahead.len().min(size);
        Ok(inner.ahead.split_to(count))
    }
}
