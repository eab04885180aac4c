//! The truth table that all judges share, with `JUnit`'s samples.

use std::collections::BTreeMap;

use tribunal_judge_kit::testing::{Input, Judged, Samples, check_table};
use tribunal_sdk::{Status, Verdict};

use crate::{Source, Tally, decide, read};

fn subject(input: &Input<'_>) -> Judged {
    let mut tally = Tally::default();
    let mut chunks = input.stdout.chunks(input.chunk);
    let next = || chunks.next().unwrap_or_default().to_vec();
    let mut cases = BTreeMap::new();
    let report = read(
        "the output".to_owned(),
        Source::Output,
        next,
        &mut tally,
        |case| drop(cases.insert(case.id.clone(), case.clone())),
    );
    let verdict = decide(input.end, &[report], &tally, input.capture).unwrap_or_else(|_| Verdict {
        status: Status::Errored,
        summary: String::new(),
        counts: None,
        extra: tribunal_judge_kit::verdict::explain(tribunal_judge_kit::Row::Lost, None),
    });
    Judged { verdict, cases }
}

#[test]
fn every_row_of_the_table() {
    let suite = |inner: &str| format!("<testsuite name=\"s\">{inner}</testsuite>");
    check_table(
        subject,
        Samples {
            green: &suite("<testcase name=\"a\"/><testcase name=\"b\"/>"),
            balanced: true,
            red: &suite("<testcase name=\"a\"/><testcase name=\"b\"><failure/></testcase>"),
            no_summary: "no report\n",
            short: Some(&suite("<testcase name=\"a\"/><testcase time=\"0\"/>")),
            empty: Some(&suite("")),
            empty_code: None,
            unparsable: Some("<testsuite name=\"s\"><testcase name=\"a\"/>"),
            flaky: Some(&suite(
                "<testcase name=\"a\"><flakyFailure/></testcase><testcase name=\"b\"/>",
            )),
        },
    );
}
