//! Everything that a judge must hold, with recorded runs and samples of `cargo test`.

use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text,
};
use tribunal_judge_libtest::Parser;

const RESULT: &str = "test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
const FAKES: [&str; 4] = [
    "test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
    "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
    "test fake ... ok\n",
    "{ \"type\": \"suite\", \"event\": \"ok\", \"passed\": 9, \"failed\": 0, \"ignored\": 0, \"measured\": 0, \"filtered_out\": 0 }\n",
];

fn run(count: u32, body: &str, result: &str) -> String {
    format!("\nrunning {count} tests\n{body}\n{result}\n")
}

fn result(passed: u32, failed: u32) -> String {
    let word = if failed == 0 { "ok" } else { "FAILED" };
    RESULT
        .replace(
            "9 passed; 0 failed",
            &format!("{passed} passed; {failed} failed"),
        )
        .replace("ok", word)
}

#[test]
fn every_row_of_the_table() {
    let green = run(2, "test a ... ok\ntest b ... ok\n", &result(2, 0));
    check_table(
        text::<Parser>,
        Samples {
            green: &green,
            balanced: true,
            red: &run(2, "test a ... ok\ntest b ... FAILED\n", &result(1, 1)),
            no_summary: "\nrunning 3 tests\ntest a ... ok\n",
            short: Some(&format!("{green}\nrunning 1 test\n")),
            empty: Some(&run(0, "", &result(0, 0))),
            unparsable: Some(&format!("{green}{{ \"type\": \"suite\", oops }}\n")),
            ..Samples::default()
        },
    );
}

#[test]
fn recorded_runs() {
    check_fixtures(text::<Parser>, &fixtures("libtest"));
}

#[test]
fn properties() {
    check_properties(text::<Parser>, &fixtures("libtest"), &FAKES);
}
