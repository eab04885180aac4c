//! Bodies on their way to the client.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use kube::client::Body;
use tokio::sync::mpsc;

use super::Fault;

/// What is sent to the client: `Err` breaks the connection off.
type Piece = Result<Bytes, io::Error>;

/// Counts itself among the open ones.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// `body` with `fault`.
pub(super) fn with(
    body: Body,
    fault: Option<Fault>,
    open: Arc<AtomicUsize>,
) -> UnsyncBoxBody<Bytes, io::Error> {
    // Few pieces between the two, so that a slow reader slows the server.
    let (sender, receiver) = mpsc::channel(4);
    open.fetch_add(1, Ordering::SeqCst);
    let open = Open(open);
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with the client's side or the server's"
    )]
    let _task = tokio::spawn(async move {
        let _open = open;
        let mut out = Out {
            sender,
            left: match fault {
                Some(Fault::Break(n) | Fault::End(n) | Fault::Says(n, _) | Fault::Stall(n)) => n,
                _ => usize::MAX,
            },
            fault,
            lines: Vec::new(),
            event: 0,
            held: None,
        };
        let mut body = body.into_data_stream();
        loop {
            let chunk = tokio::select! {
                // The client has left: so do we, and the server's side closes.
                () = out.sender.closed() => break,
                chunk = body.next() => chunk,
            };
            let more = match chunk {
                Some(Ok(chunk)) => out.take(&chunk).await,
                Some(Err(error)) => {
                    out.send(Err(io::Error::other(error.to_string()))).await;
                    false
                }
                None => {
                    out.rest().await;
                    false
                }
            };
            if !more {
                break;
            }
        }
    });
    let pieces = futures::stream::unfold(receiver, |mut receiver| async {
        let piece = receiver.recv().await?;
        Some((piece.map(Frame::data), receiver))
    });
    StreamBody::new(pieces).boxed_unsync()
}

struct Out {
    sender: mpsc::Sender<Piece>,
    fault: Option<Fault>,
    /// Bytes until the fault.
    left: usize,
    /// An event that has not ended yet.
    lines: Vec<u8>,
    event: usize,
    held: Option<Bytes>,
}

impl Out {
    /// `false`: nothing more is to be sent.
    async fn take(&mut self, chunk: &Bytes) -> bool {
        match self.fault {
            Some(Fault::Expire(_) | Fault::Miss(_) | Fault::Repeat(_) | Fault::Swap(_)) => {
                self.lines.extend_from_slice(chunk);
                while let Some(end) = self.lines.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.lines.drain(..=end).collect();
                    if !self.one_event(Bytes::from(line)).await {
                        return false;
                    }
                }
                true
            }
            _ if chunk.len() < self.left => {
                self.left = self.left.saturating_sub(chunk.len());
                self.send(Ok(chunk.clone())).await
            }
            _ => {
                let last = chunk.slice(..self.left);
                self.send(Ok(last)).await && self.strike().await
            }
        }
    }

    async fn strike(&mut self) -> bool {
        match self.fault {
            Some(Fault::Break(_)) => self.send(Err(io::Error::other("broken off"))).await,
            Some(Fault::Says(_, words)) => {
                self.send(Ok(Bytes::from_static(words.as_bytes()))).await
            }
            Some(Fault::Stall(_)) => {
                self.sender.closed().await;
                true
            }
            _ => true,
        };
        false
    }

    async fn one_event(&mut self, line: Bytes) -> bool {
        let number = self.event;
        self.event += 1;
        match self.fault {
            Some(Fault::Expire(at)) if at == number => {
                let gone = concat!(
                    r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","#,
                    r#""message":"too old resource version","reason":"Expired","code":410}}"#,
                    "\n"
                );
                self.send(Ok(Bytes::from_static(gone.as_bytes()))).await;
                false
            }
            Some(Fault::Miss(at)) if at == number => true,
            Some(Fault::Repeat(at)) if at == number => {
                self.send(Ok(line.clone())).await && self.send(Ok(line)).await
            }
            Some(Fault::Swap(at)) if at == number => {
                self.held = Some(line);
                true
            }
            _ => {
                let held = self.held.take();
                self.send(Ok(line)).await
                    && match held {
                        Some(held) => self.send(Ok(held)).await,
                        None => true,
                    }
            }
        }
    }

    /// What is left when the body has come to its own end.
    async fn rest(&mut self) {
        for piece in [
            self.held.take(),
            Some(std::mem::take(&mut self.lines).into()),
        ] {
            if let Some(piece) = piece.filter(|piece: &Bytes| !piece.is_empty()) {
                self.send(Ok(piece)).await;
            }
        }
    }

    async fn send(&mut self, piece: Piece) -> bool {
        self.sender.send(piece).await.is_ok()
    }
}
