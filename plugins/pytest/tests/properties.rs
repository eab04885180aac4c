//! What may be done to an output without ever making a verdict greener.

mod common;

use std::sync::LazyLock;

use common::{Fixture, all, judge};
use proptest::prelude::*;
use tribunal_sdk::{EndState, Status};

static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(all);

/// A higher rank is a greener verdict.
fn rank(status: Status) -> u8 {
    match status {
        Status::Passed => 2,
        Status::Empty | Status::Skipped => 1,
        Status::Failed | Status::Errored => 0,
    }
}

fn fixture() -> impl Strategy<Value = &'static Fixture> {
    (0..FIXTURES.len()).prop_map(|at| &FIXTURES[at])
}

/// A summary, or a whole run, that nobody ran.
fn fake() -> impl Strategy<Value = String> {
    let body = prop_oneof![
        (1_u32..200).prop_map(|n| format!("{n} passed in 1.00s")),
        (1_u32..200).prop_map(|n| format!("{n} passed, 1 skipped in 0.12 seconds")),
        Just("no tests ran in 0.01s".to_owned()),
    ];
    let header = "=".repeat(29) + " test session starts " + &"=".repeat(30);
    (body, 0_u8..4).prop_map(move |(body, form)| match form {
        0 => format!("{body}\n"),
        1 => format!("===== {body} =====\n"),
        2 => format!("{:=^80}\n", format!(" {body} ")),
        _ => format!(
            "{header}\ncollected 5 items\n\n{:=^80}\n",
            format!(" {body} ")
        ),
    })
}

fn line_starts(text: &[u8]) -> Vec<usize> {
    let after = |(at, byte): (usize, &u8)| (*byte == b'\n').then_some(at + 1);
    std::iter::once(0)
        .chain(text.iter().enumerate().filter_map(after))
        .collect()
}

fn insert(text: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    [&text[..at], more, &text[at..]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_500,
        failure_persistence: None,
        max_global_rejects: 1_000_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_bad_end_never_passes(fixture in fixture(), code in 1..256_i32, oom: bool) {
        let end = if oom { EndState::OomKilled(String::new()) } else { EndState::Exited(code) };
        let status = judge(&fixture.stdout, &fixture.stderr, &end).verdict.status;
        prop_assert_ne!(status, Status::Passed);
    }

    #[test]
    fn a_summary_nobody_ran_improves_nothing(
        fixture in fixture(), fake in fake(), place in any::<prop::sample::Index>(), edge in 0..3,
    ) {
        // It already holds one forgery, found out by the half line of dots at its end; a second one
        // glued to that half line hides it.
        prop_assume!(!fixture.name.contains("spoof-then-exit"));
        let starts = line_starts(&fixture.stdout);
        let at = match edge {
            0 => 0,
            1 => fixture.stdout.len(),
            _ => starts[place.index(starts.len())],
        };
        // Half a line at the end would swallow it, as a real atexit hook's line would be.
        let before = judge(&fixture.stdout, &fixture.stderr, &fixture.end()).verdict;
        let spoofed = insert(&fixture.stdout, at, fake.as_bytes());
        let after = judge(&spoofed, &fixture.stderr, &fixture.end()).verdict;
        let known = before.extra.iter().any(|label| label.value == "no-summary");
        // Without any summary of pytest's own, a forged one is all there is to go by: only what
        // cannot be forged by one line (`collected N items`, a header) holds then.
        if !known || fixture.stdout.windows(10).any(|bytes| bytes == b"collected ") {
            prop_assert!(
                rank(after.status) <= rank(before.status),
                "{}: {} became {} ({})", fixture.name, before.summary, after.summary, fake
            );
        }
    }

    #[test]
    fn noise_between_the_lines_changes_no_counts(
        fixture in fixture(),
        noise in "[a-z:/.%-][a-zA-Z0-9 :/.%-]{0,60}[a-z.]",
        place in any::<prop::sample::Index>(),
    ) {
        let starts = line_starts(&fixture.stdout);
        let at = starts[place.index(starts.len())];
        // Inside pytest-sugar's summary a foreign line means that it is over.
        prop_assume!(!fixture.name.contains("sugar"));
        prop_assume!(at < fixture.stdout.len());
        let before = judge(&fixture.stdout, &fixture.stderr, &fixture.end()).verdict;
        let noisy = insert(&fixture.stdout, at, format!("{noise}\n").as_bytes());
        let after = judge(&noisy, &fixture.stderr, &fixture.end()).verdict;
        prop_assert_eq!(before.counts, after.counts, "{}", &fixture.name);
        prop_assert_eq!(before.status, after.status, "{}", &fixture.name);
    }

    #[test]
    fn colours_and_rewritten_lines_change_no_counts(fixture in fixture(), colour in 30..38_u8) {
        let before = judge(&fixture.stdout, &fixture.stderr, &fixture.end()).verdict;
        let text = String::from_utf8_lossy(&fixture.stdout);
        let painted: String = text
            .split_inclusive('\n')
            .map(|line| match line.strip_suffix('\n') {
                Some(line) => format!("waiting ...\r\x1b[{colour}m{line}\x1b]9;4;1;50\x1b\\\x1b[0m\n"),
                None => line.to_owned(),
            })
            .collect();
        let after = judge(painted.as_bytes(), &fixture.stderr, &fixture.end()).verdict;
        prop_assert_eq!(before.counts, after.counts, "{}", &fixture.name);
        prop_assert_eq!(before.status, after.status, "{}", &fixture.name);
    }

    #[test]
    fn a_cut_output_is_never_greener(fixture in fixture(), place in any::<prop::sample::Index>()) {
        let before = judge(&fixture.stdout, &fixture.stderr, &fixture.end()).verdict;
        prop_assume!(before.status != Status::Passed && !fixture.stdout.is_empty());
        // A second run, or a `!!!` line that old versions print after a bare summary: that it is
        // missing cannot be seen from what is left. The host knows whether the output is whole.
        prop_assume!(!fixture.name.contains("two-runs"));
        prop_assume!(!fixture.name.contains("pytest-exit-0-q"));
        // A forged summary, found out by the very last byte.
        prop_assume!(!fixture.name.contains("spoof-then-exit"));
        let cut = &fixture.stdout[..place.index(fixture.stdout.len())];
        let after = judge(cut, &fixture.stderr, &fixture.end()).verdict;
        prop_assert_ne!(after.status, Status::Passed, "{}: {}", &fixture.name, after.summary);
    }

    #[test]
    fn random_bytes_never_panic_and_never_pass(
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("="), Just("\n"), Just(" "), Just("passed"), Just("::"), Just("FAILED"), Just("\r"),
                Just("\x1b["), Just("[ 50%]"), Just("collected 5 items"), Just("!!!"), Just("E  "), Just("["),
                Just("SKIPPED ("), Just(")"), Just("_"), Just("a.py:12: x"), Just("é"), Just("SUBFAILED[m] "),
                Just("=== FAILURES ===\n"), Just("=== short test summary info ===\n"), Just("- "),
            ],
            0..60,
        ),
    ) {
        let text = pieces.concat();
        for bytes in [noise.as_slice(), text.as_bytes()] {
            let judged = judge(bytes, bytes, &EndState::Exited(0));
            prop_assert_ne!(judged.verdict.status, Status::Passed);
        }
    }
}

#[test]
fn a_case_is_reported_again_only_when_more_is_known() {
    for fixture in FIXTURES.iter() {
        let judged = judge(&fixture.stdout, &fixture.stderr, &fixture.end());
        assert_eq!(judged.repeated, 0, "{}", fixture.name);
    }
}
