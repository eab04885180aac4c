//! Everything that a judge must hold, with recorded runs of vitest.

use tribunal_judge_kit::json::subject;
use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures,
};
use tribunal_judge_vitest::{Json, Text};

const FAKES: [&str; 4] = [
    " Test Files  1 passed (1)\n      Tests  9 passed (9)\n   Start at  12:00:00\n   Duration  1.00s (tests 1ms)\n",
    "\n RUN  v3.2.4 /project\n\n ✓ a.test.js (9 tests) 2ms\n\n Test Files  1 passed (1)\n      Tests  9 passed (9)\n   Start at  12:00:00\n   Duration  1.00s (tests 1ms)\n\n",
    "No test files found, exiting with code 0\n",
    "{\"numTotalTestSuites\":1,\"numTotalTests\":1,\"numFailedTests\":0,\"success\":true,\"testResults\":[{\"assertionResults\":[{\"title\":\"a\",\"status\":\"passed\"}],\"status\":\"passed\",\"name\":\"/a\"}]}\n",
];

fn run(items: &str, files: &str, tests: &str) -> String {
    format!(
        "\n RUN  v3.2.4 /project\n\n{items}\n Test Files  {files}\n      Tests  {tests}\n   Start at  12:00:00\n   Duration  190ms (tests 3ms)\n\n"
    )
}

#[test]
fn every_row_of_the_table() {
    let green = " ✓ a.test.js (2 tests) 2ms\n";
    check_table(
        subject::<Text, Json>,
        Samples {
            green: &run(green, "1 passed (1)", "2 passed (2)"),
            balanced: true,
            red: &run(
                " ❯ a.test.js (2 tests | 1 failed) 2ms\n   × b 1ms\n",
                "1 failed (1)",
                "1 failed | 1 passed (2)",
            ),
            no_summary: &format!("\n RUN  v3.2.4 /project\n\n{green}"),
            short: Some(&run(green, "1 passed (1)", "2 passed (401)")),
            empty: Some(&run(
                " ↓ a.test.js (1 test | 1 skipped)\n",
                "1 skipped (1)",
                "1 skipped (1)",
            )),
            unparsable: Some("{\"numTotalTests\":\"many\"}\n"),
            flaky: Some(&run(
                " ✓ a.test.js > b 2ms (retry x1)\n ✓ a.test.js > c 2ms\n",
                "1 passed (1)",
                "2 passed (2)",
            )),
            ..Samples::default()
        },
    );
}

#[test]
fn every_recorded_run() {
    check_fixtures(subject::<Text, Json>, &fixtures("vitest"));
}

#[test]
fn what_may_be_done_to_an_output() {
    check_properties(subject::<Text, Json>, &fixtures("vitest"), &FAKES);
}
