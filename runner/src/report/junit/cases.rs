//! The cases of one suite: those its judge reported, and one for the suite itself where those do not
//! tell what it came to.

use std::collections::HashMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestRerun};

use super::{xml, xml_lines};
use crate::event::AttemptRecord;
use crate::model::{Case, CaseStatus, SuiteStatus, SuiteSummary};

/// The name of the case that stands for the suite.
pub(super) const SUITE: &str = "[suite]";

/// Returns the test cases of a suite. No two have the same class and name.
pub(super) fn of(
    summary: &SuiteSummary,
    cases: &[Case],
    attempts: &[AttemptRecord],
) -> Vec<TestCase> {
    let last = summary.attempts;
    let earlier: Vec<&AttemptRecord> = attempts
        .iter()
        .filter(|attempt| attempt.attempt < last && !attempt.status.is_pass())
        .collect();
    // A replayed run may hold only the failing cases.
    let cases = if cases.is_empty() {
        summary.failing.as_slice()
    } else {
        cases
    };
    let mut told = Vec::new();
    let mut found: Vec<TestCase> = cases
        .iter()
        .map(|case| {
            let reruns = reruns_of(case, &earlier);
            told.extend(reruns.iter().map(|(attempt, _)| *attempt));
            let mut test = of_case(summary, case);
            test.status
                .add_reruns(reruns.into_iter().map(|(_, rerun)| rerun));
            test
        })
        .collect();
    let untold: Vec<&AttemptRecord> = earlier
        .into_iter()
        .filter(|attempt| !told.contains(&attempt.attempt))
        .collect();
    let failing = cases.iter().any(|case| is_failing(case.status));
    if let Some(mut status) = of_suite(summary, !cases.is_empty(), failing, !untold.is_empty()) {
        status.add_reruns(untold.into_iter().map(rerun_of_suite));
        let mut test = TestCase::new(SUITE, status);
        test.set_classname(xml(&summary.name));
        test.set_time(Duration::from_millis(summary.duration_ms));
        found.push(test);
    }
    unique(&mut found);
    found
}

fn is_failing(status: CaseStatus) -> bool {
    matches!(status, CaseStatus::Failed | CaseStatus::Errored)
}

/// The case for the suite itself; none where its cases say all.
fn of_suite(
    summary: &SuiteSummary,
    has_cases: bool,
    failing: bool,
    untold: bool,
) -> Option<TestCaseStatus> {
    let ty = match summary.status {
        SuiteStatus::Passed | SuiteStatus::Flaky => {
            return (!has_cases || untold).then(TestCaseStatus::success);
        }
        SuiteStatus::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(xml(&summary.summary));
            return Some(status);
        }
        SuiteStatus::Failed => {
            if failing && !untold {
                return None;
            }
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            describe(&mut status, "failed", summary);
            return Some(status);
        }
        SuiteStatus::Empty => "empty",
        SuiteStatus::TimedOut => "timed-out",
        SuiteStatus::Errored => "errored",
        SuiteStatus::Incomplete => "incomplete",
        SuiteStatus::Cancelled => "cancelled",
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    describe(&mut status, ty, summary);
    Some(status)
}

fn describe(status: &mut TestCaseStatus, ty: &str, summary: &SuiteSummary) {
    status.set_type(ty).set_message(xml(&summary.summary));
    let mut lines: Vec<String> = summary.reason.iter().map(|reason| xml(reason)).collect();
    lines.extend(summary.end.iter().map(|end| xml(&end.describe())));
    lines.extend(summary.warnings.iter().map(|warning| xml(warning)));
    let message = xml(&summary.summary);
    lines.retain(|line| *line != message);
    if !lines.is_empty() {
        status.set_description(lines.join("\n"));
    }
}

fn of_case(summary: &SuiteSummary, case: &Case) -> TestCase {
    let mut status = match case.status {
        CaseStatus::Passed | CaseStatus::Flaky => TestCaseStatus::success(),
        CaseStatus::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        CaseStatus::Errored => TestCaseStatus::non_success(NonSuccessKind::Error),
        CaseStatus::Skipped => TestCaseStatus::skipped(),
    };
    if let Some(message) = &case.message {
        status.set_message(xml(message));
    }
    match case.status {
        CaseStatus::Failed => _ = status.set_type("failed"),
        CaseStatus::Errored => _ = status.set_type("errored"),
        CaseStatus::Flaky => _ = status.add_rerun(rerun(case)),
        CaseStatus::Passed | CaseStatus::Skipped => {}
    }
    if let Some(details) = &case.details {
        status.set_description(xml_lines(details.as_bytes()));
    }
    let (class, name) = names(case);
    let mut test = TestCase::new(xml(&name), status);
    let suite = xml(&summary.name);
    test.set_classname(if class.is_empty() {
        suite
    } else {
        format!("{suite}.{}", xml(&class))
    });
    if let Some(seconds) = case.duration_ms.map(|ms| ms / 1000.0) {
        // Not a number, negative and endless times are left out.
        if let Ok(time) = Duration::try_from_secs_f64(seconds) {
            test.set_time(time);
        }
    }
    if let Some(file) = &case.file {
        test.extra.insert("file".into(), xml(file).into());
    }
    if let Some(line) = case.line {
        test.extra.insert("line".into(), line.to_string().into());
    }
    test
}

