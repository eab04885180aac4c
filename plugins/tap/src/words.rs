//! The lines of TAP, and of prove.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{leading_number, number};

/// `1..4 # skip why`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan<'a> {
    pub(crate) last: u64,
    pub(crate) skip: Option<&'a str>,
}

/// What stands behind `#`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    Todo,
    Skip,
}

/// `not ok 3 - name # TODO why`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Point<'a> {
    pub(crate) ok: bool,
    pub(crate) id: Option<u64>,
    pub(crate) name: &'a str,
    pub(crate) directive: Option<(Directive, &'a str)>,
}

pub(crate) fn plan(text: &str) -> Option<Plan<'_>> {
    let (last, rest) = leading_number(text.strip_prefix("1..")?)?;
    let rest = rest.trim();
    let skip = match rest.strip_prefix('#') {
        None if rest.is_empty() => None,
        None => return None,
        Some(rest) => {
            let rest = rest.trim_start();
            let word = rest
                .get(..4)
                .is_some_and(|word| word.eq_ignore_ascii_case("skip"));
            Some(if word {
                rest.get(4..)?
                    .trim_start_matches(|c: char| !c.is_whitespace())
                    .trim()
            } else {
                rest
            })
        }
    };
    Some(Plan { last, skip })
}

pub(crate) fn point(text: &str) -> Option<Point<'_>> {
    let (ok, rest) = match text.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, text.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = rest.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, tail) = rest.split_at_checked(digits)?;
    let (id, rest) =
        if digits.is_empty() || !(tail.is_empty() || tail.starts_with([' ', '\t', '#'])) {
            (None, rest)
        } else {
            // What is too long for a number is in no plan.
            (Some(number(digits).unwrap_or(u64::MAX)), tail)
        };
    let (name, directive) = split(rest);
    let name = name.trim();
    let name = name.strip_prefix("- ").unwrap_or(name).trim();
    Some(Point {
        ok,
        id,
        name,
        directive,
    })
}

/// Splits at the last `#` that is not escaped and begins a directive.
fn split(text: &str) -> (&str, Option<(Directive, &str)>) {
    for (at, _) in text.rmatch_indices('#') {
        let Some((head, tail)) = text.split_at_checked(at) else {
            continue;
        };
        let escapes = head.bytes().rev().take_while(|byte| *byte == b'\\').count();
        if escapes % 2 == 1 || !(head.is_empty() || head.ends_with([' ', '\t'])) {
            continue;
        }
        let tail = tail.trim_start_matches('#').trim_start();
        let word = tail.get(..4).unwrap_or("");
        let directive = if word.eq_ignore_ascii_case("todo") {
            // `TODO` alone is a word; `todos` is none.
            let rest = tail.get(4..).unwrap_or("");
            (rest.is_empty() || !rest.starts_with(char::is_alphanumeric)).then_some(Directive::Todo)
        } else if word.eq_ignore_ascii_case("skip") {
            Some(Directive::Skip)
        } else {
            None
        };
        if let Some(directive) = directive {
            let why = tail.get(4..).unwrap_or("");
            let why = why.trim_start_matches(|c: char| !c.is_whitespace()).trim();
            return (head, Some((directive, why)));
        }
    }
    (text, None)
}

/// prove: `t/a.t .. ok`, `t/a.t .. Failed 1/3 subtests`; the file and what stands behind the dots.
pub(crate) fn file(text: &str) -> Option<(&str, &str)> {
    let at = text.at(" ..")?;
    let (name, rest) = text.split_at_checked(at)?;
    // --timer: `[17:06:25] t/a.t .. `.
    let name = match name.strip_prefix('[').and_then(|time| time.cut("] ")) {
        Some((time, name)) if time.bytes().all(|b| b.is_ascii_digit() || b == b':') => name,
        _ => name,
    };
    let rest = rest.trim_start().trim_start_matches('.');
    let fine = !name.is_empty() && !name.has(": ") && (rest.is_empty() || rest.starts_with(' '));
    fine.then(|| (name.trim(), rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_directives() {
        let read = |text| point(text).map(|p| (p.ok, p.id, p.name, p.directive.map(|d| d.0)));
        assert_eq!(read("ok"), Some((true, None, "", None)));
        assert_eq!(read("ok 1 - a # b"), Some((true, Some(1), "a # b", None)));
        assert_eq!(
            read("not ok 2 x # TODO y"),
            Some((false, Some(2), "x", Some(Directive::Todo)))
        );
        assert_eq!(
            read("ok 3 # skip"),
            Some((true, Some(3), "", Some(Directive::Skip)))
        );
        assert_eq!(
            read("ok 4 # SKIPPED: no net"),
            Some((true, Some(4), "", Some(Directive::Skip)))
        );
        assert_eq!(
            read("ok 5 - a \\# TODO b"),
            Some((true, Some(5), "a \\# TODO b", None))
        );
        assert_eq!(read("okay"), None);
        assert_eq!(read("ok 5/5"), Some((true, None, "5/5", None)));
        assert_eq!(
            read("ok 99999999999"),
            Some((true, Some(u64::MAX), "", None))
        );
        assert_eq!(
            plan("1..0 # SKIP no net"),
            Some(Plan {
                last: 0,
                skip: Some("no net")
            })
        );
        assert_eq!(
            plan("1..3"),
            Some(Plan {
                last: 3,
                skip: None
            })
        );
        assert_eq!(plan("1..3 tests"), None);
        assert_eq!(file("t/a.t .. ok"), Some(("t/a.t", "ok")));
        assert_eq!(file("t/a.t ....... "), Some(("t/a.t", "")));
    }
}
