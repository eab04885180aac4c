//! The letters of the default output, one a test: `.F`, and what else there is.

/// How many letters there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Letters {
    /// Tests that passed, with or without a remark (`R` risky, `W` warning, `D` deprecation, `N` notice).
    pub(crate) passed: u64,
    /// All letters.
    pub(crate) all: u64,
    /// Lines in which something else stands too.
    blurred: bool,
    /// Letters in any line, as many as there could be.
    pub(crate) possible: u64,
}

impl Letters {
    /// Takes a line, without the count at its end.
    pub(crate) fn line(&mut self, letters: &str, counted: bool) {
        let known = |byte: &u8| kind(*byte) > 0;
        let bytes = letters.as_bytes();
        let count = bytes.len() as u64;
        self.possible += count;
        // Where all is well there is nothing but dots, which are counted many at once.
        if bytes.first() == Some(&b'.') && bytes.iter().all(|byte| *byte == b'.') {
            self.all += count;
            self.passed += count;
            return;
        }
        // Most lines of a log are looked at no further.
        let begins = bytes.first().is_some_and(known);
        if !(begins && bytes.iter().all(known)) {
            self.blurred |= begins || (counted && !bytes.is_empty());
            return;
        }
        self.all += count;
        self.passed += bytes.iter().filter(|byte| kind(**byte) == 2).count() as u64;
    }

    /// Returns how many passed, if the letters are as many as the tests.
    pub(crate) fn passed(&self, tests: u64) -> Option<u64> {
        (!self.blurred && self.all == tests && tests > 0).then_some(self.passed)
    }
}

/// 2 for the letter of a test that passed, 1 for another one, 0 for anything else.
fn kind(letter: u8) -> u8 {
    match letter {
        b'.' | b'R' | b'W' | b'D' | b'N' => 2,
        b'F' | b'E' | b'S' | b'I' => 1,
        _ => 0,
    }
}
