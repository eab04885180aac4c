//! One line for a test, a suite or a file, in both spellings.

use std::borrow::Cow;

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{leading_number, seconds};

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point<'a> {
    /// How deep it is nested, from 0.
    pub(crate) depth: usize,
    pub(crate) ok: bool,
    /// `skip`, `todo` or their reason.
    pub(crate) directive: bool,
    pub(crate) name: Cow<'a, str>,
    pub(crate) duration: Option<f64>,
    /// Only that it begins.
    pub(crate) opens: bool,
}

/// `  ✔ name (1.2ms) # reason`, `▶ suite`.
pub(crate) fn spec(text: &str) -> Option<Point<'_>> {
    let body = text.trim_start_matches(' ');
    let indent = text.len() - body.len();
    // All marks are beyond ASCII.
    if body.starts_with(|first: char| first.is_ascii()) {
        return None;
    }
    let (ok, skip, arrow, rest) = if let Some(rest) = body.strip_prefix("✔ ") {
        (true, false, false, rest)
    } else if let Some(rest) = body.strip_prefix("✖ ") {
        (false, false, false, rest)
    } else if let Some(rest) = body.strip_prefix("﹣ ").or_else(|| body.strip_prefix("⚠ ")) {
        (true, true, false, rest)
    } else if let Some(rest) = body.strip_prefix("▶ ") {
        (true, false, true, rest)
    } else {
        return None;
    };
    if !indent.is_multiple_of(2) {
        return None;
    }
    let (name, duration, tail) = timed(rest);
    Some(Point {
        depth: indent / 2,
        ok,
        directive: skip || tail.starts_with(" # "),
        name: Cow::Borrowed(name),
        duration,
        opens: arrow && duration.is_none(),
    })
}

fn timed(text: &str) -> (&str, Option<f64>, &str) {
    let split = text.last_at("ms)").and_then(|end| {
        let (head, tail) = text.split_at_checked(end)?;
        let tail = tail.strip_prefix("ms)")?;
        let (name, time) = head.last_cut(" (")?;
        (tail.is_empty() || tail.starts_with(" # ")).then_some(())?;
        Some((name, seconds(time)? / 1_000.0, tail))
    });
    match split {
        Some((name, time, tail)) => (name, Some(time), tail),
        None => (text, None, ""),
    }
}

/// `    not ok 2 - name # TODO reason`.
pub(crate) fn tap(text: &str) -> Option<Point<'_>> {
    let body = text.trim_start_matches(' ');
    let indent = text.len() - body.len();
    let (ok, rest) = match body.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (true, body.strip_prefix("ok ")?),
    };
    let (_, rest) = leading_number(rest)?;
    let rest = rest
        .strip_prefix(" - ")
        .or_else(|| rest.is_empty().then_some(""))?;
    if !indent.is_multiple_of(4) {
        return None;
    }
    let split = rest.last_at(" # ").and_then(|at| {
        let (name, tail) = rest.split_at_checked(at)?;
        let word = tail.get(3..7)?;
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        (is("SKIP") || is("TODO")).then_some(name)
    });
    Some(Point {
        depth: indent / 4,
        ok,
        directive: split.is_some(),
        name: plain(split.unwrap_or(rest)),
        duration: None,
        opens: false,
    })
}

fn plain(name: &str) -> Cow<'_, str> {
    if name.contains('\\') {
        Cow::Owned(name.replace("\\#", "#"))
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings() {
        let point = spec("  ✖ a (1ms) # b (2.5ms) # soon").expect("a point");
        assert_eq!(point.name, "a (1ms) # b");
        assert_eq!((point.depth, point.ok, point.directive), (1, false, true));
        assert_eq!(point.duration, Some(2.5));
        assert!(spec("▶ suite").expect("a point").opens);
        assert!(!spec("▶ suite (1.5ms)").expect("a point").opens);
        let point = tap("    not ok 2 - a \\# b # TODO soon").expect("a point");
        assert_eq!((point.depth, &*point.name), (1, "a # b"));
        assert!(point.directive && !point.ok);
        assert_eq!(tap("okay 1"), None);
        assert_eq!(tap("# ok 1 - x"), None);
    }
}
