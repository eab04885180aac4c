//! The numbers at the end: `Tests:       1 failed, 2 skipped, 5 passed, 8 total`.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::number;

/// One of the two lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Skipped and to do.
    pub(crate) skipped: u64,
    /// A word this judge does not know, with its number.
    pub(crate) other: Vec<(String, u64)>,
    pub(crate) total: u64,
    /// `1 of 3 total`: as many as ran.
    pub(crate) ran: Option<u64>,
}

impl Numbers {
    /// Returns the sum of its parts.
    pub(crate) fn sum(&self) -> u64 {
        let other: u64 = self.other.iter().map(|(_, count)| count).sum();
        self.passed + self.failed + self.skipped + other
    }
}

/// Reads the part behind the colon.
pub(crate) fn numbers(text: &str) -> Option<Numbers> {
    let mut out = Numbers::default();
    let text = text.trim();
    let (parts, total) = text.last_cut(", ").unwrap_or(("", text));
    let total = total.strip_suffix(" total")?;
    (out.ran, out.total) = match total.cut(" of ") {
        Some((ran, all)) => (Some(number(ran)?), number(all)?),
        None => (None, number(total)?),
    };
    for part in parts.parts(", ").filter(|part| !part.is_empty()) {
        let (count, word) = part.split_once(' ')?;
        let count = number(count)?;
        match word {
            "passed" => out.passed = count,
            "failed" => out.failed = count,
            "skipped" | "todo" | "pending" => out.skipped += count,
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
        let all = numbers("      1 failed, 2 skipped, 1 todo, 5 passed, 9 total").expect("numbers");
        assert_eq!(
            (all.failed, all.skipped, all.passed, all.total),
            (1, 3, 5, 9)
        );
        assert_eq!(all.sum(), all.total);
        let bailed = numbers(" 1 failed, 1 of 3 total").expect("numbers");
        assert_eq!((bailed.ran, bailed.total), (Some(1), 3));
        assert_eq!(numbers("0 total").expect("numbers").total, 0);
        assert_eq!(numbers("1 passed"), None);
        assert_eq!(numbers("many total"), None);
    }
}
