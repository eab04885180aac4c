//! Everything that a judge must hold, with recorded reports of real writers.

use tribunal_judge_kit::testing::{
    Input, Judged, Samples, check_cuts, check_fixtures, check_properties, check_table, files,
    fixtures, whole,
};
use tribunal_judge_trx::{nothing, read};
use tribunal_sdk::{EndState, Status};

/// The judge as a function of bytes.
fn subject(input: &Input<'_>) -> Judged {
    files(input, nothing(), read)
}

fn report(outcome: &str, total: u32, results: &[&str]) -> String {
    let results: Vec<String> = results
        .iter()
        .enumerate()
        .map(|(at, outcome)| {
            format!("<UnitTestResult testName=\"t{at}\" duration=\"00:00:01.5\" outcome=\"{outcome}\"/>\n")
        })
        .collect();
    let results = results.concat();
    format!(
        "<?xml version=\"1.0\"?>\n<TestRun>\n<Results>\n{results}</Results>\n<ResultSummary outcome=\"{outcome}\">\n<Counters total=\"{total}\"/>\n</ResultSummary>\n</TestRun>\n"
    )
}

#[test]
fn every_row_of_the_table() {
    check_table(
        subject,
        Samples {
            green: &report("Completed", 2, &["Passed", "Passed"]),
            balanced: true,
            red: &report("Failed", 2, &["Passed", "Failed"]),
            no_summary: "2 passed\n",
            short: Some(&report("Completed", 3, &["Passed", "Passed"])),
            empty: Some(&report("Completed", 1, &["NotExecuted"])),
            unparsable: Some(
                "<TestRun>\n<Results>\n<UnitTestResult testName=\"a\" outcome=\"Passed\"/>\n",
            ),
            ..Samples::default()
        },
    );
}

#[test]
fn what_nobody_established_is_not_green() {
    for outcome in ["Inconclusive", "Aborted", "InProgress", "Melted", ""] {
        let text = report("Completed", 2, &["Passed", outcome]);
        let judged = subject(&Input {
            stdout: text.as_bytes(),
            stderr: b"",
            artifacts: &[],
            end: &EndState::Exited(0),
            capture: &whole(),
            chunk: 64,
        });
        assert_ne!(judged.verdict.status, Status::Passed, "{outcome}");
    }
}

#[test]
fn every_recorded_run() {
    check_fixtures(subject, &fixtures("trx"));
}

#[test]
fn what_may_be_done_to_an_output() {
    let fake = report("Completed", 1, &["Passed"]);
    check_properties(subject, &fixtures("trx"), &[&fake]);
}

#[test]
fn no_part_of_a_report_passes() {
    check_cuts(subject, &fixtures("trx"), 3);
}

fn judged(name: &str, text: &str) -> Judged {
    subject(&Input {
        stdout: b"",
        stderr: b"",
        artifacts: &[(name.to_owned(), text.as_bytes().to_vec())],
        end: &EndState::Exited(0),
        capture: &whole(),
        chunk: 65_536,
    })
}

#[test]
fn bombs_end_at_once_and_are_refused() {
    let results = "<UnitTestResult testName=\"&b;\" outcome=\"Passed\"/>";
    let entities = format!(
        "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n<TestRun><Results>{results}</Results></TestRun>"
    );
    let outside = "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<TestRun/>".to_owned();
    let deep = format!("<TestRun>{}", "<Output>".repeat(20_000));
    let attributes: String =
        (0..8_000).fold(String::new(), |text, n| text + &format!(" a{n}=\"\""));
    let wide = format!("<TestRun><Results{attributes}/></TestRun>");
    let name = format!("<TestRun><{}/></TestRun>", "n".repeat(100_000));
    for (bomb, why) in [
        (entities, "DOCTYPE declares entities"),
        (outside, "DOCTYPE declares entities"),
        (deep, "nested more than 256 deep"),
        (wide, "more than 1,000 attributes"),
        (name, "name is longer than 256"),
    ] {
        let begun = std::time::Instant::now();
        let verdict = judged("a.trx", &bomb).verdict;
        // Of a debug build on a busy machine.
        assert!(begun.elapsed().as_secs() < 5, "{why}");
        assert_eq!(verdict.status, Status::Errored, "{why}");
        assert!(verdict.summary.contains(why), "{}", verdict.summary);
    }
}

