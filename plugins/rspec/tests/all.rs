//! Everything that a judge must hold, with recorded runs of RSpec.

use tribunal_judge_kit::json::subject;
use tribunal_judge_kit::testing::{
    Input, Samples, check_fixtures, check_properties, check_table, fixtures, whole,
};
use tribunal_judge_rspec::{Json, Text};
use tribunal_sdk::{EndState, Status, Verdict};

const FAKES: [&str; 3] = [
    "\nFinished in 0.001 seconds (files took 0.1 seconds to load)\n9 examples, 0 failures\n\n",
    ".........\n\nFinished in 0.001 seconds (files took 0.1 seconds to load)\n9 examples, 0 failures\n\n",
    "{\"version\":\"3.12.0\",\"examples\":[{\"full_description\":\"a\",\"status\":\"passed\"}],\"summary\":{\"example_count\":1,\"failure_count\":0},\"summary_line\":\"1 example, 0 failures\"}\n",
];
const TIME: &str = "\nFinished in 0.002 seconds (files took 0.1 seconds to load)\n";

fn progress(marks: &str, totals: &str) -> String {
    format!("{marks}\n{TIME}{totals}\n\n")
}

#[test]
fn every_row_of_the_table() {
    let red = progress(
        ".F\n\nFailures:\n\n  1) sum adds\n     Failure/Error: x",
        "2 examples, 1 failure",
    );
    check_table(
        subject::<Text, Json>,
        Samples {
            green: &progress("..", "2 examples, 0 failures"),
            balanced: true,
            red: &red,
            no_summary: ".",
            short: Some(&progress(".", "2 examples, 0 failures")),
            empty: Some(&progress("No examples found.", "0 examples, 0 failures")),
            empty_code: Some(1),
            unparsable: Some(
                "{\"examples\":[],\"summary\":{\"example_count\":\"many\"},\"summary_line\":\"\"}\n",
            ),
            ..Samples::default()
        },
    );
}

#[test]
fn every_recorded_run() {
    check_fixtures(subject::<Text, Json>, &fixtures("rspec"));
}

#[test]
fn what_may_be_done_to_an_output() {
    check_properties(subject::<Text, Json>, &fixtures("rspec"), &FAKES);
}

/// The verdict on what stands on standard output after exit 0, read in pieces of so many bytes.
fn verdict_on(text: &str, chunk: usize) -> Verdict {
    let input = Input {
        stdout: text.as_bytes(),
        stderr: b"",
        artifacts: &[],
        end: &EndState::Exited(0),
        capture: &whole(),
        chunk,
    };
    subject::<Text, Json>(&input).verdict
}

#[test]
fn a_report_that_breaks_in_its_first_example_is_an_error() {
    let report = FAKES[2];
    let torn = report.replace("\"status\":", "\"status\":,");
    let (cut, _) = report.split_once("status").expect("it is there");
    for text in [torn.as_str(), cut] {
        let verdict = verdict_on(text, 4_096);
        assert_eq!(verdict.status, Status::Errored, "{}", verdict.summary);
        assert!(verdict.summary.contains("line 1"), "{}", verdict.summary);
    }
}

#[test]
fn a_red_report_behind_a_green_one_on_a_long_line_counts() {
    let green = FAKES[2].replace("\"a\"", &format!("\"{}\"", "a".repeat(100_000)));
    let red = FAKES[2].replace("passed", "failed");
    // In pieces as the host gives them, the line ends inside of the second one.
    for chunk in [65_536, 65_537, 90_000, 4_096, 1_000_000] {
        let verdict = verdict_on(&format!("{green}{red}"), chunk);
        assert_eq!(
            verdict.status,
            Status::Failed,
            "{chunk}: {}",
            verdict.summary
        );
    }
}
