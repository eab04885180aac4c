//! One connection to the keeper: requests in, stretches of the spool out, never waiting for either.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tribunal_seal::wire::{FRAME_HEADER, Frame, FrameKind, Frames, Kind, SESSION, VERSION};

use super::spool::Spool;

/// The longest request: a telling with a piece of an artifact.
pub(super) const LONGEST_REQUEST: usize = (64 << 10) + 64;
/// Bytes of the spool in one frame.
const STRETCH: u64 = 128 << 10;
/// Silence after which a reader is told that the keeper lives.
const SILENCE: Duration = Duration::from_secs(2);
/// How long a connection may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a connection asks of the keeper as a whole.
#[derive(Debug)]
pub(super) enum Wish {
    /// All before this offset is safe elsewhere.
    Ack(u64),
    /// The pod may end.
    Done,
    /// Streams that are still open are not waited for: marked, or (at once) given up.
    Cut { at_once: bool },
    /// The last record is to be written.
    Finish,
}

/// A frame with a part of a segment.
#[derive(Debug)]
struct Stretch {
    header: [u8; FRAME_HEADER],
    header_sent: usize,
    file: File,
    /// Where in the file the rest stands.
    at: u64,
    /// Bytes of the rest.
    left: usize,
}

impl Stretch {
    /// Sends on; returns whether all of it is sent.
    fn send(&mut self, socket: &OwnedFd) -> io::Result<bool> {
        while let Some(rest) = self
            .header
            .get(self.header_sent..)
            .filter(|rest| !rest.is_empty())
        {
            let Some(sent) = taken(rustix::io::write(socket, rest))? else {
                return Ok(false);
            };
            self.header_sent += sent;
        }
        while self.left > 0 {
            let sent = rustix::fs::sendfile(socket, &self.file, Some(&mut self.at), self.left);
            let Some(sent) = taken(sent)? else {
                return Ok(false);
            };
            self.left = self.left.saturating_sub(sent);
        }
        Ok(true)
    }
}

/// One connection.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Client {
    socket: OwnedFd,
    /// From the pod itself, over the socket in the folder: may tell, needs no token.
    pub(super) is_seal: bool,
    known: bool,
    since: Instant,
    last_sent: Instant,
    frames: Frames,
    /// Replies that are not sent yet.
    replies: Vec<u8>,
    replied: usize,
    /// The offset of the next stretch, once one was asked for.
    reading: Option<u64>,
    /// The stretch that is being sent.
    stretch: Option<Stretch>,
    /// What is told and did not find room yet.
    waiting: Option<(u64, Vec<u8>)>,
    told_closed: bool,
    told_final: bool,
    /// No more requests: sent out what there is, then closed.
    leaving: bool,
}

