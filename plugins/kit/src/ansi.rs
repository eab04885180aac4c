//! Takes terminal control out of a line: colours, titles, progress, rewritten beginnings.

use std::borrow::Cow;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// Returns the line as a terminal would leave it: without CSI and OSC sequences, and only what
/// follows the last carriage return. Borrows when there is nothing to take out.
pub fn strip(line: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    match strip_into(line, &mut out) {
        Some(plain) => Cow::Borrowed(plain),
        None => Cow::Owned(out),
    }
}

/// As [`strip`]: returns the line where there is nothing to take out, and puts what is left of it into `out` where
/// there is.
pub(crate) fn strip_into<'a>(line: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let mut rest = trim_returns(line);
    let Some(mut at) = memchr::memchr2(ESC, b'\r', rest) else {
        return Some(rest);
    };
    out.clear();
    loop {
        out.extend_from_slice(&rest[..at]);
        let tail = rest.get(at + 1..).unwrap_or_default();
        if rest.get(at) == Some(&ESC) {
            rest = skip_escape(tail);
        } else {
            // `collecting ...\rcollected 3 items`: what came before was written over.
            if !tail.is_empty() {
                out.clear();
            }
            rest = tail;
        }
        if rest.is_empty() {
            return None;
        }
        at = memchr::memchr2(ESC, b'\r', rest).unwrap_or(rest.len());
    }
}

fn trim_returns(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|&byte| byte != b'\r');
    &line[..end.map_or(0, |at| at + 1)]
}

/// Returns what follows the escape sequence whose ESC was just read; an unfinished one takes the
/// rest of the line with it.
fn skip_escape(rest: &[u8]) -> &[u8] {
    match rest.first() {
        Some(b'[') => {
            let end = rest[1..]
                .iter()
                .position(|byte| (0x40..=0x7e).contains(byte));
            end.map_or(&[], |at| &rest[at + 2..])
        }
        Some(b']') => {
            let end = memchr::memchr2(BEL, ESC, rest);
            match end {
                Some(at) if rest[at] == BEL => &rest[at + 1..],
                Some(at) => rest.get(at + 2..).unwrap_or(&[]),
                None => &[],
            }
        }
        // `ESC ( B`, with which terminals as xterm is described end a colour: any number of 0x20..=0x2f and one more.
        Some(_) => {
            let end = rest.iter().position(|byte| !(0x20..=0x2f).contains(byte));
            end.map_or(&[], |at| &rest[at + 1..])
        }
        None => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_sequences_vanish_and_rewritten_text_too() {
        for (line, plain) in [
            (&b"plain"[..], &b"plain"[..]),
            (b"dos\r", b"dos"),
            (b"\x1b[31m= \x1b[1m5 failed\x1b[0m =", b"= 5 failed ="),
            (b"..\x1b]9;4;1;50\x1b\\..", b"...."),
            (b"..\x1b]0;title\x07..", b"...."),
            (b"collecting ...\rcollected 3 items", b"collected 3 items"),
            (b"test a ... \x1b[32mok\x1b(B\x1b[m", b"test a ... ok"),
            (b"\x1b7saved\x1b8", b"saved"),
            (b"cut \x1b(", b"cut "),
            (b"cut \x1b[3", b"cut "),
            (b"cut \x1b", b"cut "),
        ] {
            assert_eq!(&*strip(line), plain);
        }
    }

    /// Byte by byte, as it may be read off the rules.
    fn slowly(line: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = trim_returns(line);
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            match byte {
                ESC => rest = skip_escape(tail),
                b'\r' if rest.is_empty() => {}
                b'\r' => out.clear(),
                _ => out.push(byte),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn stretches_are_taken_as_single_bytes_are(line in "[ab\r\x1b\\[\\]m0\x07(]{0,40}") {
            prop_assert_eq!(strip(line.as_bytes()), slowly(line.as_bytes()));
        }

        #[test]
        fn nothing_panics_and_nothing_grows(line in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(strip(&line).len() <= line.len());
        }
    }
}
