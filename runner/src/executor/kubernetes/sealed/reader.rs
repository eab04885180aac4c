//! Reads a keeper's spool to its last record, over as many connections as it takes.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tribunal_seal::wire::{Event, Follower, Kind, Record, Stream, Summary};

use super::super::drain::{self, ContainerPhase, Drained, LogApi};
use super::collect::Shelf;
use super::link::{Link, LinkError, Wire};
use super::proof::{self, MainEnd};
use super::splice::{self, Known};
use crate::capture::artifacts::Collected;
use crate::capture::{self, Writer};
use crate::model::Completeness;

/// The spool is acknowledged in steps of so many bytes.
const ACK_EVERY: u64 = 256 << 10;
/// Notes of the seal that are kept.
const NOTES: usize = 20;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Limits {
    /// From the end of the main container to the end of the reading.
    pub(in super::super) drain_timeout: Duration,
    /// A keeper says something every 2 s: one that is silent for so long is not there any more.
    pub(in super::super) silence: Duration,
    /// Between two tries to connect, at least and at most.
    pub(in super::super) pause: (Duration, Duration),
    /// How long a pod that is gone may still serve.
    pub(in super::super) gone: Duration,
    /// How long a keeper may take to say good bye.
    pub(in super::super) bye: Duration,
}

impl Limits {
    pub(in super::super) fn new(drain_timeout: Duration) -> Self {
        Self {
            drain_timeout,
            silence: Duration::from_secs(10),
            pause: (Duration::from_millis(50), Duration::from_secs(1)),
            gone: Duration::from_secs(1),
            bye: Duration::from_secs(2),
        }
    }
}

/// What is read, and from where.
pub(in super::super) struct Source<'a> {
    pub(in super::super) link: &'a dyn Link,
    pub(in super::super) token: &'a str,
    /// Where the output can be read too, without proof: the log API.
    pub(in super::super) logs: &'a dyn LogApi,
    /// Where that log is put while it is compared.
    pub(in super::super) log_file: PathBuf,
    pub(in super::super) phase: watch::Receiver<ContainerPhase>,
    pub(in super::super) main: watch::Receiver<Option<MainEnd>>,
    pub(in super::super) observed: mpsc::UnboundedSender<String>,
}

/// What a reading came to.
#[derive(Debug)]
pub(in super::super) struct Read {
    pub(in super::super) drained: Drained,
    pub(in super::super) collected: Collected,
    /// What the seal wanted people to know.
    pub(in super::super) notes: Vec<String>,
    /// Whether the keeper knows that it may leave.
    pub(in super::super) released: bool,
}

/// Reads into `output` and `shelf` until the last record, or until nothing more can be had.
pub(in super::super) async fn read(
    source: Source<'_>,
    output: &mut Writer,
    shelf: Shelf,
    limits: &Limits,
) -> Read {
    let mut reader = Reader {
        source,
        output,
        shelf,
        limits,
        follower: Follower::default(),
        known: Known::default(),
        acked: 0,
        notes: Vec::new(),
        told: String::new(),
        broken_at: None,
        connections: 0,
    };
    match reader.reach_the_end().await {
        Ok((wire, summary)) => reader.conclude(wire, &summary).await,
        Err(why) => reader.fall_back(why).await,
    }
}

struct Reader<'a> {
    source: Source<'a>,
    output: &'a mut Writer,
    shelf: Shelf,
    limits: &'a Limits,
    follower: Follower,
    known: Known,
    acked: u64,
    notes: Vec<String>,
    /// What was said last to hold things up.
    told: String,
    /// Where the spool made no sense.
    broken_at: Option<u64>,
    connections: u32,
}

/// How a connection came to its end without the last record.
enum Left {
    /// Another may do better.
    Broke(String),
    /// No other will.
    Hopeless(String),
}

