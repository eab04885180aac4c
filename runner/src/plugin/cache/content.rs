//! What a judge's file is called in the cache: a digest that is made twice as fast as its SHA-256.

use std::io;

/// The digest of a file's bytes, for the cache alone: people, pins and records have its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Content(pub(super) [u8; 32]);

impl Content {
    pub(in super::super) fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).into())
    }

    /// The digest of what is read, and how much that was. It is not kept: memory for so much costs more than
    /// reading it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(in super::super) fn read(from: impl io::Read) -> io::Result<(Self, u64)> {
        let mut hash = blake3::Hasher::new();
        let len = feed(&mut hash, from)?;
        Ok((Self(hash.finalize().into()), len))
    }
}

/// Hashes what is read to its end; returns how much that was.
pub(super) fn feed(hash: &mut blake3::Hasher, mut from: impl io::Read) -> io::Result<u64> {
    let (mut buffer, mut len) = (vec![0; 128 << 10], 0);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(len),
            Ok(n) => {
                hash.update(buffer.get(..n).unwrap_or_default());
                len += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_is_in_memory() {
        let bytes = vec![7; 300_000];
        let (read, len) = Content::read(bytes.as_slice()).expect("readable");
        assert_eq!((read, len), (Content::of(&bytes), 300_000));
        assert_ne!(read, Content::of(&bytes[1..]));
    }
}
