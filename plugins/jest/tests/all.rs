//! Everything that a judge must hold, with recorded runs of jest.

use tribunal_judge_jest::{Json, Text};
use tribunal_judge_kit::json::subject;
use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures,
};

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