impl Reader<'_> {
    /// The connection on which the last record came; or why it never will.
    async fn reach_the_end(&mut self) -> Result<(Box<dyn Wire>, Summary), String> {
        let mut phase = self.source.phase.clone();
        let mut last = "no connection to it came about".to_owned();
        let limits = *self.limits;
        let reading = async {
            let mut pause = limits.pause.0;
            loop {
                let before = self.follower.offset();
                match self.source.link.open().await {
                    Ok(wire) => match self.follow(wire).await {
                        Ok(ended) => return Ok(ended),
                        Err(Left::Broke(why)) => last = why,
                        Err(Left::Hopeless(why)) => return Err(why),
                    },
                    Err(LinkError::Again(why)) => last = why,
                    Err(LinkError::Never(why)) => return Err(why),
                }
                if self.follower.offset() > before {
                    pause = limits.pause.0;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(limits.pause.1);
            }
        };
        tokio::select! {
            ended = reading => ended,
            () = overdue(&mut phase, &limits) => {
                Err(format!("the keeper did not give all within the time to drain: {last}"))
            }
        }
    }

    async fn follow(&mut self, mut wire: Box<dyn Wire>) -> Result<(Box<dyn Wire>, Summary), Left> {
        let hello = self.follower.connect(self.source.token);
        wire.send(&hello).await.map_err(Left::Broke)?;
        let mut buffer = vec![0; 128 << 10];
        loop {
            let receiving = wire.receive(&mut buffer);
            let count = match tokio::time::timeout(self.limits.silence, receiving).await {
                Ok(Ok(0)) => return Err(Left::Broke("the connection ended".to_owned())),
                Ok(Ok(count)) => count,
                Ok(Err(why)) => return Err(Left::Broke(why)),
                Err(_) => return Err(Left::Broke("the keeper fell silent".to_owned())),
            };
            self.take(buffer.get(..count).unwrap_or_default())?;
            let offset = self.follower.offset();
            let summary = self.follower.summary().cloned();
            if offset - self.acked >= ACK_EVERY || (summary.is_some() && offset > self.acked) {
                let ack = Follower::ack(offset);
                self.acked = offset;
                let sent = wire.send(&ack).await;
                if summary.is_none() {
                    sent.map_err(Left::Broke)?;
                }
            }
            if let Some(summary) = summary {
                return Ok((wire, summary));
            }
        }
    }

    /// Takes bytes of the connection apart and puts what they bring where it belongs.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Left> {
        let Self {
            follower,
            output,
            shelf,
            known,
            notes,
            told,
            connections,
            source,
            ..
        } = self;
        let mut left = None;
        let fed = follower.feed(bytes, &mut |event| match event {
            Event::Connected { .. } => {
                *connections += 1;
                if *connections > 1 {
                    output.note_reconnect();
                }
            }
            Event::Record(record) => put(&record, output, shelf, known, notes),
            Event::Beat { state, .. } => {
                if !state.is_empty() && *told != state {
                    source.observed.send(format!("keeper: {state}")).ok();
                }
                *told = state;
            }
            Event::Refused(why) => {
                left = Some(Left::Hopeless(format!("the keeper refuses: {why}")));
            }
            Event::Bye => left = Some(Left::Broke("the keeper took its leave".to_owned())),
        });
        if let Some(left) = left {
            return Err(left);
        }
        let Err(broken) = fed else { return Ok(()) };
        // Met twice at the same place it is the spool, not the connection.
        let at = self.follower.offset();
        let again = self.broken_at.replace(at) == Some(at);
        let why = format!("the spool makes no sense: {broken}");
        Err(if again {
            Left::Hopeless(why)
        } else {
            Left::Broke(why)
        })
    }

    /// Everything is here: lets the pod go, and compares it with the main container's own word.
    ///
    /// In this order: while a pod is being ended, its kubelet tells nothing of the container before the keeper
    /// has left too.
    async fn conclude(mut self, wire: Box<dyn Wire>, summary: &Summary) -> Read {
        let released = self.release(Some(wire)).await;
        let main = self.main_end().await;
        let proof = self.follower.proof();
        let (completeness, note) = match proof {
            Some(proof) => proof::rule(&proof, summary, main.as_ref()),
            None => (Completeness::Gap, "the last record is missing".to_owned()),
        };
        self.finish(completeness, note, released)
    }

    /// The main container's end, as far as it will ever be known.
    async fn main_end(&mut self) -> Option<MainEnd> {
        let mut phase = self.source.phase.clone();
        let mut main = self.source.main.clone();
        tokio::select! {
            () = until_known(&mut main) => {}
            () = overdue(&mut phase, self.limits) => {}
        }
        self.source.main.borrow().clone()
    }

    /// Tells the keeper that the pod may end; returns whether it heard.
    async fn release(&mut self, wire: Option<Box<dyn Wire>>) -> bool {
        let limit = self.limits.bye * 2;
        let saying = async {
            if let Some(mut wire) = wire
                && self.bid_farewell(&mut *wire).await
            {
                return true;
            }
            match self.source.link.open().await {
                Ok(mut wire) => {
                    let hello = self.follower.connect(self.source.token);
                    wire.send(&hello).await.is_ok() && self.bid_farewell(&mut *wire).await
                }
                Err(_) => false,
            }
        };
        tokio::time::timeout(limit, saying).await.unwrap_or(false)
    }

    async fn bid_farewell(&self, wire: &mut dyn Wire) -> bool {
        // A follower of its own: what still comes here is no part of the spool that was read.
        let mut frames = tribunal_seal::wire::Frames::default();
        let hearing = async {
            if wire.send(&Follower::done()).await.is_err() {
                return false;
            }
            let mut buffer = vec![0; 16 << 10];
            loop {
                let Ok(count) = wire.receive(&mut buffer).await else {
                    return false;
                };
                if count == 0 {
                    return false;
                }
                frames.push(buffer.get(..count).unwrap_or_default());
                loop {
                    match frames.take() {
                        Ok(Some(frame)) if frame.kind == tribunal_seal::wire::FrameKind::Bye => {
                            return true;
                        }
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => return false,
                    }
                }
            }
        };
        tokio::time::timeout(self.limits.bye, hearing)
            .await
            .unwrap_or(false)
    }

    /// The keeper is lost: what is missing is sought in the container's log.
    async fn fall_back(mut self, why: String) -> Read {
        let line = format!("keeper lost: {why}; the container's log is read instead");
        self.source.observed.send(line).ok();
        // It may live where no connection gets through; then this is lost too.
        let mut sink = drain::FileSink::new(self.source.log_file.clone());
        let limits = drain::Limits::new(self.limits.drain_timeout);
        let phase = self.source.phase.clone();
        let drained = drain::drain(self.source.logs, phase, &mut sink, None, &limits).await;
        drop(sink);
        let main = self.main_end().await;
        let digests = Stream::BOTH.map(|stream| self.follower.verifier().digest(stream));
        let spliced = splice::Splice {
            known: &self.known,
            digests,
            main: main.as_ref(),
            why: &why,
            log: &drained,
        };
        let (completeness, note) = spliced.into_output(&self.source.log_file, self.output);
        let released = self.release(None).await;
        self.finish(completeness, note, released)
    }

    fn finish(self, completeness: Completeness, note: String, released: bool) -> Read {
        Read {
            drained: Drained {
                completeness,
                note,
                first: None,
                from_the_start: true,
            },
            collected: self.shelf.finish(),
            notes: self.notes,
            released,
        }
    }
}

