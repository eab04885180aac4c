//! Judges beside a running suite: they wait without costing anything, and see bytes as they come.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tribunal::capture::Stream;
use tribunal::judge::{Artifact, JudgeError, Notice};
use tribunal::model::Completeness;

use crate::kit::{Attempt, Bench, cases, judge, judge_evidence, judging, text, wasm};

/// Reads to the end, and says after each read how many bytes it has seen.
const FOLLOW: &str = "(local.set $l (call $open (i32.const 2)))
    (block $end (loop $more
      (call $read (local.get $l) (i32.const 65536) (i32.const 8192))
      (br_if $end (i32.eqz (i32.load (i32.const 8196))))
      (local.set $i (i32.add (local.get $i) (i32.load (i32.const 8196))))
      (call $progress (local.get $i) (i32.const 0) (i32.const 0))
      (br $more)))
    (i32.const 2048)";

#[tokio::test(flavor = "current_thread")]
async fn bytes_are_seen_as_they_come() {
    let bench = Bench::new();
    let custom = bench.judge(&judging(FOLLOW));
    let mut attempt = Attempt::new();
    let (sender, mut notices) = mpsc::channel(16);
    let evidence = attempt.evidence.clone();
    let writing = async {
        let mut written = 0;
        for chunk in [b"one\n".as_slice(), b"", b"two", b" three\n"] {
            if chunk.is_empty() {
                continue;
            }
            attempt.output.write(Stream::Stdout, chunk);
            written += u32::try_from(chunk.len()).expect("small");
            let notice = notices.recv().await.expect("a notice");
            let total = None;
            assert_eq!(
                notice,
                Notice::Progress {
                    done: written,
                    total
                }
            );
        }
        attempt.output.finish(Completeness::Proven, "");
    };
    let (verdict, ()) = tokio::join!(custom.judge(evidence, sender), writing);
    assert!(verdict.is_ok());
}

#[test]
fn two_hundred_waiting_judges_hold_no_thread() {
    let bench = Bench::new();
    let custom = bench.judge(&judging(FOLLOW));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut attempts: Vec<_> = (0..200).map(|_| Attempt::new()).collect();
        let mut judging = JoinSet::new();
        let mut heard = Vec::new();
        for attempt in &attempts {
            let (sender, receiver) = mpsc::channel(16);
            let (custom, evidence) = (Arc::clone(&custom), attempt.evidence.clone());
            judging.spawn(async move { custom.judge(evidence, sender).await });
            heard.push(receiver);
        }
        // All are inside `read` once each has seen its first bytes.
        for (attempt, heard) in attempts.iter_mut().zip(&mut heard) {
            attempt.output.write(Stream::Stdout, b"hello\n");
            heard.recv().await.expect("a notice");
        }
        let threads = threads();
        let start = Instant::now();
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "the only worker is free"
        );
        // The runtime's worker, this thread, the ticks, and the test's own; other tests run beside.
        assert!(threads < 100, "{threads} threads for 200 judges");
        for attempt in attempts {
            attempt.output.finish(Completeness::Proven, "");
        }
        while let Some(verdict) = judging.join_next().await {
            assert!(verdict.expect("no panic").is_ok());
        }
    });
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

#[tokio::test]
async fn waiting_does_not_use_the_cpu_budget() {
    let bench = Bench::new();
    let mut spec = bench.spec(&judging("(call $ended (i32.const 8192)) (i32.const 2048)"));
    spec.limits.cpu = Duration::from_millis(50);
    let registry = bench.load_spec(spec).expect("a judge");
    let custom = registry.get("custom").expect("this judge");
    let attempt = Attempt::new();
    let (sender, _notices) = mpsc::channel(16);
    let evidence = attempt.evidence.clone();
    let ending = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        attempt.finish(b"", Vec::new())
    };
    let (verdict, _attempt) = tokio::join!(custom.judge(evidence, sender), ending);
    assert!(verdict.is_ok(), "{verdict:?}");
}

#[tokio::test]
async fn an_end_that_nobody_tells_is_lost() {
    // `lost` is case 7 of the variant: the judge fails on any other.
    let bench = Bench::new();
    let custom = bench.judge(&judging(
        "(call $ended (i32.const 8192))
         (if (i32.ne (i32.load8_u (i32.const 8192)) (i32.const 7)) (then unreachable))
         (i32.const 2048)",
    ));
    let attempt = Attempt::new();
    let evidence = attempt.evidence.clone();
    drop(attempt);
    assert!(
        judge_evidence(custom.as_ref(), evidence)
            .await
            .verdict
            .is_ok()
    );
}

