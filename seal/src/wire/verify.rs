//! Reading a spool as one who believes nothing: counts and hashes every byte, and compares.

use super::digest::{DIGEST, Hasher};
use super::record::{Kind, Record};
use super::state::{Anchor, SESSION};
use super::summary::{StreamState, Summary};
use super::{Broken, Stream};

/// What a spool that was read to its end is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Every byte of both streams is here: the keeper's counts and digests are ours, and it read both to their end.
    Proven,
    /// All that the keeper has is here, and it says that this is not all: why, a sentence each.
    Incomplete(Vec<String>),
}

/// Counts and hashes what goes by.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    session: Option<[u8; SESSION]>,
    streams: [Hasher; 2],
    file: Option<Hasher>,
    gaps: Vec<String>,
    summary: Option<Summary>,
}

impl Verifier {
    /// Takes the next record of the spool, from its very first on.
    ///
    /// # Errors
    /// When the record does not follow from what went before: then bytes are missing, added or changed.
    pub fn take(&mut self, record: &Record<'_>) -> Result<(), Broken> {
        self.check(record).map_err(|reason| Broken {
            offset: record.offset,
            reason,
        })
    }

    /// Bytes of a stream that went by.
    pub fn bytes(&self, stream: Stream) -> u64 {
        self.streams[stream.index()].bytes()
    }

    /// The digest of those bytes.
    pub fn digest(&self, stream: Stream) -> [u8; DIGEST] {
        self.streams[stream.index()].digest()
    }

    /// The name of the spool, once its first record went by.
    pub fn session(&self) -> Option<[u8; SESSION]> {
        self.session
    }

    /// The spool's last word, once it went by and was found true.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// What it is worth, once the last record went by.
    pub fn proof(&self) -> Option<Proof> {
        let summary = self.summary.as_ref()?;
        let mut reasons = self.gaps.clone();
        for stream in Stream::BOTH {
            let name = stream.name();
            match summary.stream(stream).state {
                StreamState::Whole => {}
                StreamState::Cut => reasons.push(format!(
                    "{name} was still held open when it was no longer waited for"
                )),
                StreamState::Gap if reasons.iter().any(|reason| reason.starts_with(name)) => {}
                StreamState::Gap => reasons.push(format!("{name} has a gap of unknown size")),
            }
        }
        if reasons.is_empty() {
            return Some(Proof::Proven);
        }
        Some(Proof::Incomplete(reasons))
    }

    fn check(&mut self, record: &Record<'_>) -> Result<(), String> {
        if self.summary.is_some() {
            return Err("the spool goes on behind its last record".to_owned());
        }
        if self.session.is_none() && record.header.kind != Kind::Anchor {
            return Err("the spool does not begin with its name".to_owned());
        }
        match record.header.kind {
            Kind::Anchor => self.anchor(record),
            Kind::Stdout => self.output(Stream::Stdout, record),
            Kind::Stderr => self.output(Stream::Stderr, record),
            Kind::Closed => {
                let closed = summary(record)?;
                self.compare(&closed)
            }
            Kind::End => {
                let last = summary(record)?;
                self.compare(&last)?;
                if last.spool != record.offset {
                    return Err(format!(
                        "the spool's last record stands at {}, and says {}",
                        record.offset, last.spool
                    ));
                }
                self.summary = Some(last);
                Ok(())
            }
            Kind::Gap => {
                self.gaps.push(record.text());
                Ok(())
            }
            Kind::File => {
                self.file = Some(Hasher::default());
                Ok(())
            }
            Kind::FileData => match &mut self.file {
                Some(file) => {
                    file.update(record.payload);
                    Ok(())
                }
                None => Err("bytes of an artifact that has no name".to_owned()),
            },
            Kind::FileEnd => match (self.file.take(), <&[u8; DIGEST]>::try_from(record.payload)) {
                (None, _) => Err("the end of an artifact that has no name".to_owned()),
                (Some(file), Ok(digest)) if file.digest() != *digest => {
                    Err("an artifact's digest does not fit its bytes".to_owned())
                }
                // Complete and true, or given up by the seal, which says so.
                (Some(_), _) => Ok(()),
            },
            Kind::Begun | Kind::Ended | Kind::Note | Kind::Left => Ok(()),
        }
    }

    fn anchor(&mut self, record: &Record<'_>) -> Result<(), String> {
        let anchor = Anchor::parse(record.payload)
            .ok_or("the keeper's spool is of another version, or damaged")?;
        match self.session {
            None => {
                self.session = Some(anchor.session);
                self.streams.clone_from(&anchor.streams);
                if self.streams.iter().any(|stream| stream.bytes() != 0) {
                    return Err("the spool's beginning is missing".to_owned());
                }
                Ok(())
            }
            Some(session) if session != anchor.session => {
                Err("this is another spool than the one begun with".to_owned())
            }
            Some(_) if anchor.streams != self.streams => {
                Err("what the keeper counted and hashed so far is not what was read".to_owned())
            }
            Some(_) => Ok(()),
        }
    }

    fn output(&mut self, stream: Stream, record: &Record<'_>) -> Result<(), String> {
        let hasher = &mut self.streams[stream.index()];
        let (have, says) = (hasher.bytes(), record.header.position);
        if have != says {
            let name = stream.name();
            return Err(format!(
                "{name} goes on at byte {says}, but stood at {have}"
            ));
        }
        hasher.update(record.payload);
        Ok(())
    }

    fn compare(&self, told: &Summary) -> Result<(), String> {
        for stream in Stream::BOTH {
            let (ours, theirs) = (&self.streams[stream.index()], told.stream(stream));
            let name = stream.name();
            if ours.bytes() != theirs.bytes {
                return Err(format!(
                    "the keeper counted {} bytes of {name}, and {} were read",
                    theirs.bytes,
                    ours.bytes()
                ));
            }
            if ours.digest() != theirs.digest {
                return Err(format!(
                    "the keeper's digest of {name} is another than ours"
                ));
            }
        }
        Ok(())
    }
}

fn summary(record: &Record<'_>) -> Result<Summary, String> {
    Summary::parse(&record.text()).ok_or_else(|| "a summary cannot be read".to_owned())
}
