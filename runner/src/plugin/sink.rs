//! Where a judge's stderr and stdout end up: in memory, bounded, the rest dropped.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use super::limits::MAX_STDERR;

/// A bounded buffer that takes everything and keeps the beginning.
///
/// wasmtime's own pipe fails the writer when it is full, and then a judge dies of its own log.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    kept: Arc<Mutex<Vec<u8>>>,
    room: usize,
    overflowed: Arc<AtomicBool>,
}

impl Default for Sink {
    fn default() -> Self {
        Self::with_room(MAX_STDERR)
    }
}

impl Sink {
    /// A buffer that keeps so many bytes.
    pub(super) fn with_room(room: usize) -> Self {
        Self {
            kept: Arc::default(),
            room,
            overflowed: Arc::default(),
        }
    }

    /// Appends what fits.
    pub(super) fn append(&self, bytes: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.room.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(&bytes[..room]);
        if room < bytes.len() {
            self.overflowed.store(true, Ordering::Relaxed);
        }
    }

    /// Whether something did not fit.
    pub(super) fn overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Relaxed)
    }

    /// Takes what was kept.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was kept, as text.
    pub(super) fn text(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_STDERR)
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.append(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_taken_and_its_beginning_kept() {
        let mut sink = Sink::default();
        sink.append(b"first ");
        for _ in 0..100 {
            sink.write(Bytes::from_static(&[b'x'; 4096]))
                .expect("taken");
        }
        let text = sink.text();
        assert_eq!(text.len(), MAX_STDERR);
        assert!(text.starts_with("first x"));
    }
}
