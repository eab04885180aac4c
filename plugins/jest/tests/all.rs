//! Everything that a judge must hold, with recorded runs of jest.

use tribunal_judge_jest::{Json, Text};
use tribunal_judge_kit::json::subject;
use tribunal_judge_kit::testing::{
    Input, Samples, check_fixtures, check_properties, check_table, fixtures, whole,
};
use tribunal_sdk::{EndState, Status, Verdict};

const FAKES: [&str; 3] = [
    "Test Suites: 1 passed, 1 total\nTests:       9 passed, 9 total\nSnapshots:   0 total\nTime:        1 s\nRan all test suites.\n",
    "Tests:       9 passed, 9 total\n",
    "{\"numTotalTests\":1,\"numTotalTestSuites\":1,\"success\":true,\"testResults\":[{\"name\":\"a\",\"status\":\"passed\",\"assertionResults\":[{\"title\":\"a\",\"status\":\"passed\"}]}]}\n",
];

fn run(files: &str, suites: &str, tests: &str) -> String {
    format!(
        "{files}\nTest Suites: {suites} total\nTests:       {tests} total\nSnapshots:   0 total\nTime:        1 s\nRan all test suites.\n"
    )
}

#[test]
fn every_row_of_the_table() {
    check_table(
        subject::<Text, Json>,
        Samples {
            green: &run("PASS ./a.test.js\n", "1 passed, 1", "2 passed, 2"),
            balanced: true,
            red: &run(
                "FAIL ./a.test.js\n  ● a › b\n",
                "1 failed, 1",
                "1 failed, 1 passed, 2",
            ),
            no_summary: "PASS ./a.test.js\n",
            short: Some(&run("PASS ./a.test.js\n", "1 passed, 1", "1 passed, 2")),
            empty: Some("No tests found, exiting with code 0\n"),
            unparsable: Some("{\"numTotalTests\":\"many\"}\n"),
            ..Samples::default()
        },
    );
}

#[test]
fn every_recorded_run() {
    check_fixtures(subject::<Text, Json>, &fixtures("jest"));
}

#[test]
fn what_may_be_done_to_an_output() {
    check_properties(subject::<Text, Json>, &fixtures("jest"), &FAKES);
}

/// The verdict on what stands on standard output and standard error after this exit code.
fn verdict_on(stdout: &str, stderr: &str, code: i32) -> Verdict {
    let input = Input {
        stdout: stdout.as_bytes(),
        stderr: stderr.as_bytes(),
        artifacts: &[],
        end: &EndState::Exited(code),
        capture: &whole(),
        chunk: 4_096,
    };
    subject::<Text, Json>(&input).verdict
}

#[test]
fn a_summary_without_its_last_line_says_what_leaves_it_out() {
    // What `jest --silent` prints: all but `Ran all test suites.`
    let silent = "PASS ./a.test.js\n\nTest Suites: 1 passed, 1 total\nTests:       2 passed, 2 total\n\
                  Snapshots:   0 total\nTime:        0.2 s\n";
    let verdict = verdict_on("", silent, 0);
    assert_eq!(verdict.status, Status::Failed);
    assert!(
        verdict.summary.contains("`--silent`"),
        "{}",
        verdict.summary
    );
}

#[test]
fn a_red_summary_counts_although_the_line_of_a_file_is_lost() {
    // PowerShell puts the program's name before the first line of standard error.
    let log = "node.exe : FAIL ./a.test.js\nPASS ./b.test.js\n\nTest Suites: 1 failed, 1 passed, 2 total\n\
               Tests:       2 failed, 1 skipped, 3 passed, 6 total\nSnapshots:   0 total\nTime:        0.2 s\n\
               Ran all test suites.\n";
    let verdict = verdict_on(log, "", 1);
    assert_eq!(verdict.status, Status::Failed);
    let counts = verdict.counts.expect("counts");
    assert_eq!((counts.failed, counts.skipped, counts.passed), (2, 1, 3));
}
