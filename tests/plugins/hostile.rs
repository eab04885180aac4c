//! Judges that want to harm: each ends as an error that names its limit, and harms nobody.

use std::time::{Duration, Instant};

use tribunal::judge::{JudgeError, Notice};
use tribunal::plan::JudgeLimits;

use crate::kit::{Bench, cases, judge, judging, outcome, text, wasm};

fn limit(what: &str, limit: &str) -> JudgeError {
    JudgeError::Limit {
        what: what.to_owned(),
        limit: limit.to_owned(),
    }
}

/// Judges with a CPU budget of 300 ms; returns the error and how long it took.
async fn on_budget(bytes: &[u8]) -> (JudgeError, Duration) {
    let bench = Bench::new();
    let mut spec = bench.spec(bytes);
    spec.limits.cpu = Duration::from_millis(300);
    let registry = bench.load_spec(spec).expect("a judge");
    let custom = registry.get("custom").expect("this judge");
    let start = Instant::now();
    let error = judge(custom.as_ref(), b"").await.error().clone();
    (error, start.elapsed())
}

#[tokio::test]
async fn an_endless_loop_ends_with_the_cpu_budget() {
    let (error, took) = on_budget(&judging("(loop (br 0)) (unreachable)")).await;
    assert_eq!(error, limit("CPU", "300ms"));
    assert!(took > Duration::from_millis(250), "{took:?}");
}

#[tokio::test]
async fn an_endless_loop_of_host_calls_ends_with_the_cpu_budget() {
    let calls = "(loop (call $name (i32.const 8192)) (br 0)) (unreachable)";
    assert_eq!(on_budget(&judging(calls)).await.0, limit("CPU", "300ms"));
    let calls = "(loop (call $stderr (i32.const 0) (i32.const 60000)) (br 0)) (unreachable)";
    assert_eq!(on_budget(&judging(calls)).await.0, limit("CPU", "300ms"));
}

#[tokio::test(flavor = "current_thread")]
async fn a_spinning_judge_does_not_starve_its_thread() {
    let bytes = judging("(loop (br 0)) (unreachable)");
    let heartbeat = async {
        let mut worst = Duration::ZERO;
        for _ in 0..100 {
            let start = Instant::now();
            tokio::time::sleep(Duration::from_millis(1)).await;
            worst = worst.max(start.elapsed());
        }
        worst
    };
    let (spun, worst) = tokio::join!(on_budget(&bytes), heartbeat);
    assert_eq!(spun.0, limit("CPU", "300ms"));
    // 10 ms a turn; the rest is room for a machine under load.
    assert!(worst < Duration::from_millis(200), "{worst:?}");
}

#[tokio::test]
async fn memory_is_limited_however_it_is_taken() {
    let bomb =
        "(loop (br_if 0 (i32.ne (memory.grow (i32.const 160)) (i32.const -1)))) (unreachable)";
    let error = outcome(&judging(bomb)).await.error().clone();
    assert_eq!(error, limit("memory", "256 MiB"));
    assert_eq!(
        error.to_string(),
        "the judge ran over its memory limit of 256 MiB"
    );
    let bench = Bench::new();
    let huge = wasm(&text("").replace(
        "(memory (export \"memory\") 32)",
        "(memory (export \"memory\") 30000)",
    ));
    assert_eq!(
        bench.refusal(&huge),
        "it could not answer `describe`: the judge ran over its memory limit of 256 MiB"
    );
    let mut spec = bench.spec(&huge);
    spec.limits = JudgeLimits {
        memory: 2 << 30,
        ..JudgeLimits::default()
    };
    assert!(bench.load_spec(spec).is_ok(), "allowed by its own limit");
}

#[tokio::test]
async fn tables_are_limited() {
    let bytes = wasm(&text(
        r#"(table $t 1 funcref)
        (func (export "judge") (result i32)
          (drop (table.grow $t (ref.null func) (i32.const 100000000))) (i32.const 2048))"#,
    ));
    assert_eq!(
        outcome(&bytes).await.error(),
        &limit("table", "500000 elements")
    );
}

