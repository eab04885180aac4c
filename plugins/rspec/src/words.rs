//! The lines that RSpec writes, word by word.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::leading_number;

/// `3 examples, 1 failure, 1 pending, 2 errors occurred outside of examples`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) examples: u64,
    pub(crate) failures: u64,
    pub(crate) pending: u64,
    pub(crate) errors: u64,
}

/// Reads a whole line of totals.
pub(crate) fn totals(text: &str) -> Option<Totals> {
    let mut totals = Totals::default();
    let mut parts = text.trim_end().parts(", ");
    totals.examples = counted(parts.next()?, " example")?;
    totals.failures = counted(parts.next()?, " failure")?;
    for part in parts {
        let (count, rest) = leading_number(part)?;
        match rest {
            " pending" => totals.pending = count,
            " error occurred outside of examples" | " errors occurred outside of examples" => {
                totals.errors = count;
            }
            _ => return None,
        }
    }
    Some(totals)
}

fn counted(part: &str, word: &str) -> Option<u64> {
    let (count, rest) = leading_number(part)?;
    let plural = rest.strip_prefix(word)?;
    matches!(plural, "" | "s").then_some(count)
}

/// Whether this is the line above the totals: `Finished in 0.002 seconds (files took 0.07 seconds to load)`.
pub(crate) fn finished(text: &str) -> bool {
    text.strip_prefix("Finished in ")
        .and_then(leading_number)
        .is_some_and(|(_, rest)| rest.has(" second") || rest.has(" minute"))
}

/// What an error outside of examples is called: its first line, without the full stop.
pub(crate) fn outside(text: &str) -> Option<&str> {
    if left_while_loading(text) {
        return text.strip_suffix(", RSpec will now quit.");
    }
    let rest = text.strip_prefix("An error occurred ")?;
    let loading = rest.starts_with("while loading ") && rest.ends_with('.');
    let hook =
        (rest.starts_with("in a `") || rest.starts_with("in an `")) && rest.ends_with("` hook.");
    (loading || hook).then(|| text.trim_end_matches('.'))
}

/// Whether a file left the process while it was being loaded; RSpec then prints no summary.
pub(crate) fn left_while_loading(text: &str) -> bool {
    text.starts_with("While loading ") && text.has("` occurred, RSpec will now quit")
}

/// `  12) name of an example`: the head of an entry under `Failures:` or `Pending:`.
pub(crate) fn numbered(text: &str) -> Option<(u64, &str)> {
    let (number, rest) = leading_number(text.strip_prefix("  ")?)?;
    Some((number, rest.strip_prefix(") ")?))
}

/// `name (FAILED - 1)`, `name (PENDING: why)`, `name`: the name, and what it is said to be.
pub(crate) fn item(body: &str) -> (&str, Said<'_>) {
    // Names that pass are many.
    if !body.ends_with(')') {
        return (body, Said::Nothing);
    }
    if let Some((name, rest)) = body.last_cut(" (FAILED - ")
        && let Some((number, ")")) = leading_number(rest)
    {
        return (name, Said::Failed(number));
    }
    if let Some((name, rest)) = body.cut(" (PENDING: ")
        && let Some(why) = rest.strip_suffix(')')
    {
        return (name, Said::Pending(why));
    }
    (body, Said::Nothing)
}

/// What the documentation format says behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    Failed(u64),
    Pending(&'a str),
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_only_whole() {
        let all = "13 examples, 6 failures, 4 pending, 1 error occurred outside of examples";
        let want = Totals {
            examples: 13,
            failures: 6,
            pending: 4,
            errors: 1,
        };
        assert_eq!(totals(all), Some(want));
        assert_eq!(totals("1 example, 0 failures").map(|t| t.examples), Some(1));
        for bad in [
            "1 example",
            "1 example, 0 failures, 3 dogs",
            "x 1 example, 0 failures",
            "",
        ] {
            assert_eq!(totals(bad), None, "{bad:?}");
        }
        assert!(finished(
            "Finished in 1 minute 3.2 seconds (files took 2 minutes 1 second to load)"
        ));
        assert!(!finished("Finished in time"));
        assert_eq!(item("adds (FAILED - 2)"), ("adds", Said::Failed(2)));
        assert_eq!(
            item("later (PENDING: No (reason) given)"),
            ("later", Said::Pending("No (reason) given"))
        );
        assert_eq!(outside("An error occurred while processing."), None);
    }
}
