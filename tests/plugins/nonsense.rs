//! Judges that answer what cannot be, crash, or try to write on the terminal.

use tribunal::judge::{JudgeError, Notice};
use tribunal::model::VerdictStatus;

use crate::kit::{Bench, judge, judging, outcome, text, wasm};

#[tokio::test]
async fn a_harmless_judge_passes() {
    let outcome = outcome(&judging("(i32.const 2048)")).await;
    let verdict = outcome.verdict.expect("a verdict");
    assert_eq!(verdict.status, VerdictStatus::Passed);
    assert_eq!(verdict.summary, "fine");
}

#[tokio::test]
async fn values_that_the_contract_does_not_know_are_nonsense() {
    let cases = [
        (
            "status 77",
            "(i32.store8 (i32.const 2052) (i32.const 77)) (i32.const 2048)",
            "discriminant",
        ),
        (
            "invalid UTF-8",
            "(i32.store8 (i32.const 1300) (i32.const 255)) (i32.const 2048)",
            "utf-8",
        ),
        (
            "a string beyond memory",
            "(i32.store (i32.const 2060) (i32.const 0x7fffffff)) (i32.const 2048)",
            "out of bounds",
        ),
        (
            "an answer beyond memory",
            "(i32.const -16)",
            "out of bounds",
        ),
        ("an answer at an odd place", "(i32.const 2049)", "align"),
        (
            "a bad string in a call",
            "(call $log (i32.const 1) (i32.const -8) (i32.const 99)) (i32.const 2048)",
            "out of bounds",
        ),
        (
            "a level 9",
            "(call $log (i32.const 9) (i32.const 0) (i32.const 0)) (i32.const 2048)",
            "discriminant",
        ),
        (
            "a log that is not open",
            "(call $read (i32.const 5) (i32.const 9) (i32.const 8192)) (i32.const 2048)",
            "handle",
        ),
    ];
    for (what, body, sign) in cases {
        match outcome(&judging(body)).await.error() {
            JudgeError::Nonsense(why) => assert!(why.contains(sign), "{what}: {why}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_pass_that_contradicts_itself_does_not_stand() {
    let counts = |passed: u32, failed: u32, errored: u32| {
        judging(&format!(
            "(i32.store8 (i32.const 2064) (i32.const 1)) (i32.store (i32.const 2068) (i32.const {passed}))
             (i32.store (i32.const 2072) (i32.const {failed})) (i32.store (i32.const 2076) (i32.const {errored}))
             (i32.const 2048)"
        ))
    };
    let failing_case = "(i32.store8 (i32.const 3080) (i32.const 1)) (call $case (i32.const 3072))";
    let cases = [
        (
            counts(3, 1, 0),
            "`passed`, but it counts 1 failed and 0 errored",
        ),
        (
            counts(3, 0, 2),
            "`passed`, but it counts 0 failed and 2 errored",
        ),
        (counts(0, 0, 0), "`passed`, but it counts no tests"),
        (
            judging(&format!("{failing_case} (i32.const 2048)")),
            "`passed`, but 1 of the cases it reported did not pass",
        ),
    ];
    for (bytes, expected) in cases {
        let outcome = outcome(&bytes).await;
        assert_eq!(outcome.error(), &JudgeError::Nonsense(expected.to_owned()));
    }
    assert!(outcome(&counts(3, 0, 0)).await.verdict.is_ok());
    let rerun = format!(
        "{failing_case} (i32.store8 (i32.const 3080) (i32.const 4)) (call $case (i32.const 3072)) (i32.const 2048)"
    );
    assert!(
        outcome(&judging(&rerun)).await.verdict.is_ok(),
        "the last report counts"
    );
}

#[tokio::test]
async fn a_crash_says_its_last_words_and_where() {
    let bytes = wasm(&text(
        r#"(data (i32.const 9000) "panicked at src/lib.rs:3:5:\n\1b[31mindex\1b[0m out of bounds\n")
        (func $look_up (call $stderr (i32.const 9000) (i32.const 57)) (unreachable))
        (func (export "judge") (result i32) (call $look_up) (i32.const 2048))"#,
    ));
    let outcome = outcome(&bytes).await;
    let JudgeError::Crashed { summary, details } = outcome.error() else {
        panic!("{:?}", outcome.error());
    };
    assert_eq!(summary, "index out of bounds");
    assert!(
        details.starts_with("panicked at src/lib.rs:3:5:\nindex out of bounds\n"),
        "{details}"
    );
    assert!(details.contains("look_up"), "{details}");
}

#[tokio::test]
async fn a_silent_crash_is_put_into_words() {
    let cases = [
        ("(unreachable)", "it aborted without a message"),
        (
            "(drop (i32.load (i32.const -4))) (i32.const 2048)",
            "it used memory that it does not have",
        ),
        (
            "(i32.div_u (i32.const 1) (local.get $i))",
            "integer divide by zero",
        ),
        (
            "(call $artifacts (i32.const 9000) (i32.const 3) (i32.const 8192)) (i32.const 2048)",
            "bad glob",
        ),
    ];
    for (body, expected) in cases {
        let core = format!(
            "(data (i32.const 9000) \"[z-a]\")
             (func (export \"judge\") (result i32) (local $i i32) {body})"
        );
        let outcome = outcome(&wasm(&text(&core))).await;
        let JudgeError::Crashed { summary, .. } = outcome.error() else {
            panic!("{:?}", outcome.error());
        };
        assert!(summary.contains(expected), "{summary}");
    }
}

#[tokio::test]
async fn control_sequences_reach_nobody() {
    // The same hostile text as the summary, the name of a case and a message.
    let bytes = wasm(&text(
        r#"(data (i32.const 9000) "\1b]0;owned\07a\1b[2Jb\e2\80\aec\0d\00d")
        (func (export "judge") (result i32)
          (i32.store (i32.const 2056) (i32.const 9000)) (i32.store (i32.const 2060) (i32.const 23))
          (i32.store (i32.const 3072) (i32.const 9000)) (i32.store (i32.const 3076) (i32.const 23))
          (call $case (i32.const 3072))
          (call $log (i32.const 2) (i32.const 9000) (i32.const 23))
          (i32.const 2048))"#,
    ));
    let outcome = outcome(&bytes).await;
    assert_eq!(outcome.verdict.expect("a verdict").summary, "abcd");
    for notice in outcome.notices {
        match notice {
            Notice::Cases(cases) => assert!(cases.iter().all(|case| case.id == "abcd")),
            Notice::Log { message, .. } => assert_eq!(message, "abcd"),
            Notice::Progress { .. } | Notice::Began { .. } => panic!("nothing else was said"),
        }
    }
}

#[tokio::test]
async fn a_judge_may_decline_in_words() {
    // error: unparsable("fine")
    let bytes = judging(
        "(i32.store8 (i32.const 2048) (i32.const 1)) (i32.store8 (i32.const 2052) (i32.const 1)) (i32.const 2048)",
    );
    let expected = JudgeError::Declined("the judge could not read the output: fine".to_owned());
    assert_eq!(outcome(&bytes).await.error(), &expected);
}

#[tokio::test]
async fn one_judge_crashing_leaves_the_next_judgement_alone() {
    // Crashes exactly when the output begins with `!`; memory of an earlier judgement would show.
    let bench = Bench::new();
    let custom = bench.judge(&judging(
        "(local.set $l (call $open (i32.const 2)))
         (call $read (local.get $l) (i32.const 1) (i32.const 8192))
         (if (i32.eq (i32.load8_u (i32.load (i32.const 8192))) (i32.const 0x21)) (then unreachable))
         (i32.store8 (i32.const 1300) (i32.add (i32.load8_u (i32.const 1300)) (i32.const 1)))
         (i32.const 2048)",
    ));
    for log in [b"!".as_slice(), b"x", b"!", b"x"] {
        let outcome = judge(custom.as_ref(), log).await;
        match (log, &outcome.verdict) {
            (b"!", Err(JudgeError::Crashed { .. })) => {}
            (_, Ok(verdict)) => assert_eq!(verdict.summary, "gine"),
            (log, other) => panic!("{log:?}: {other:?}"),
        }
    }
}