/// Returns the file or class of a case and its name in there.
///
/// `tests/a.py::TestX::test_y[a::b]` is `test_y[a::b]` of `tests.a.TestX`.
fn names(case: &Case) -> (String, String) {
    let fixed = case.id.find('[').unwrap_or(case.id.len());
    let (front, parameters) = case.id.split_at(fixed);
    let Some((class, name)) = front.rsplit_once("::") else {
        let class = case.file.as_deref().map(dotted).unwrap_or_default();
        return (class, case.id.clone());
    };
    let class: Vec<String> = class.split("::").map(dotted).collect();
    (class.join("."), format!("{name}{parameters}"))
}

/// Readers split classes at dots: a path becomes one without its extension.
fn dotted(part: &str) -> String {
    let stem = match part.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') && part.contains('/') => stem,
        _ => part.strip_suffix(".py").unwrap_or(part),
    };
    stem.trim_start_matches("./").replace('/', ".")
}

/// The failures of the same case in earlier attempts.
fn reruns_of(case: &Case, earlier: &[&AttemptRecord]) -> Vec<(u32, TestRerun)> {
    let failures = earlier.iter().filter_map(|attempt| {
        let failed = attempt.failing.iter().find(|failed| failed.id == case.id)?;
        is_failing(failed.status).then(|| {
            let mut rerun = rerun(failed);
            rerun.timestamp = attempt.started_at.parse().ok();
            (attempt.attempt, rerun)
        })
    });
    failures.collect()
}

fn rerun(case: &Case) -> TestRerun {
    let kind = match case.status {
        CaseStatus::Errored => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut rerun = TestRerun::new(kind);
    if let Some(message) = &case.message {
        rerun.set_message(xml(message));
    }
    if let Some(details) = &case.details {
        rerun.set_stack_trace(xml_lines(details.as_bytes()));
    }
    rerun
}

fn rerun_of_suite(attempt: &AttemptRecord) -> TestRerun {
    let kind = if attempt.status == SuiteStatus::Failed {
        NonSuccessKind::Failure
    } else {
        NonSuccessKind::Error
    };
    let mut rerun = TestRerun::new(kind);
    rerun.timestamp = attempt.started_at.parse().ok();
    rerun.set_time(Duration::from_millis(attempt.duration_ms));
    rerun.set_message(xml(&attempt.summary));
    rerun.set_type(attempt.status.word().to_lowercase().replace(' ', "-"));
    rerun
}

/// Numbers equal names: readers ignore the later one of two.
fn unique(cases: &mut [TestCase]) {
    let mut seen: HashMap<(String, String), u32> = HashMap::new();
    for case in cases {
        let class = case
            .classname
            .as_ref()
            .map(|class| class.as_str().to_owned())
            .unwrap_or_default();
        let name = case.name.as_str().to_owned();
        let count = seen.entry((class.clone(), name.clone())).or_insert(0);
        *count += 1;
        if *count > 1 {
            let mut number = *count;
            let mut fresh = format!("{name}#{number}");
            while seen.contains_key(&(class.clone(), fresh.clone())) {
                number += 1;
                fresh = format!("{name}#{number}");
            }
            seen.insert((class, fresh.clone()), 1);
            case.name = fresh.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_class_and_name() {
        let cases = [
            (
                "tests/unit/test_cart.py::test_total",
                None,
                "tests.unit.test_cart",
                "test_total",
            ),
            (
                "tests/a.py::TestX::test_y[a::b]",
                None,
                "tests.a.TestX",
                "test_y[a::b]",
            ),
            ("test_a.py::test_b", None, "test_a", "test_b"),
            ("cart::tests::adds", None, "cart.tests", "adds"),
            (
                "adds up",
                Some("src/cart.test.ts"),
                "src.cart.test",
                "adds up",
            ),
            ("adds up", None, "", "adds up"),
        ];
        for (id, file, class, name) in cases {
            let case = Case {
                id: id.into(),
                status: CaseStatus::Passed,
                duration_ms: None,
                message: None,
                details: None,
                file: file.map(Into::into),
                line: None,
                extra: Vec::new(),
            };
            assert_eq!(names(&case), (class.into(), name.into()), "{id}");
        }
    }

    #[test]
    fn equal_names_are_numbered() {
        let names = ["a", "a#2", "a", "a", "b"];
        let mut cases: Vec<TestCase> = names
            .iter()
            .map(|name| TestCase::new(*name, TestCaseStatus::success()))
            .collect();
        unique(&mut cases);
        let found: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(found, ["a", "a#2", "a#3", "a#4", "b"]);
    }
}
