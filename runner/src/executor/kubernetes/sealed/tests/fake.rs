//! A keeper and a log that do as they are told.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tribunal_seal::wire::{Frame, FrameKind, Frames};

use super::super::super::drain::{LogApi, LogBody, LogError, LogRequest};
use super::super::link::{Link, LinkError, Wire};
use super::SESSION;

/// A keeper: serves `spool` from where it is asked, `cuts` bytes a connection, then all; `None`: nothing more.
pub(super) struct Keeper {
    spool: Vec<u8>,
    cuts: Mutex<Vec<usize>>,
    gone_after: Option<usize>,
    opened: Mutex<usize>,
    pub(super) done: Arc<Mutex<bool>>,
}

impl Keeper {
    pub(super) fn new(spool: &[u8], cuts: &[usize], gone_after: Option<usize>) -> Self {
        Self {
            spool: spool.to_vec(),
            cuts: Mutex::new(cuts.to_vec()),
            gone_after,
            opened: Mutex::default(),
            done: Arc::default(),
        }
    }
}

#[async_trait]
impl Link for Keeper {
    async fn open(&self) -> Result<Box<dyn Wire>, LinkError> {
        let mut opened = self.opened.lock().expect("a lock");
        *opened += 1;
        if self.gone_after.is_some_and(|most| *opened > most) {
            return Err(LinkError::Again("nobody answers".to_owned()));
        }
        let mut cuts = self.cuts.lock().expect("a lock");
        let budget = if cuts.is_empty() {
            usize::MAX
        } else {
            cuts.remove(0)
        };
        Ok(Box::new(Connection {
            spool: self.spool.clone(),
            heard: Frames::default(),
            out: Vec::new(),
            budget,
            ends: self.gone_after.is_some(),
            done: Arc::clone(&self.done),
        }))
    }
}

struct Connection {
    spool: Vec<u8>,
    heard: Frames,
    out: Vec<u8>,
    budget: usize,
    ends: bool,
    done: Arc<Mutex<bool>>,
}

#[async_trait]
impl Wire for Connection {
    async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.heard.push(bytes);
        let mut out = Vec::new();
        let mut say = |kind, offset, payload: &[u8]| {
            Frame {
                kind,
                offset,
                payload,
            }
            .encode(&mut out);
        };
        while let Some(frame) = self.heard.take().map_err(|broken| broken.to_string())? {
            match frame.kind {
                FrameKind::Hello if frame.payload == b"secret" => {
                    let mut payload = SESSION.to_vec();
                    payload.extend_from_slice(&0_u64.to_le_bytes());
                    say(FrameKind::Hello, self.spool.len() as u64, &payload);
                }
                FrameKind::Hello => {
                    say(FrameKind::Refused, 0, b"who are you?");
                    break;
                }
                FrameKind::Read => {
                    let from = usize::try_from(frame.offset).expect("small");
                    for (index, piece) in self.spool[from..].chunks(1000).enumerate() {
                        say(FrameKind::Data, (from + index * 1000) as u64, piece);
                    }
                }
                FrameKind::Done => {
                    *self.done.lock().expect("a lock") = true;
                    say(FrameKind::Bye, 0, &[]);
                }
                _ => {}
            }
        }
        self.out.extend_from_slice(&out);
        Ok(())
    }

    async fn receive(&mut self, to: &mut [u8]) -> Result<usize, String> {
        let count = self.out.len().min(to.len()).min(self.budget).min(777);
        if count == 0 && !self.ends && self.budget > 0 {
            std::future::pending::<()>().await;
        }
        to[..count].copy_from_slice(&self.out[..count]);
        self.out.drain(..count);
        self.budget -= count;
        Ok(count)
    }
}

/// A log as the API gives it after the end; `None`: it cannot be read.
pub(super) struct Log(pub(super) Option<Vec<u8>>);

#[async_trait]
impl LogApi for Log {
    async fn open(&self, _: LogRequest) -> Result<LogBody, LogError> {
        let Some(text) = &self.0 else {
            return Err(LogError::Gone("404".to_owned()));
        };
        let mut body = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            body.extend_from_slice(b"2026-01-01T00:00:00.000000001Z ");
            body.extend_from_slice(line);
        }
        let body = futures::stream::iter([Ok(bytes::Bytes::from(body))]);
        Ok(Box::pin(body))
    }
}
