//! Every recorded pytest run gets the verdict its scenario was written for, however it is cut into
//! chunks and whatever a terminal or a careless pipe does to it.

mod common;

use common::{Fixture, all, judge, judge_chunked};
use tribunal_sdk::Status;

/// Checks one fixture, and returns what is wrong.
fn problem(fixture: &Fixture) -> Option<String> {
    let judged = judge(&fixture.stdout, &fixture.stderr, &fixture.end());
    let verdict = &judged.verdict;
    let expect = &fixture.expect;
    let status = format!("{:?}", verdict.status).to_lowercase();
    let mut problems = Vec::new();
    if !status.contains(&expect.status) {
        problems.push(format!("is {status}, not {}", expect.status));
    }
    if let (Some(want), Some(got)) = (&expect.counts, &verdict.counts) {
        let got = [got.passed, got.failed, got.errored, got.skipped, got.flaky];
        let want = [
            want.passed,
            want.failed,
            want.errored,
            want.skipped,
            want.flaky,
        ];
        if got != want {
            problems.push(format!("counts {got:?}, not {want:?}"));
        }
    }
    if expect
        .cases
        .is_some_and(|cases| cases != judged.cases.len())
    {
        problems.push(format!("cases {:?}", judged.cases.keys()));
    }
    (!problems.is_empty()).then(|| {
        let problems = problems.join("; ");
        format!("{}: {problems} (`{}`)", fixture.name, verdict.summary)
    })
}

#[test]
fn every_fixture_gets_its_scenarios_verdict() {
    let fixtures = all();
    assert!(
        fixtures.len() > 100,
        "{} fixtures: are they there?",
        fixtures.len()
    );
    let problems: Vec<_> = fixtures.iter().filter_map(problem).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_summaries_read_well() {
    let mut lines: Vec<_> = all()
        .iter()
        .map(|fixture| {
            let verdict = judge(&fixture.stdout, &fixture.stderr, &fixture.end()).verdict;
            format!(
                "{:<32} {:?}: {}",
                fixture.name, verdict.status, verdict.summary
            )
        })
        .collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn failing_cases_say_why_and_where() {
    let fixture = all()
        .into_iter()
        .find(|fixture| fixture.name == "9.2.0/red")
        .expect("the fixture is there");
    let judged = judge(&fixture.stdout, &fixture.stderr, &fixture.end());
    let lines: Vec<_> = judged
        .cases
        .values()
        .map(|case| {
            let place = format!("{:?}:{:?}", case.file, case.line);
            format!("{:?} {} {place} {:?}", case.status, case.id, case.message)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn chunk_borders_change_nothing() {
    for fixture in all() {
        let whole = judge(&fixture.stdout, &fixture.stderr, &fixture.end());
        for size in [1, 7, 80] {
            let pieces = judge_chunked(&fixture.stdout, &fixture.stderr, &fixture.end(), size);
            assert_eq!(whole.verdict, pieces.verdict, "{} by {size}", fixture.name);
            assert_eq!(whole.cases, pieces.cases, "{} by {size}", fixture.name);
        }
    }
}

#[test]
fn windows_line_ends_change_nothing() {
    for fixture in all() {
        let dos = |text: &[u8]| {
            String::from_utf8_lossy(text)
                .replace('\n', "\r\n")
                .into_bytes()
        };
        // But that every line is a byte longer.
        let judge = |stdout: &[u8], stderr: &[u8]| {
            let mut verdict = judge(stdout, stderr, &fixture.end()).verdict;
            verdict.extra.retain(|label| label.key != "explain.byte");
            verdict
        };
        let plain = judge(&fixture.stdout, &fixture.stderr);
        let other = judge(&dos(&fixture.stdout), &dos(&fixture.stderr));
        assert_eq!(plain, other, "{}", fixture.name);
    }
}

#[test]
fn no_end_of_a_passing_output_may_be_missing() {
    for fixture in all() {
        let passes =
            |output: &[u8]| judge(output, b"", &fixture.end()).verdict.status == Status::Passed;
        if !passes(&fixture.stdout) {
            continue;
        }
        // Of two runs, that there was to be a second one cannot be seen from the first.
        if fixture.name.contains("two-runs") {
            continue;
        }
        // What a script prints afterwards is no part of pytest's output.
        let text = String::from_utf8_lossy(&fixture.stdout);
        let own = text.rfind("uploaded").unwrap_or(fixture.stdout.len());
        for end in 0..own {
            assert!(
                !passes(&fixture.stdout[..end]),
                "{} cut at {end}",
                fixture.name
            );
        }
    }
}