fn put(
    record: &Record<'_>,
    output: &mut Writer,
    shelf: &mut Shelf,
    known: &mut Known,
    notes: &mut Vec<String>,
) {
    match record.header.kind {
        Kind::Stdout | Kind::Stderr => {
            let stream = match record.header.kind {
                Kind::Stderr => capture::Stream::Stderr,
                _ => capture::Stream::Stdout,
            };
            output.write(stream, record.payload);
            known.take(stream, record.payload);
        }
        Kind::Gap => output.note_gap(None, record.text()),
        Kind::Note if notes.len() < NOTES => notes.push(record.text()),
        _ => shelf.take(record),
    }
}

/// Waits until the main container's end is known.
async fn until_known(main: &mut watch::Receiver<Option<MainEnd>>) {
    main.wait_for(Option::is_some).await.map(drop).ok();
}

/// Waits until the main container has ended, and then as long as the reading may still take.
async fn overdue(phase: &mut watch::Receiver<ContainerPhase>, limits: &Limits) {
    let gone = {
        let over = phase.wait_for(ContainerPhase::is_over).await;
        matches!(over.as_deref(), Ok(ContainerPhase::Gone(_)))
    };
    let wait = if gone {
        limits.gone
    } else {
        limits.drain_timeout
    };
    tokio::time::sleep(wait).await;
}
