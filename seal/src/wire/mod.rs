//! What the seal, the keeper and the runner agree on. Pure: bytes in, bytes out, no I/O.
//!
//! Three layers. The **spool** is a string of [`Record`]s and the truth of what was written. [`Frame`]s carry
//! stretches of it over a connection, and requests back. A [`Summary`] is the last word, in the spool's last
//! record and in the pod's termination message alike. A reader of the spool uses [`Follower`], which puts
//! them together: bytes of a connection in, verified output out, across any number of connections.

mod crc;
mod digest;
mod follow;
mod frame;
mod record;
mod state;
mod summary;
mod verify;

#[cfg(test)]
mod tests;

pub use crc::Crc;
pub use digest::{DIGEST, Hasher, SAVED, hex, unhex};
pub use follow::{Event, Follower};
pub use frame::{FRAME_HEADER, Frame, FrameKind, Frames, MAX_FRAME};
pub use record::{
    FLAG_RECOVERED, Kind, MAX_PAYLOAD, RECORD_HEADER, Record, RecordHeader, Records, encode,
};
pub use state::{Anchor, SESSION};
pub use summary::{End, LastWord, StreamState, StreamTotal, Summary};
pub use verify::{Proof, Verifier};

/// The version of spool and frames. A keeper of another version is not understood.
pub const VERSION: u16 = 1;

/// One of the two streams of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Stdout, Self::Stderr];

    /// `stdout` or `stderr`: its name in the protocol, and that of its FIFO.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    /// The stream of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|stream| stream.name() == name)
    }

    /// 0 or 1.
    pub fn index(self) -> usize {
        match self {
            Self::Stdout => 0,
            Self::Stderr => 1,
        }
    }
}

/// Bytes that cannot be what was written: a damaged spool, another program at the other end, another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where: an offset in the spool, or in the connection for what is wrong with a frame.
    pub offset: u64,
    /// What is wrong, in words.
    pub reason: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.reason)
    }
}

impl std::error::Error for Broken {}
