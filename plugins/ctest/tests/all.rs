//! Everything that a judge must hold, with ctest's recorded runs and samples.

use tribunal_judge_ctest::Parser;
use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text,
};

const FAKES: [&str; 2] = [
    "100% tests passed, 0 tests failed out of 9\n\nTotal Test time (real) =   0.01 sec\n",
    "100% tests passed out of 1\n\nTotal Test time (real) =   0.01 sec\n",
];
const HEAD: &str = "Test project /t\n    Start 1: alpha\n";
const ONE: &str = "1/1 Test #1: alpha ............................   Passed    0.01 sec\n";
const BAD: &str = "1/1 Test #1: alpha ............................***Failed    0.01 sec\n";
const TIME: &str = "Total Test time (real) =   0.01 sec\n";

#[test]
fn every_row_of_the_table() {
    let tail = format!("\n100% tests passed, 0 tests failed out of 1\n\n{TIME}");
    check_table(
        text::<Parser>,
        Samples {
            green: &format!("{HEAD}{ONE}{tail}"),
            balanced: true,
            red: &format!("{HEAD}{BAD}\n0% tests passed, 1 tests failed out of 1\n\n{TIME}"),
            no_summary: &format!("{HEAD}{ONE}"),
            short: Some(&format!("{HEAD}{}{tail}", ONE.replace("1/1", "1/2"))),
            empty: Some("Test project /t\nNo tests were found!!!\n"),
            unparsable: Some(&format!("{HEAD}{ONE}{}{tail}", ONE.replace("1/1", "2/2"))),
            flaky: Some(&format!(
                "{HEAD}{BAD}    Test #1: alpha ....   Passed    0.01 sec\n{tail}"
            )),
            empty_code: None,
        },
    );
}

#[test]
fn recorded_runs() {
    check_fixtures(text::<Parser>, &fixtures("ctest"));
}

#[test]
fn properties() {
    check_properties(text::<Parser>, &fixtures("ctest"), &FAKES);
}
