//! When the keeper is lost: what it gave, and what the container's log has beyond that.
//!
//! The log holds the same bytes in the order of the spool, if it was never rotated and the runtime merged both
//! streams as they came. Whether it does is shown by a digest; else the last bytes that are known are looked for.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use tribunal_seal::wire::{DIGEST, Hasher, LastWord, StreamState, Summary};

use super::super::drain::Drained;
use super::proof::MainEnd;
use crate::capture::{self, Writer};
use crate::model::Completeness;

const PIECE: usize = 1 << 20;
/// Bytes of the log's end that are remembered.
const TAIL: usize = 4 << 10;
/// Fewer bytes do not tell one place from another.
const SHORTEST_TAIL: usize = 16;

/// What the keeper gave, in the order of the spool.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) combined: Hasher,
    /// Of standard output and standard error.
    pub(super) bytes: [u64; 2],
    /// The last bytes.
    pub(super) tail: Vec<u8>,
}

impl Known {
    /// Takes what came next.
    pub(super) fn take(&mut self, stream: capture::Stream, bytes: &[u8]) {
        self.combined.update(bytes);
        match stream {
            capture::Stream::Stdout => self.bytes[0] += bytes.len() as u64,
            capture::Stream::Stderr => self.bytes[1] += bytes.len() as u64,
        }
        let fresh = bytes
            .get(bytes.len().saturating_sub(TAIL)..)
            .unwrap_or_default();
        let old = (self.tail.len() + fresh.len()).saturating_sub(TAIL);
        self.tail.drain(..old.min(self.tail.len()));
        self.tail.extend_from_slice(fresh);
    }
}

/// Where the unknown part of a log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    /// Here: all before it is what is known, byte for byte.
    Proven(u64),
    /// Here: the last known bytes stand before it, and nowhere else.
    Found(u64),
    /// The log has less than what is known, or nothing that fits.
    None,
}

/// All that is known where the keeper was lost.
pub(super) struct Splice<'a> {
    pub(super) known: &'a Known,
    /// Of what is known, by stream.
    pub(super) digests: [[u8; DIGEST]; 2],
    pub(super) main: Option<&'a MainEnd>,
    /// Why the keeper was lost.
    pub(super) why: &'a str,
    /// How the log's own reading went.
    pub(super) log: &'a Drained,
}

impl Splice<'_> {
    /// Appends what the log at `path` has to `output`, and says what the whole is worth.
    pub(super) fn into_output(self, path: &Path, output: &mut Writer) -> (Completeness, String) {
        let told = match self.main.and_then(|main| LastWord::parse(&main.message)) {
            Some(LastWord::Whole(summary)) => Some(summary),
            _ => None,
        };
        if let Some(told) = &told
            && self.is_all(told)
        {
            let note = format!(
                "the keeper was lost after it had given everything ({}); the termination message confirms it",
                self.why
            );
            return (Completeness::Proven, note);
        }
        let opened = File::open(path).and_then(|mut file| {
            let joint = joint(&mut file, self.known)?;
            Ok((file, joint))
        });
        let (joint, found) = if let Ok((mut file, joint)) = opened {
            let length = file.metadata().map_or(0, |meta| meta.len());
            let from = match joint {
                Joint::Proven(at) | Joint::Found(at) => at,
                // What fits nowhere may be older than what is known: it would stand there twice.
                Joint::None => length,
            };
            let gap = self.gap(told.as_ref(), length - from, joint);
            if let Some((bytes, reason)) = gap {
                output.note_gap(bytes, reason);
            }
            (joint, append(&mut file, from, output).is_ok())
        } else {
            let gap = self.gap(told.as_ref(), 0, Joint::None);
            if let Some((bytes, reason)) = gap {
                output.note_gap(bytes, reason);
            }
            (Joint::None, true)
        };
        let note = format!(
            "the keeper was lost ({}), the rest is from the log",
            self.why
        );
        let completeness = match joint {
            _ if !found => Completeness::Gap,
            // Nothing shows that such a log is read from its beginning.
            Joint::Proven(0) if told.is_none() && !self.log.from_the_start => {
                self.log.completeness.max(Completeness::Unverified)
            }
            Joint::Proven(_) => self.log.completeness.max(Completeness::Complete),
            Joint::Found(_) => self.log.completeness.max(Completeness::Unverified),
            Joint::None => Completeness::Gap,
        };
        (completeness, note)
    }

    /// Whether what is known is all that the seal counted.
    fn is_all(&self, told: &Summary) -> bool {
        (0..2).all(|stream| {
            let total = &told.streams[stream];
            total.state == StreamState::Whole
                && total.bytes == self.known.bytes[stream]
                && total.digest == self.digests[stream]
        })
    }

    /// What is missing between what is known and the `more` bytes that are to follow; `None`: nothing.
    fn gap(
        &self,
        told: Option<&Summary>,
        more: u64,
        joint: Joint,
    ) -> Option<(Option<u64>, String)> {
        let have = self.known.bytes.iter().sum::<u64>() + more;
        let why = self.why;
        if let Some(told) = told {
            let total: u64 = told.streams.iter().map(|stream| stream.bytes).sum();
            return (have != total).then(|| {
                let reason = format!(
                    "the keeper was lost ({why}) and the log does not have it; the seal counted {total} bytes in all"
                );
                (total.checked_sub(have), reason)
            });
        }
        let reason =
            format!("the keeper was lost ({why}), and the log does not go on where it stopped");
        (joint == Joint::None).then_some((None, reason))
    }
}

fn joint(file: &mut File, known: &Known) -> io::Result<Joint> {
    let sum: u64 = known.bytes.iter().sum();
    if file.metadata()?.len() >= sum {
        let mut hasher = Hasher::default();
        file.seek(SeekFrom::Start(0))?;
        each(&mut file.by_ref().take(sum), |piece| hasher.update(piece))?;
        if hasher.digest() == known.combined.digest() {
            return Ok(Joint::Proven(sum));
        }
    }
    if known.tail.len() < SHORTEST_TAIL {
        return Ok(Joint::None);
    }
    // Pieces overlap by a tail less one byte: no place is missed, and none is found twice.
    let finder = memchr::memmem::Finder::new(&known.tail);
    let keep = known.tail.len() - 1;
    let mut window: Vec<u8> = Vec::new();
    let mut at = 0;
    let mut places = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    each(file, |piece| {
        window.extend_from_slice(piece);
        let ends = finder
            .find_iter(&window)
            .map(|found| at + (found + known.tail.len()) as u64);
        places.extend(ends.take(2));
        let old = window.len().saturating_sub(keep);
        window.drain(..old);
        at += old as u64;
    })?;
    Ok(match places.as_slice() {
        [one] => Joint::Found(*one),
        _ => Joint::None,
    })
}

fn append(file: &mut File, from: u64, output: &mut Writer) -> io::Result<()> {
    file.seek(SeekFrom::Start(from))?;
    each(file, |piece| output.write(capture::Stream::Stdout, piece))
}

fn each(from: &mut dyn io::Read, mut with: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => with(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
