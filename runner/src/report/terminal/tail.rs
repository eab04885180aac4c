//! The last lines of an output, read without reading the rest.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// What is read at most.
pub(crate) const LIMIT: u64 = 64 << 10;

/// Returns the last `limit` bytes of a file, from the start of a line where one begins in them.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(limit);
    // One byte more tells whether the part begins at a line's start.
    file.seek(SeekFrom::Start(start.saturating_sub(1)))?;
    let mut bytes = Vec::new();
    file.take(limit + u64::from(start > 0))
        .read_to_end(&mut bytes)?;
    if start > 0 {
        let end = bytes.len().saturating_sub(1);
        let line = memchr::memchr(b'\n', &bytes).filter(|at| *at < end);
        bytes.drain(..line.map_or_else(|| inside(&bytes), |at| at + 1));
    }
    Ok(bytes)
}

/// How many bytes of a part that begins inside a line are the rest of a character or a colour.
fn inside(bytes: &[u8]) -> usize {
    let rest = |byte: &u8| (0x80..0xc0).contains(byte);
    let start = 1 + bytes.iter().skip(1).take_while(|byte| rest(byte)).count();
    let parameter = |byte: &u8| matches!(byte, b'0'..=b'9' | b';' | b':' | b'[');
    let end = start
        + bytes
            .iter()
            .skip(start)
            .take_while(|byte| parameter(byte))
            .count();
    if end > start && bytes.get(end) == Some(&b'm') {
        end + 1
    } else {
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_begins_at_a_line() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("output.log");
        let cases: &[(&[u8], u64, &[u8])] = &[
            (b"", 10, b""),
            (b"one\ntwo\n", 10, b"one\ntwo\n"),
            (b"one\ntwo\n", 4, b"two\n"),
            (b"one\ntwo\n", 5, b"two\n"),
            (b"one\ntwo\n", 6, b"two\n"),
            (b"one line only", 4, b"only"),
            (b"one line only\n", 5, b"only\n"),
            (b"x\x1b[1;31mred", 7, b"red"),
            ("x日本".as_bytes(), 5, "本".as_bytes()),
        ];
        for (content, limit, expected) in cases {
            std::fs::write(&path, content).expect("written");
            assert_eq!(read(&path, *limit).expect("read"), *expected, "{limit}");
        }
        assert!(read(&dir.path().join("missing"), 1).is_err());
    }
}
