//! Records: what the spool is made of.

use super::crc::Crc;
use super::{Broken, Stream};

/// Bytes before a record's payload.
pub const RECORD_HEADER: usize = 28;
/// The longest payload, in bytes.
pub const MAX_PAYLOAD: usize = 256 << 10;
/// The record was cut short by the keeper's death and completed by its successor: no byte is missing, but the
/// time is that of the recovery.
pub const FLAG_RECOVERED: u8 = 1;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Begins each segment: all that a keeper must know to go on from here. See [`super::Anchor`].
    Anchor = 1,
    /// Bytes of standard output; `position` is where in the stream they begin.
    Stdout = 2,
    /// Bytes of standard error; `position` as above.
    Stderr = 3,
    /// The suite's program was started (or is about to be). Text.
    Begun = 4,
    /// How it ended: an [`super::End`] as text.
    Ended = 5,
    /// Both streams are at their end: a [`super::Summary`] of them, as text.
    Closed = 6,
    /// Bytes of a stream were lost, it cannot be known how many. Text: the stream's name, a space, words.
    Gap = 7,
    /// Something a person may want to know. Text.
    Note = 8,
    /// An artifact begins: its name, relative to the working directory. UTF-8.
    File = 9,
    /// The next bytes of the artifact.
    FileData = 10,
    /// The artifact is complete: its digest, 32 bytes; or it is void: words (never 32 bytes long).
    FileEnd = 11,
    /// An artifact was not collected. Text: why.
    Left = 12,
    /// The spool's last record: the [`super::Summary`] of everything, as text.
    End = 13,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Anchor,
        Self::Stdout,
        Self::Stderr,
        Self::Begun,
        Self::Ended,
        Self::Closed,
        Self::Gap,
        Self::Note,
        Self::File,
        Self::FileData,
        Self::FileEnd,
        Self::Left,
        Self::End,
    ];

    /// The kind of a number.
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// The kind that holds bytes of a stream.
    pub fn output(stream: Stream) -> Self {
        match stream {
            Stream::Stdout => Self::Stdout,
            Stream::Stderr => Self::Stderr,
        }
    }

    /// The stream whose bytes it holds.
    pub fn stream(self) -> Option<Stream> {
        match self {
            Self::Stdout => Some(Stream::Stdout),
            Self::Stderr => Some(Stream::Stderr),
            _ => None,
        }
    }

    /// Whether it is what the seal tells, so that its `position` is the number of its telling, from 1.
    pub fn is_told(self) -> bool {
        matches!(
            self,
            Self::Begun
                | Self::Ended
                | Self::File
                | Self::FileData
                | Self::FileEnd
                | Self::Left
                | Self::Note
        )
    }
}

/// What stands before a payload, but for the checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// What it is.
    pub kind: Kind,
    /// See [`FLAG_RECOVERED`].
    pub flags: u8,
    /// Payload in bytes.
    pub length: u32,
    /// Nanoseconds since 1970, by the pod's clock.
    pub time: u64,
    /// Where the payload begins in its stream; the number of a telling; else 0.
    pub position: u64,
}

