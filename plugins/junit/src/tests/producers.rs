//! Reports of real producers, from `tests/fixtures/junit` (its README says how they were made).

use tribunal_judge_kit::testing::{End, flat, status_word};
use tribunal_sdk::{EndState, Status};

use super::{Judged, judge_in};
use crate::Source;

/// Judges a fixture after this exit code, in chunks of a size that fits nothing.
fn fixture(name: &str, code: i32) -> Judged {
    let path = format!(
        "{}/../../tests/fixtures/junit/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    judge_in(
        &[(name, &bytes)],
        Source::Collected,
        &EndState::Exited(code),
        13,
    )
}

#[test]
fn every_fixture_has_its_counts() {
    for recorded in flat("junit") {
        let (name, End::Code(code)) = (&recorded.name, &recorded.expect.end) else {
            panic!("{}: reports have an exit code", recorded.name);
        };
        let judged = fixture(name, *code);
        let want = recorded.expect.counts.expect("the counts of every report");
        let want = [
            want.passed,
            want.failed,
            want.errored,
            want.skipped,
            want.flaky,
        ];
        assert_eq!(
            (status_word(judged.status()), judged.counts()),
            (recorded.expect.status.as_str(), want),
            "{name}: {}",
            judged.summary()
        );
        // Attributes of honest reports never contradict their elements.
        assert!(
            !judged.summary().contains("declares"),
            "{name}: {}",
            judged.summary()
        );
    }
}

#[test]
fn every_fixture_cut_anywhere_never_passes() {
    for name in [
        "pytest-9.2.0-green.xml",
        "pytest-rerun.xml",
        "node-green.xml",
        "vitest.xml",
        "jest-junit.xml",
    ] {
        let path = format!(
            "{}/../../tests/fixtures/junit/{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let end = bytes.trim_ascii_end().len();
        for cut in 0..end {
            let judged = judge_in(
                &[(name, &bytes[..cut])],
                Source::Collected,
                &EndState::Exited(0),
                64,
            );
            assert_ne!(
                judged.status(),
                Status::Passed,
                "{name} cut at {cut}: {}",
                judged.summary()
            );
        }
    }
}

#[test]
fn cases_say_where_and_why() {
    let judged = fixture("pytest-xunit1-xdist.xml", 1);
    let case = judged.case("test_shop::test_discount");
    assert_eq!(
        case.message.as_deref(),
        Some("AssertionError: 10 % off & <nothing> more")
    );
    assert_eq!(
        (case.file.as_deref(), case.line),
        (Some("test_shop.py"), Some(6))
    );
    // pytest counts lines from 0; the report is believed.
    let details = case.details.as_deref().expect("details");
    assert!(details.contains("assert 100 * 0.9 == 80"), "{details}");

    let judged = fixture("node-cart.xml", 1);
    let case = judged.case("with <one> & more::has a total");
    assert_eq!(
        case.message.as_deref(),
        Some("Expected values to be strictly equal:3 !== 4")
    );
    assert!(judged.ids().contains(&"adds"), "{:?}", judged.ids());

    let judged = fixture("pytest-exit.xml", 0);
    assert!(
        judged.summary().contains("broken off"),
        "{}",
        judged.summary()
    );
    let judged = fixture("jest-junit.xml", 1);
    assert!(
        judged
            .case("cart total")
            .message
            .as_deref()
            .is_some_and(|m| m.contains("toBe"))
    );
}
