//! Everything that a judge must hold, with recorded runs and samples of cargo-nextest.

use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text,
};
use tribunal_judge_nextest::Parser;

const FAKES: [&str; 2] = [
    "     Summary [   0.018s] 9 tests run: 9 passed, 0 skipped\n",
    "        PASS [   0.009s] (1/4) m::green fake\n",
];

fn run(count: u32, body: &str, tail: &str) -> String {
    format!("    Starting {count} tests across 1 binary\n{body}     Summary [   0.018s] {tail}\n")
}

const GOOD: &str =
    "        PASS [   0.009s] (1/2) m::a one\n        PASS [   0.009s] (2/2) m::a two\n";

#[test]
fn every_row_of_the_table() {
    let bad = GOOD.replacen("PASS", "FAIL", 1);
    check_table(
        text::<Parser>,
        Samples {
            green: &run(2, GOOD, "2 tests run: 2 passed, 0 skipped"),
            balanced: true,
            red: &run(2, &bad, "2 tests run: 1 passed, 1 failed, 0 skipped"),
            no_summary: &format!("    Starting 3 tests across 1 binary\n{GOOD}"),
            short: Some(&run(3, GOOD, "2/3 tests run: 2 passed, 0 skipped")),
            empty: Some(&run(0, "", "0 tests run: 0 passed, 0 skipped")),
            empty_code: Some(4),
            unparsable: Some("     Summary [   0.018s] 2 tests run: 2 passed, 0 skipped\n"),
            flaky: Some(&run(
                1,
                "  TRY 1 FAIL [   0.060s] m::a one\n  TRY 2 PASS [   0.035s] m::a one\n",
                "1 test run: 1 passed (1 flaky), 0 skipped",
            )),
        },
    );
}

#[test]
fn recorded_runs() {
    check_fixtures(text::<Parser>, &fixtures("nextest"));
}

#[test]
fn properties() {
    check_properties(text::<Parser>, &fixtures("nextest"), &FAKES);
}
