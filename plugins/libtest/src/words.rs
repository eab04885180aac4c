//! The lines of libtest's text output.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{leading_number, number, seconds};
use tribunal_sdk::CaseStatus;

/// A test's result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome<'a> {
    pub(crate) name: &'a str,
    pub(crate) status: CaseStatus,
    pub(crate) message: Option<&'a str>,
    pub(crate) milliseconds: Option<f64>,
}

/// What `test result: …` declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) ok: bool,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    pub(crate) measured: u64,
}

/// `running 3 tests`.
pub(crate) fn running(text: &str) -> Option<u64> {
    let (count, rest) = leading_number(text.strip_prefix("running ")?)?;
    matches!(rest, " test" | " tests").then_some(count)
}

/// Returns status and message of what stands behind ` ... `.
pub(crate) fn status(text: &str) -> Option<(CaseStatus, Option<&str>, Option<f64>)> {
    let (text, time) = match text.strip_suffix("s>").and_then(|t| t.last_cut(" <")) {
        Some((head, time)) => (head, seconds(time)),
        None => (text, None),
    };
    let (status, message) = match text {
        "ok" => (CaseStatus::Passed, None),
        "FAILED" => (CaseStatus::Failed, None),
        "FAILED (time limit exceeded)" => (CaseStatus::Failed, Some("time limit exceeded")),
        "ignored" => (CaseStatus::Skipped, None),
        _ if text.starts_with("ignored, ") => (CaseStatus::Skipped, text.get(9..)),
        _ if text.starts_with("bench: ") => (CaseStatus::Passed, None),
        _ => return None,
    };
    Some((status, message, time))
}

/// Returns a name without ` - should panic` and ` - compile`.
pub(crate) fn name(text: &str) -> &str {
    let suffixes: &[&str] = match text.as_bytes().last() {
        Some(b'c') => &[" - should panic"],
        Some(b'l') => &[" - compile fail"],
        Some(b'e') => &[" - compile"],
        _ => &[],
    };
    let found = suffixes.iter().find_map(|end| text.strip_suffix(end));
    found.unwrap_or(text)
}

/// `test a::b ... ok`.
pub(crate) fn outcome(text: &str) -> Option<Outcome<'_>> {
    let rest = text.strip_prefix("test ")?;
    if let Some(head) = rest.strip_suffix(" ... ok") {
        return Some(Outcome {
            name: name(head),
            status: CaseStatus::Passed,
            message: None,
            milliseconds: None,
        });
    }
    let (head, tail) = rest.last_cut(" ... ")?;
    let (status, message, milliseconds) = status(tail)?;
    Some(Outcome {
        name: name(head),
        status,
        message,
        milliseconds,
    })
}

/// `test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s`.
pub(crate) fn result(text: &str) -> Option<Declared> {
    let rest = text.strip_prefix("test result: ")?;
    let (word, rest) = rest.cut(". ")?;
    let mut declared = Declared {
        ok: match word {
            "ok" => true,
            "FAILED" => false,
            _ => return None,
        },
        ..Declared::default()
    };
    let mut filtered = false;
    for part in rest.parts("; ") {
        let Some((count, word)) = part.split_once(' ') else {
            continue;
        };
        match word {
            "passed" => declared.passed = number(count)?,
            "failed" => declared.failed = number(count)?,
            "ignored" => declared.ignored = number(count)?,
            "measured" => declared.measured = number(count)?,
            "filtered out" => filtered = true,
            _ if count == "finished" => {
                seconds(word.strip_prefix("in ")?.strip_suffix('s')?)?;
            }
            // Old nightlies: `2 failed (1 allowed)`.
            _ if word.starts_with("failed (") => declared.failed = number(count)?,
            _ => return None,
        }
    }
    filtered.then_some(declared)
}

/// The dots of `--quiet`: passed and ignored tests of a line like `..i. 4/9`.
pub(crate) fn dots(text: &str) -> Option<(u32, u32, u32)> {
    let (dots, rest) = text.split_once(' ').unwrap_or((text, ""));
    let place = rest.split_once('/');
    let fine = rest.is_empty()
        || place.is_some_and(|(done, all)| number(done).is_some() && number(all).is_some());
    if dots.is_empty() || !fine {
        return None;
    }
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    for byte in dots.bytes() {
        match byte {
            b'.' => passed += 1,
            b'F' => failed += 1,
            b'i' => ignored += 1,
            _ => return None,
        }
    }
    Some((passed, failed, ignored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(running("running 1 test"), Some(1));
        assert_eq!(running("running 1 tests now"), None);
        let found = outcome("test src/lib.rs - f (line 3) - compile ... ok").expect("an outcome");
        assert_eq!(found.name, "src/lib.rs - f (line 3)");
        let found = outcome("test a ... ignored, why not").expect("an outcome");
        assert_eq!(found.message, Some("why not"));
        assert_eq!(
            outcome("test a ... ok <0.250s>").and_then(|found| found.milliseconds),
            Some(250.0)
        );
        let line = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        let declared = result(line).expect("a result");
        assert_eq!((declared.passed, declared.failed), (1, 2));
        assert_eq!(result(line.strip_suffix("filtered out").expect("it")), None);
        assert_eq!(dots("..i 3/4"), Some((2, 0, 1)));
        assert_eq!(dots("a.b"), None);
    }
}
