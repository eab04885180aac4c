//! Everything that a judge must hold, with recorded reports of real reporters.

use tribunal_judge_ctrf::{nothing, read};
use tribunal_judge_kit::testing::{
    Input, Judged, Samples, check_cuts, check_fixtures, check_properties, check_table, files,
    fixtures, whole,
};
use tribunal_sdk::{EndState, Status};

/// The judge as a function of bytes.
fn subject(input: &Input<'_>) -> Judged {
    files(input, nothing(), read)
}

const FAKES: [&str; 1] = [
    "{\"results\": {\"summary\": {\"tests\": 1, \"passed\": 1, \"failed\": 0}, \"tests\": [{\"name\": \"a\", \"status\": \"passed\"}]}}\n",
];

fn report(summary: &str, tests: &[&str]) -> String {
    let tests: Vec<String> = tests
        .iter()
        .enumerate()
        .map(|(at, status)| format!("{{\"name\": \"t{at}\", {status}, \"duration\": 1}}"))
        .collect();
    let tests = tests.join(", ");
    format!(
        "{{\"reportFormat\": \"CTRF\", \"results\": {{\"summary\": {{{summary}}}, \"tests\": [{tests}]}}}}\n"
    )
}

const PASSED: &str = "\"status\": \"passed\"";

#[test]
fn every_row_of_the_table() {
    let failed = "\"status\": \"failed\", \"message\": \"no\"";
    let flaky = "\"status\": \"passed\", \"retries\": 1";
    let numbers = |tests: u32, passed: u32, failed: u32, skipped: u32| {
        format!(
            "\"tests\": {tests}, \"passed\": {passed}, \"failed\": {failed}, \"skipped\": {skipped}, \"pending\": 0, \"other\": 0"
        )
    };
    check_table(
        subject,
        Samples {
            green: &report(&numbers(2, 2, 0, 0), &[PASSED, PASSED]),
            balanced: true,
            red: &report(&numbers(2, 1, 1, 0), &[PASSED, failed]),
            no_summary: "2 passed\n",
            short: Some(&report(&numbers(3, 3, 0, 0), &[PASSED, PASSED])),
            empty: Some(&report(&numbers(0, 0, 0, 0), &[])),
            unparsable: Some(&report("\"tests\": \"many\"", &[PASSED])),
            flaky: Some(&report(&numbers(2, 2, 0, 0), &[PASSED, flaky])),
            ..Samples::default()
        },
    );
}

#[test]
fn a_status_that_the_format_does_not_have_is_an_error_and_kept() {
    let text = report(
        "\"tests\": 2, \"passed\": 1, \"failed\": 0, \"other\": 1",
        &[PASSED, "\"status\": \"melted\""],
    );
    let judged = subject(&Input {
        stdout: text.as_bytes(),
        stderr: b"",
        artifacts: &[],
        end: &EndState::Exited(0),
        capture: &whole(),
        chunk: 64,
    });
    assert_ne!(judged.verdict.status, Status::Passed);
    let kept = &judged.cases["t1"].extra;
    assert!(kept.iter().any(|label| label.value == "melted"), "{kept:?}");
}

#[test]
fn every_recorded_run() {
    check_fixtures(subject, &fixtures("ctrf"));
}

#[test]
fn what_may_be_done_to_an_output() {
    check_properties(subject, &fixtures("ctrf"), &FAKES);
}

#[test]
fn no_part_of_a_report_passes() {
    check_cuts(subject, &fixtures("ctrf"), 1);
}
