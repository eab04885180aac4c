//! Everything that a judge must hold, with `GoogleTest`'s recorded runs and samples.

use tribunal_judge_gtest::Parser;
use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text,
};

const FAKES: [&str; 3] = [
    "[  PASSED  ] 9 tests.\n",
    "[==========] 9 tests from 1 test suite ran. (0 ms total)\n[  PASSED  ] 9 tests.\n",
    "[       OK ] Fake.One (0 ms)\n",
];

fn run(count: u32, body: &str, tail: &str) -> String {
    format!(
        "[==========] Running {count} tests from 1 test suite.\n{body}\
         [==========] {count} tests from 1 test suite ran. (0 ms total)\n{tail}"
    )
}

const GOOD: &str = "[ RUN      ] A.One\n[       OK ] A.One (0 ms)\n";

#[test]
fn every_row_of_the_table() {
    let red = "[ RUN      ] A.Two\na.cc:3: Failure\nno\n[  FAILED  ] A.Two (0 ms)\n";
    check_table(
        text::<Parser>,
        Samples {
            green: &run(1, GOOD, "[  PASSED  ] 1 test.\n"),
            balanced: true,
            red: &run(
                2,
                &format!("{GOOD}{red}"),
                "[  PASSED  ] 1 test.\n[  FAILED  ] 1 test, listed below:\n",
            ),
            no_summary: &format!("[==========] Running 2 tests from 1 test suite.\n{GOOD}"),
            short: Some(&run(2, GOOD, "[  PASSED  ] 1 test.\n")),
            empty: Some(&run(0, "", "[  PASSED  ] 0 tests.\n")),
            ..Samples::default()
        },
    );
}

#[test]
fn recorded_runs() {
    check_fixtures(text::<Parser>, &fixtures("gtest"));
}

#[test]
fn properties() {
    check_properties(text::<Parser>, &fixtures("gtest"), &FAKES);
}
