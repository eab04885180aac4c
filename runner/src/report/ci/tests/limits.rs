//! Nothing is over a limit in silence.

use super::parsers::commands;
use super::*;
use crate::model::{Case, RunSummary};

/// The recorded run with so many failing cases of `unit`.
fn with_failures(count: usize) -> Vec<Event> {
    let mut events = recorded::events();
    for event in &mut events {
        if let EventKind::RunFinished { summary } = &mut event.kind {
            let suite = summary.suites.first_mut().expect("suites");
            let case = suite.failing.first().expect("a case").clone();
            suite.failing = (0..count).map(|n| numbered(&case, n)).collect();
        }
    }
    events
}

fn numbered(case: &Case, n: usize) -> Case {
    Case {
        id: format!("{}_{n}", case.id),
        message: Some("x😀".repeat(5_000)),
        ..case.clone()
    }
}

fn summary_of(events: &[Event]) -> &RunSummary {
    let last = events.last().expect("events");
    match &last.kind {
        EventKind::RunFinished { summary } => summary,
        other => panic!("{other:?}"),
    }
}

#[test]
fn github_gets_ten_errors_and_the_last_counts_the_rest() {
    for (failures, errors) in [(3, 5), (8, 10), (9, 10), (40, 10), (100, 10)] {
        let events = with_failures(failures);
        let log = log(System::Github, &events, |_| {});
        let found = commands(System::Github, &log);
        let count = |name: &str| found.iter().filter(|found| *found == name).count();
        assert_eq!(
            [count("error"), count("warning"), count("notice")],
            [errors, 1, 1],
            "{failures}"
        );
        let text = String::from_utf8(log).expect("UTF-8");
        // The cases, one suite that is not decided, one that was killed.
        let more = (failures + 2).saturating_sub(9);
        let told = format!(
            "::error title=and {more} more::and {more} more, of them 1 suite not decided: tribunal show "
        );
        assert_eq!(
            text.contains(&told),
            failures + 2 > 10,
            "{failures}: {told}"
        );
        let first = text
            .lines()
            .find(|line| line.starts_with("::error"))
            .expect("an error");
        let placed = "::error file=shop/tests/unit/test_cart.py,line=88,title=unit%3A tests/unit";
        assert!(first.starts_with(placed), "{first}");
        for line in text.lines().filter(|line| line.starts_with("::")) {
            let message = line.rsplit_once("::").expect("data").1;
            assert!(message.encode_utf16().count() <= 4_096);
        }
    }
}

#[test]
fn azure_and_teamcity_count_the_rest_too() {
    let mut events = with_failures(40);
    let log = log(System::Azure, &events, |_| {});
    let found = commands(System::Azure, &log);
    // Ten errors, one warning.
    assert_eq!(
        found.iter().filter(|name| *name == "task.logissue").count(),
        11
    );
    let load = summary_of(&events)
        .suites
        .iter()
        .find(|suite| suite.name == "load");
    let load = load.expect("the suite").clone();
    if let Some(EventKind::RunFinished { summary }) = events.last_mut().map(|event| &mut event.kind)
    {
        for n in 0..30 {
            let mut suite = load.clone();
            suite.name = format!("load-{n}");
            summary.suites.push(suite);
        }
    }
    let log = super::log(System::Teamcity, &events, |_| {});
    let found = commands(System::Teamcity, &log);
    assert_eq!(
        found.iter().filter(|name| *name == "buildProblem").count(),
        10
    );
    let text = String::from_utf8(log).expect("UTF-8");
    assert!(
        text.contains("and 22 more suites not decided: tribunal show"),
        "{text}"
    );
}

#[test]
fn a_log_of_gitlab_stays_short_and_says_what_it_leaves_out() {
    let mut events = recorded::events();
    let end = events.pop().expect("the end");
    let failed = events
        .iter()
        .position(|event| matches!(event.kind, EventKind::SuiteFinished { .. }));
    let mut failed = events
        .get(failed.expect("a suite's end"))
        .expect("there")
        .clone();
    if let EventKind::SuiteFinished { summary, .. } = &mut failed.kind {
        summary.summary = "x".repeat(2_000);
    }
    events.extend(std::iter::repeat_n(failed, 2_000));
    events.push(end);
    let size = |system| log(system, &events, |_| {}).len();
    assert!(size(System::Github) > 2 << 20);
    let log = log(System::Gitlab, &events, |_| {});
    assert!(log.len() < 450 << 10, "{}", log.len());
    let text = String::from_utf8(log).expect("UTF-8");
    assert!(
        text.contains(" suites not shown, for GitLab folds nothing"),
        "{text}"
    );
    assert!(text.contains("FAIL  6 suites"));
}
