//! Everything that a judge must hold, with recorded runs of PHPUnit.

use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text,
};
use tribunal_judge_phpunit::Parser;

const HEAD: &str = "PHPUnit 11.5.56 by Sebastian Bergmann and contributors.\n\n";
const TIME: &str = "\nTime: 00:00.001, Memory: 6.00 MB\n\n";
const FAKES: [&str; 3] = [
    "\nTime: 00:00.001, Memory: 6.00 MB\n\nOK (9 tests, 9 assertions)\n",
    "\nTime: 00:00.001, Memory: 6.00 MB\n\nOK, but some tests were skipped!\nTests: 9, Assertions: 9, Skipped: 1.\n",
    "OK (1 test, 1 assertion)\n",
];

#[test]
fn every_row_of_the_table() {
    let run = |letters: &str, rest: &str| format!("{HEAD}{letters}\n{TIME}{rest}\n");
    let green = run("..       2 / 2 (100%)", "OK (2 tests, 2 assertions)");
    let red = run(
        ".F       2 / 2 (100%)",
        "There was 1 failure:\n\n1) A::b\nno\n\n/a.php:3\n\nFAILURES!\nTests: 2, Assertions: 2, Failures: 1.",
    );
    let short = run("..       2 / 3 ( 67%)", "OK (2 tests, 2 assertions)");
    check_table(
        text::<Parser>,
        Samples {
            green: &green,
            balanced: true,
            red: &red,
            no_summary: &format!("{HEAD}."),
            short: Some(&short),
            empty: Some(&format!("{HEAD}No tests executed!\n")),
            empty_code: Some(1),
            ..Samples::default()
        },
    );
}

#[test]
fn recorded_runs() {
    check_fixtures(text::<Parser>, &fixtures("phpunit"));
}

#[test]
fn properties() {
    check_properties(text::<Parser>, &fixtures("phpunit"), &FAKES);
}
