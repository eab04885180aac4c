//! Tests of the CTRF report: its snapshot, and what its schema demands.

use super::super::recorded;
use super::*;
use crate::event::EventKind;

fn report(events: &[Event]) -> Value {
    let mut run = Collected::default();
    for event in events {
        run.take(event);
    }
    let summary = run.summary.clone().expect("a finished run");
    render(&run, &summary)
}

#[test]
fn a_run_of_every_kind() {
    let json = report(&recorded::events());
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).expect("JSON"));
}

#[test]
fn the_counts_add_up_and_nothing_undecided_is_green() {
    for events in [recorded::events(), recorded::troubles()] {
        let json = report(&events);
        let results = &json["results"];
        let summary = &results["summary"];
        let sum: u64 = ["passed", "failed", "skipped", "pending", "other"]
            .iter()
            .map(|key| summary[key].as_u64().expect("a number"))
            .sum();
        assert_eq!(summary["tests"].as_u64(), Some(sum));
        let Some(EventKind::RunFinished { summary }) = events.last().map(|event| &event.kind)
        else {
            panic!("the run ends");
        };
        for suite in summary
            .suites
            .iter()
            .filter(|suite| words::is_problem(suite.status))
        {
            let tests = results["tests"].as_array().expect("a list");
            let red = tests.iter().any(|test| {
                test["suite"][0] == suite.name.as_str()
                    && matches!(test["status"].as_str(), Some("failed" | "other"))
            });
            assert!(red, "{} looks green", suite.name);
        }
    }
}