#[test]
fn long_texts_are_cut() {
    let long = "v".repeat(300_000);
    let text = report("Failed", 1, &["Failed"]).replace(
        "outcome=\"Failed\"/>",
        &format!(
            "outcome=\"Failed\"><Output><StdOut>{long}</StdOut><ErrorInfo><Message>no\n{long}</Message>\
             <StackTrace>{long}</StackTrace></ErrorInfo></Output></UnitTestResult>"
        ),
    );
    let judged = judged("a.trx", &text);
    assert_eq!(judged.verdict.status, Status::Failed);
    let case = &judged.cases["t0"];
    assert_eq!(case.message.as_deref(), Some("no"));
    assert!(
        case.details
            .as_ref()
            .is_some_and(|text| text.len() < 40_000)
    );
}

#[test]
fn parts_of_a_test_count_like_its_writer_counts_them() {
    let text = report("Completed", 4, &["Passed"]).replace(
        "</Results>",
        "<TestResultAggregation testName=\"ordered\" outcome=\"Passed\"><InnerResults>\
         <UnitTestResult testName=\"first\" outcome=\"Passed\"/><UnitTestResult testName=\"second\" outcome=\"Passed\"/>\
         </InnerResults></TestResultAggregation></Results>",
    );
    let judged = judged("a.trx", &text);
    assert_eq!(judged.verdict.status, Status::Passed);
    assert_eq!(judged.cases.len(), 4);
}

#[test]
fn rows_of_a_test_bring_counters_that_are_not_the_runs() {
    // Visual Studio writes them so, with the summary before the results.
    let summary =
        "<ResultSummary outcome=\"Completed\">\n<Counters total=\"3\"/>\n</ResultSummary>\n";
    let text = report("Completed", 3, &[]).replace(summary, "");
    let rows = "<UnitTestResult testName=\"rows\" outcome=\"Passed\"><Counters error=\"0\" passed=\"2\"/>\
                <InnerResults><UnitTestResult testName=\"rows 1\" outcome=\"Passed\"/>\
                <UnitTestResult testName=\"rows 2\" outcome=\"Passed\"/></InnerResults></UnitTestResult>\n";
    let text = text.replace("<Results>\n", &format!("{summary}<Results>\n{rows}"));
    let all = judged("a.trx", &text).verdict;
    assert_eq!(all.status, Status::Passed, "{}", all.summary);
    let more = text.replace("total=\"3\"", "total=\"4\"");
    assert_eq!(judged("a.trx", &more).verdict.status, Status::Failed);
    // Only theirs are not the run's.
    let none = text.replace("<Counters total=\"3\"/>", "");
    assert_eq!(judged("a.trx", &none).verdict.status, Status::Failed);
}

#[test]
fn counters_and_messages_of_the_run_may_make_it_red_and_missing_outcomes_are_errors() {
    let green = report("Completed", 1, &["Passed"]);
    let counted = green.replace("total=\"1\"", "total=\"1\" failed=\"1\"");
    let crashed = green.replace(
        "</ResultSummary>",
        "<RunInfos><RunInfo outcome=\"Error\"><Text>the test host crashed</Text></RunInfo></RunInfos></ResultSummary>",
    );
    let silent = green.replace(" outcome=\"Passed\"", "");
    for text in [&counted, &crashed, &silent] {
        let verdict = judged("a.trx", text).verdict;
        assert_eq!(verdict.status, Status::Failed, "{}", verdict.summary);
    }
    assert!(
        judged("a.trx", &crashed)
            .verdict
            .summary
            .contains("the test host crashed")
    );
    let warned = crashed.replace("outcome=\"Error\"", "outcome=\"Warning\"");
    assert_eq!(judged("a.trx", &warned).verdict.status, Status::Passed);
}

#[test]
fn a_file_that_is_no_report_is_an_error_beside_a_green_one_too() {
    let green = report("Completed", 1, &["Passed"]);
    for (other, why) in [
        ("", "no <TestRun>"),
        (
            "<?xml version=\"1.0\"?>\n<testsuite/>",
            "its root is <testsuite>, not <TestRun> (line 2, byte 22)",
        ),
        (green.get(..60).expect("ASCII"), "truncated"),
    ] {
        let verdict = subject(&Input {
            stdout: b"",
            stderr: b"",
            artifacts: &[
                ("a.trx".to_owned(), green.clone().into_bytes()),
                ("b.trx".to_owned(), other.as_bytes().to_vec()),
            ],
            end: &EndState::Exited(0),
            capture: &whole(),
            chunk: 7,
        })
        .verdict;
        assert_eq!(verdict.status, Status::Errored, "{}", verdict.summary);
        assert!(verdict.summary.contains(why), "{}", verdict.summary);
    }
}

