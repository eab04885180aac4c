//! The lines of `go test` without -json.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::seconds;
use tribunal_sdk::CaseStatus;

/// What a line is.
#[derive(Debug, PartialEq)]
pub(crate) enum Found<'a> {
    /// `=== RUN   TestX`.
    Run(&'a str),
    /// `=== CONT  TestX`, `=== NAME  TestX`.
    Name(&'a str),
    /// `--- PASS: TestX (0.00s)`.
    Result(CaseStatus, &'a str, Option<f64>),
    /// `ok  \tpkg\t0.012s`; whether no test ran in it.
    Ok(&'a str, bool),
    /// `FAIL\tpkg\t0.012s`, `FAIL\tpkg [build failed]`; why.
    Fail(&'a str, &'a str),
    /// `?   \tpkg\t[no test files]`.
    NoFiles(&'a str),
}

pub(crate) fn classify(text: &str) -> Option<Found<'_>> {
    match text.as_bytes().first()? {
        b'=' => {
            let (word, name) = text.strip_prefix("=== ")?.split_once(' ')?;
            let name = name.trim();
            match word {
                "RUN" => Some(Found::Run(name)),
                "CONT" | "NAME" | "PAUSE" => Some(Found::Name(name)),
                _ => None,
            }
        }
        b'o' => {
            let (package, rest) = columns(text, "ok")?;
            (rest.starts_with("(cached)") || is_timed(rest)).then_some(())?;
            Some(Found::Ok(package, rest.has("[no tests to run]")))
        }
        b'F' => {
            let (package, rest) = columns(text, "FAIL")?;
            if is_timed(rest) {
                Some(Found::Fail(package, "failed"))
            } else {
                let why = rest.strip_prefix('[')?.strip_suffix(']')?;
                Some(Found::Fail(package, why))
            }
        }
        b'?' => {
            let (package, rest) = columns(text, "?")?;
            rest.starts_with("[no test")
                .then_some(Found::NoFiles(package))
        }
        b'\t' => {
            let (package, rest) = text.get(1..)?.split_once('\t')?;
            let rest = rest.trim_start();
            rest.starts_with("coverage: ")
                .then_some(Found::NoFiles(package))
        }
        b' ' | b'-' => result(text.trim_start()),
        _ => None,
    }
}

/// What stands behind the first word: a package, and the rest. Go puts tabs between them; a log may have blanks for them.
fn columns<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(word)?;
    let (package, rest) = rest
        .strip_prefix([' ', '\t'])?
        .trim_start()
        .split_once([' ', '\t'])?;
    Some((package, rest.trim()))
}

/// Whether a time like `0.012s` begins it.
fn is_timed(text: &str) -> bool {
    let time = text.split(['\t', ' ']).next().unwrap_or_default();
    time.strip_suffix('s').and_then(seconds).is_some()
}

/// `--- FAIL: TestX/sub (0.00s)`, with Go before 1.4 `(0.00 seconds)`.
pub(crate) fn result(text: &str) -> Option<Found<'_>> {
    let rest = text.strip_prefix("--- ")?;
    let (word, rest) = rest.cut(": ")?;
    let status = match word {
        "PASS" => CaseStatus::Passed,
        "FAIL" => CaseStatus::Failed,
        "SKIP" => CaseStatus::Skipped,
        _ => return None,
    };
    let (name, time) = rest.strip_suffix(')')?.last_cut(" (")?;
    let time = time
        .strip_suffix(" seconds")
        .or_else(|| time.strip_suffix('s'))?;
    Some(Found::Result(status, name, Some(seconds(time)?)))
}
