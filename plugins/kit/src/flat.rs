//! JSON objects of the simplest form: one line, no blanks, members that are texts or plain numbers. Test tools
//! print millions of such lines, and a whole parser takes several times as long for them.
//!
//! Whatever is of another form, or no JSON at all, is left to a whole parser, which also finds the words for
//! what is wrong with it.

use std::borrow::Cow;

/// A member's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text as it stands between its quotes, and whether there are escapes in it.
    Text(&'a str, bool),
    /// A number without sign and exponent.
    Number(&'a str),
}

impl<'a> Value<'a> {
    /// Returns a text, unless there are escapes in it.
    #[inline]
    pub fn plain(self) -> Option<&'a str> {
        match self {
            Self::Text(text, false) => Some(text),
            _ => None,
        }
    }

    /// Returns a text without its escapes; `None` for escapes that a whole parser should look at.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text, false) => Some(Cow::Borrowed(text)),
            Self::Text(text, true) => unescape(text).map(Cow::Owned),
            Self::Number(_) => None,
        }
    }
}

/// Calls `each` with name and value of every member of an object, in order. Returns `None`, perhaps after some
/// calls, when the line is of another form or `each` says so.
#[inline]
pub fn members<'a>(
    line: &'a str,
    mut each: impl FnMut(&'a str, Value<'a>) -> Option<()>,
) -> Option<()> {
    // No control character may stand in a text, and elsewhere none is expected. The least of all is found many
    // bytes at once.
    if line.bytes().min().is_none_or(|least| least < b' ') {
        return None;
    }
    let mut rest = line.strip_prefix('{')?;
    loop {
        let (name, after) = text(rest)?;
        let after = after.strip_prefix(':')?;
        let (value, after) = if after.starts_with('"') {
            let (value, after) = text(after)?;
            (value, after)
        } else {
            bare(after)?
        };
        each(name.plain()?, value)?;
        match after.split_at_checked(1)? {
            (",", more) => rest = more,
            ("}", "") => return Some(()),
            _ => return None,
        }
    }
}

/// Splits off `"text"`.
#[inline]
fn text(rest: &str) -> Option<(Value<'_>, &str)> {
    let body = rest.strip_prefix('"')?;
    let bytes = body.as_bytes();
    let (mut at, mut escaped) = (0, false);
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some((Value::Text(body.get(..at)?, escaped), body.get(at + 1..)?));
        }
        escaped = true;
        at += 2;
    }
}

/// Splits off a number like `12` or `0.5`.
fn bare(rest: &str) -> Option<(Value<'_>, &str)> {
    let end = rest.find([',', '}'])?;
    let (number, after) = rest.split_at_checked(end)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let fine = digits(whole) && digits(part) && (whole == "0" || !whole.starts_with('0'));
    fine.then_some((Value::Number(number), after))
}

fn unescape(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at)?);
        let (escape, after) = rest.get(at + 1..)?.split_at_checked(1)?;
        rest = after;
        out.push(match escape {
            "n" => '\n',
            "t" => '\t',
            "r" => '\r',
            "b" => '\u{8}',
            "f" => '\u{c}',
            "\"" | "\\" | "/" => escape.chars().next()?,
            "u" => {
                let (digits, after) = rest.split_at_checked(4)?;
                rest = after;
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                // Halves of pairs are none by themselves.
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = Vec<(String, String)>;

    fn read(line: &str) -> Option<Read> {
        let mut out = Vec::new();
        members(line, |name, value| {
            let text = match value {
                Value::Number(number) => number.to_owned(),
                text @ Value::Text(..) => text.text()?.into_owned(),
            };
            out.push((name.to_owned(), text));
            Some(())
        })?;
        Some(out)
    }

    #[test]
    fn members_come_in_order_and_without_escapes() {
        let line = r#"{"a":"x","b\u0041":"y"}"#;
        assert_eq!(read(line), None);
        let line = r#"{"a":"x \"q\" \u003c\\n\n","b":0.25,"":""}"#;
        let want = [("a", "x \"q\" <\\n\n"), ("b", "0.25"), ("", "")];
        let want = want.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(read(line).expect("members"), want);
    }

    #[test]
    fn other_forms_are_left_to_others() {
        for line in [
            "",
            "{",
            "{}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1}x",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":-1}",
            "{\"a\":1e9}",
            "{\"a\":null}",
            "{\"a\":[]}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\",
            "{\"a\":\"\\u+123\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\t\"}",
            "{ \"a\":1}",
            "{\"a\":1,}",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        /// Whatever is read here is JSON, and means the same there.
        #[cfg(feature = "json")]
        #[test]
        fn what_is_read_is_json(line in r#"\{("[ab\\"nu0]{0,6}":("[a\\"nu0ä/]{0,9}"|[0-9.]{1,4}),?){1,3}\}"#) {
            if let Some(found) = read(&line) {
                let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
                for (name, text) in found.iter().rev().take(1) {
                    match &value[name] {
                        serde_json::Value::String(other) => prop_assert_eq!(other, text),
                        other => prop_assert_eq!(other.as_f64(), text.parse().ok()),
                    }
                }
            }
        }
    }
}