impl Client {
    pub(super) fn new(socket: OwnedFd, is_seal: bool) -> Self {
        let now = Instant::now();
        Self {
            socket,
            is_seal,
            known: false,
            since: now,
            last_sent: now,
            frames: Frames::up_to(LONGEST_REQUEST),
            replies: Vec::new(),
            replied: 0,
            reading: None,
            stretch: None,
            waiting: None,
            told_closed: false,
            told_final: false,
            leaving: false,
        }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Whether it is a runner that said who it is.
    pub(super) fn is_runner(&self) -> bool {
        self.known && !self.is_seal
    }

    /// Whether requests are listened to: not while one waits for room.
    pub(super) fn listens(&self) -> bool {
        self.waiting.is_none() && !self.leaving
    }

    /// How far the container's own log is, if this is the connection for it.
    pub(super) fn logged(&self) -> Option<u64> {
        self.reading.filter(|_| self.is_seal)
    }

    /// Whether there is something to send at this moment.
    pub(super) fn has_news(&self, spool: &Spool) -> bool {
        self.replied < self.replies.len()
            || self.stretch.is_some()
            || self.reading.is_some_and(|at| at < spool.end())
    }

    /// Reads what there is and does it; `Err` when the connection is over.
    pub(super) fn hear(
        &mut self,
        spool: &mut Spool,
        token: &str,
        wishes: &mut Vec<Wish>,
    ) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        match rustix::io::read(&self.socket, &mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.frames.push(buffer.get(..count).unwrap_or_default()),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        self.obey(spool, token, wishes)
    }

    /// Does what was asked, as far as there is room.
    pub(super) fn obey(
        &mut self,
        spool: &mut Spool,
        token: &str,
        wishes: &mut Vec<Wish>,
    ) -> io::Result<()> {
        if let Some((number, record)) = self.waiting.take() {
            self.tell(spool, number, record)?;
        }
        while self.listens() {
            let (kind, offset, payload) = match self.frames.take() {
                Ok(None) => break,
                Ok(Some(frame)) => (frame.kind, frame.offset, frame.payload.to_vec()),
                Err(broken) => {
                    self.refuse(&broken.to_string());
                    break;
                }
            };
            match kind {
                FrameKind::Hello => self.greet(spool, token, offset, &payload),
                _ if !self.known => self.refuse("say who you are first"),
                FrameKind::Read if offset > spool.end() => {
                    self.refuse(
                        "this offset lies behind the end of the spool: it is another spool",
                    );
                }
                FrameKind::Read => self.reading = Some(offset),
                FrameKind::Ack => wishes.push(Wish::Ack(offset)),
                FrameKind::Done => {
                    wishes.push(Wish::Done);
                    self.reply(FrameKind::Bye, 0, &[]);
                }
                FrameKind::Tell if self.is_seal => self.tell(spool, offset, payload)?,
                FrameKind::Cut if self.is_seal => wishes.push(Wish::Cut {
                    at_once: offset > 0,
                }),
                FrameKind::Finish if self.is_seal => wishes.push(Wish::Finish),
                _ => self.refuse("the keeper does not understand this request"),
            }
        }
        Ok(())
    }

    fn greet(&mut self, spool: &Spool, token: &str, version: u64, said: &[u8]) {
        if version != u64::from(VERSION) {
            self.refuse(&format!(
                "this keeper speaks version {VERSION} of the protocol, not {version}"
            ));
        } else if !self.is_seal && !same(said, token.as_bytes()) {
            self.refuse("the token is not the one of this pod");
        } else {
            self.known = true;
            let mut greeting = [0; SESSION + 8];
            greeting[..SESSION].copy_from_slice(&spool.state.session);
            greeting[SESSION..].copy_from_slice(&spool.first().to_le_bytes());
            self.reply(FrameKind::Hello, spool.end(), &greeting);
            if self.is_seal {
                self.reply(FrameKind::Told, spool.state.told, &[]);
            }
        }
    }

    fn tell(&mut self, spool: &mut Spool, number: u64, record: Vec<u8>) -> io::Result<()> {
        let told = spool.state.told;
        let kind = record.first().and_then(|kind| Kind::of(*kind));
        let Some(kind) = kind.filter(|kind| kind.is_told()) else {
            self.refuse("this is nothing that a seal may tell");
            return Ok(());
        };
        if number > told + 1 {
            self.refuse("tellings are missing before this one");
            return Ok(());
        }
        if number == told + 1 {
            let payload = record.get(1..).unwrap_or_default();
            // Only pieces of artifacts are large enough to wait for room.
            let needs = if kind == Kind::FileData {
                payload.len()
            } else {
                0
            };
            let fits = needs == 0 || spool.room(needs)? == needs;
            let done = fits && done_or_full(spool.append(kind, number, payload))?;
            if !done {
                self.waiting = Some((number, record));
                return Ok(());
            }
        }
        self.reply(FrameKind::Told, spool.state.told, &[]);
        Ok(())
    }

    fn refuse(&mut self, reason: &str) {
        self.reply(FrameKind::Refused, 0, reason.as_bytes());
        self.leaving = true;
    }

    pub(super) fn reply(&mut self, kind: FrameKind, offset: u64, payload: &[u8]) {
        Frame {
            kind,
            offset,
            payload,
        }
        .encode(&mut self.replies);
    }

    /// Tells a seal how far things are, each once; tells a silent reader that the keeper lives.
    pub(super) fn inform(&mut self, spool: &Spool, closed: Option<&str>, trouble: &str) {
        if !self.known {
            if self.since.elapsed() > PATIENCE {
                self.leaving = true;
            }
            return;
        }
        if self.is_seal {
            if let (false, Some(line)) = (self.told_closed, closed) {
                self.told_closed = true;
                self.reply(FrameKind::Closed, spool.end(), line.as_bytes());
            }
            if let (false, Some(last)) = (self.told_final, &spool.finished) {
                self.told_final = true;
                self.reply(FrameKind::Final, spool.end(), last.line().as_bytes());
            }
        } else if self.last_sent.elapsed() > SILENCE && !self.has_news(spool) {
            self.reply(FrameKind::Beat, spool.end(), trouble.as_bytes());
        }
    }

    /// Sends what there is and the socket takes; `Err` when the connection is over.
    pub(super) fn send(&mut self, spool: &Spool) -> io::Result<()> {
        loop {
            if let Some(stretch) = &mut self.stretch {
                if !stretch.send(&self.socket)? {
                    return Ok(());
                }
                self.stretch = None;
                self.last_sent = Instant::now();
            }
            // Replies go between stretches, never into one.
            while self.replied < self.replies.len() {
                let rest = self.replies.get(self.replied..).unwrap_or_default();
                let Some(sent) = taken(rustix::io::write(&self.socket, rest))? else {
                    return Ok(());
                };
                self.replied += sent;
                self.last_sent = Instant::now();
            }
            self.replies.clear();
            self.replied = 0;
            if self.leaving {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if !self.next_stretch(spool)? {
                return Ok(());
            }
        }
    }

    /// Begins the frame with the next stretch of the spool, if there is one.
    fn next_stretch(&mut self, spool: &Spool) -> io::Result<bool> {
        let Some(at) = self.reading else {
            return Ok(false);
        };
        if at < spool.first() {
            // Only a reader that never said what it has can meet this. A log that is too slow goes on with
            // what is newest: better one hole than many.
            let at = match spool.segments.back() {
                Some(newest) if self.is_seal => newest.start,
                _ => spool.first(),
            };
            self.reply(FrameKind::Data, at, &[]);
            self.reading = Some(at);
            return Ok(true);
        }
        let Some(segment) = spool.at(at) else {
            return Ok(false);
        };
        let length = (segment.end() - at).min(STRETCH);
        self.stretch = Some(Stretch {
            header: Frame::header(FrameKind::Data, at, u32::try_from(length).unwrap_or(0)),
            header_sent: 0,
            file: segment.file.try_clone()?,
            at: at - segment.start,
            left: usize::try_from(length).unwrap_or(0),
        });
        self.reading = Some(at + length);
        Ok(true)
    }
}

/// `None` when the socket takes no more now.
fn taken(sent: rustix::io::Result<usize>) -> io::Result<Option<usize>> {
    match sent {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(sent) => Ok(Some(sent)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether it was done; not, when the disk is full.
pub(super) fn done_or_full(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if is_full(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an error says that the disk is full.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG)
    )
}

/// Compares without telling by its time how much was right.
fn same(said: &[u8], token: &[u8]) -> bool {
    let differ = said
        .iter()
        .zip(token)
        .fold(0, |differ, (a, b)| differ | (a ^ b));
    said.len() == token.len() && differ == 0 && !token.is_empty()
}
