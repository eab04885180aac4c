//! Names of test cases as maps keep them: by a hash, as half a million names would not fit.

use std::hash::Hasher;

/// For maps whose keys are such hashes: there is nothing left to hash.
#[derive(Debug, Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Makes `name #2` of a name, without the machinery of `format!`: large outputs repeat names.
pub fn number(id: &mut String, ordinal: u32) {
    id.push_str(" #");
    let mut unit = 1;
    while ordinal / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        id.extend(char::from_digit(ordinal / unit % 10, 10));
        unit /= 10;
    }
}

const ONE: [u64; 2] = [0x87c3_7b91_1142_53d5, 0x4cf5_ad43_2745_937f];
const OTHER: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9];

/// Returns the hash of a name, eight bytes at a time: std's own takes longer than the rest of a line does.
///
/// Each step can be undone, so that names that differ in one place only never meet; that any two of half a
/// million do is one chance in a hundred million.
#[inline]
pub fn hash(name: &str) -> u64 {
    finish(stir(0, name, ONE))
}

/// Returns a hash of a number and texts, in order, that has nothing in common with [`hash`]: who has the same of
/// both is the same.
pub fn other_hash(number: u64, texts: &[&str]) -> u64 {
    let all = texts.iter();
    finish(all.fold(number, |state, text| stir(state, text, OTHER)))
}

fn stir(state: u64, text: &str, factors: [u64; 2]) -> u64 {
    let mix = |state: u64, word: u64| {
        let word = word.wrapping_mul(factors[0]).rotate_left(31);
        let state = (state ^ word.wrapping_mul(factors[1])).rotate_left(27);
        state.wrapping_mul(5).wrapping_add(0x52dc_e729)
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let mut state = mix(state, text.len() as u64);
    for word in words {
        state = mix(state, u64::from_le_bytes(*word));
    }
    let last = rest
        .iter()
        .fold(0, |last, byte| last << 8 | u64::from(*byte));
    mix(state, last)
}

fn finish(mut state: u64) -> u64 {
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        state = (state ^ (state >> 33)).wrapping_mul(factor);
    }
    state ^ (state >> 33)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_that_look_alike_have_different_hashes() {
        let mut seen = HashSet::new();
        let mut names = 0;
        for one in 0..300 {
            for two in 0..300 {
                for name in [
                    format!("tests/unit/test_cart.py::TestCart::test_total[{one}-{two}]"),
                    format!("{one} {two}"),
                    format!("{one}{}", "\0".repeat(two)),
                ] {
                    names += 1;
                    seen.insert(hash(&name));
                }
            }
        }
        assert_eq!(seen.len(), names);
        // Also where only few bits are looked at, as maps do.
        let low: HashSet<_> = seen.iter().map(|hash| hash & 0xffff).collect();
        let high: HashSet<_> = seen.iter().map(|hash| hash >> 48).collect();
        assert!(low.len() > 64_000 && high.len() > 64_000);
    }

    #[test]
    fn hashes_of_texts_tell_their_order_and_their_borders_apart() {
        let all = [
            other_hash(0, &["a", "b"]),
            other_hash(0, &["b", "a"]),
            other_hash(0, &["ab", ""]),
            other_hash(0, &["", "ab"]),
            other_hash(0, &["a", "b", ""]),
            other_hash(1, &["a", "b"]),
            other_hash(0, &["a"]),
            hash("a"),
        ];
        let different: HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn numbers_have_all_their_digits() {
        for ordinal in [2, 9, 10, 99, 100, 1_234_567, u32::MAX] {
            let mut name = "x".to_owned();
            number(&mut name, ordinal);
            assert_eq!(name, format!("x #{ordinal}"));
        }
    }
}
