//! The reader of a spool: bytes of any number of connections in, verified records out.

use super::frame::{Frame, FrameKind, Frames};
use super::record::{Record, Records};
use super::state::SESSION;
use super::summary::Summary;
use super::verify::{Proof, Verifier};
use super::{Broken, VERSION};

/// What a connection brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The keeper answered: the spool's end so far.
    Connected {
        /// Bytes in the spool.
        end: u64,
    },
    /// The next record, verified against all before it.
    Record(Record<'a>),
    /// The keeper lives; what holds things up, in words, mostly empty.
    Beat {
        /// Bytes in the spool.
        end: u64,
        /// What holds things up.
        state: String,
    },
    /// The keeper says no; nothing more comes on this connection.
    Refused(String),
    /// The keeper took our leave; nothing more comes on this connection.
    Bye,
}

/// Follows a spool across connections, byte by byte, never twice and never past a hole.
///
/// For each connection: [`Self::connect`] gives what to send first; [`Self::feed`] takes what comes, in any
/// pieces. When the connection breaks, connect again; it goes on at the very byte. Send [`Self::ack`] now and
/// then, when what came is safely written; and [`Self::done`] when [`Self::proof`] is there and written.
#[derive(Clone, Debug)]
pub struct Follower {
    frames: Frames,
    records: Records,
    verifier: Verifier,
    session: Option<[u8; SESSION]>,
}

impl Default for Follower {
    fn default() -> Self {
        Self {
            frames: Frames::default(),
            records: Records::new(0),
            verifier: Verifier::default(),
            session: None,
        }
    }
}

impl Follower {
    /// Begins a connection: what to send over it first.
    pub fn connect(&mut self, token: &str) -> Vec<u8> {
        self.frames = Frames::default();
        let mut bytes = Vec::new();
        let frame = |kind, offset, payload| Frame {
            kind,
            offset,
            payload,
        };
        frame(FrameKind::Hello, VERSION.into(), token.as_bytes()).encode(&mut bytes);
        frame(FrameKind::Read, self.records.wanted(), &[]).encode(&mut bytes);
        bytes
    }

    /// Says that all records before `offset` are written down: what to send.
    pub fn ack(offset: u64) -> Vec<u8> {
        Frame::header(FrameKind::Ack, offset, 0).to_vec()
    }

    /// Says that nothing more is wanted and the pod may end: what to send. `Bye` is the answer.
    pub fn done() -> Vec<u8> {
        Frame::header(FrameKind::Done, 0, 0).to_vec()
    }

    /// Where in the spool the first record stands that was not given out: what may be acknowledged once
    /// all that was given out is written down.
    pub fn offset(&self) -> u64 {
        self.records.offset()
    }

    /// What was counted and hashed so far.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The spool's last word, once it was read and found true.
    pub fn summary(&self) -> Option<&Summary> {
        self.verifier.summary()
    }

    /// What the spool is worth, once it was read to its end.
    pub fn proof(&self) -> Option<Proof> {
        self.verifier.proof()
    }

    /// Takes bytes of the connection and hands on what they brought, in order.
    ///
    /// # Errors
    /// When the bytes cannot be what a keeper sent: in a frame, the connection is at fault and another may
    /// do; in a record, the spool is, and another connection meets the same.
    pub fn feed(&mut self, bytes: &[u8], hand: &mut dyn FnMut(Event<'_>)) -> Result<(), Broken> {
        self.frames.push(bytes);
        while let Some(frame) = self.frames.take()? {
            let end = frame.offset;
            let broken = |reason: &str| Broken {
                offset: end,
                reason: reason.to_owned(),
            };
            match frame.kind {
                FrameKind::Hello => {
                    let session = frame.payload.first_chunk::<SESSION>().copied();
                    let session =
                        session.ok_or_else(|| broken("the keeper's greeting is short"))?;
                    if *self.session.get_or_insert(session) != session {
                        return Err(broken("this is another spool than the one begun with"));
                    }
                    hand(Event::Connected { end });
                }
                FrameKind::Data if end == self.records.wanted() => {
                    self.records.push(frame.payload);
                    while let Some(record) = self.records.take()? {
                        self.verifier.take(&record)?;
                        hand(Event::Record(record));
                    }
                }
                FrameKind::Data => {
                    return Err(broken(
                        "the keeper sent another part of the spool than was asked for",
                    ));
                }
                FrameKind::Beat => hand(Event::Beat {
                    end,
                    state: String::from_utf8_lossy(frame.payload).into_owned(),
                }),
                FrameKind::Refused => {
                    let reason = String::from_utf8_lossy(frame.payload).into_owned();
                    hand(Event::Refused(reason));
                }
                FrameKind::Bye => hand(Event::Bye),
                _ => return Err(broken("the keeper sent what only a seal may hear")),
            }
        }
        Ok(())
    }
}
