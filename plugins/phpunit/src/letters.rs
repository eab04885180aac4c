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
        let known = |byte: &u8| b".FESIRWDN".contains(byte);
        let bytes = letters.as_bytes();
        self.possible += bytes.len() as u64;
        // Most lines of a log are looked at no further.
        let begins = bytes.first().is_some_and(known);
        if !(begins && bytes.iter().all(known)) {
            self.blurred |= begins || (counted && !bytes.is_empty());
            return;
        }
        self.all += bytes.len() as u64;
        self.passed += bytes.iter().filter(|byte| b".RWDN".contains(byte)).count() as u64;
    }

    /// Returns how many passed, if the letters are as many as the tests.
    pub(crate) fn passed(&self, tests: u64) -> Option<u64> {
        (!self.blurred && self.all == tests && tests > 0).then_some(self.passed)
    }
}
