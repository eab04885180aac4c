//! From the bytes of a report to its elements: decoded and scanned, up to the first mistake.

use super::{Decoder, Malformed, Scanner, Sink, extend_line};

const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A report being read, or an output that holds some between other lines.
#[derive(Debug)]
pub struct Reading<S> {
    decoder: Decoder,
    scanner: Scanner,
    malformed: Option<Malformed>,
    bytes: u64,
    /// The first bytes.
    front: [u8; 3],
    /// Who is given the elements.
    pub sink: S,
}

impl<S: Sink + Default> Default for Reading<S> {
    fn default() -> Self {
        Self {
            decoder: Decoder::default(),
            scanner: Scanner::new(),
            malformed: None,
            bytes: 0,
            front: [0; 3],
            sink: S::default(),
        }
    }
}

impl<S: Sink> Reading<S> {
    /// Takes the next bytes. After the first mistake the rest is only counted.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.mark(chunk);
        self.bytes += chunk.len() as u64;
        if self.malformed.is_none() {
            let text = self.decoder.feed(chunk);
            self.malformed = self.scanner.feed(text, &mut self.sink).err();
        } else if let Some(Malformed::At { quote, .. }) = &mut self.malformed
            && !quote.ends_with(b"\n")
        {
            extend_line(quote, self.decoder.feed(chunk));
        }
    }

    /// A byte order mark of UTF-8 is in front of what the scanner gets to see.
    fn mark(&mut self, chunk: &[u8]) {
        let seen = usize::try_from(self.bytes).unwrap_or(MARK.len());
        let Some(rest) = self.front.get_mut(seen..).filter(|rest| !rest.is_empty()) else {
            return;
        };
        for (slot, byte) in rest.iter_mut().zip(chunk) {
            *slot = *byte;
        }
        if self.front == MARK {
            self.scanner.skip(MARK.len());
        }
    }

    /// The input has ended: returns why it could not be read to its end.
    pub fn finish(&mut self) -> Option<Malformed> {
        if self.malformed.is_none() {
            let text = self.decoder.finish();
            self.malformed = self.scanner.feed(text, &mut self.sink).err();
        }
        if self.malformed.is_none() && self.scanner.torn::<S>() {
            let (at, line) = (self.bytes, self.scanner.line());
            self.malformed = Some(Malformed::Truncated { at, line });
        }
        self.malformed.clone()
    }

    /// How many bytes it has taken.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
