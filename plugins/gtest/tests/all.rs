//! Everything that a judge must hold, with `GoogleTest`'s recorded runs and samples.

use tribunal_judge_gtest::Parser;
use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text, verdict_on,
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
            unparsable: Some(&format!(
                "[==========] 1 test from 1 test suite ran. (0 ms total)\n[  PASSED  ] 1 test.\n{}",
                run(1, GOOD, "[  PASSED  ] 1 test.\n")
            )),
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

#[test]
fn a_parameter_behind_a_result_without_times_ends_the_test() {
    let body = "[ RUN      ] All/P.Even/0\n[  FAILED  ] All/P.Even/0, where GetParam() = 3\n\
                [ RUN      ] T/0.Make\noops[  FAILED  ] T/0.Make, where TypeParam = int\n\
                [ RUN      ] A.One\n[       OK ] A.One\n";
    let tail = "[  PASSED  ] 1 test.\n[  FAILED  ] 2 tests, listed below:\n";
    let output = run(3, body, tail);
    let counts = verdict_on::<Parser>(&output).counts.expect("counts");
    assert_eq!((counts.passed, counts.failed), (1, 2));
}
