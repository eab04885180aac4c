//! From the bytes of a report to its elements: decoded and scanned, up to the first mistake.

use super::{Decoder, Malformed, Scanner, Sink};

/// A report being read, or an output that holds some between other lines.
#[derive(Debug)]
pub struct Reading<S> {
    decoder: Decoder,
    scanner: Scanner,
    malformed: Option<Malformed>,
    bytes: u64,
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
            sink: S::default(),
        }
    }
}

impl<S: Sink> Reading<S> {
    /// Takes the next bytes. After the first mistake the rest is only counted.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        if self.malformed.is_none() {
            let text = self.decoder.feed(chunk);
            self.malformed = self.scanner.feed(text, &mut self.sink).err();
        }
    }

    /// The input has ended: returns why it could not be read to its end.
    pub fn finish(&mut self) -> Option<Malformed> {
        if self.malformed.is_none() {
            let text = self.decoder.finish();
            self.malformed = self.scanner.feed(text, &mut self.sink).err();
        }
        if self.malformed.is_none() && self.scanner.torn::<S>() {
            self.malformed = Some(Malformed::Truncated { at: self.bytes });
        }
        self.malformed.clone()
    }

    /// How many bytes it has taken.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
