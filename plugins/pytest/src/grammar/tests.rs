//! Every form of the last line, and lines that only look like it.

use proptest::prelude::*;

use super::*;

fn counts(line: &str) -> Option<(u32, u32, u32, u32)> {
    let tally = summary(line.as_bytes())?.tally;
    Some((tally.passed, tally.failed, tally.errors, tally.skipped))
}

#[test]
fn all_forms_of_the_last_line_are_read() {
    for (line, expected) in [
        ("=== 1 failed, 2 passed in 0.12 seconds ===", (2, 1, 0, 0)),
        ("=== 1 failed, 2 passed in 0.12s ====", (2, 1, 0, 0)),
        ("= 2 passed in 83.20s (0:01:23) =", (2, 0, 0, 0)),
        ("2 passed in 86405.00s (1 day, 0:00:05)", (2, 0, 0, 0)),
        ("== 1 passed, 3 error in 0.10 seconds ==", (1, 0, 3, 0)),
        (
            "== 1 passed, 1 pytest-warnings in 0.10 seconds ==",
            (1, 0, 0, 0),
        ),
        (
            "== 2 passed, 1 rerun, 3 weird things in 0.10s ==",
            (2, 0, 0, 0),
        ),
        ("4 passed, 4 subtests passed in 0.10s", (4, 0, 0, 0)),
        ("==  in 0.00 seconds ==", (0, 0, 0, 0)),
        ("no tests ran in 0.00s", (0, 0, 0, 0)),
        ("2 deselected in 0.01s", (0, 0, 0, 0)),
        (
            "1 skipped, 1 xfailed, 1 xpassed, 1 warning in 0.01s",
            (0, 0, 0, 1),
        ),
        (
            "== no tests collected (3 deselected) in 0.01s ==",
            (0, 0, 0, 0),
        ),
        (
            "== 1/3 tests collected (2 deselected), 1 error in 0.01s ==",
            (0, 0, 1, 0),
        ),
        ("1 test collected in 0.01s", (0, 0, 0, 0)),
    ] {
        assert_eq!(counts(line), Some(expected), "{line}");
    }
}

#[test]
fn lookalikes_are_no_summaries() {
    for line in [
        "",
        "=",
        "===",
        "=== 2 passed in 0.12s",
        "=== 2 passed in 0.12s ==",
        "=== 2 passed in 0.12s =====",
        " === 2 passed in 0.12s ===",
        "=== 2 passed in 0.12s === ",
        "=== 2 passed in 0.1s ===",
        "=== 2 passed ===",
        "2 passed in a hurry",
        "3 files in 0.12s",
        "2 passed, 2 passed in 0.12s",
        "0x2 passed in 0.12s",
        "99999999999 passed in 0.12s",
        "2 passed in 0.12s, they say",
        "2 passed in 1.00s (soon)",
        "=== 2 passed, in 0.12s ===",
        "1/x tests collected in 0.01s",
    ] {
        assert_eq!(counts(line), None, "{line:?}");
    }
}

#[test]
fn what_is_red_and_what_is_empty() {
    let tally = |line: &str| summary(line.as_bytes()).map(|summary| summary.tally);
    for (line, red, empty) in [
        ("1 failed, 2 passed in 0.12s", true, false),
        ("2 passed, 1 error in 0.12s", true, false),
        ("2 passed, 1 subtests failed in 0.12s", true, false),
        ("1 error in 0.12s", true, false),
        ("2 passed in 0.12s", false, false),
        ("1 xfailed in 0.12s", false, false),
        ("3 skipped in 0.12s", false, true),
        ("1 warning in 0.12s", false, true),
        ("3 tests collected in 0.12s", false, true),
        ("no tests ran in 0.12s", false, true),
    ] {
        let tally = tally(line).expect(line);
        assert_eq!((tally.is_red(), tally.is_empty()), (red, empty), "{line}");
    }
}

#[test]
fn collected_lines_say_what_to_expect() {
    let expected = |items, deselected, modules_skipped| {
        Some(Expected {
            items,
            deselected,
            modules_skipped,
        })
    };
    assert_eq!(collected("collected 1 item"), expected(1, 0, 0));
    assert_eq!(
        collected("collecting ... collected 5 items"),
        expected(5, 0, 0)
    );
    assert_eq!(
        collected("collected 5 items / 1 error / 2 deselected / 3 skipped / 3 selected"),
        expected(5, 2, 3)
    );
    assert_eq!(collected("collected 5 coins"), None);
    assert_eq!(workers("2 workers [3 items]"), expected(3, 0, 0));
    assert_eq!(workers("1 worker [1 item]"), expected(1, 0, 0));
    assert_eq!(workers("gw0 [3] / gw1 [3]"), expected(3, 0, 0));
    assert_eq!(workers("2 workers [many items]"), None);
    assert_eq!(workers("gw0 I / gw1 I"), None);
}

#[test]
fn fences_have_two_sides_of_nearly_one_length() {
    let width = |line: &str| unfence(line.as_bytes(), b'=').map(|(_, fence)| fence.width);
    assert_eq!(width("== ä =="), Some(7));
    assert_eq!(width("== ä ==="), Some(8));
    assert_eq!(width("== a ===="), None);
    assert_eq!(width("=== a =="), None);
    assert_eq!(width("======="), None);
}

proptest! {
    #[test]
    fn a_beginning_of_a_summary_is_none(
        passed in 1_u32..9999, bare: bool, n in 1_usize..30, more in 0_usize..2,
    ) {
        let body = format!("{passed} passed, 1 skipped in 0.12s");
        let line = if bare {
            body
        } else {
            format!("{} {body} {}", "=".repeat(n), "=".repeat(n + more))
        };
        prop_assert!(summary(line.as_bytes()).is_some());
        // One character less may still be whole; the missing line feed tells.
        for end in 0..line.len() - 1 {
            let cut = &line.as_bytes()[..end];
            if let Some(summary) = summary(cut) {
                prop_assert_eq!(summary.tally.passed, passed);
                prop_assert!(!bare && end + more + 1 > line.len());
            }
        }
    }

    #[test]
    fn noise_never_panics(line in proptest::collection::vec(any::<u8>(), 0..80), text in ".{0,60}") {
        for line in [&line, text.as_bytes()] {
            // What it says does not matter here.
            prop_assert!(summary(line).is_none_or(|summary| summary.tally.finished() < u64::MAX));
            prop_assert!(unfence(line, b'!').is_none_or(|(text, _)| text.len() <= line.len()));
        }
    }
}