#[tokio::test]
async fn nobody_listening_does_not_change_the_verdict() {
    let bench = Bench::new();
    let custom = bench.judge(&judging("(call $case (i32.const 3072)) (i32.const 2048)"));
    let (evidence, _dir) = Attempt::new().finish(b"", Vec::new());
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    assert!(custom.judge(evidence, sender).await.is_ok());
}

#[tokio::test]
async fn a_slow_listener_slows_the_judge_and_loses_nothing() {
    let bench = Bench::new();
    let custom = bench.judge(&judging(
        "(loop (call $case (i32.const 3072))
           (call $log (i32.const 1) (i32.const 3072) (i32.const 1))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if 0 (i32.lt_u (local.get $i) (i32.const 50))))
         (i32.const 2048)",
    ));
    let (evidence, _dir) = Attempt::new().finish(b"", Vec::new());
    let (sender, mut receiver) = mpsc::channel(1);
    let listening = async {
        let mut heard = 0;
        while let Some(notice) = receiver.recv().await {
            heard += cases(&[notice]);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        heard
    };
    let (verdict, heard) = tokio::join!(custom.judge(evidence, sender), listening);
    assert!(verdict.is_ok());
    assert_eq!(heard, 50);
}

/// Reads every artifact that matches `*.xml`, and says how many bytes there are in all.
fn reads_artifacts() -> Vec<u8> {
    wasm(&text(
        r#"(data (i32.const 9000) "out/*.xml")
        (func (export "judge") (result i32) (local $at i32) (local $end i32) (local $sum i32)
          (call $artifacts (i32.const 9000) (i32.const 9) (i32.const 8192))
          (local.set $at (i32.load (i32.const 8192)))
          (local.set $end (i32.add (local.get $at) (i32.shl (i32.load (i32.const 8196)) (i32.const 2))))
          (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
            (loop $more
              (call $read-artifact (i32.load (local.get $at)) (i32.const 3) (i32.const 8200))
              (local.set $sum (i32.add (local.get $sum) (i32.load (i32.const 8204))))
              (br_if $more (i32.load (i32.const 8204))))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (br $next)))
          (call $progress (local.get $sum) (i32.const 0) (i32.const 0))
          (i32.const 2048))"#,
    ))
}

#[tokio::test]
async fn artifacts_are_found_by_glob_and_read_to_the_end() {
    let bench = Bench::new();
    let custom = bench.judge(&reads_artifacts());
    let path = bench.path().join("file");
    fs::write(&path, "12345678").expect("written");
    let artifact = |name: String| Artifact {
        name,
        path: path.clone(),
        size: 8,
    };
    // More than may be open at once: each is closed at its end.
    let names = (0..100).map(|n| format!("out/{n:03}.xml"));
    let others = ["out/deep/x.xml", "out/x.txt", "x.xml"].map(str::to_owned);
    let artifacts: Vec<_> = names.chain(others).map(artifact).collect();
    let (evidence, _dir) = Attempt::new().finish(b"", artifacts);
    let outcome = judge_evidence(custom.as_ref(), evidence).await;
    assert!(outcome.verdict.is_ok(), "{:?}", outcome.verdict);
    let total = None;
    assert_eq!(outcome.notices, [Notice::Progress { done: 800, total }]);
}

#[tokio::test]
async fn an_artifact_that_is_gone_is_the_hosts_fault() {
    let bench = Bench::new();
    let custom = bench.judge(&reads_artifacts());
    let gone = Artifact {
        name: "out/a.xml".to_owned(),
        path: bench.path().join("gone"),
        size: 8,
    };
    let (evidence, _dir) = Attempt::new().finish(b"", vec![gone]);
    let outcome = judge_evidence(custom.as_ref(), evidence).await;
    let JudgeError::Declined(why) = outcome.error() else {
        panic!("{:?}", outcome.error());
    };
    assert!(
        why.contains("the artifact out/a.xml could not be read"),
        "{why}"
    );
}

#[tokio::test]
async fn much_output_is_read_at_speed() {
    let bench = Bench::new();
    let custom = bench.judge(&judging(FOLLOW));
    let log = vec![b'x'; 64 << 20];
    let outcome = judge(custom.as_ref(), &log).await;
    assert!(outcome.verdict.is_ok());
    let Some(Notice::Progress { done, .. }) = outcome.notices.last() else {
        panic!("no progress");
    };
    assert_eq!(*done, 64 << 20);
}
