//! Taking over from a keeper that died: the last record is completed or taken back, nothing is invented.

use std::collections::VecDeque;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use tribunal_seal::wire::{Anchor, FLAG_RECOVERED, Kind, RECORD_HEADER, RecordHeader, Stream};

use super::segment::Segment;
use super::spool::{FLAG_OPEN, Spool};

impl Spool {
    /// Opens the spool in `folder`, or makes one. Returns whether a predecessor had begun it.
    pub(super) fn open(folder: &Path, limit: u64) -> io::Result<(Self, bool)> {
        let mut segments = Segment::left(folder)?;
        while let Some(mut last) = segments.pop() {
            let length = last.length;
            last.length = 0;
            let Some((header, payload)) = whole(&last, length)? else {
                // Its predecessor died while beginning it: the one before is the last.
                last.unlink()?;
                continue;
            };
            let anchor = (header.kind == Kind::Anchor).then(|| Anchor::parse(&payload));
            let Some(Some(anchor)) = anchor else {
                return Err(io::Error::other("the spool is of another version"));
            };
            last.length = (RECORD_HEADER + payload.len()) as u64;
            let mut segments: VecDeque<Segment> = segments.into();
            segments.push_back(last);
            let mut spool = Self::with(folder, limit, segments, anchor);
            spool.replay(length)?;
            return Ok((spool, true));
        }
        Ok((Self::create(folder, limit)?, false))
    }

    /// Takes note of the records behind the anchor of the last segment, whose file has `length` bytes.
    fn replay(&mut self, length: u64) -> io::Result<()> {
        loop {
            let Some(segment) = self.segments.back_mut() else {
                return Ok(());
            };
            if let Some((header, payload)) = whole(segment, length)? {
                segment.length += (RECORD_HEADER + payload.len()) as u64;
                self.apply(header.kind, header.position, &payload);
                continue;
            }
            let left = length - segment.length;
            let mut head = [0; RECORD_HEADER];
            let open = if left >= RECORD_HEADER as u64 {
                segment.file.read_exact_at(&mut head, segment.length)?;
                RecordHeader::parse(&head).ok()
            } else {
                None
            };
            let moved = left.saturating_sub(RECORD_HEADER as u64);
            if let Some((mut header, _)) = open
                && header.flags == FLAG_OPEN
                && let Some(stream) = header.kind.stream()
                && moved <= u64::from(header.length)
            {
                if moved == 0 {
                    return segment.trim();
                }
                header.flags = FLAG_RECOVERED;
                header.length = u32::try_from(moved).unwrap_or(0);
                return self.seal_record(&header, stream);
            }
            let is_told = left < RECORD_HEADER as u64
                || open.is_none_or(|(header, _)| header.kind.stream().is_none());
            segment.trim()?;
            if !is_told {
                // Cannot come from the death of a keeper alone; but what cannot be explained is not proven.
                for stream in Stream::BOTH {
                    self.lose(stream, "its last record on the keeper's disk was damaged")?;
                }
            }
            return Ok(());
        }
    }

    /// Says that an unknown part of a stream is lost at this place.
    pub(super) fn lose(&mut self, stream: Stream, reason: &str) -> io::Result<()> {
        let text = format!("{}: {reason}", stream.name());
        let text = text.replacen(": ", " ", 1);
        self.append(Kind::Gap, 0, text.as_bytes())
    }
}

/// Reads the record behind the segment's end, if it is whole and true; the file has `length` bytes.
fn whole(segment: &Segment, length: u64) -> io::Result<Option<(RecordHeader, Vec<u8>)>> {
    let at = segment.length;
    if length < at + RECORD_HEADER as u64 {
        return Ok(None);
    }
    let mut head = [0; RECORD_HEADER];
    segment.file.read_exact_at(&mut head, at)?;
    let Ok((header, sum)) = RecordHeader::parse(&head) else {
        return Ok(None);
    };
    if header.flags & FLAG_OPEN != 0 || length - at - (RECORD_HEADER as u64) < header.length.into()
    {
        return Ok(None);
    }
    let mut payload = vec![0; header.length as usize];
    segment
        .file
        .read_exact_at(&mut payload, at + RECORD_HEADER as u64)?;
    let mut crc = header.begin_sum();
    crc.update(&payload);
    Ok((crc.value() == sum).then_some((header, payload)))
}
