//! Finding words in lines.
//!
//! std prepares each search for texts of any size, which takes longer than looking through a line. These look for
//! one byte of the word, many bytes at once, and compare there.

/// What `str` has too, for short texts.
pub trait Find {
    /// As `str::find`.
    fn at(&self, word: &str) -> Option<usize>;
    /// As `str::rfind`.
    fn last_at(&self, word: &str) -> Option<usize>;
    /// As `str::contains`.
    fn has(&self, word: &str) -> bool;
    /// As `str::split_once`.
    fn cut(&self, word: &str) -> Option<(&str, &str)>;
    /// As `str::rsplit_once`.
    fn last_cut(&self, word: &str) -> Option<(&str, &str)>;
    /// As `str::split`.
    fn parts<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str>;
}

/// The first byte of a word that is no blank, as lines are full of those, and where it is.
#[inline]
fn key(word: &str) -> (u8, usize) {
    let bytes = word.as_bytes();
    let at = bytes.iter().position(|byte| *byte != b' ').unwrap_or(0);
    (bytes.get(at).copied().unwrap_or(0), at)
}

impl Find for str {
    #[inline]
    fn at(&self, word: &str) -> Option<usize> {
        let (bytes, (key, offset)) = (self.as_bytes(), key(word));
        memchr::memchr_iter(key, bytes)
            .filter_map(|at| at.checked_sub(offset))
            .find(|at| starts(bytes, *at, word))
    }

    #[inline]
    fn last_at(&self, word: &str) -> Option<usize> {
        let (bytes, (key, offset)) = (self.as_bytes(), key(word));
        memchr::memrchr_iter(key, bytes)
            .filter_map(|at| at.checked_sub(offset))
            .find(|at| starts(bytes, *at, word))
    }

    #[inline]
    fn has(&self, word: &str) -> bool {
        self.at(word).is_some()
    }

    #[inline]
    fn cut(&self, word: &str) -> Option<(&str, &str)> {
        let at = self.at(word)?;
        Some((self.get(..at)?, self.get(at + word.len()..)?))
    }

    #[inline]
    fn last_cut(&self, word: &str) -> Option<(&str, &str)> {
        let at = self.last_at(word)?;
        Some((self.get(..at)?, self.get(at + word.len()..)?))
    }

    #[inline]
    fn parts<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let text = rest?;
            let (part, after) = match text.cut(word) {
                Some((part, after)) => (part, Some(after)),
                None => (text, None),
            };
            rest = after;
            Some(part)
        })
    }
}

#[inline]
fn starts(bytes: &[u8], at: usize, word: &str) -> bool {
    bytes
        .get(at..)
        .is_some_and(|rest| rest.starts_with(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_are_as_in_std(text in "[ a:.ä]{0,20}", word in "[ a:.ä]{1,3}") {
            prop_assert_eq!(text.at(&word), text.find(&word));
            prop_assert_eq!(text.last_at(&word), text.rfind(&word));
            prop_assert_eq!(text.has(&word), text.contains(&word));
            prop_assert_eq!(text.cut(&word), text.split_once(&word));
            prop_assert_eq!(text.last_cut(&word), text.rsplit_once(&word));
            let parts: Vec<_> = text.parts(&word).collect();
            prop_assert_eq!(parts, text.split(&word).collect::<Vec<_>>());
        }
    }
}
