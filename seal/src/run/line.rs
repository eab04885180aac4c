//! The seal's line to the keeper: tells, and waits until it is in the spool, over any number of keepers.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use tribunal_seal::wire::{Frame, FrameKind, Frames, Kind, VERSION};

use crate::keeper::SOCKET;

/// Between two tries to reach the keeper.
const AGAIN: Duration = Duration::from_millis(50);

/// The line to the keeper.
#[derive(Debug)]
pub(super) struct Line {
    path: PathBuf,
    connection: Option<(UnixStream, Frames)>,
    /// How many tellings there were.
    number: u64,
    /// Up to which one the keeper has them.
    told: u64,
    /// The keeper has said how far it is.
    greeted: bool,
    /// The keeper's word that both streams are at their end.
    pub(super) closed: Option<String>,
    /// The last word.
    pub(super) last: Option<String>,
    /// How long the keeper may be out of reach.
    patience: Duration,
}

/// Connects to the keeper's socket and greets.
pub(super) fn connect(path: &Path) -> io::Result<UnixStream> {
    let mut socket = UnixStream::connect(path)?;
    let mut hello = Vec::new();
    Frame {
        kind: FrameKind::Hello,
        offset: VERSION.into(),
        payload: &[],
    }
    .encode(&mut hello);
    socket.write_all(&hello)?;
    Ok(socket)
}

/// The keeper's socket in `folder`.
pub(super) fn socket(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}

impl Line {
    pub(super) fn new(folder: &Path, patience: Duration) -> Self {
        Self {
            path: socket(folder),
            connection: None,
            number: 0,
            told: 0,
            greeted: false,
            closed: None,
            last: None,
            patience,
        }
    }

    /// Whether the spool is a fresh one, of which no other seal told anything.
    pub(super) fn is_fresh(&mut self, look: &mut dyn FnMut() -> bool) -> io::Result<bool> {
        self.until(&[], look, &mut |line| line.greeted)?;
        Ok(self.told == 0)
    }

    /// Tells a record; returns once it is in the spool. `look` is called now and then and may say that
    /// there is no more time.
    pub(super) fn tell(
        &mut self,
        kind: Kind,
        payload: &[u8],
        look: &mut dyn FnMut() -> bool,
    ) -> io::Result<()> {
        self.number += 1;
        let mut telling = vec![kind as u8];
        telling.extend_from_slice(payload);
        let frame = Frame {
            kind: FrameKind::Tell,
            offset: self.number,
            payload: &telling,
        };
        let mut bytes = Vec::with_capacity(telling.len() + 16);
        frame.encode(&mut bytes);
        let number = self.number;
        self.until(&bytes, look, &mut |line| line.told >= number)
    }

    /// Says something that has no number; it is said again to each new keeper until `done`.
    pub(super) fn say(
        &mut self,
        kind: FrameKind,
        offset: u64,
        look: &mut dyn FnMut() -> bool,
        done: &mut dyn FnMut(&Self) -> bool,
    ) -> io::Result<()> {
        let bytes = Frame::header(kind, offset, 0);
        self.until(&bytes, look, done)
    }

    /// Listens until `done`; the error is `TimedOut` when `look` says that there is no more time.
    pub(super) fn listen(
        &mut self,
        look: &mut dyn FnMut() -> bool,
        done: &mut dyn FnMut(&Self) -> bool,
    ) -> io::Result<()> {
        self.until(&[], look, done)
    }

    fn until(
        &mut self,
        bytes: &[u8],
        look: &mut dyn FnMut() -> bool,
        done: &mut dyn FnMut(&Self) -> bool,
    ) -> io::Result<()> {
        let mut lost_at: Option<Instant> = None;
        let mut sent = false;
        loop {
            if done(self) {
                return Ok(());
            }
            if look() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if self.connection.is_none() {
                sent = false;
                match connect(&self.path) {
                    Ok(socket) => {
                        socket.set_read_timeout(None)?;
                        self.connection = Some((socket, Frames::default()));
                    }
                    Err(error) => {
                        let lost_at = *lost_at.get_or_insert_with(Instant::now);
                        if lost_at.elapsed() > self.patience {
                            return Err(error);
                        }
                        std::thread::sleep(AGAIN);
                        continue;
                    }
                }
            }
            let heard = match (sent, &mut self.connection) {
                (false, Some((socket, _))) if !bytes.is_empty() => socket.write_all(bytes),
                _ => self.hear(),
            };
            if heard.is_ok() {
                sent = true;
                // A keeper that answers is not lost.
                lost_at = None;
            } else {
                lost_at.get_or_insert_with(Instant::now);
                self.connection = None;
            }
        }
    }

    /// Waits a moment for what the keeper says.
    fn hear(&mut self) -> io::Result<()> {
        let Some((socket, frames)) = &mut self.connection else {
            return Ok(());
        };
        let mut polled = [PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN)];
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let ready = rustix::event::poll(&mut polled, Some(&moment)).unwrap_or(0);
        if ready == 0 {
            return Ok(());
        }
        let mut buffer = [0; 4096];
        let count = socket.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        frames.push(buffer.get(..count).unwrap_or_default());
        loop {
            let frame = frames.take().map_err(io::Error::other)?;
            let Some(frame) = frame else { return Ok(()) };
            let text = || String::from_utf8_lossy(frame.payload).into_owned();
            match frame.kind {
                FrameKind::Told => {
                    self.told = self.told.max(frame.offset);
                    self.greeted = true;
                }
                FrameKind::Closed => self.closed = Some(text()),
                FrameKind::Final => self.last = Some(text()),
                FrameKind::Refused => return Err(io::Error::other(text())),
                _ => {}
            }
        }
    }
}
