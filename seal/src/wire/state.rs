//! Anchors: what a keeper must know to go on after its predecessor.

use super::digest::{Hasher, SAVED};
use super::summary::End;
use super::{Stream, VERSION};

/// Bytes of a session's name: random, one for each spool.
pub const SESSION: usize = 16;

const BEGUN: u8 = 1;
const CLOSED: u8 = 2;
const ENDED: u8 = 4;
const GAPS: [u8; 2] = [8, 16];
const CUTS: [u8; 2] = [32, 64];
const FIXED: usize = 2 + SESSION + 8 + 8 + 1 + 2 * SAVED;

/// The payload of an `Anchor` record: the state of things before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The name of the spool.
    pub session: [u8; SESSION],
    /// The number of the last telling that is in the spool.
    pub told: u64,
    /// Artifacts that are in the spool, complete.
    pub files: u64,
    /// Both streams so far, by [`Stream::index`].
    pub streams: [Hasher; 2],
    /// Whether the suite's start is in the spool.
    pub begun: bool,
    /// How it ended, if that is in the spool.
    pub ended: Option<End>,
    /// Whether both streams are at their end.
    pub closed: bool,
    /// Of which streams something was lost.
    pub gaps: [bool; 2],
    /// Of which streams the end was not waited for.
    pub cuts: [bool; 2],
}

impl Anchor {
    /// The state of an empty spool.
    pub fn new(session: [u8; SESSION]) -> Self {
        Self {
            session,
            told: 0,
            files: 0,
            streams: [Hasher::default(), Hasher::default()],
            begun: false,
            ended: None,
            closed: false,
            gaps: [false; 2],
            cuts: [false; 2],
        }
    }

    /// The bytes of one stream so far.
    pub fn bytes(&self, stream: Stream) -> u64 {
        self.streams[stream.index()].bytes()
    }

    /// Its payload.
    pub fn encode(&self) -> Vec<u8> {
        let mut flags = 0;
        let mut set = |on: bool, flag: u8| flags |= if on { flag } else { 0 };
        set(self.begun, BEGUN);
        set(self.closed, CLOSED);
        set(self.ended.is_some(), ENDED);
        for stream in Stream::BOTH.map(Stream::index) {
            set(self.gaps[stream], GAPS[stream]);
            set(self.cuts[stream], CUTS[stream]);
        }
        let mut bytes = Vec::with_capacity(FIXED + 16);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.session);
        bytes.extend_from_slice(&self.told.to_le_bytes());
        bytes.extend_from_slice(&self.files.to_le_bytes());
        bytes.push(flags);
        for stream in &self.streams {
            bytes.extend_from_slice(&stream.save());
        }
        if let Some(end) = &self.ended {
            bytes.extend_from_slice(end.text().as_bytes());
        }
        bytes
    }

    /// Reads what [`Self::encode`] writes; `None` for anything else, and for other versions.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first_chunk::<2>()?;
        let (session, rest) = rest.split_first_chunk::<SESSION>()?;
        let (told, rest) = rest.split_first_chunk::<8>()?;
        let (files, rest) = rest.split_first_chunk::<8>()?;
        let ([flags], rest) = rest.split_first_chunk::<1>()?;
        let (stdout, rest) = rest.split_first_chunk::<SAVED>()?;
        let (stderr, rest) = rest.split_first_chunk::<SAVED>()?;
        if u16::from_le_bytes(*version) != VERSION {
            return None;
        }
        let ended = match flags & ENDED {
            0 => None,
            _ => Some(End::parse(std::str::from_utf8(rest).ok()?)?),
        };
        Some(Self {
            session: *session,
            told: u64::from_le_bytes(*told),
            files: u64::from_le_bytes(*files),
            streams: [Hasher::restore(stdout), Hasher::restore(stderr)],
            begun: flags & BEGUN != 0,
            ended,
            closed: flags & CLOSED != 0,
            gaps: GAPS.map(|gap| flags & gap != 0),
            cuts: CUTS.map(|cut| flags & cut != 0),
        })
    }
}
