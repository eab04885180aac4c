//! Everything that a judge must hold, with recorded runs and samples of `go test`.

use tribunal_judge_go_test::Parser;
use tribunal_judge_kit::testing::{
    Samples, check_fixtures, check_properties, check_table, fixtures, text, verdict_on,
};
use tribunal_sdk::Status;

const FAKES: [&str; 3] = [
    "PASS\n",
    "--- PASS: TestFake (0.00s)\n",
    "{\"Action\":\"pass\",\"Package\":\"example.com/fake\",\"Elapsed\":0.1}\n",
];
const RUN: &str = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n";

#[test]
fn every_row_of_the_table_in_text() {
    check_table(
        text::<Parser>,
        Samples {
            green: &format!("{RUN}PASS\nok  \texample.com/m\t0.01s\n"),
            red: "--- FAIL: TestA (0.00s)\nFAIL\nFAIL\texample.com/m\t0.01s\nFAIL\n",
            no_summary: &format!("{RUN}=== RUN   TestB\n"),
            short: Some(&format!(
                "{RUN}PASS\nok  \texample.com/m\t0.01s\n=== RUN   TestB\n"
            )),
            empty: Some("ok  \texample.com/m\t0.01s [no tests to run]\n"),
            ..Samples::default()
        },
    );
}

#[test]
fn every_row_of_the_table_in_json() {
    let event = |action: &str, test: &str| {
        let test = match test {
            "" => String::new(),
            test => format!(",\"Test\":\"{test}\""),
        };
        format!("{{\"Action\":\"{action}\",\"Package\":\"p\"{test}}}\n")
    };
    let good = event("start", "") + &event("run", "TestA") + &event("pass", "TestA");
    check_table(
        text::<Parser>,
        Samples {
            green: &format!("{good}{}", event("pass", "")),
            red: &format!("{good}{}", event("fail", "")),
            no_summary: &good,
            short: Some(&format!(
                "{good}{}{}",
                event("run", "TestB"),
                event("pass", "")
            )),
            empty: Some(&(event("start", "") + &event("skip", ""))),
            unparsable: Some(&format!("{good}{}{{\"Action\":\n", event("pass", ""))),
            ..Samples::default()
        },
    );
}

#[test]
fn recorded_runs() {
    check_fixtures(text::<Parser>, &fixtures("go-test"));
}

#[test]
fn properties() {
    check_properties(text::<Parser>, &fixtures("go-test"), &FAKES);
}

#[test]
fn other_forms_of_the_same_lines() {
    for (output, status, passed) in [
        // A log whose tabs became blanks.
        (
            "=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\nok      p/q    0.001s\n",
            Status::Passed,
            1,
        ),
        // Go before 1.4.
        (
            "=== RUN TestA\n--- PASS: TestA (0.06 seconds)\nPASS\nok  \tp/q\t0.160s\n",
            Status::Passed,
            1,
        ),
        (
            "=== RUN TestA\n--- FAIL: TestA (0.06 seconds)\nFAIL\nexit status 1\nFAIL\tp/q\t0.160s\n",
            Status::Failed,
            0,
        ),
        // Go before 1.8 said it in a line of its own.
        (
            "testing: warning: no tests to run\nPASS\nok  \tp/q\t0.001s\n",
            Status::Empty,
            0,
        ),
        (
            "testing: warning: no tests to run\nPASS\nok  \tp/q\t0.001s\nok  \tp/r\t0.001s\n",
            Status::Passed,
            1,
        ),
        ("ok  everything is fine\n", Status::Failed, 0),
    ] {
        let verdict = verdict_on::<Parser>(output);
        assert_eq!(
            (
                verdict.status,
                verdict.counts.map_or(0, |counts| counts.passed)
            ),
            (status, passed),
            "{output:?}: {}",
            verdict.summary
        );
    }
}