impl RecordHeader {
    /// Its bytes on disk: all but the checksum, which follows.
    pub fn bytes(&self) -> [u8; RECORD_HEADER - 4] {
        let mut bytes = [0; RECORD_HEADER - 4];
        bytes[0] = self.kind as u8;
        bytes[1] = self.flags;
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.position.to_le_bytes());
        bytes
    }

    /// The whole header, sealed with the checksum of a payload that `crc` has not seen yet.
    pub fn sealed(&self, payload: &[u8]) -> [u8; RECORD_HEADER] {
        let mut crc = self.begin_sum();
        crc.update(payload);
        self.with_sum(crc)
    }

    /// A checksum that has seen the header; the payload is next.
    pub fn begin_sum(&self) -> Crc {
        let mut crc = Crc::default();
        crc.update(&self.bytes());
        crc
    }

    /// The whole header, with a checksum that has seen header and payload.
    pub fn with_sum(&self, crc: Crc) -> [u8; RECORD_HEADER] {
        let mut bytes = [0; RECORD_HEADER];
        bytes[..RECORD_HEADER - 4].copy_from_slice(&self.bytes());
        bytes[RECORD_HEADER - 4..].copy_from_slice(&crc.value().to_le_bytes());
        bytes
    }

    /// Reads a header and the checksum in it. The error says what is wrong.
    pub fn parse(bytes: &[u8; RECORD_HEADER]) -> Result<(Self, u32), &'static str> {
        let word = |at: usize| {
            let four = bytes.get(at..).and_then(<[u8]>::first_chunk);
            four.map_or(0, |four| u32::from_le_bytes(*four))
        };
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let kind = Kind::of(bytes[0]).ok_or("no record begins here: its kind is unknown")?;
        if bytes[2] != 0 || bytes[3] != 0 {
            return Err("a record's reserved bytes are not zero");
        }
        let header = Self {
            kind,
            flags: bytes[1],
            length: word(4),
            time: long(8),
            position: long(16),
        };
        if header.length as usize > MAX_PAYLOAD {
            return Err("a record is longer than records may be");
        }
        Ok((header, word(RECORD_HEADER - 4)))
    }
}

/// A whole record, its checksum verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where in the spool it begins.
    pub offset: u64,
    /// What stands before the payload.
    pub header: RecordHeader,
    /// What it holds.
    pub payload: &'a [u8],
}

impl Record<'_> {
    /// The payload as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.payload).into_owned()
    }

    /// Where in the spool the next one begins.
    pub fn end(&self) -> u64 {
        self.offset + (RECORD_HEADER + self.payload.len()) as u64
    }
}

/// Appends a record to `to`. A payload over [`MAX_PAYLOAD`] is cut there.
pub fn encode(to: &mut Vec<u8>, kind: Kind, time: u64, position: u64, payload: &[u8]) {
    let payload = payload.get(..MAX_PAYLOAD).unwrap_or(payload);
    let header = RecordHeader {
        kind,
        flags: 0,
        length: u32::try_from(payload.len()).unwrap_or(0),
        time,
        position,
    };
    to.extend_from_slice(&header.sealed(payload));
    to.extend_from_slice(payload);
}

/// Takes the spool apart: bytes in any pieces in, whole records out.
#[derive(Clone, Debug)]
pub struct Records {
    buffer: Vec<u8>,
    /// What of the buffer was given out already.
    taken: usize,
    /// Where in the spool the first byte that was not given out stands.
    offset: u64,
}

impl Records {
    /// Begins at `offset` of the spool, where a record must begin.
    pub fn new(offset: u64) -> Self {
        Self {
            buffer: Vec::new(),
            taken: 0,
            offset,
        }
    }

    /// Where in the spool the next record begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Where in the spool the next byte to [`Self::push`] stands.
    pub fn wanted(&self) -> u64 {
        self.offset + (self.buffer.len() - self.taken) as u64
    }

    /// Takes the next bytes in.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Gives out the next record; `None` when it is not all there yet.
    ///
    /// # Errors
    /// When the bytes are no record. Nothing is given out from then on: the error repeats.
    pub fn take(&mut self) -> Result<Option<Record<'_>>, Broken> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let Some(head) = rest.first_chunk::<RECORD_HEADER>() else {
            return Ok(None);
        };
        let broken = |reason: &str| Broken {
            offset: self.offset,
            reason: reason.to_owned(),
        };
        let (header, sum) = RecordHeader::parse(head).map_err(broken)?;
        let length = RECORD_HEADER + header.length as usize;
        let Some(payload) = rest.get(RECORD_HEADER..length) else {
            return Ok(None);
        };
        let mut crc = header.begin_sum();
        crc.update(payload);
        if crc.value() != sum {
            return Err(broken("a record's checksum does not fit its bytes"));
        }
        let record = Record {
            offset: self.offset,
            header,
            payload,
        };
        self.taken += length;
        self.offset += length as u64;
        Ok(Some(record))
    }
}
