//! Everything that a judge must hold, with recorded reports of real writers.

use tribunal_judge_kit::Notice;
use tribunal_judge_kit::testing::{
    Input, Judged, Samples, check_fixtures, check_properties, check_table, fixtures, whole,
};
use tribunal_judge_trx::{nothing, read};
use tribunal_sdk::{EndState, Status};

/// The judge as a function of bytes.
fn subject(input: &Input<'_>) -> Judged {
    let mut cases = std::collections::BTreeMap::new();
    let mut tell = |notice| {
        if let Notice::Case(case) = notice {
            cases.insert(case.id.clone(), case);
        }
    };
    let mut read = |name: &str, bytes: &[u8]| {
        let mut chunks = bytes.chunks(input.chunk);
        let next = || chunks.next().unwrap_or_default().to_vec();
        read(name, next, &mut tell)
    };
    let mut found = nothing();
    for (name, bytes) in input.artifacts {
        found = found.join(read(name, bytes));
    }
    if !found.seen {
        found = read("", input.stdout);
    }
    let verdict = tribunal_judge_kit::decide(&found, input.end, input.capture);
    Judged { verdict, cases }
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
    let fixtures = fixtures("trx");
    let green = fixtures
        .iter()
        .filter(|fixture| fixture.expect.status == "passed");
    let mut cuts = 0;
    for fixture in green {
        for (name, bytes) in &fixture.artifacts {
            for cut in 0..bytes.trim_ascii_end().len() {
                let judged = subject(&Input {
                    stdout: &fixture.stdout,
                    stderr: &fixture.stderr,
                    artifacts: &[(name.clone(), bytes[..cut].to_vec())],
                    end: &EndState::Exited(0),
                    capture: &whole(),
                    chunk: 65_536,
                });
                let status = judged.verdict.status;
                assert_ne!(status, Status::Passed, "{} cut at {cut}", fixture.name);
                cuts += 1;
            }
        }
    }
    assert!(cuts > 1_000, "only {cuts} cuts");
}
