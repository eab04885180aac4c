//! Frames: what a connection is made of, in both directions.

use super::Broken;

/// Bytes before a frame's payload.
pub const FRAME_HEADER: usize = 16;
/// The longest payload, in bytes.
pub const MAX_FRAME: usize = 320 << 10;

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FrameKind {
    /// First of either side. To the keeper: `offset` is the version, the payload the token. From the keeper:
    /// `offset` is the end of the spool so far, the payload the session (16 bytes), then the first offset
    /// that can still be read (8 bytes, little endian).
    Hello = 1,
    /// To the keeper: send the spool from `offset` on, and all that follows as it is written.
    Read = 2,
    /// From the keeper: bytes of the spool; the first stands at `offset`. Without payload: what is before
    /// `offset` is no longer kept (only a reader that never acknowledged can meet that).
    Data = 3,
    /// To the keeper: all before `offset` is safe elsewhere and may go when space is needed.
    Ack = 4,
    /// From the keeper, every few seconds of silence: it lives; `offset` is the end of the spool so far.
    /// Payload: what holds things up, in words; mostly empty.
    Beat = 5,
    /// To the keeper: nothing more is wanted, the pod may end. Answered with `Bye`.
    Done = 6,
    /// From the keeper: understood, good bye.
    Bye = 7,
    /// From the keeper: no; the payload says why. The connection ends.
    Refused = 8,
    /// From the seal alone: put a record into the spool. `offset` is the number of the telling, from 1; the
    /// payload is the record's kind and its payload. Answered with `Told` once it is in the spool.
    Tell = 9,
    /// To the seal: all tellings up to number `offset` are in the spool.
    Told = 10,
    /// From the seal: the suite is over, whoever still holds a stream open is not waited for any more.
    Cut = 11,
    /// From the seal: everything was told, write the last record.
    Finish = 12,
    /// To the seal: both streams are at their end. Payload: the summary so far.
    Closed = 13,
    /// To the seal: the last record is in the spool, which ends at `offset`. Payload: the summary.
    Final = 14,
}

impl FrameKind {
    const ALL: [Self; 14] = [
        Self::Hello,
        Self::Read,
        Self::Data,
        Self::Ack,
        Self::Beat,
        Self::Done,
        Self::Bye,
        Self::Refused,
        Self::Tell,
        Self::Told,
        Self::Cut,
        Self::Finish,
        Self::Closed,
        Self::Final,
    ];
}

/// A whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it says.
    pub kind: FrameKind,
    /// See [`FrameKind`].
    pub offset: u64,
    /// See [`FrameKind`].
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// The bytes before the payload.
    pub fn header(kind: FrameKind, offset: u64, length: u32) -> [u8; FRAME_HEADER] {
        let mut bytes = [0; FRAME_HEADER];
        bytes[0] = kind as u8;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes[8..].copy_from_slice(&offset.to_le_bytes());
        bytes
    }

    /// Appends it to `to`. A payload over [`MAX_FRAME`] is cut there.
    pub fn encode(&self, to: &mut Vec<u8>) {
        let payload = self.payload.get(..MAX_FRAME).unwrap_or(self.payload);
        let length = u32::try_from(payload.len()).unwrap_or(0);
        to.extend_from_slice(&Self::header(self.kind, self.offset, length));
        to.extend_from_slice(payload);
    }
}

/// Takes a connection apart: bytes in any pieces in, whole frames out.
#[derive(Clone, Debug)]
pub struct Frames {
    buffer: Vec<u8>,
    taken: usize,
    offset: u64,
    longest: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self::up_to(MAX_FRAME)
    }
}

impl Frames {
    /// Refuses frames with more payload than `longest` bytes.
    pub fn up_to(longest: usize) -> Self {
        Self {
            buffer: Vec::new(),
            taken: 0,
            offset: 0,
            longest,
        }
    }

    /// Takes the next bytes in.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Gives out the next frame; `None` when it is not all there yet.
    ///
    /// # Errors
    /// When the bytes are no frame. Nothing is given out from then on: the error repeats.
    pub fn take(&mut self) -> Result<Option<Frame<'_>>, Broken> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let Some(head) = rest.first_chunk::<FRAME_HEADER>() else {
            return Ok(None);
        };
        let broken = |reason: &str| Broken {
            offset: self.offset,
            reason: reason.to_owned(),
        };
        let [
            kind,
            zero @ ..,
            l0,
            l1,
            l2,
            l3,
            o0,
            o1,
            o2,
            o3,
            o4,
            o5,
            o6,
            o7,
        ] = *head;
        let kind = FrameKind::ALL
            .into_iter()
            .find(|known| *known as u8 == kind)
            .ok_or_else(|| broken("no frame begins here: this is no keeper, or a newer one"))?;
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if zero != [0; 3] || length > self.longest {
            return Err(broken("no frame begins here: its header makes no sense"));
        }
        let whole = FRAME_HEADER + length;
        let Some(payload) = rest.get(FRAME_HEADER..whole) else {
            return Ok(None);
        };
        self.taken += whole;
        self.offset += whole as u64;
        Ok(Some(Frame {
            kind,
            offset: u64::from_le_bytes([o0, o1, o2, o3, o4, o5, o6, o7]),
            payload,
        }))
    }
}
