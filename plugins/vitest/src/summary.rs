//! The numbers at the end: `      Tests  1 failed | 21 passed | 2 skipped (24)`.

use tribunal_judge_kit::text::number;

/// One of the two lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Passed, and failed as was expected.
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Skipped and to do.
    pub(crate) skipped: u64,
    /// A word this judge does not know, with its number.
    pub(crate) other: Vec<(String, u64)>,
    pub(crate) total: u64,
}

impl Numbers {
    /// Returns the sum of its parts: what ended.
    pub(crate) fn sum(&self) -> u64 {
        let other: u64 = self.other.iter().map(|(_, count)| count).sum();
        self.passed + self.failed + self.skipped + other
    }
}

/// Reads the part behind the label.
pub(crate) fn numbers(text: &str) -> Option<Numbers> {
    let mut out = Numbers::default();
    let text = text.trim();
    if text == "no tests" {
        return Some(out);
    }
    let (parts, total) = text.strip_suffix(')')?.rsplit_once('(')?;
    out.total = number(total)?;
    for part in parts.split('|').map(str::trim) {
        if part.is_empty() {
            continue;
        }
        let (count, word) = part.split_once(' ')?;
        let count = number(count)?;
        match word {
            "passed" | "expected fail" => out.passed += count,
            "failed" => out.failed += count,
            "skipped" | "todo" => out.skipped += count,
            other if !other.bytes().all(|b| b.is_ascii_lowercase() || b == b' ') => return None,
            other => out.other.push((other.to_owned(), count)),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_and_parts() {
        let all = numbers(" 1 failed | 5 passed | 1 expected fail | 2 skipped | 3 todo (401)");
        let all = all.expect("numbers");
        assert_eq!((all.failed, all.passed, all.skipped), (1, 6, 5));
        assert_eq!((all.sum(), all.total), (12, 401));
        assert_eq!(numbers("  (3)").expect("numbers").total, 3);
        assert_eq!(numbers(" no tests"), Some(Numbers::default()));
        for bad in ["1 passed", "(many)", "1 passed, (1)", "x (1)"] {
            assert_eq!(numbers(bad), None, "{bad}");
        }
        let odd = numbers("1 passed | 2 melted (3)").expect("numbers");
        assert_eq!(odd.other, [("melted".to_owned(), 2)]);
    }
}
