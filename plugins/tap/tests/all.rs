//! Everything that a judge must hold, with recorded TAP of several producers, and the specification's
//! rules one by one.

use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text, verdict_on,
};
use tribunal_judge_tap::Parser;
use tribunal_sdk::Status;

const FAKES: [&str; 3] = ["1..9\n", "ok 1 - fake\n", "Result: PASS\n"];

fn judge(output: &str) -> (Status, String) {
    let verdict = verdict_on::<Parser>(output);
    (verdict.status, verdict.summary)
}

#[test]
fn every_row_of_the_table() {
    check_table(
        text::<Parser>,
        Samples {
            green: "TAP version 14\n1..2\nok 1 - a\nok 2 - b\n",
            balanced: true,
            red: "1..2\nok 1 - a\nnot ok 2 - b\n",
            no_summary: "ok 1 - a\nok 2 - b\n",
            short: Some("1..3\nok 1\nok 2\n"),
            empty: Some("1..0 # skip no network\n"),
            ..Samples::default()
        },
    );
}

#[test]
fn the_specifications_rules() {
    use Status::{Empty, Failed, Passed};
    for (output, status) in [
        ("ok 1\nok 2\n1..2\n", Passed),
        ("1..2\nok\nok\n", Passed),
        ("1..2\nok 2\nok 1\n", Passed),
        ("1..2\nok 1 # TODO later\nnot ok 2 # todo later\n", Passed),
        ("1..2\nok 1\nok 2 # SKIP no\n", Passed),
        ("1..1\nok 1 # SKIP no\n", Empty),
        ("1..1\nnot ok 1 # TODO\n", Empty),
        ("1..2\nok 1\nok 1\n", Failed),
        ("1..2\nok 1\nok 3\n", Failed),
        ("1..1\nok 1\nok 2\n", Failed),
        ("1..1\nok 1\n1..1\n", Failed),
        ("ok 1\n1..1\nok 2\n", Failed),
        ("1..2\nok 1\nok 136211425\n", Failed),
        ("1..1\nok 1\nBail out! no disk\n", Failed),
        ("1..1\nok 1 \\# TODO\nnot ok 2\n", Failed),
        (
            "1..1\n    not ok 1 - inner\n    1..1\nok 1 - outer # TODO\n",
            Passed,
        ),
        // A subtest that failed under a point that says ok, before it and behind it, and where one excuses it.
        (
            "1..1\n    not ok 1 - inner\n    1..1\nok 1 - outer\n",
            Failed,
        ),
        (
            "1..1\n    not ok 1 - x # TODO\n    1..1\nok 1 - outer\n",
            Passed,
        ),
        ("1..1\nok 1 - outer {\n    1..1\n    not ok 1\n}\n", Failed),
        (
            "1..1\nok 1 - outer # TODO {\n    not ok 1\n    1..1\n}\n",
            Passed,
        ),
        (
            "1..1\n        not ok 1\n        1..1\n    not ok 1 - y # TODO\n    1..1\nok 1 - outer\n",
            Passed,
        ),
        (
            "1..1\nok 1 - a {\n    ok 1 - b # TODO {\n        not ok 1\n    }\n    1..1\n}\n",
            Passed,
        ),
        ("1..1\nok 1\n  ---\n  - not ok 1\n  ...\n", Passed),
        // Of a program that prints `not ` and `ok 1` one after the other, with a line feed in between.
        ("1..2\nnot \nok 1\nok 2\n", Failed),
        ("1..2\nnot\nok 1\nok 2\n", Failed),
        ("1..2\nnot\nnoise\nok 1\nok 2\n", Passed),
        ("pragma +strict\n1..1\nnoise\nok 1\n", Failed),
        (
            "pragma +strict\npragma -strict\n1..1\nnoise\nok 1\n",
            Passed,
        ),
        ("", Failed),
    ] {
        let (got, summary) = judge(output);
        assert_eq!(got, status, "{output:?}: {summary}");
    }
}

#[test]
fn recorded_runs() {
    check_fixtures(text::<Parser>, &fixtures("tap"));
}

#[test]
fn properties() {
    check_properties(text::<Parser>, &fixtures("tap"), &FAKES);
}

#[test]
fn proves_options_are_read() {
    let tail = "All tests successful.\nFiles=1, Tests=3, 0 wallclock secs\nResult: PASS\n";
    let timed = "[10:20:30] t/a.t .. ok      12 ms ( 0.00 usr  0.00 sys +  0.02 cusr  0.01 csys =  0.03 CPU)\n";
    let (status, summary) = judge(&format!("{timed}[10:20:31]\n{tail}"));
    assert_eq!(status, Status::Passed, "{summary}");
    // With -j, of a file that bailed out.
    let (status, summary) = judge(&format!(
        "Bailout called.  Further testing stopped:  no disk\nt/a.t .. ok\n{tail}\
         FAILED--Further testing stopped: no disk\n"
    ));
    assert_eq!(status, Status::Failed, "{summary}");
    let (status, summary) = judge(&format!(
        "FAILED--Further testing stopped: no\nt/a.t .. ok\n{tail}"
    ));
    assert_eq!(status, Status::Failed, "{summary}");
}
