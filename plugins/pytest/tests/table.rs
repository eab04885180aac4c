//! The truth table that all judges share, with pytest's samples.

use std::collections::BTreeMap;

use tribunal_judge_kit::testing::{Input, Judged, Samples, check_table};
use tribunal_judge_pytest::parser::{Notice, Parser};
use tribunal_judge_pytest::verdict;
use tribunal_sdk::TestCase;

const HEADER: &str =
    "============================= test session starts ==============================\n";

fn subject(input: &Input<'_>) -> Judged {
    let mut cases: BTreeMap<String, TestCase> = BTreeMap::new();
    let mut report = |notice| {
        if let Notice::Case(case) = notice {
            cases.insert(case.id.clone(), case);
        }
    };
    let mut read = |bytes: &[u8]| {
        let mut parser = Parser::new();
        for chunk in bytes.chunks(input.chunk) {
            parser.feed(chunk, &mut report);
        }
        parser.end(&mut report)
    };
    let (out, err) = (read(input.stdout), read(input.stderr));
    let verdict = verdict::decide(&verdict::join(out, err), input.end, input.capture);
    Judged { verdict, cases }
}

fn run(collected: u32, summary: &str) -> String {
    format!("{HEADER}collected {collected} items\n\ntest_a.py ...\n{summary:=^80}\n")
}

#[test]
fn every_row_of_the_table() {
    check_table(
        subject,
        Samples {
            green: &run(3, " 3 passed in 0.12s "),
            balanced: true,
            red: &run(3, " 1 failed, 2 passed in 0.12s "),
            no_summary: &format!("{HEADER}collected 3 items\n\ntest_a.py ."),
            short: Some(&run(5, " 3 passed in 0.12s ")),
            empty: Some(&run(0, " no tests ran in 0.01s ")),
            empty_code: Some(5),
            unparsable: None,
            flaky: Some(&run(3, " 3 passed, 1 rerun in 0.12s ")),
        },
    );
}
