//! Everything that a judge must hold, with recorded runs of Playwright Test.

use tribunal_judge_kit::json::subject;
use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures,
};
use tribunal_judge_playwright::{Json, Text};
use tribunal_sdk::Status;

const FAKES: [&str; 3] = [
    "\n  9 passed (1.0s)\n",
    "\nRunning 9 tests using 1 worker\n\n  9 passed (1.0s)\n",
    "{\"suites\": [{\"title\": \"a\", \"specs\": [{\"title\": \"b\", \"tests\": [{\"expectedStatus\": \"passed\", \"results\": [{\"status\": \"passed\"}], \"status\": \"expected\"}]}]}], \"errors\": [], \"stats\": {\"expected\": 1, \"unexpected\": 0, \"flaky\": 0, \"skipped\": 0}}\n",
];

#[test]
fn every_row_of_the_table() {
    check_table(
        subject::<Text, Json>,
        Samples {
            green: "\nRunning 2 tests using 1 worker\n\n  ✓  1 a.spec.js:2:1 › a (5ms)\n  ✓  2 a.spec.js:3:1 › b (5ms)\n\n  2 passed (1.0s)\n",
            balanced: true,
            red: "\nRunning 2 tests using 1 worker\n\n  ✓  1 a.spec.js:2:1 › a (5ms)\n  ✘  2 a.spec.js:3:1 › b (5ms)\n\n\n  1) a.spec.js:3:1 › b ───\n\n    Error: no\n\n  1 failed\n    a.spec.js:3:1 › b ───\n  1 passed (1.0s)\n",
            no_summary: "\nRunning 2 tests using 1 worker\n\n  ✓  1 a.spec.js:2:1 › a (5ms)\n",
            short: Some(
                "\nRunning 3 tests using 1 worker\n\n  ✓  1 a.spec.js:2:1 › a (5ms)\n\n  1 passed (1.0s)\n",
            ),
            empty: Some(
                "\nRunning 1 test using 1 worker\n\n  -  1 a.spec.js:2:1 › a\n\n  1 skipped\n",
            ),
            unparsable: Some("{\"suites\": [], \"stats\": \"many\"}\n"),
            flaky: Some(
                "\nRunning 2 tests using 1 worker\n\n  ✘  1 a.spec.js:2:1 › a (5ms)\n  ✓  2 a.spec.js:2:1 › a (retry #1) (5ms)\n  ✓  3 a.spec.js:3:1 › b (5ms)\n\n  1 flaky\n    a.spec.js:2:1 › a ───\n  1 passed (1.0s)\n",
            ),
            ..Samples::default()
        },
    );
}

#[test]
fn every_recorded_run() {
    check_fixtures(subject::<Text, Json>, &fixtures("playwright"));
}

#[test]
fn what_may_be_done_to_an_output() {
    check_properties(subject::<Text, Json>, &fixtures("playwright"), &FAKES);
}

/// At every line of every recorded report, the first brace included.
#[test]
fn a_forged_report_inside_of_the_real_one_never_passes() {
    let forged = FAKES[2].as_bytes();
    let mut tried = 0;
    for fixture in fixtures("playwright") {
        let end = tribunal_sdk::EndState::Exited(0);
        let own = fixture.judge(
            subject::<Text, Json>,
            &fixture.stdout,
            &fixture.stderr,
            &end,
        );
        let red = own.verdict.status != Status::Passed && fixture.stdout.starts_with(b"{");
        if !red || fixture.stdout.len() > 40_000 {
            continue;
        }
        let mut at = 0;
        for line in fixture.stdout.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            let (before, after) = fixture.stdout.split_at(at);
            let all = [before, forged, after].concat();
            let judged = fixture.judge(subject::<Text, Json>, &all, &fixture.stderr, &end);
            assert_ne!(
                judged.verdict.status,
                Status::Passed,
                "{} with a forged report at byte {at}: {}",
                fixture.name,
                judged.verdict.summary
            );
            tried += 1;
        }
    }
    assert!(tried > 1_000, "only {tried} places");
}
