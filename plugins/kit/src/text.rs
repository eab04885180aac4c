//! Small things that every format needs: numbers, durations, grouped digits, bounded quotes.

/// Returns a number of at most ten digits; no sign, no blanks.
pub fn number(text: &str) -> Option<u64> {
    let fine = !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    if fine { text.parse().ok() } else { None }
}

/// Splits a number off the beginning.
pub fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .bytes()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((number(digits)?, rest))
}

/// Returns a number of seconds like `0.12` in milliseconds.
pub fn seconds(text: &str) -> Option<f64> {
    let fine = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.len() <= 20;
    if !fine {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(value * 1_000.0)
}

/// Returns a number with commas: `1,204`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns `1 test` or `2 tests`.
pub fn plural(count: u64, word: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {word}{s}", grouped(count))
}

/// Returns at most `limit` characters.
pub fn clip(text: &str, limit: usize) -> String {
    // As many bytes are at most as many characters.
    if text.len() <= limit {
        return text.to_owned();
    }
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit).chain(['…']).collect(),
    }
}

/// Lines of a failure that are kept, bounded.
#[derive(Clone, Debug, Default)]
pub struct Details {
    text: String,
    full: bool,
}

/// How much of a failure's text is kept.
const DETAILS: usize = 16 * 1_024;

impl Details {
    /// Adds a line.
    pub fn push(&mut self, line: &str) {
        if self.full {
            return;
        }
        if self.text.len() + line.len() > DETAILS {
            self.full = true;
            self.text.push_str("…\n");
            return;
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the text, if there is any.
    pub fn take(&mut self) -> Option<String> {
        self.full = false;
        let text = std::mem::take(&mut self.text);
        let text = text.trim_end();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// Returns file and line of `path:12` or `path:12:5…` at the start of a text.
pub fn place(text: &str) -> Option<(&str, u32)> {
    let (file, rest) = text.split_once(':')?;
    let (line, _) = leading_number(rest)?;
    let is_path = !file.is_empty() && !file.contains(char::is_whitespace) && file.len() < 1_024;
    is_path.then_some(())?;
    Some((file, u32::try_from(line).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words() {
        assert_eq!(number("007"), Some(7));
        for bad in ["", "+1", "1 ", "12345678901"] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
        assert_eq!(leading_number("12 of 3"), Some((12, " of 3")));
        assert_eq!(seconds("0.25"), Some(250.0));
        assert_eq!(seconds("1e9"), None);
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(clip("äöü", 2), "äö…");
        assert_eq!(clip("äö", 2), "äö");
        assert_eq!(place("a/b.rs:12:5"), Some(("a/b.rs", 12)));
        assert_eq!(place("a b:12"), None);
    }
}