#[tokio::test]
async fn endless_recursion_ends_without_harm() {
    let bytes = wasm(&text(
        r#"(func $deeper (param i64) (result i64)
          (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (local.get 0)))
        (func (export "judge") (result i32) (drop (call $deeper (i64.const 0))) (i32.const 2048))"#,
    ));
    for _ in 0..3 {
        let outcome = outcome(&bytes).await;
        let JudgeError::Crashed { summary, details } = outcome.error() else {
            panic!("{:?}", outcome.error());
        };
        assert_eq!(summary, "its stack overflowed: endless recursion?");
        assert!(details.contains("deeper"), "{details}");
    }
}

#[tokio::test]
async fn so_many_cases_and_no_more() {
    let report = |n: u32| {
        judging(&format!(
            "(loop (call $case (i32.const 3072))
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if 0 (i32.lt_u (local.get $i) (i32.const {n}))))
             (i32.const 2048)"
        ))
    };
    let all = outcome(&report(200_000)).await;
    assert!(all.verdict.is_ok());
    assert_eq!(cases(&all.notices), 200_000);
    let over = outcome(&report(200_001)).await;
    assert_eq!(over.error(), &limit("case", "200,000"));
}

#[tokio::test]
async fn messages_are_cut_and_counted() {
    let bytes = judging(
        "(memory.fill (i32.const 8192) (i32.const 0x61) (i32.const 65536))
         (loop (call $log (i32.const 1) (i32.const 8192) (i32.const 65536))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if 0 (i32.lt_u (local.get $i) (i32.const 2000))))
         (i32.const 2048)",
    );
    let outcome = outcome(&bytes).await;
    assert_eq!(outcome.notices.len(), 1001);
    let Some(Notice::Log { level, message }) = outcome.notices.first() else {
        panic!("no message");
    };
    assert_eq!((*level, message.len()), ("info", 8 << 10));
    let Some(Notice::Log { level, message }) = outcome.notices.last() else {
        panic!("no message");
    };
    assert_eq!(*level, "warn");
    assert!(
        message.contains("further messages are dropped"),
        "{message}"
    );
}

#[tokio::test]
async fn a_giant_message_is_refused_before_it_is_copied() {
    let bytes = judging(
        "(drop (memory.grow (i32.const 1000)))
         (call $log (i32.const 1) (i32.const 0) (i32.const 60000000)) (i32.const 2048)",
    );
    let error = outcome(&bytes).await.error().clone();
    assert_eq!(error, limit("message size", "4 MiB"));
}

#[tokio::test]
async fn open_logs_are_limited_and_dropping_makes_room() {
    let bytes = judging(
        "(loop (drop (call $open (i32.const 2)))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if 0 (i32.lt_u (local.get $i) (i32.const 65))))
         (i32.const 2048)",
    );
    assert_eq!(outcome(&bytes).await.error(), &limit("open file", "64"));
    let bytes = judging(
        "(loop (call $drop (call $open (i32.const 2)))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if 0 (i32.lt_u (local.get $i) (i32.const 10000))))
         (i32.const 2048)",
    );
    assert!(outcome(&bytes).await.verdict.is_ok());
}

#[tokio::test]
async fn a_search_over_much_output_is_charged_to_the_judge() {
    let bench = Bench::new();
    let bytes = judging(
        "(i32.store (i32.const 8192) (i32.const 0x7a7a)) ;; `zz` matches nowhere
         (loop
           (local.set $l (call $open (i32.const 2)))
           (call $search (local.get $l) (i32.const 8192) (i32.const 2) (i32.const 9) (i32.const 8200))
           (call $drop (local.get $l))
           (br 0))
         (unreachable)",
    );
    let mut spec = bench.spec(&bytes);
    spec.limits.cpu = Duration::from_millis(100);
    let registry = bench.load_spec(spec).expect("a judge");
    let custom = registry.get("custom").expect("this judge");
    let error = judge(custom.as_ref(), &b"line\n".repeat(100_000)).await;
    assert_eq!(error.error(), &limit("CPU", "100ms"));
}

#[tokio::test]
async fn dropping_a_judgement_at_any_time_is_safe() {
    let bench = Bench::new();
    let custom = bench.judge(&judging("(loop (br 0)) (unreachable)"));
    for delay in 0..50 {
        let judged = judge(custom.as_ref(), b"");
        let ended = tokio::time::timeout(Duration::from_millis(delay % 25), judged).await;
        assert!(ended.is_err());
    }
}
