//! The lines that PHPUnit writes, word by word.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::leading_number;

/// The numbers of the last line. Words that are not tests (`Warnings: 1`) are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) tests: u64,
    pub(crate) errors: u64,
    pub(crate) failures: u64,
    /// Skipped and incomplete.
    pub(crate) skipped: u64,
    /// Before PHPUnit 10, tests that are nothing but a warning; since then, a warning is no result.
    pub(crate) warnings: u64,
    /// Everything else, as it is written: `Risky: 1`.
    pub(crate) others: Vec<String>,
}

/// `OK (2 tests, 3 assertions)`.
pub(crate) fn ok(text: &str) -> Option<u64> {
    let (tests, rest) = leading_number(text.strip_prefix("OK (")?)?;
    let rest = rest.strip_prefix(" test")?;
    let rest = rest.strip_prefix('s').unwrap_or(rest).strip_prefix(", ")?;
    let (_, rest) = leading_number(rest)?;
    matches!(rest, " assertion)" | " assertions)").then_some(tests)
}

/// The line above the numbers: whether it is a red one. `WARNINGS!` is not: PHPUnit exits with 0 then.
pub(crate) fn heading(text: &str) -> Option<bool> {
    let word = text.strip_suffix('!')?;
    if word.starts_with("OK, but ") || word == "WARNINGS" {
        return Some(false);
    }
    matches!(word, "ERRORS" | "FAILURES").then_some(true)
}

/// `PHPUnit 9.6.7 by Sebastian Bergmann and contributors.`: the first number.
pub(crate) fn banner(text: &str) -> Option<u64> {
    let (major, rest) = leading_number(text.strip_prefix("PHPUnit ")?)?;
    rest.has(" by Sebastian Bergmann").then_some(major)
}

/// `Tests: 12, Assertions: 7, Errors: 2, Risky: 1.`
pub(crate) fn totals(text: &str) -> Option<Totals> {
    let mut totals = Totals::default();
    let mut parts = text.strip_suffix('.')?.parts(", ");
    totals.tests = number(parts.next()?.strip_prefix("Tests: ")?)?;
    number(parts.next()?.strip_prefix("Assertions: ")?)?;
    for part in parts {
        let (word, count) = part.cut(": ")?;
        let count = number(count)?;
        match word {
            "Errors" => totals.errors = count,
            "Failures" => totals.failures = count,
            "Skipped" | "Incomplete" => totals.skipped += count,
            _ => {
                if word == "Warnings" {
                    totals.warnings = count;
                }
                totals.others.push(part.to_owned());
            }
        }
    }
    Some(totals)
}

fn number(text: &str) -> Option<u64> {
    tribunal_judge_kit::text::number(text)
}

/// `.F.S   4 / 12 ( 33%)`: what stands in front, how many were done, and of how many.
pub(crate) fn progress(text: &str) -> Option<(&str, u64, u64)> {
    let (head, percent) = text.strip_suffix("%)")?.last_cut(" (")?;
    number(percent.trim_start())?;
    let (head, all) = head.last_cut(" / ")?;
    let (rest, done) = head.rsplit_once(' ').unwrap_or(("", head));
    Some((rest.trim_end(), number(done)?, number(all)?))
}

/// `Time: 00:00.007, Memory: 4.00 MB`.
pub(crate) fn time(text: &str) -> bool {
    text.starts_with("Time: ") && text.has(", Memory: ")
}

/// `There were 2 failures:`, and what they are: `failure`.
pub(crate) fn section(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("There was ")
        .or_else(|| text.strip_prefix("There were "))?;
    let (_, kind) = leading_number(rest.strip_suffix(':')?)?;
    let kind = kind.trim_start();
    Some(kind.strip_suffix('s').unwrap_or(kind))
}

/// `2) SumTest::testAdds`: the name.
pub(crate) fn numbered(text: &str) -> Option<&str> {
    leading_number(text)?.1.strip_prefix(") ")
}

/// What is wrong with the call itself, or with PHP.
pub(crate) fn trouble(text: &str) -> bool {
    [
        "PHP Fatal error: ",
        "PHP Parse error: ",
        "Fatal error: ",
        "Parse error: ",
        "Cannot open file ",
        "Test file ",
        "Test directory ",
        "Unknown option ",
        "Unrecognized option ",
        "An error occurred inside PHPUnit.",
    ]
    .iter()
    .any(|word| text.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_only_whole() {
        assert_eq!(ok("OK (1 test, 1 assertion)"), Some(1));
        assert_eq!(ok("OK (12 tests, 0 assertions)"), Some(12));
        assert_eq!(ok("OK (12 tests, 0 assertions"), None);
        assert_eq!(heading("OK, but there were issues!"), Some(false));
        assert_eq!(heading("WARNINGS!"), Some(false));
        assert_eq!(heading("FAILURES!"), Some(true));
        assert_eq!(
            banner("PHPUnit 9.6.7 by Sebastian Bergmann and contributors."),
            Some(9)
        );
        assert_eq!(heading("HELLO!"), None);
        let all = totals(
            "Tests: 12, Assertions: 7, Errors: 2, Skipped: 1, Incomplete: 1, PHPUnit Warnings: 3.",
        );
        let all = all.expect("a whole line");
        assert_eq!(
            (all.tests, all.errors, all.skipped, all.warnings),
            (12, 2, 2, 0)
        );
        assert_eq!(all.others, ["PHPUnit Warnings: 3"]);
        assert_eq!(totals("Tests: 12, Assertions: 7"), None);
        assert_eq!(
            progress("..F       63 / 300 ( 21%)"),
            Some(("..F", 63, 300))
        );
        assert_eq!(progress("2 / 2 (100%)"), Some(("", 2, 2)));
        assert_eq!(progress("done (100%)"), None);
        assert_eq!(section("There were 2 risky tests:"), Some("risky test"));
        assert_eq!(numbered("12) A::b with (x)"), Some("A::b with (x)"));
    }
}
