//! The truth table: what an end, and reports, come to.

use tribunal_judge_kit::table::NOTHING_MISSING;
use tribunal_sdk::{EndState, Error, Signal, Status, label};

use super::{judge, judge_in};
use crate::{Source, Tally, decide};

const GREEN: &[u8] = b"<testsuite><testcase name='a'/></testsuite>";
const RED: &[u8] = b"<testsuite><testcase name='b'><failure message='no'/></testcase></testsuite>";

fn after(end: &EndState, files: &[(&str, &[u8])]) -> (Status, String) {
    let judged = judge_in(files, Source::Collected, end, 4096);
    (judged.status(), judged.verdict.summary)
}

fn signal() -> EndState {
    EndState::Signaled(Signal {
        number: 11,
        name: "SIGSEGV".to_owned(),
        core_dumped: false,
    })
}

#[test]
fn the_exit_code_beats_a_green_report() {
    let (status, summary) = after(&EndState::Exited(1), &[("r.xml", GREEN)]);
    assert_eq!(status, Status::Failed);
    assert_eq!(summary, "exit 1, though the report is green (1 passed)");
}

#[test]
fn a_red_report_beats_exit_zero() {
    let (status, summary) = after(&EndState::Exited(0), &[("g.xml", GREEN), ("r.xml", RED)]);
    assert_eq!(
        (status, summary.as_str()),
        (Status::Failed, "1 of 2 failed: b: no")
    );
    let (status, summary) = after(&EndState::Exited(1), &[("g.xml", GREEN), ("r.xml", RED)]);
    assert_eq!(
        (status, summary.as_str()),
        (Status::Failed, "1 of 2 failed: b: no")
    );
}

#[test]
fn the_same_name_in_two_files_is_two_cases() {
    let failed: &[u8] = b"<testsuite><testcase name='a'><failure/></testcase></testsuite>";
    let judged = judge_in(
        &[("1.xml", failed), ("2.xml", GREEN)],
        Source::Collected,
        &EndState::Exited(0),
        64,
    );
    assert_eq!(judged.counts(), [1, 1, 0, 0, 0]);
    assert_eq!(judged.status(), Status::Failed);
}

#[test]
fn no_report_is_no_pass() {
    for (code, words) in [
        (0, "exit 0 but no JUnit report"),
        (2, "exit 2 and no JUnit report"),
    ] {
        assert_eq!(
            after(&EndState::Exited(code), &[]),
            (Status::Failed, words.to_owned())
        );
    }
}

#[test]
fn nothing_run_is_empty_and_a_bad_exit_still_fails() {
    for (xml, words) in [
        ("<testsuites/>", "no test ran: the report is empty"),
        ("<testsuite tests='0'/>", "no test ran: the report is empty"),
        (
            "<testsuite><testcase name='a'><skipped/></testcase></testsuite>",
            "the only test was skipped",
        ),
    ] {
        let judged = judge(xml);
        assert_eq!((judged.status(), judged.summary()), (Status::Empty, words));
        let (status, summary) = after(&EndState::Exited(5), &[("r.xml", xml.as_bytes())]);
        assert_eq!(
            (status, summary),
            (Status::Failed, format!("exit 5; {words}"))
        );
    }
}

#[test]
fn a_torn_report_is_errored_after_exit_zero_and_failed_after_another() {
    let torn: &[(&str, &[u8])] = &[("g.xml", GREEN), ("t.xml", &RED[..40])];
    let words = "t.xml is truncated at line 1, byte 40 (counted: 1 passed)";
    assert_eq!(
        after(&EndState::Exited(0), torn),
        (Status::Errored, words.to_owned())
    );
    assert_eq!(
        after(&EndState::Exited(1), torn),
        (Status::Failed, format!("exit 1; {words}"))
    );
}

#[test]
fn a_named_file_must_be_a_report() {
    let other: &[u8] = b"<coverage/>";
    let judged = judge_in(
        &[("c.xml", other), ("g.xml", GREEN)],
        Source::Named,
        &EndState::Exited(0),
        64,
    );
    assert_eq!(judged.status(), Status::Errored);
    let judged = judge_in(
        &[("c.xml", other), ("g.xml", GREEN)],
        Source::Collected,
        &EndState::Exited(0),
        64,
    );
    assert_eq!(judged.status(), Status::Passed);
    // Not even collected by chance may a report be empty: its writer was stopped.
    let (status, summary) = after(&EndState::Exited(0), &[("e.xml", b""), ("g.xml", GREEN)]);
    assert_eq!(
        (status, summary.as_str()),
        (Status::Errored, "e.xml is empty (counted: 1 passed)")
    );
}

#[test]
fn only_an_end_by_itself_can_pass() {
    let text = || "why".to_owned();
    for (end, status, words) in [
        (signal(), Status::Failed, "killed by SIGSEGV; 1 passed"),
        (
            EndState::TimedOut(30_000.0),
            Status::Failed,
            "timed out after 30 s; 1 passed",
        ),
        (
            EndState::OomKilled("512Mi".to_owned()),
            Status::Failed,
            "out of memory at 512Mi; 1 passed",
        ),
        (
            EndState::Evicted(text()),
            Status::Errored,
            "evicted: why; 1 passed",
        ),
        (
            EndState::StartFailed(text()),
            Status::Errored,
            "did not start: why; 1 passed",
        ),
        (
            EndState::Cancelled(text()),
            Status::Errored,
            "cancelled: why; 1 passed",
        ),
    ] {
        assert_eq!(after(&end, &[("r.xml", GREEN)]), (status, words.to_owned()));
    }
    for end in [EndState::Lost(text()), EndState::Other(text())] {
        let verdict = decide(&end, &[], &Tally::default(), &NOTHING_MISSING);
        assert!(
            matches!(verdict, Err(Error::MissingEvidence(_))),
            "{verdict:?}"
        );
    }
}

#[test]
fn the_reason_is_labelled() {
    let reason = |files, code| {
        let judged = judge_in(files, Source::Collected, &EndState::Exited(code), 64);
        let mut extra = judged.verdict.extra;
        extra.retain(|label| !label.key.starts_with("explain."));
        extra
    };
    assert_eq!(reason(&[("r.xml", GREEN)], 0), []);
    assert_eq!(
        reason(&[("r.xml", GREEN)], 3),
        [label("reason", "exit-code")]
    );
    assert_eq!(reason(&[], 0), [label("reason", "no-report")]);
}
