//! Whether there is anything in an output that may be a report: one look is cheaper than reading it all again.

use super::ESC;

/// Looks for where a document may begin: at the start of a line, maybe behind a mark or a colour, or where a line is
/// written over.
#[derive(Debug, Default)]
pub(super) struct Beginnings {
    /// Whether the last piece ended inside of a line.
    inside: bool,
    /// Whether there is one.
    pub(super) any: bool,
}

impl Beginnings {
    /// Looks at the next piece of the output.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last().filter(|_| !self.any) else {
            return;
        };
        let starts = |at: usize| match at.checked_sub(1) {
            Some(before) => bytes.get(before) == Some(&b'\n'),
            None => !self.inside,
        };
        self.any = memchr::memchr(b'\r', bytes).is_some()
            || memchr::memchr3_iter(b'{', 0xef, ESC, bytes).any(starts);
        self.inside = *last != b'\n';
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::read;
    use super::*;

    fn any(text: &[u8], size: usize) -> bool {
        let mut beginnings = Beginnings::default();
        for chunk in text.chunks(size) {
            beginnings.look(chunk);
        }
        beginnings.any
    }

    #[test]
    fn text_with_braces_in_its_lines_is_not_read_again() {
        for (text, begins) in [
            ("a {\n b: {}\n", false),
            ("a\n{", true),
            ("a\n\u{feff}{}", true),
            ("\x1b[1m{}", true),
            ("a \x1b[1mb\n", false),
            ("a\r{}", true),
            ("", false),
        ] {
            for size in 1..9 {
                assert_eq!(any(text.as_bytes(), size), begins, "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn where_nothing_begins_nothing_is_found(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "\"results\":", "{\"results\":{\"tests\":[1]}}", "\n", "\r", "\x1b[1m", "\x1b", " ", "x", "\u{feff}",
            ]), 0..12),
            size in 1..9_usize,
        ) {
            let text = parts.concat();
            let (names, whole, problem) = read(text.as_bytes(), size);
            let found = whole || !names.is_empty() || problem.is_some();
            prop_assert!(!found || any(text.as_bytes(), size), "{text:?}");
        }
    }
}