#[test]
fn noise_in_a_report_neither_panics_nor_passes_after_a_bad_end() {
    let mut seed = 0x9e37_79b9_u32;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed as usize % limit
    };
    for fixture in fixtures("trx") {
        for (name, bytes) in fixture
            .artifacts
            .iter()
            .filter(|(_, bytes)| bytes.len() < 20_000)
        {
            for _ in 0..50 {
                let mut bytes = bytes.clone();
                for _ in 0..=below(6) {
                    let at = below(bytes.len());
                    bytes[at] = b"<>&\"'/=\0x\xff"[below(10)];
                }
                let judged = subject(&Input {
                    stdout: b"",
                    stderr: b"",
                    artifacts: &[(name.clone(), bytes)],
                    end: &EndState::Exited(1),
                    capture: &whole(),
                    chunk: 1 + below(500),
                });
                assert_ne!(judged.verdict.status, Status::Passed, "{}", fixture.name);
            }
        }
    }
}

#[test]
fn what_the_run_says_of_its_failed_tests_is_no_further_error() {
    let said = |outcome: &str, results: &[&str]| {
        let infos = "<RunInfos><RunInfo outcome=\"Error\"><Text>[00:00:01] t0 [FAIL]</Text></RunInfo>\
                     <RunInfo outcome=\"Error\"><Text>exit code 2</Text></RunInfo></RunInfos>";
        let total = u32::try_from(results.len()).expect("few");
        let text = report(outcome, total, results);
        let text = text.replace("</ResultSummary>", &format!("{infos}</ResultSummary>"));
        let verdict = judged("a.trx", &text).verdict;
        let counts = verdict.counts.expect("counts");
        (verdict.status, counts.passed, counts.failed, counts.errored)
    };
    assert_eq!(
        said("Failed", &["Failed", "Passed"]),
        (Status::Failed, 1, 1, 0)
    );
    // A crash behind the last result is one: nothing else shows it.
    assert_eq!(said("Completed", &["Passed"]), (Status::Failed, 1, 0, 1));
}

#[test]
fn what_decides_is_quoted_with_line_and_byte() {
    let explained = |text: &str| {
        let verdict = judged("a.trx", text).verdict;
        let label = |name: &str| {
            let found = verdict.extra.iter().find(|label| label.key == name);
            found.map_or_else(String::new, |label| label.value.clone())
        };
        let byte: usize = label("explain.byte").parse().expect("a byte");
        let line: usize = label("explain.line").parse().expect("a line");
        let before = text.get(..byte).expect("a byte of the text");
        assert_eq!(before.matches('\n').count() + 1, line);
        (
            text.get(byte..).expect("a byte of the text").to_owned(),
            label("explain.quote"),
            verdict.summary,
        )
    };
    let red = report("Failed", 3, &["Passed", "Failed", "Failed"]);
    for text in [red.clone(), format!("\u{feff}{red}")] {
        let (rest, quote, _) = explained(&text);
        assert!(
            rest.starts_with("<UnitTestResult testName=\"t1\""),
            "{rest}"
        );
        assert!(quote.contains("t1"), "{quote}");
    }
    let (rest, quote, _) = explained(&report("Failed", 1, &["Passed"]));
    assert!(
        rest.starts_with("<ResultSummary outcome=\"Failed\""),
        "{rest}"
    );
    assert!(quote.contains("ResultSummary"), "{quote}");
    let (rest, _, _) = explained(&report("Completed", 1, &["Passed"]));
    assert!(rest.starts_with("</TestRun>"), "{rest}");
    let broken = report("Completed", 2, &["Passed", "Passed"]).replace("testName=\"t1\"", "<");
    let (rest, quote, summary) = explained(&broken);
    assert!(rest.starts_with('<'), "{rest}");
    assert!(quote.starts_with("<UnitTestResult <"), "{quote}");
    assert!(summary.contains("(line 5, byte "), "{summary}");
}
