//! The lines of `go test` without -json.

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
            let (package, rest) = text.strip_prefix("ok  \t")?.split_once('\t')?;
            let cached = rest.starts_with("(cached)");
            let time = rest.split(['\t', ' ']).next()?;
            (cached || seconds(time.strip_suffix('s')?).is_some()).then_some(())?;
            Some(Found::Ok(package, rest.contains("[no tests to run]")))
        }
        b'F' => {
            let rest = text.strip_prefix("FAIL\t")?;
            if let Some((package, _)) = rest.split_once('\t') {
                Some(Found::Fail(package, "failed"))
            } else {
                let (package, why) = rest.split_once(" [")?;
                Some(Found::Fail(package, why.strip_suffix(']')?))
            }
        }
        b'?' => {
            let (package, rest) = text.strip_prefix("?   \t")?.split_once('\t')?;
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

/// `--- FAIL: TestX/sub (0.00s)`.
pub(crate) fn result(text: &str) -> Option<Found<'_>> {
    let rest = text.strip_prefix("--- ")?;
    let (word, rest) = rest.split_once(": ")?;
    let status = match word {
        "PASS" => CaseStatus::Passed,
        "FAIL" => CaseStatus::Failed,
        "SKIP" => CaseStatus::Skipped,
        _ => return None,
    };
    let (name, time) = rest.strip_suffix("s)")?.rsplit_once(" (")?;
    Some(Found::Result(status, name, Some(seconds(time)?)))
}
