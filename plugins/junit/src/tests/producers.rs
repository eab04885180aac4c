//! Reports of real producers, from `tests/fixtures/junit` (its README says how they were made).

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
    for (name, code, status, counts) in [
        ("pytest-5.0.1-green.xml", 0, Status::Passed, [2, 0, 0, 0, 0]),
        ("pytest-6.2.5-green.xml", 0, Status::Passed, [2, 0, 0, 0, 0]),
        ("pytest-7.4.4-green.xml", 0, Status::Passed, [2, 0, 0, 0, 0]),
        ("pytest-9.2.0-green.xml", 0, Status::Passed, [2, 0, 0, 0, 0]),
        // test_close fails in the call and again in its tear-down: two entries, one test.
        ("pytest-5.0.1-red.xml", 1, Status::Failed, [2, 1, 3, 2, 0]),
        ("pytest-6.2.5-red.xml", 1, Status::Failed, [2, 1, 3, 2, 0]),
        ("pytest-7.4.4-red.xml", 1, Status::Failed, [2, 1, 3, 2, 0]),
        ("pytest-9.2.0-red.xml", 1, Status::Failed, [2, 1, 3, 2, 0]),
        (
            "pytest-xunit1-xdist.xml",
            1,
            Status::Failed,
            [2, 1, 3, 2, 0],
        ),
        ("pytest-exit.xml", 0, Status::Failed, [2, 0, 0, 0, 0]),
        ("pytest-sub.xml", 1, Status::Failed, [0, 1, 0, 0, 0]),
        ("pytest-rerun.xml", 0, Status::Passed, [1, 0, 0, 0, 0]),
        ("pytest-collect.xml", 2, Status::Failed, [0, 0, 1, 0, 0]),
        ("pytest-empty.xml", 5, Status::Failed, [0, 0, 0, 0, 0]),
        ("node-cart.xml", 1, Status::Failed, [2, 1, 0, 2, 0]),
        ("node-green.xml", 0, Status::Passed, [2, 0, 0, 0, 0]),
        ("mocha-xunit.xml", 2, Status::Failed, [1, 2, 0, 2, 0]),
        ("jest-junit.xml", 1, Status::Failed, [2, 1, 0, 1, 0]),
        ("vitest.xml", 1, Status::Failed, [2, 1, 0, 2, 0]),
    ] {
        let judged = fixture(name, code);
        assert_eq!(
            (judged.status(), judged.counts()),
            (status, counts),
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
