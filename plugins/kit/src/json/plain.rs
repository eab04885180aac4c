//! Where the plain part of a string or a row of blanks ends, eight bytes at a time: those of a report are short.

const ONES: u64 = u64::MAX / 0xff;
const HIGH: u64 = ONES << 7;

/// How many bytes come before the first quote, backslash or control character.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return at * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    let end = rest.iter().position(special).unwrap_or(rest.len());
    words.len() * 8 + end
}

/// How many blanks these bytes begin with. Reports that are indented are half blanks.
#[inline]
pub(super) fn blanks(bytes: &[u8]) -> usize {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    let line = usize::from(bytes.first().is_some_and(blank));
    let rest = bytes.get(line..).unwrap_or_default();
    let (words, _) = rest.as_chunks::<8>();
    let words = words.iter().take_while(|word| **word == [b' '; 8]).count();
    let start = line + words * 8;
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| blank(byte)).count()
}

/// The high bit of each byte that is special; of those above the lowest such byte nothing is said.
fn special(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ (ONES * u64::from(b'"')));
    let backslash = zero(word ^ (ONES * u64::from(b'\\')));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_ends_where_the_first_byte_of_a_kind_is(
            text in prop::collection::vec(prop_oneof![20 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 1 => 0..0x21_u8], 0..60),
        ) {
            let special = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
            let end = text.iter().position(special).unwrap_or(text.len());
            prop_assert_eq!(plain(&text), end);
        }

        #[test]
        fn blanks_are_all_that_come_first(text in "[ ]{0,30}[\n\t\r ]{0,4}[ ]{0,30}[ a\n]{0,4}") {
            let end = text.len() - text.trim_start_matches([' ', '\n', '\r', '\t']).len();
            prop_assert_eq!(blanks(text.as_bytes()), end);
        }

        #[test]
        fn long_texts_are_plain(text in "[ -!#-\\[\\]-~äé€]{0,200}") {
            prop_assert_eq!(plain(text.as_bytes()), text.len());
        }
    }
}
