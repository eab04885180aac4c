//! Counts the marks of the progress format, `.F*`, in lines that tests may have printed into.
//!
//! How many there should be is known only at the end, and so is which of the three occur at all. So
//! marks are counted for each set of letters. A mark that leads a line is certain; one inside a line may be
//! a test's own.

/// The sets: `.` is always in; bit 0 adds `F`, bit 1 adds `*`.
const SETS: usize = 4;

/// How many marks there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// Marks at the beginning of lines, for each set.
    leading: [u64; SETS],
    /// All such letters in lines of this stretch, wherever they stand: `.`, `F`, `*`.
    anywhere: [u64; 3],
    /// Whether a line of nothing else was seen.
    pub(crate) clean: bool,
}

fn set(failures: bool, pending: bool) -> usize {
    usize::from(failures) | usize::from(pending) << 1
}

impl Marks {
    /// Takes a line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        let Some(first) = line.first() else {
            return;
        };
        if matches!(first, b'.' | b'F' | b'*') {
            self.leads(line);
        }
        for byte in memchr::memchr3_iter(b'.', b'F', b'*', line).map(|at| line[at]) {
            let at = match byte {
                b'.' => 0,
                b'F' => 1,
                _ => 2,
            };
            self.anywhere[at] += 1;
        }
    }

    fn leads(&mut self, line: &[u8]) {
        for index in 0..SETS {
            let is = |byte: &u8| match byte {
                b'.' => true,
                b'F' => index & 1 != 0,
                b'*' => index & 2 != 0,
                _ => false,
            };
            let run = line.iter().take_while(|byte| is(byte)).count();
            self.leading[index] += run as u64;
            self.clean |= run == line.len();
        }
    }

    /// Returns how many examples certainly ended.
    pub(crate) fn certain(&self, failures: bool, pending: bool) -> u64 {
        self.leading[set(failures, pending)]
    }

    /// Returns how many examples may have ended.
    pub(crate) fn possible(&self, failures: bool, pending: bool) -> u64 {
        let [dots, bad, stars] = self.anywhere;
        dots + if failures { bad } else { 0 } + if pending { stars } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_no_total_names_are_not_marks() {
        let mut marks = Marks::default();
        for line in [
            &b"..F*."[..],
            b".hello.",
            b"Finished",
            b"* item",
            b"",
            b"x.",
        ] {
            marks.line(line);
        }
        assert!(marks.clean);
        assert_eq!(marks.certain(false, false), 3);
        assert_eq!(marks.certain(true, true), 8);
        assert_eq!(marks.possible(false, false), 6);
        assert_eq!(marks.possible(true, true), 10);
    }
}
