//! A running SHA-256 whose state can be written down and taken up again.
//!
//! A keeper that is restarted must go on hashing a stream whose beginning has long left its disk.

use sha2::compress256;
use sha2::digest::generic_array::GenericArray;

/// Bytes of a digest.
pub const DIGEST: usize = 32;
/// Bytes of a written down [`Hasher`].
pub const SAVED: usize = 8 + 32 + BLOCK;

const BLOCK: usize = 64;
/// The first 32 bits of the fractional parts of the square roots of the first 8 primes.
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A running SHA-256 and the count of what went into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hasher {
    bytes: u64,
    state: [u32; 8],
    /// What does not fill a block yet; zero behind `bytes % 64`.
    block: [u8; BLOCK],
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            bytes: 0,
            state: START,
            block: [0; BLOCK],
        }
    }
}

impl Hasher {
    /// How many bytes were taken in.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes more bytes in.
    pub fn update(&mut self, mut bytes: &[u8]) {
        let filled = self.filled();
        self.bytes = self.bytes.wrapping_add(bytes.len() as u64);
        if filled > 0 {
            let take = bytes.len().min(BLOCK - filled);
            let (head, rest) = bytes.split_at(take);
            self.block[filled..filled + take].copy_from_slice(head);
            if filled + take < BLOCK {
                return;
            }
            compress256(&mut self.state, &[GenericArray::from(self.block)]);
            self.block = [0; BLOCK];
            bytes = rest;
        }
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for block in blocks {
            compress256(
                &mut self.state,
                std::slice::from_ref(GenericArray::from_slice(block)),
            );
        }
        self.block[..rest.len()].copy_from_slice(rest);
    }

    /// The digest of all that was taken in.
    pub fn digest(&self) -> [u8; DIGEST] {
        let mut state = self.state;
        let mut block = self.block;
        let filled = self.filled();
        block[filled] = 0x80;
        if filled >= BLOCK - 8 {
            compress256(&mut state, &[GenericArray::from(block)]);
            block = [0; BLOCK];
        }
        block[BLOCK - 8..].copy_from_slice(&self.bytes.wrapping_mul(8).to_be_bytes());
        compress256(&mut state, &[GenericArray::from(block)]);
        let mut digest = [0; DIGEST];
        for (four, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *four = word.to_be_bytes();
        }
        digest
    }

    /// Writes it down.
    pub fn save(&self) -> [u8; SAVED] {
        let mut saved = [0; SAVED];
        let (count, rest) = saved.split_at_mut(8);
        let (words, block) = rest.split_at_mut(32);
        count.copy_from_slice(&self.bytes.to_le_bytes());
        for (four, word) in words.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *four = word.to_le_bytes();
        }
        block.copy_from_slice(&self.block);
        saved
    }

    /// Takes up what was written down. Any bytes make some hasher; only those of [`Self::save`] a true one.
    pub fn restore(saved: &[u8; SAVED]) -> Self {
        let mut hasher = Self::default();
        let (count, rest) = saved.split_at(8);
        let (words, block) = rest.split_at(32);
        hasher.bytes = count
            .first_chunk()
            .map_or(0, |eight| u64::from_le_bytes(*eight));
        for (word, four) in hasher.state.iter_mut().zip(words.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*four);
        }
        let filled = hasher.filled();
        hasher.block[..filled].copy_from_slice(&block[..filled]);
        hasher
    }

    fn filled(&self) -> usize {
        usize::try_from(self.bytes % BLOCK as u64).unwrap_or(0)
    }
}

/// A digest as lower-case hexadecimal digits.
pub fn hex(digest: &[u8; DIGEST]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// The digest that `text` spells in hexadecimal digits.
pub fn unhex(text: &str) -> Option<[u8; DIGEST]> {
    if text.len() != 2 * DIGEST {
        return None;
    }
    let mut digest = [0; DIGEST];
    for (byte, [high, low]) in digest.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
        let digit = |c: u8| char::from(c).to_digit(16);
        *byte = u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    proptest::proptest! {
        #[test]
        fn is_sha256_in_any_pieces_and_over_any_saving(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
            cuts in proptest::collection::vec(0_usize..400, 0..4),
        ) {
            let mut hasher = Hasher::default();
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut at = 0;
            for cut in cuts {
                let cut = cut.min(bytes.len());
                hasher.update(&bytes[at..cut]);
                hasher = Hasher::restore(&hasher.save());
                at = cut;
            }
            hasher.update(&bytes[at..]);
            let expected: [u8; 32] = Sha256::digest(&bytes).into();
            proptest::prop_assert_eq!(hasher.digest(), expected);
            proptest::prop_assert_eq!(hasher.bytes(), bytes.len() as u64);
            proptest::prop_assert_eq!(unhex(&hex(&expected)), Some(expected));
        }
    }
}
