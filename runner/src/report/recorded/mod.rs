//! The recorded run that every report is tested with: six suites, one of each kind of end.

mod attempt;
mod build;
mod troubles;

use crate::event::Event;
use crate::model::{Case, CaseStatus, Completeness, EndState, Gap, RunSummary, SuiteStatus};

use super::Report;
use attempt::Attempt;
use build::{Recorder, case, failed};

pub(super) use build::write_outputs;
pub(super) use troubles::troubles;

/// Returns the events of the run.
pub(super) fn events() -> Vec<Event> {
    let mut run = Recorder::start(
        "checkout",
        4,
        &[
            ("unit", "pytest", "pytest -q tests/unit"),
            ("e2e", "pytest", "pytest -q tests/e2e"),
            ("load", "pytest", "pytest -q tests/load"),
            ("web", "pytest", "pytest -q tests/web"),
            ("api", "pytest", "pytest -v tests/api"),
            ("docs", "pytest", "pytest -q --doctest-glob=*.md docs"),
        ],
    );
    tests_fail(&mut run);
    machines_fail(&mut run);
    the_rest_passes(&mut run);
    run.finish(258_000)
}

/// Two suites fail; one of them passes at its second attempt.
fn tests_fail(run: &mut Recorder) {
    for suite in 0..4 {
        run.running(120, suite, 1, &format!("pid {}", 48_213 + suite));
    }
    let coupon = failed(
        "tests/unit/test_cart.py::test_total_with_coupon",
        "tests/unit/test_cart.py",
        88,
        "AssertionError: assert Decimal('17.99') == Decimal('18.00')",
    );
    let rounding = failed(
        "tests/unit/test_tax.py::test_rounding[eu-1]",
        "tests/unit/test_tax.py",
        31,
        "TypeError: unsupported operand type(s) for /: 'str' and 'int'",
    );
    let sso = failed(
        "tests/web/test_login.py::test_sso",
        "tests/web/test_login.py",
        52,
        "TimeoutError: 5.0s",
    );
    run.case(16_800, 3, 1, &sso);
    let web = Attempt {
        failing: vec![sso],
        duration_ms: 17_000,
        counts: [57, 1],
        ..Attempt::new(SuiteStatus::Failed, "1 of 58 failed")
    };
    run.attempt(17_000, 3, &web, Some(2_000));
    run.running(19_000, 3, 2, "pid 48301");
    run.case(30_000, 0, 1, &coupon);
    run.progress(30_100, 0, 300, Some(412), 1);
    run.case(31_000, 0, 1, &rounding);
    let unit = Attempt {
        failing: vec![coupon, rounding],
        duration_ms: 41_200,
        counts: [410, 2],
        bytes: 1_258_291,
        ..Attempt::new(SuiteStatus::Failed, "2 of 412 failed")
    };
    run.done(41_320, 0, &unit);
    run.running(52_000, 4, 1, "pid 48377");
    run.case(
        58_000,
        3,
        2,
        &case("tests/web/test_login.py::test_sso", CaseStatus::Passed),
    );
    let web = Attempt {
        duration_ms: 19_900,
        number: 2,
        counts: [58, 0],
        ..Attempt::new(SuiteStatus::Flaky, "passed on attempt 2 of 3")
    };
    run.done(58_900, 3, &web);
}

/// One suite is killed for memory, and of another a part of the output is lost.
fn machines_fail(run: &mut Recorder) {
    run.running(98_000, 5, 1, "pid 48502");
    let oom = EndState::OomKilled {
        limit: Some("512Mi".into()),
        code: Some(137),
    };
    let e2e = Attempt {
        duration_ms: 112_400,
        counts: [131, 0],
        end: oom,
        container: Some("pod checkout-e2e-x7k2p"),
        warnings: vec![
            "131 cases were reported before the end, none failed; the rest never ran".into(),
            "not retried: out of memory is not an infrastructure fault".into(),
        ],
        bytes: 905_216,
        ..Attempt::new(SuiteStatus::Failed, "killed: out of memory (limit 512Mi)")
    };
    run.done(112_520, 1, &e2e);
    let load = Attempt {
        duration_ms: 123_000,
        counts: [12, 0],
        bytes: 10_171_187,
        completeness: Completeness::Gap,
        gaps: vec![Gap {
            at: 4_299_161,
            bytes: Some(18_231),
            reason: "the node rotated the log before it was read".into(),
        }],
        said_passed: Some("12 of 12 passed"),
        ..Attempt::new(
            SuiteStatus::Incomplete,
            "18,231 bytes of output are missing",
        )
    };
    run.done(123_120, 2, &load);
}

fn the_rest_passes(run: &mut Recorder) {
    run.progress(124_000, 4, 214, Some(380), 0);
    let docs = Attempt {
        duration_ms: 80_300,
        counts: [42, 0],
        ..Attempt::new(SuiteStatus::Passed, "42 cases")
    };
    run.done(178_300, 5, &docs);
    run.progress(180_000, 4, 375, Some(380), 0);
    for name in ["test_page[1]", "test_page[2]", "test_page[2]"] {
        let id = format!("tests/api/test_orders.py::{name}");
        run.case(181_000, 4, 1, &case(&id, CaseStatus::Passed));
    }
    let api = Attempt {
        duration_ms: 126_000,
        counts: [380, 0],
        ..Attempt::new(SuiteStatus::Passed, "380 cases")
    };
    run.done(258_000, 4, &api);
}

/// Returns the run's summary.
pub(super) fn summary() -> RunSummary {
    build::summary_of(&events())
}

/// Plays the run into a report.
pub(super) fn play(report: &mut dyn Report) {
    for event in events() {
        report.on_event(&event).expect("takes in the event");
    }
    report.finish().expect("finishes");
}

/// A failing case without a place.
pub(super) fn bare(id: &str, message: &str) -> Case {
    Case {
        message: Some(message.into()),
        ..case(id, CaseStatus::Failed)
    }
}

#[test]
fn the_recording_in_the_repository_is_this_run() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/fixtures/run/events.jsonl"
    );
    let lines: Vec<String> = events()
        .iter()
        .map(|event| serde_json::to_string(event).expect("plain data"))
        .collect();
    let text = lines.join("\n") + "\n";
    if std::env::var_os("TRIBUNAL_BLESS").is_some() {
        std::fs::write(path, &text).expect("written");
    }
    let stored = std::fs::read_to_string(path).expect("the recording");
    assert!(
        stored == text,
        "{path} differs: set TRIBUNAL_BLESS=1 and look at the change"
    );
    let read: Vec<Event> = stored
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect();
    assert_eq!(read, events());
}
