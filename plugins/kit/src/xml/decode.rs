//! Bytes to UTF-8: byte order marks, UTF-16, and the 8-bit encoding an XML declaration names.
//!
//! Everything else passes through: the scanner works on bytes, and markup is ASCII in every other
//! encoding that test tools write.

use memchr::memmem;

/// How much of the input may be looked at to find out its encoding.
const HEAD: usize = 1024;

/// What 0x80..=0x9F mean in windows-1252; ISO-8859-1 is read as it too, as browsers do.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// Also what is not known: passed through.
    Utf8,
    Utf16 {
        big_endian: bool,
    },
    Latin,
}

/// A streaming decoder.
#[derive(Debug, Default)]
pub struct Decoder {
    encoding: Option<Encoding>,
    /// Input kept back: the head until the encoding is known, later half a UTF-16 character.
    kept: Vec<u8>,
    out: Vec<u8>,
}

impl Decoder {
    /// Returns the next bytes of UTF-8; none while too little is known.
    pub fn feed<'a>(&'a mut self, chunk: &'a [u8]) -> &'a [u8] {
        match self.encoding {
            Some(Encoding::Utf8) => return chunk,
            Some(encoding) => {
                self.kept.extend_from_slice(chunk);
                self.convert(encoding);
            }
            None => {
                self.kept.extend_from_slice(chunk);
                let declared = memmem::find(self.kept.get(..HEAD).unwrap_or(&self.kept), b"?>");
                if self.kept.len() < HEAD && declared.is_none() {
                    return &[];
                }
                self.decide();
            }
        }
        &self.out
    }

    /// Returns what was kept back; the input has ended.
    pub fn finish(&mut self) -> &[u8] {
        self.out.clear();
        if self.encoding.is_none() {
            self.decide();
        }
        &self.out
    }

    fn decide(&mut self) {
        let (encoding, mark) = detect(&self.kept);
        self.encoding = Some(encoding);
        self.kept.drain(..mark);
        self.convert(encoding);
    }

    fn convert(&mut self, encoding: Encoding) {
        self.out.clear();
        match encoding {
            Encoding::Utf8 => self.out.append(&mut self.kept),
            Encoding::Latin => {
                for byte in self.kept.drain(..) {
                    push_char(&mut self.out, latin(byte));
                }
            }
            Encoding::Utf16 { big_endian } => {
                let used = utf16(&self.kept, big_endian, &mut self.out);
                self.kept.drain(..used);
            }
        }
    }
}

fn latin(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

fn push_char(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Decodes all whole characters; returns how many bytes were used.
fn utf16(bytes: &[u8], big_endian: bool, out: &mut Vec<u8>) -> usize {
    let (pairs, _) = bytes.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| {
        if big_endian {
            u16::from_be_bytes(*pair)
        } else {
            u16::from_le_bytes(*pair)
        }
    };
    let half = pairs
        .last()
        .is_some_and(|pair| (0xd800..0xdc00).contains(&unit(pair)));
    let whole = pairs.len() - usize::from(half);
    for c in char::decode_utf16(pairs[..whole].iter().map(unit)) {
        push_char(out, c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    whole * 2
}

/// Returns the encoding, and how long the byte order mark is.
fn detect(head: &[u8]) -> (Encoding, usize) {
    let utf16 = |big_endian| Encoding::Utf16 { big_endian };
    match head {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (utf16(false), 2),
        [0xfe, 0xff, ..] => (utf16(true), 2),
        [b'<', 0, ..] => (utf16(false), 0),
        [0, b'<', ..] => (utf16(true), 0),
        _ => (declared(head), 0),
    }
}

/// A declared UTF-16 is not believed here: these bytes could be read as ASCII.
fn declared(head: &[u8]) -> Encoding {
    let name = || {
        let start = memmem::find(head, b"<?xml")?;
        let declaration = head.get(start..)?;
        let declaration = declaration.get(..memmem::find(declaration, b"?>")?)?;
        let value = declaration.get(memmem::find(declaration, b"encoding")? + 8..)?;
        let quote = value.iter().position(|b| matches!(b, b'"' | b'\''))?;
        let value = value.get(quote + 1..)?;
        let end = value.iter().position(|b| matches!(b, b'"' | b'\''))?;
        Some(value.get(..end)?.to_ascii_lowercase())
    };
    match name().as_deref() {
        Some(
            b"iso-8859-1" | b"iso8859-1" | b"iso_8859-1" | b"latin1" | b"latin-1" | b"windows-1252"
            | b"cp1252" | b"iso-8859-15",
        ) => Encoding::Latin,
        _ => Encoding::Utf8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], step: usize) -> String {
        let mut decoder = Decoder::default();
        let mut all = Vec::new();
        for chunk in bytes.chunks(step) {
            all.extend_from_slice(decoder.feed(chunk));
        }
        all.extend_from_slice(decoder.finish());
        String::from_utf8(all).expect("UTF-8")
    }

    fn units(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text_in_chunks_of_any_size() {
        let text = "<?xml version='1.0'?><testsuite name='grün € 🦀'/>";
        let mut marked = vec![0xff, 0xfe];
        marked.extend(units(text, u16::to_le_bytes));
        let mut utf8 = vec![0xef, 0xbb, 0xbf];
        utf8.extend(text.as_bytes());
        for bytes in [
            utf8,
            text.as_bytes().to_vec(),
            marked,
            units(text, u16::to_be_bytes),
            units(text, u16::to_le_bytes),
        ] {
            for step in [1, 2, 3, 7, 4096] {
                assert_eq!(decode(&bytes, step), text, "{step}");
            }
        }
    }

    #[test]
    fn a_declared_eight_bit_encoding_is_decoded() {
        for name in ["ISO-8859-1", "windows-1252"] {
            let mut bytes = format!("<?xml version=\"1.0\" encoding='{name}'?>").into_bytes();
            bytes.extend(b"gr\xfcn \x80");
            assert!(decode(&bytes, 3).ends_with("grün €"), "{name}");
        }
    }

    #[test]
    fn a_declared_but_untrue_utf_16_is_not_believed() {
        let text = "<?xml version='1.0' encoding='UTF-16'?><testsuite/>";
        assert_eq!(decode(text.as_bytes(), 5), text);
    }
}
