//! Makes what a suite printed, or a judge said, safe to show.
//!
//! Everything that comes from outside is hostile: it may move the cursor, write the clipboard, set a
//! title, or speak to the CI system that reads our output. What is left is printable text and, where
//! colour is wanted, colours that were parsed and written anew.

use std::borrow::Cow;
use std::mem;

use unicode_width::UnicodeWidthChar as _;
use vte::{Params, Parser, Perform};

use super::sgr::Sgr;

/// Columns between tab stops.
const TAB: usize = 8;
/// Characters kept per column: bounds lines made of combining marks.
const CHARS_PER_COLUMN: usize = 4;

/// Returns the lines of `bytes`, each without its end and cut at `columns`.
///
/// Text that a carriage return rewrote is left out. With `color` the lines may hold SGR sequences,
/// always closed at the line's end; without it they hold no control character at all.
pub(crate) fn lines(bytes: &[u8], color: bool, columns: usize) -> Vec<String> {
    let mut cleaner = Cleaner::new(color, columns);
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes
        .split(|byte| *byte == b'\n')
        .map(|line| cleaner.line(line))
        .collect()
}

/// Returns `text` as a single line without any control character.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text.trim_end());
    }
    let lines = lines(text.as_bytes(), false, usize::MAX);
    Cow::Owned(lines.join(" ").trim_end().to_owned())
}

/// Returns `bytes` as text whose only control character is the line feed.
pub(crate) fn text(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    lines(bytes, false, usize::MAX).join("\n")
}

/// Carries the colours from line to line.
#[derive(Debug)]
pub(super) struct Cleaner {
    color: bool,
    columns: usize,
    sgr: Sgr,
    written: Sgr,
    text: String,
    column: usize,
    chars: usize,
    cut: bool,
    returned: bool,
}

impl Cleaner {
    pub(super) fn new(color: bool, columns: usize) -> Self {
        Self {
            color,
            columns,
            sgr: Sgr::default(),
            written: Sgr::default(),
            text: String::new(),
            column: 0,
            chars: 0,
            cut: false,
            returned: false,
        }
    }

    /// A parser for each line: a string sequence that never ends takes its own line at most.
    pub(super) fn line(&mut self, bytes: &[u8]) -> String {
        Parser::new().advance(self, bytes);
        if self.written != Sgr::default() {
            self.text.push_str("\u{1b}[0m");
        }
        let text = mem::take(&mut self.text);
        self.restart();
        self.returned = false;
        text
    }

    fn restart(&mut self) {
        self.text.clear();
        self.column = 0;
        self.chars = 0;
        self.cut = false;
        self.written = Sgr::default();
    }

    fn put(&mut self, c: char) {
        if mem::take(&mut self.returned) {
            self.restart();
        }
        if self.cut {
            return;
        }
        let width = c.width().unwrap_or(0);
        self.chars += 1;
        if self.column.saturating_add(width) > self.columns
            || self.chars > self.columns.saturating_mul(CHARS_PER_COLUMN)
        {
            self.cut = true;
            self.text.push('…');
            return;
        }
        if self.color && self.sgr != self.written {
            self.sgr.write(&mut self.text);
            self.written = self.sgr;
        }
        self.column += width;
        self.text.push(c);
    }
}

impl Perform for Cleaner {
    fn print(&mut self, c: char) {
        if !c.is_control() && !is_bidi_control(c) {
            self.put(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\r' => self.returned = true,
            b'\t' => {
                let column = if self.returned { 0 } else { self.column };
                for _ in 0..TAB - column % TAB {
                    self.put(' ');
                }
            }
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if action == 'm' && intermediates.is_empty() && !ignore {
            self.sgr.apply(params);
        }
    }
}

/// Whether a character changes the order in which others are shown.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_text_and_colours_get_through() {
        let cases: &[(&[u8], &str)] = &[
            (b"plain", "plain"),
            (b"\x1b[31mred\x1b[0m end", "\u{1b}[0;31mred\u{1b}[0m end"),
            (b"\x1b[31mred", "\u{1b}[0;31mred\u{1b}[0m"),
            (b"\x1b[2J\x1b[Hgone", "gone"),
            (b"\x1b]0;title\x07text", "text"),
            (b"\x1b]52;c;aGk=\x1b\\text", "text"),
            (b"\x1bP1$qm\x1b\\text", "text"),
            (b"\x1b]0;never ended", ""),
            (b"10%\r50%\r100%", "100%"),
            (b"line\r", "line"),
            (b"a\tb", "a       b"),
            (b"a\x08\x07\x0bb\x7f", "ab"),
            ("C1 \u{9b}31m x".as_bytes(), "C1 31m x"),
            (b"\x9b31mraw C1", "31mraw C1"),
            ("a\u{202e}b\u{2066}c".as_bytes(), "abc"),
            (b"bad \xff utf-8", "bad \u{fffd} utf-8"),
            (b"\x1b[8mhidden\x1b[5mblink", "hiddenblink"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(lines(bytes, true, 400), [*expected], "{bytes:?}");
        }
    }

    #[test]
    fn colours_reach_over_lines_and_unended_strings_do_not() {
        assert_eq!(
            lines(
                b"\x1b[1;38;5;9mone\ntwo\x1b[m\n\x1b]0;x\nthree\n",
                true,
                400
            ),
            [
                "\u{1b}[0;1;38;5;9mone\u{1b}[0m",
                "\u{1b}[0;1;38;5;9mtwo\u{1b}[0m",
                "",
                "three"
            ]
        );
        assert_eq!(lines(b"\x1b[31mone\ntwo\n", false, 400), ["one", "two"]);
    }

    #[test]
    fn long_lines_are_cut() {
        assert_eq!(lines("日本語テスト".as_bytes(), false, 5), ["日本…"]);
        let marks = "a".to_owned() + &"\u{301}".repeat(10_000);
        assert!(lines(marks.as_bytes(), false, 100)[0].chars().count() <= 402);
    }

    #[test]
    fn text_becomes_one_line() {
        assert_eq!(line("a\nb\u{1b}[31m\r\nc  "), "a b c");
        assert_eq!(line("plain "), "plain");
        assert_eq!(text(b"a\r\nb\x00\n"), "a\nb");
    }

    /// Bytes that are likely to be a sequence, among any others.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            any::<Vec<u8>>(),
            "\\x1b\\[[0-9;:?]{0,8}[@-~]".prop_map(String::into_bytes),
            "\\x1b[\\]PX^_][ -~]{0,6}(\\x07|\\x1b\\\\)?".prop_map(String::into_bytes),
            "[\\r\\n\\t\\x08\\u{80}-\\u{9f}a-z]{0,8}".prop_map(String::into_bytes),
        ];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn without_colour_no_control_character_is_left(bytes in hostile()) {
            for line in lines(&bytes, false, 400) {
                prop_assert!(!line.chars().any(|c| c.is_control() || is_bidi_control(c)), "{line:?}");
            }
            prop_assert!(!line(&String::from_utf8_lossy(&bytes)).chars().any(char::is_control));
        }

        #[test]
        fn with_colour_every_escape_is_a_closed_sgr(bytes in hostile()) {
            let sgr = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a fixed pattern");
            for line in lines(&bytes, true, 400) {
                let last = sgr.find_iter(&line).last().map(|found| found.as_str());
                prop_assert!(last.is_none() || last == Some("\u{1b}[0m"), "{line:?}");
                prop_assert!(!sgr.replace_all(&line, "").chars().any(char::is_control), "{line:?}");
            }
        }
    }
}
