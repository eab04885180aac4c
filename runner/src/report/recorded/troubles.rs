//! A second run: everything that can go wrong with a suite, a hostile one among them.

use super::attempt::Attempt;
use super::bare;
use super::build::Recorder;
use crate::event::{Event, EventKind};
use crate::model::{Completeness, EndState, Leftover, SuiteStatus};

/// Returns the events of a run that is cancelled by SIGINT when most of it has gone wrong.
pub(in super::super) fn troubles() -> Vec<Event> {
    let mut run = Recorder::start(
        "nightly",
        8,
        &[
            ("lint", "exit-code", "ruff check src"),
            ("hang", "exit-code", "./hang.sh"),
            ("broken-judge", "coverage", "make cover"),
            ("not-found", "exit-code", "./missing"),
            ("none[python=3.13,shard=1/4]", "pytest", "pytest -q none"),
            ("rotated", "exit-code", "make load"),
            ("base", "junit", "make base"),
            ("slow", "exit-code", "sleep 1000"),
            ("deploy", "exit-code", "./deploy.sh"),
        ],
    );
    for suite in 0..8 {
        run.running(10, suite, 1, "");
    }
    nothing_runs(&mut run);
    much_fails(&mut run);
    let warning = "judge coverage.wasm changed but is no component; the last good version stays";
    run.finish_with(31_600, Some(2), vec![warning.into()])
}

fn nothing_runs(run: &mut Recorder) {
    let lint = Attempt::new(SuiteStatus::Failed, "exit 1");
    run.done(420, 0, &lint);
    let not_found = Attempt {
        end: EndState::StartFailed {
            reason: "./missing: not found".into(),
            transient: false,
        },
        completeness: Completeness::Unavailable,
        bytes: 0,
        duration_ms: 2,
        ..Attempt::new(
            SuiteStatus::Errored,
            "could not be started: ./missing: not found",
        )
    };
    run.done(500, 3, &not_found);
    let judge = Attempt {
        reason: Some("a judge that crashes decides nothing"),
        judge_error: Some(
            "the judge crashed: wasm trap: unreachable\nstderr: no coverage.xml\n  0: coverage::main\n  1: _start\n  2: run\n  3: more",
        ),
        counts: [3, 0],
        ..Attempt::new(
            SuiteStatus::Errored,
            "judge \"coverage\" crashed: unreachable",
        )
    };
    run.done(2_000, 2, &judge);
    let none = Attempt {
        bytes: 0,
        ..Attempt::new(SuiteStatus::Empty, "no test ran")
    };
    run.done(2_100, 4, &none);
}

fn much_fails(run: &mut Recorder) {
    let rotated = Attempt {
        completeness: Completeness::Unverified,
        leftovers: vec![Leftover {
            pid: 4711,
            command: "sleep 100".into(),
            held_output: true,
        }],
        warnings: vec!["process 4711 (sleep 100) was still there at the end".into()],
        ..Attempt::new(SuiteStatus::Passed, "exit 0")
    };
    run.done(3_000, 5, &rotated);
    let mut failing: Vec<_> = (0..30)
        .map(|n| bare(&format!("Base::case_{n}"), "ConnectionError: refused"))
        .collect();
    failing.insert(1, bare("Other::case", "assert 1 == 2"));
    let base = Attempt {
        failing,
        failing_omitted: 12,
        counts: [100, 43],
        ..Attempt::new(SuiteStatus::Failed, "43 of 143 failed")
    };
    run.done(3_500, 6, &base);
    let hang = Attempt {
        end: EndState::TimedOut { limit_ms: 30_000 },
        duration_ms: 30_000,
        ..Attempt::new(SuiteStatus::TimedOut, "timed out after 30s")
    };
    run.done(30_500, 1, &hang);
    run.push(
        31_000,
        EventKind::Cancelling {
            reason: "SIGINT".into(),
            kill: false,
        },
    );
    let slow = Attempt {
        end: EndState::Cancelled {
            reason: "SIGINT".into(),
        },
        ..Attempt::new(SuiteStatus::Cancelled, "cancelled: SIGINT")
    };
    run.done(31_500, 7, &slow);
    run.not_run(31_500, 8, SuiteStatus::Skipped, "needs lint, which failed");
}
