//! Cuts a stream of bytes into lines: nothing is copied but lines that cross a chunk's border.

/// How many bytes of a line are kept.
pub const LINE_LIMIT: usize = 65_536;

/// One line of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes without the line feed; a carriage return before it is kept.
    pub bytes: &'a [u8],
    /// Its number, from 1.
    pub number: u64,
    /// Whether a line feed ended it. False only for the last line.
    pub terminated: bool,
    /// Whether it was longer than [`LINE_LIMIT`], so that `bytes` is only its beginning.
    pub cut: bool,
}

/// Cuts chunks into lines. Feed it every chunk, then finish it.
///
/// ```
/// use tribunal_sdk::LineSplitter;
///
/// let (mut splitter, mut lines) = (LineSplitter::new(), Vec::new());
/// for chunk in [b"one\ntw".as_slice(), b"o\nthree"] {
///     splitter.feed(chunk, |line| lines.push((line.number, line.bytes.to_vec())));
/// }
/// splitter.finish(|line| {
///     assert!(!line.terminated);
///     lines.push((line.number, line.bytes.to_vec()));
/// });
/// assert_eq!(lines, [(1, b"one".to_vec()), (2, b"two".to_vec()), (3, b"three".to_vec())]);
/// assert_eq!(splitter.count(), 3);
/// ```
#[derive(Debug, Default)]
pub struct LineSplitter {
    carry: Vec<u8>,
    carrying: bool,
    overlong: bool,
    number: u64,
}

impl LineSplitter {
    /// Returns a splitter at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many lines were given out.
    pub fn count(&self) -> u64 {
        self.number
    }

    /// Calls `each` with every line that ends in `chunk`, and keeps the rest for later.
    pub fn feed(&mut self, chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        let mut start = 0;
        if self.carrying {
            let Some(end) = memchr::memchr(b'\n', chunk) else {
                self.keep(chunk);
                return;
            };
            self.keep(&chunk[..end]);
            self.flush(true, &mut each);
            start = end + 1;
        }
        let base = start;
        for at in memchr::memchr_iter(b'\n', &chunk[base..]) {
            let end = base + at;
            let line = &chunk[start..end];
            self.number += 1;
            each(Line {
                bytes: &line[..line.len().min(LINE_LIMIT)],
                number: self.number,
                terminated: true,
                cut: line.len() > LINE_LIMIT,
            });
            start = end + 1;
        }
        if start < chunk.len() {
            self.keep(&chunk[start..]);
        }
    }

    /// Calls `each` with the last line if no line feed ended it.
    pub fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if self.carrying {
            self.flush(false, &mut each);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.carrying = true;
        let room = LINE_LIMIT - self.carry.len();
        self.overlong |= bytes.len() > room;
        self.carry
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn flush(&mut self, terminated: bool, each: &mut impl FnMut(Line<'_>)) {
        self.number += 1;
        each(Line {
            bytes: &self.carry,
            number: self.number,
            terminated,
            cut: self.overlong,
        });
        self.carry.clear();
        self.carrying = false;
        self.overlong = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> Vec<(Vec<u8>, u64, bool, bool)> {
        let mut out = Vec::new();
        let mut each = |line: Line<'_>| {
            out.push((line.bytes.to_vec(), line.number, line.terminated, line.cut));
        };
        let mut splitter = LineSplitter::new();
        for chunk in chunks {
            splitter.feed(chunk, &mut each);
        }
        splitter.finish(&mut each);
        out
    }

    #[test]
    fn a_line_may_cross_chunks_and_may_lack_its_end() {
        let lines = split(&[b"one\ntw", b"o", b"", b"\n\nthree"]);
        let texts: Vec<_> = lines
            .iter()
            .map(|(bytes, _, terminated, _)| (bytes.as_slice(), *terminated))
            .collect();
        assert_eq!(
            texts,
            [
                (b"one".as_slice(), true),
                (b"two", true),
                (b"", true),
                (b"three", false)
            ]
        );
        assert_eq!(lines[3].1, 4);
    }

    #[test]
    fn only_the_beginning_of_a_very_long_line_is_kept() {
        let piece = vec![b'x'; 50_000];
        let lines = split(&[&piece, &piece, b"\nshort\n"]);
        assert_eq!(lines[0].0.len(), LINE_LIMIT);
        assert!(lines[0].3);
        assert_eq!(lines[1], (b"short".to_vec(), 2, true, false));

        let mut whole = vec![b'y'; LINE_LIMIT + 1];
        whole.push(b'\n');
        let lines = split(&[&whole]);
        assert_eq!(lines[0].0.len(), LINE_LIMIT);
        assert!(lines[0].3);
    }

    proptest! {
        #[test]
        fn chunk_borders_change_nothing(
            text in proptest::collection::vec(prop_oneof![3 => Just(b'\n'), 7 => any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0_usize..200, 0..8),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(split(&chunks), split(&[&text]));
        }
    }
}
