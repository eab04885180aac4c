//! Character references and the five entities; anything else stays as it was written.

use std::borrow::Cow;

use memchr::memchr;

/// The longest reference that is looked at, from `&` to `;`.
const LONGEST: usize = 12;

/// Returns the text with references replaced. Invalid UTF-8 and impossible characters (`&#0;`) become
/// U+FFFD; an unknown entity or a bare `&` is kept, as producers forget to escape it.
pub(super) fn unescape(raw: &[u8]) -> String {
    let mut text = String::new();
    unescape_into(raw, &mut text);
    text
}

/// As [`unescape`], behind a text that is there.
pub(super) fn unescape_into(raw: &[u8], text: &mut String) {
    if memchr(b'&', raw).is_none() {
        text.push_str(&lossy(raw));
        return;
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr(b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let window = &rest[..rest.len().min(LONGEST)];
        let found =
            memchr(b';', window).and_then(|end| Some((resolve(window.get(1..end)?)?, end + 1)));
        if let Some((c, used)) = found {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[used..];
        } else {
            out.push(b'&');
            rest = &rest[1..];
        }
    }
    out.extend_from_slice(rest);
    text.push_str(&lossy(&out));
}

/// As std has it, which looks at every byte for itself to find out that all is well.
pub(super) fn lossy(raw: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed)
}

fn resolve(name: &[u8]) -> Option<char> {
    Some(match name {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', hex @ ..] => number(hex, 16)?,
        [b'#', decimal @ ..] => number(decimal, 10)?,
        _ => return None,
    })
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let digits = str::from_utf8(digits).ok()?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).ok()?;
    let c = char::from_u32(code).filter(|&c| c != '\0');
    Some(c.unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_the_rest_is_kept() {
        for (raw, text) in [
            ("plain", "plain"),
            ("&lt;a&gt; &amp;&quot;&apos;", "<a> &\"'"),
            ("&#65;&#x41;&#X41;&#x1F980;", "AAA🦀"),
            ("&#27;[31m", "\u{1b}[31m"),
            ("&#0;&#xD800;&#x110000;", "\u{fffd}\u{fffd}\u{fffd}"),
            (
                "a & b &nbsp; &; &#; &#x; &#+5;",
                "a & b &nbsp; &; &#; &#x; &#+5;",
            ),
            ("&amp;lt;", "&lt;"),
            ("&", "&"),
            ("&lol9;&lol9;", "&lol9;&lol9;"),
        ] {
            assert_eq!(unescape(raw.as_bytes()), text);
        }
        assert_eq!(unescape(b"\xff&amp;"), "\u{fffd}&");
    }
}
