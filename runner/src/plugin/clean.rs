//! Text from a judge, made safe to show: no control sequences, no invisible characters, bounded.

/// One line: control sequences go, line ends and tabs become spaces. At most `max` bytes; what is cut off
/// is marked with `…`.
pub(super) fn line(text: &str, max: usize) -> String {
    clean(text.trim(), max, false)
}

/// As [`line`], of a text that may stay as it is, which nearly all do.
pub(super) fn line_of(text: String, max: usize) -> String {
    let blank = |byte: Option<&u8>| byte == Some(&b' ');
    let bytes = text.as_bytes();
    if is_clean(&text, max) && !blank(bytes.first()) && !blank(bytes.last()) {
        return text;
    }
    line(&text, max)
}

/// Several lines: like [`line`], but line feeds and tabs stay.
pub(super) fn text(text: &str, max: usize) -> String {
    clean(text.trim_end(), max, true)
}

fn clean(text: &str, max: usize, lines: bool) -> String {
    const MARK: char = '…';
    if is_clean(text, max) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(max));
    let mut rest = Rest {
        chars: text.chars(),
        unterminated: false,
    };
    loop {
        // Whole stretches where nothing needs a look.
        let ahead = rest.chars.as_str();
        let room = max.saturating_sub(out.len()).min(ahead.len());
        let plain = ahead.bytes().take(room).position(|byte| !is_plain(byte));
        let (plain, after) = ahead.split_at(plain.unwrap_or(room));
        out.push_str(plain);
        rest.chars = after.chars();
        let Some(c) = rest.next_visible(lines) else {
            break;
        };
        if out.len() + c.len_utf8() > max {
            while out.len() + MARK.len_utf8() > max && out.pop().is_some() {}
            out.push(MARK);
            break;
        }
        out.push(c);
    }
    out
}

/// Whether nothing is to be done but to trim it.
fn is_clean(text: &str, max: usize) -> bool {
    text.len() <= max
        && text
            .bytes()
            .fold(true, |plain, byte| plain & is_plain(byte))
}

/// Letters, digits, blanks, punctuation of ASCII.
fn is_plain(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

/// What is left of the text.
struct Rest<'a> {
    chars: std::str::Chars<'a>,
    /// No further string sequence ends: looking again would make the work quadratic.
    unterminated: bool,
}

impl Rest<'_> {
    fn next_visible(&mut self, lines: bool) -> Option<char> {
        loop {
            match self.chars.next()? {
                '\u{1b}' => self.skip_escape(),
                // The one-character forms of `ESC [` and of the string sequences.
                '\u{9b}' => self.skip_csi(),
                '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => self.skip_string(),
                c @ ('\n' | '\t') if lines => return Some(c),
                '\n' | '\t' | '\u{2028}' | '\u{2029}' => return Some(' '),
                c if c.is_control() || is_invisible(c) => {}
                c => return Some(c),
            }
        }
    }

    /// Skips what follows an ESC; a malformed sequence loses no more than its beginning.
    fn skip_escape(&mut self) {
        let mut ahead = self.chars.clone();
        match ahead.next() {
            Some('[') => {
                self.chars = ahead;
                self.skip_csi();
            }
            Some(']' | 'P' | 'X' | '^' | '_') => {
                self.chars = ahead;
                self.skip_string();
            }
            Some('\u{20}'..='\u{2f}') => {
                let end = ahead.find(|c| !('\u{20}'..='\u{2f}').contains(c));
                if end.is_some_and(|c| ('\u{30}'..='\u{7e}').contains(&c)) {
                    self.chars = ahead;
                }
            }
            Some('\u{30}'..='\u{7e}') => self.chars = ahead,
            _ => {}
        }
    }

    /// Skips parameters and the final byte, where they are well formed.
    fn skip_csi(&mut self) {
        let mut ahead = self.chars.clone();
        let end = ahead.find(|c| !('\u{20}'..='\u{3f}').contains(c));
        if end.is_some_and(|c| ('\u{40}'..='\u{7e}').contains(&c)) {
            self.chars = ahead;
        }
    }

    /// Skips to the end of a string sequence (BEL, `ESC \` or ST); one without an end hides nothing.
    fn skip_string(&mut self) {
        if self.unterminated {
            return;
        }
        let mut ahead = self.chars.clone();
        loop {
            match ahead.next() {
                Some('\u{07}' | '\u{9c}') => break,
                Some('\u{1b}') if ahead.as_str().starts_with('\\') => {
                    ahead.next();
                    break;
                }
                Some(_) => {}
                None => {
                    self.unterminated = true;
                    return;
                }
            }
        }
        self.chars = ahead;
    }
}

/// Characters that change the order of others or cannot be seen.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_sequences_go_and_text_stays() {
        let cases = [
            ("\x1b[31mred\x1b[0m", "red"),
            ("a\x1b]0;title\x07b", "ab"),
            ("a\x1b]8;;http://x\x1b\\link", "alink"),
            ("a\x1b]52;c;never ended", "a52;c;never ended"),
            ("\x1bcreset", "reset"),
            ("\x1b(Bascii", "ascii"),
            ("\u{9b}2Jgone", "gone"),
            ("two\nlines\r\n", "two lines"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("over\rwrite\x08\x00", "overwrite"),
            ("x\x1b", "x"),
            ("x\x1b[", "x"),
            ("x\x1b[31", "x31"),
            ("日本", "日本"),
            ("sum › adds\x1b[0m two", "sum › adds two"),
        ];
        for (raw, expected) in cases {
            assert_eq!(line(raw, 100), expected, "{raw:?}");
        }
        assert_eq!(text("a\n\tb\r\n\x1b[1mc\n", 100), "a\n\tb\nc");
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character_and_marked() {
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abc…");
        assert_eq!(line("äääää", 7), "ää…");
        assert_eq!(line("abc", 2), "…");
    }

    #[test]
    fn unending_sequences_cost_linear_time() {
        let attack = "\x1b]".repeat(1 << 20);
        let start = std::time::Instant::now();
        assert_eq!(line(&attack, 100), "");
        assert!(start.elapsed().as_secs() < 5);
    }

    proptest! {
        #[test]
        fn nothing_dangerous_survives(raw in "\\PC*|[\\x00-\\xff\\u{2000}-\\u{2070}]*", max in 3usize..200) {
            prop_assert_eq!(line_of(raw.clone(), max), line(&raw, max));
            for cleaned in [line(&raw, max), text(&raw, max)] {
                prop_assert!(cleaned.len() <= max);
                prop_assert!(!cleaned.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || is_invisible(c)));
            }
        }

        #[test]
        fn plain_text_is_left_alone(raw in "[a-z0-9 .:/_-]{0,80}") {
            prop_assert_eq!(line(&raw, 100), raw.trim());
            prop_assert_eq!(line_of(raw.clone(), 100), raw.trim());
        }
    }
}
