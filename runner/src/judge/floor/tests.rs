//! The floor, exhaustively: over every end, capture, answer and policy, `passed` needs all its evidence.

use proptest::prelude::*;

use super::*;
use crate::model::{Gap, Leftover};

fn ends() -> Vec<EndState> {
    let reason = || "r".to_owned();
    vec![
        EndState::Exited { code: 0 },
        EndState::Exited { code: 3 },
        EndState::Signaled {
            signal: 9,
            name: "SIGKILL".into(),
            core_dumped: false,
        },
        EndState::TimedOut { limit_ms: 1 },
        EndState::OomKilled {
            limit: None,
            code: Some(0),
        },
        EndState::Evicted { reason: reason() },
        EndState::StartFailed {
            reason: reason(),
            transient: false,
        },
        EndState::Cancelled { reason: reason() },
        EndState::Cancelled {
            reason: "fail-fast: x".into(),
        },
        EndState::Lost { reason: reason() },
        EndState::Other { reason: reason() },
    ]
}

fn capture(completeness: Completeness) -> CaptureReport {
    CaptureReport::nothing(completeness, "")
}

fn verdict(status: VerdictStatus) -> Verdict {
    Verdict {
        status,
        summary: "3 passed".into(),
        counts: None,
        extra: Vec::new(),
    }
}

const STATUSES: [VerdictStatus; 5] = [
    VerdictStatus::Passed,
    VerdictStatus::Failed,
    VerdictStatus::Errored,
    VerdictStatus::Skipped,
    VerdictStatus::Empty,
];
const CAPTURES: [Completeness; 6] = [
    Completeness::Proven,
    Completeness::Complete,
    Completeness::Unverified,
    Completeness::Gap,
    Completeness::Cut,
    Completeness::Unavailable,
];

#[test]
fn passed_needs_an_exit_status_whole_output_and_an_answer() {
    let crash = JudgeError::Declined("no".into());
    for (end, completeness, bits) in ends()
        .into_iter()
        .flat_map(|end| CAPTURES.map(|c| (end.clone(), c)))
        .flat_map(|(end, c)| (0_u8..16).map(move |bits| (end.clone(), c, bits)))
    {
        let policy = Policy {
            accept_incomplete: bits & 1 != 0,
            allow_empty: bits & 2 != 0,
            strict: bits & 4 != 0,
        };
        let (termination, capture) = (Termination::new(end), capture(completeness));
        let answers = STATUSES.map(verdict);
        for answer in answers.iter().map(Ok).chain([Err(&crash)]) {
            let saw_failure = bits & 8 != 0;
            let matter = Matter {
                judge: "j",
                answer,
                termination: &termination,
                capture: &capture,
                saw_failure,
            };
            let ruling = rule(&matter, policy);
            if ruling.status.is_pass() {
                assert!(
                    matches!(termination.end, EndState::Exited { .. }),
                    "{matter:?}"
                );
                let status = answer.map(|verdict| verdict.status);
                assert!(
                    status == Ok(VerdictStatus::Passed)
                        || (policy.allow_empty && status == Ok(VerdictStatus::Empty)),
                    "{matter:?}"
                );
                let whole = matches!(completeness, Completeness::Proven | Completeness::Complete)
                    || (completeness == Completeness::Unverified && !policy.strict)
                    || policy.accept_incomplete;
                assert!(whole, "{matter:?}");
                if completeness > Completeness::Complete {
                    assert!(!ruling.warnings.is_empty(), "{matter:?}");
                }
            }
            assert!(!ruling.summary.is_empty());
        }
    }
}

#[test]
fn a_cut_log_is_not_called_a_failure() {
    // Exit 0, and the judge misses a summary that may stand in the missing part.
    let termination = Termination::new(EndState::Exited { code: 0 });
    let mut capture = capture(Completeness::Gap);
    capture.gaps.push(Gap {
        at: 7,
        bytes: Some(18_231),
        reason: "rotated".into(),
    });
    let failed = verdict(VerdictStatus::Failed);
    let mut matter = Matter {
        judge: "pytest",
        answer: Ok(&failed),
        termination: &termination,
        capture: &capture,
        saw_failure: false,
    };
    let ruling = rule(&matter, Policy::default());
    assert_eq!(ruling.status, SuiteStatus::Incomplete);
    assert_eq!(ruling.summary, "18231 bytes of output are missing");
    // A failing case that was seen is a failure, whatever is missing.
    matter.saw_failure = true;
    assert_eq!(rule(&matter, Policy::default()).status, SuiteStatus::Failed);
}

#[test]
fn flaky_counts_and_leftovers_are_told() {
    let mut termination = Termination::new(EndState::Exited { code: 0 });
    termination.leftovers.push(Leftover {
        pid: 7,
        command: "sleep".into(),
        held_output: false,
    });
    let capture = capture(Completeness::Proven);
    let mut answer = verdict(VerdictStatus::Passed);
    answer.counts = Some(Counts {
        passed: 3,
        flaky: 1,
        ..Counts::default()
    });
    let matter = Matter {
        judge: "pytest",
        answer: Ok(&answer),
        termination: &termination,
        capture: &capture,
        saw_failure: false,
    };
    let ruling = rule(&matter, Policy::default());
    assert_eq!(ruling.status, SuiteStatus::Flaky);
    assert_eq!(
        ruling.warnings,
        ["process 7 (sleep) outlived the suite and was ended"]
    );
}

#[test]
fn the_same_program_dying_by_a_signal_never_passes_by_a_lenient_judge() {
    proptest!(|(signal in 1..32)| {
        let end = EndState::Signaled { signal, name: format!("SIG{signal}"), core_dumped: false };
        let (termination, capture) = (Termination::new(end), capture(Completeness::Proven));
        let passed = verdict(VerdictStatus::Passed);
        let matter = Matter {
            judge: "lenient",
            answer: Ok(&passed),
            termination: &termination,
            capture: &capture,
            saw_failure: false,
        };
        prop_assert_eq!(rule(&matter, Policy::default()).status, SuiteStatus::Failed);
    });
}
