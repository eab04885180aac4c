//! Small things that every format needs: numbers, durations, grouped digits, bounded quotes.

use crate::find::Find as _;

/// Returns a number of at most ten digits; no sign, no blanks.
#[inline]
pub fn number(text: &str) -> Option<u64> {
    match leading_number(text)? {
        (number, "") => Some(number),
        _ => None,
    }
}

/// Returns the line at which a JavaScript stack trace is in `file` first: `    at name (/project/a.test.js:4:88)`.
pub fn line_in_trace(trace: &str, file: &str) -> Option<u32> {
    let frames = trace
        .lines()
        .filter(|line| line.trim_start().starts_with("at "));
    frames.into_iter().find_map(|frame| {
        let (before, rest) = frame.cut(file)?;
        let whole = before.ends_with([' ', '(', '/']);
        let (line, _) = leading_number(rest.strip_prefix(':').filter(|_| whole)?)?;
        u32::try_from(line).ok()
    })
}

/// Splits a number of at most ten digits off the beginning.
#[inline]
pub fn leading_number(text: &str) -> Option<(u64, &str)> {
    let mut number = 0_u64;
    let mut end = 0;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        // What ten digits come to fits; more of them are refused below.
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        end += 1;
    }
    if !(1..=10).contains(&end) {
        return None;
    }
    Some((number, text.get(end..)?))
}

/// Returns a number of seconds like `0.12` in milliseconds.
pub fn seconds(text: &str) -> Option<f64> {
    decimal(text).map(|value| value * 1_000.0)
}

/// Returns a number like `0.12`: digits with at most one point among them, at most 20 characters.
pub fn decimal(text: &str) -> Option<f64> {
    short_decimal(text)
        .or_else(|| long_decimal(text))
        .filter(|value| value.is_finite())
}

/// So few digits that one division of exact numbers rounds them as the whole machinery for floats does.
fn short_decimal(text: &str) -> Option<f64> {
    const TENS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let (mut number, mut point) = (0_u64, None);
    if text.len() > 15 {
        return None;
    }
    for (at, byte) in text.bytes().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            number = number * 10 + u64::from(digit);
        } else if byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let behind = point.map_or(0, |at| text.len() - at - 1);
    if text.len() == usize::from(point.is_some()) {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "15 digits fit into 53 bits")]
    Some(number as f64 / TENS.get(behind)?)
}

fn long_decimal(text: &str) -> Option<f64> {
    let fine = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.len() <= 20;
    if fine { text.parse().ok() } else { None }
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

    /// Forgets everything, for tests whose text nobody asks for.
    pub fn clear(&mut self) {
        self.full = false;
        self.text.clear();
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_trace_is_looked_through_for_a_file() {
        let trace = "Error: at /p/a.js:1:1\n    at lib (/p/lib.js:9:1)\n    at new Promise (<anonymous>)\n    \
                     at Object.<anonymous> (/p/a.js:41:3)\n    at file:///p/b.js:7:1\n    at /p/a.js:8:1";
        assert_eq!(line_in_trace(trace, "/p/a.js"), Some(41));
        assert_eq!(line_in_trace(trace, "/p/b.js"), Some(7));
        for absent in ["a.j", "p/c.js", "ib.js", "<anonymous>"] {
            assert_eq!(line_in_trace(trace, absent), None, "{absent}");
        }
        assert_eq!(line_in_trace("", "/p/a.js"), None);
    }

    #[test]
    fn numbers_and_words() {
        assert_eq!(number("007"), Some(7));
        for bad in ["", "+1", "1 ", "12345678901"] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
        assert_eq!(leading_number("12 of 3"), Some((12, " of 3")));
        assert_eq!(seconds("0.25"), Some(250.0));
        assert_eq!(seconds("1e9"), None);
        for bad in ["", ".", "1.2.3", "-1", "1 ", "1,5", "0.1234567890123456789"] {
            assert_eq!(seconds(bad), None, "{bad:?}");
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(clip("äöü", 2), "äö…");
        assert_eq!(clip("äö", 2), "äö");
        assert_eq!(place("a/b.rs:12:5"), Some(("a/b.rs", 12)));
        assert_eq!(place("a b:12"), None);
    }

    proptest! {
        #[test]
        fn the_short_way_to_a_float_is_the_long_way(text in "[0-9]{0,9}[.]?[0-9]{0,9}") {
            let long = long_decimal(&text).map(f64::to_bits);
            let short = short_decimal(&text).map(f64::to_bits);
            prop_assert!(short.is_none() || short == long);
            prop_assert!(short.is_some() || long.is_none() || text.len() > 15);
        }
    }
}
