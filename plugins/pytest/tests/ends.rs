//! The same green output under every end, and with every kind of hole in it.

mod common;

use common::{judge, whole};
use tribunal_judge_pytest::parser::{Notice, Parser};
use tribunal_sdk::{Capture, Completeness, EndState, Status};

const HEADER: &str =
    "============================= test session starts ==============================\n";
const GREEN: &str =
    "============================== 3 passed in 0.12s ===============================\n";

fn with_capture(output: &str, completeness: Completeness) -> (Status, String) {
    let capture = Capture {
        completeness,
        ..whole()
    };
    let mut parser = Parser::new();
    let mut ignore = |_: Notice| {};
    parser.feed(output.as_bytes(), &mut ignore);
    let verdict = parser.finish(&EndState::Exited(0), &capture, &mut ignore);
    (verdict.status, verdict.summary)
}

#[test]
fn only_an_end_of_its_own_with_zero_passes() {
    let output = format!("{HEADER}collected 3 items\n{GREEN}");
    let why = || "why".to_owned();
    for (end, status) in [
        (EndState::Exited(0), Status::Passed),
        (EndState::Exited(1), Status::Failed),
        (EndState::TimedOut(1_000.0), Status::Failed),
        (EndState::OomKilled(why()), Status::Failed),
        (EndState::Evicted(why()), Status::Errored),
        (EndState::StartFailed(why()), Status::Errored),
        (EndState::Cancelled(why()), Status::Errored),
        (EndState::Lost(why()), Status::Errored),
        (EndState::Other(why()), Status::Errored),
    ] {
        let verdict = judge(output.as_bytes(), b"", &end).verdict;
        assert_eq!(verdict.status, status, "{end:?}");
        assert_eq!(
            verdict.counts.map(|counts| counts.passed),
            Some(3),
            "{end:?}"
        );
    }
}

#[test]
fn with_a_hole_in_the_output_only_a_balanced_count_is_left_to_the_host() {
    let balanced = format!("{HEADER}collected 3 items\n{GREEN}");
    let unknown = format!("{HEADER}{GREEN}");
    let short = format!("{HEADER}collected 5 items\n{GREEN}");
    for hole in [
        Completeness::Gap,
        Completeness::Cut,
        Completeness::Unavailable,
    ] {
        assert_eq!(with_capture(&balanced, hole).0, Status::Passed, "{hole:?}");
        assert_eq!(with_capture(&unknown, hole).0, Status::Errored, "{hole:?}");
        assert_eq!(with_capture(HEADER, hole).0, Status::Errored, "{hole:?}");
        assert_eq!(with_capture(&short, hole).0, Status::Failed, "{hole:?}");
    }
    let (status, summary) = with_capture(&short, Completeness::Proven);
    assert_eq!(
        (status, summary.as_str()),
        (Status::Failed, "incomplete: 3 of 5 ran")
    );
}

#[test]
fn a_run_whose_summary_is_on_stderr_is_read_there() {
    let output = format!("{HEADER}collected 3 items\n{GREEN}");
    let verdict = judge(b"building\n", output.as_bytes(), &EndState::Exited(0)).verdict;
    assert_eq!(verdict.status, Status::Passed);
    let verdict = judge(HEADER.as_bytes(), output.as_bytes(), &EndState::Exited(0)).verdict;
    assert_eq!(verdict.status, Status::Failed);
}

#[test]
fn a_green_line_among_the_tracebacks_is_a_tests_own() {
    let failures = format!("{}\n", "=".repeat(35) + " FAILURES " + &"=".repeat(35));
    let red = format!(
        "{}\n",
        "=".repeat(25) + " 1 failed, 2 passed in 0.04s " + &"=".repeat(26)
    );
    let printed = format!("{failures}Captured stdout call\n{GREEN}collected 9 items\n");
    let output = format!("{HEADER}collected 3 items\n{printed}{red}");
    let quiet = format!("..F                     [100%]\n{printed}1 failed, 2 passed in 0.04s\n");
    for output in [output, quiet] {
        let verdict = judge(output.as_bytes(), b"", &EndState::Exited(1)).verdict;
        let counts = verdict.counts.expect("counts");
        assert_eq!((counts.passed, counts.failed), (2, 1), "{output}");
        assert_eq!(verdict.summary, "1 of 3 failed");
    }
    // And where nothing else comes, there is no summary.
    let output = format!("{HEADER}collected 3 items\n{printed}");
    let verdict = judge(output.as_bytes(), b"", &EndState::Exited(0)).verdict;
    assert_ne!(verdict.status, Status::Passed);
}
