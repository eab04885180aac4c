//! Cuts a stream of bytes into lines without control sequences; nothing is copied but lines that cross
//! a chunk's border or hold escapes.

use std::borrow::Cow;

use tribunal_sdk::LINE_LIMIT;

use crate::ansi;

/// One line of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes as a terminal would leave them: without the line end and control sequences.
    pub plain: &'a [u8],
    /// Its number, from 1.
    pub number: u64,
    /// Where it begins, in bytes from the start of the stream.
    pub offset: u64,
    /// Whether a line feed ended it. False only for the last line.
    pub terminated: bool,
    /// Whether it was longer than 64 KiB, so that `plain` is only its beginning.
    pub cut: bool,
    /// The same as `plain`, where it is known to be UTF-8.
    known: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// No line: the place of what is found at the end of the output.
    pub const NOWHERE: Line<'static> = Line::new(b"", 0, 0);

    /// Returns a whole line with its number, from 1, and its place in bytes.
    pub const fn new(plain: &'a [u8], number: u64, offset: u64) -> Self {
        Self {
            plain,
            number,
            offset,
            terminated: true,
            cut: false,
            known: None,
        }
    }

    /// Returns the line as text, if it is UTF-8.
    #[inline]
    pub fn text(&self) -> Option<&'a str> {
        self.known.or_else(|| std::str::from_utf8(self.plain).ok())
    }

    /// Returns the line as text, whatever it holds.
    pub fn lossy(&self) -> Cow<'a, str> {
        match self.known {
            Some(text) => Cow::Borrowed(text),
            None => String::from_utf8_lossy(self.plain),
        }
    }
}

/// What to say of an output in UTF-16: no line of it can be read.
pub const UTF16: &str = "the output is UTF-16, as PowerShell's `>` writes it: make it UTF-8 first \
                         (`iconv -f UTF-16 -t UTF-8`, or `Out-File -Encoding utf8` in place of `>`)";

/// Cuts chunks into lines. Feed it every chunk, then finish it.
#[derive(Debug, Default)]
pub struct Lines {
    carry: Vec<u8>,
    /// Bytes of the carried line, kept or not.
    carried: u64,
    carrying: bool,
    /// What is left of the line at hand: memory that is used again.
    stripped: Vec<u8>,
    number: u64,
    offset: u64,
    utf16: bool,
}

impl Lines {
    /// Returns a splitter at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many lines were given out.
    pub fn count(&self) -> u64 {
        self.number
    }

    /// Returns whether the first line given out begins with the mark of UTF-16.
    pub fn utf16(&self) -> bool {
        self.utf16
    }

    /// Calls `each` with every line that ends in `chunk`, and keeps the rest for later.
    pub fn feed(&mut self, chunk: &[u8], mut each: impl FnMut(&Line<'_>)) {
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
        let rest = &chunk[start..];
        let Some(last) = memchr::memrchr(b'\n', rest) else {
            if !rest.is_empty() {
                self.keep(rest);
            }
            return;
        };
        let (whole, tail) = rest.split_at(last + 1);
        // One look at all lines together is cheaper than one at each.
        let clean = memchr::memchr2(b'\x1b', b'\r', whole).is_none();
        let text = clean.then(|| std::str::from_utf8(whole).ok()).flatten();
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', whole) {
            let bytes = &whole[from..end];
            let known = text.and_then(|text| text.get(from..end));
            self.give(bytes, bytes.len() as u64, true, (clean, known), &mut each);
            from = end + 1;
        }
        if !tail.is_empty() {
            self.keep(tail);
        }
    }

    /// Calls `each` with the last line if no line feed ended it.
    pub fn finish(&mut self, mut each: impl FnMut(&Line<'_>)) {
        if self.carrying {
            self.flush(false, &mut each);
        }
    }

    /// `clean` says that nothing is to be taken out, and what the line is as text, if that is known.
    #[inline]
    fn give(
        &mut self,
        bytes: &[u8],
        whole: u64,
        terminated: bool,
        (clean, known): (bool, Option<&str>),
        each: &mut impl FnMut(&Line<'_>),
    ) {
        self.number += 1;
        if self.number == 1 {
            self.utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        }
        let cut = whole > LINE_LIMIT as u64;
        let kept = &bytes[..bytes.len().min(LINE_LIMIT)];
        let plain = if clean {
            kept
        } else {
            ansi::strip_into(kept, &mut self.stripped).unwrap_or(&self.stripped)
        };
        each(&Line {
            plain,
            number: self.number,
            offset: self.offset,
            terminated,
            cut,
            known: known.filter(|_| !cut),
        });
        self.offset += whole + u64::from(terminated);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.carrying = true;
        self.carried += bytes.len() as u64;
        let room = LINE_LIMIT - self.carry.len();
        self.carry
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn flush(&mut self, terminated: bool, each: &mut impl FnMut(&Line<'_>)) {
        let mut carry = std::mem::take(&mut self.carry);
        let whole = std::mem::take(&mut self.carried);
        self.carrying = false;
        self.give(&carry, whole, terminated, (false, None), each);
        carry.clear();
        self.carry = carry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Seen = (String, u64, u64, bool, bool);

    fn split(chunks: &[&[u8]]) -> Vec<Seen> {
        let mut out = Vec::new();
        let mut each = |line: &Line<'_>| {
            let text = line.lossy().into_owned();
            out.push((text, line.number, line.offset, line.terminated, line.cut));
        };
        let mut lines = Lines::new();
        for chunk in chunks {
            lines.feed(chunk, &mut each);
        }
        lines.finish(&mut each);
        out
    }

    #[test]
    fn numbers_and_offsets_count_what_was_there() {
        let long = [b"x".repeat(LINE_LIMIT + 9), b"\nlast".to_vec()].concat();
        let lines = split(&[b"a\r\n\x1b[1mb", b"c\x1b[0m\n", &long]);
        assert_eq!(lines[0], ("a".to_owned(), 1, 0, true, false));
        assert_eq!(lines[1], ("bc".to_owned(), 2, 3, true, false));
        assert_eq!((lines[2].0.len(), lines[2].4), (LINE_LIMIT, true));
        let at = 14 + LINE_LIMIT as u64 + 10;
        assert_eq!(lines[3], ("last".to_owned(), 4, at, false, false));
    }

    #[test]
    fn text_is_known_for_lines_that_are_text() {
        let long = ["ä".repeat(LINE_LIMIT), "\n".to_owned()].concat();
        for (chunk, texts) in [
            (
                &b"a\n\xc3\xa4\n\nb\n"[..],
                &[Some("a"), Some("ä"), Some(""), Some("b")][..],
            ),
            (b"a\n\xff\nb\n", &[Some("a"), None, Some("b")]),
            (b"\x1b[1m\xc3\xa4\nb\r\n", &[Some("ä"), Some("b")]),
            (&long.as_bytes()[1..], &[None]),
        ] {
            let mut found = Vec::new();
            Lines::new().feed(chunk, |line| {
                let text = line.text();
                assert!(text.is_none_or(|text| text.as_bytes() == line.plain));
                found.push(text.map(str::to_owned));
            });
            let found: Vec<_> = found.iter().map(Option::as_deref).collect();
            assert_eq!(found, texts);
        }
    }

    proptest! {
        #[test]
        fn chunk_borders_change_nothing(
            text in proptest::collection::vec(
                prop_oneof![3 => Just(b'\n'), 1 => Just(b'\r'), 1 => Just(b'\x1b'), 7 => any::<u8>()], 0..200,
            ),
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
