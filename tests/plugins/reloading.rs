//! A judge that is replaced while it judges, and many that wait at once.

use std::fs;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tribunal::capture::Stream;
use tribunal::judge::{Judge, Notice};
use tribunal::model::Completeness;
use tribunal::plan::JudgeSource;
use tribunal::plugin::Registry;

use crate::kit::{Attempt, Bench, judging};

/// Says that it has begun, and then works for a while.
const BUSY: &str = "(call $progress (i32.const 1) (i32.const 0) (i32.const 0))
    (loop $more
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 200000000))))
    (i32.const 2048)";
/// Reads to the end; says after each read how much it has seen.
const FOLLOW: &str = "(local.set $l (call $open (i32.const 2)))
    (block $end (loop $more
      (call $read (local.get $l) (i32.const 65536) (i32.const 8192))
      (br_if $end (i32.eqz (i32.load (i32.const 8196))))
      (local.set $i (i32.add (local.get $i) (i32.load (i32.const 8196))))
      (call $progress (local.get $i) (i32.const 0) (i32.const 0))
      (br $more)))
    (i32.const 2048)";
/// The same, and says failed.
const GRIM: &str = "(i32.store8 (i32.const 2052) (i32.const 1)) (i32.const 2048)";

fn swap(bench: &Bench, registry: &Registry, bytes: &[u8]) {
    let file = bench.path().join("judge.wasm");
    fs::write(&file, bytes).expect("written");
    let replaced = registry.refresh(&file).expect("a judge");
    assert_eq!(replaced.len(), 1);
    assert_eq!(registry.refresh(&file), Ok(Vec::new()), "the same bytes");
}

fn seen(count: u32) -> Notice {
    Notice::Progress {
        done: count,
        total: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_all_its_evidence_a_judgement_ends_as_it_began() {
    let bench = Bench::new();
    let registry = bench.load(&judging(BUSY)).expect("a judge");
    let judge = registry.get("custom").expect("this judge");
    let (evidence, _dir) = Attempt::new().finish(b"hello\n", Vec::new());
    let (sender, mut notices) = mpsc::channel(16);
    let old = Arc::clone(&judge);
    let mut judgement = JoinSet::new();
    judgement.spawn(async move { old.judge(evidence, sender).await });
    assert_eq!(notices.recv().await, Some(seen(1)));
    let before = judge.identity();
    swap(&bench, &registry, &judging(GRIM));
    assert_ne!(judge.identity(), before);
    let ended = judgement.join_next().await.expect("one").expect("no panic");
    let verdict = ended.expect("a verdict");
    assert_eq!(verdict.summary, "fine");
    assert_eq!(verdict.status, tribunal::model::VerdictStatus::Passed);
    assert_eq!(notices.recv().await, None, "nothing began anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_judgement_begins_again_at_the_first_byte() {
    let bench = Bench::new();
    let registry = bench.load(&judging(FOLLOW)).expect("a judge");
    let judge = registry.get("custom").expect("this judge");
    let mut attempt = Attempt::new();
    let (sender, mut notices) = mpsc::channel(16);
    let (new, evidence) = (Arc::clone(&judge), attempt.evidence.clone());
    let mut judgement = JoinSet::new();
    judgement.spawn(async move { new.judge(evidence, sender).await });
    attempt.output.write(Stream::Stdout, b"hello\n");
    assert_eq!(notices.recv().await, Some(seen(6)));
    let other = format!("(drop (i32.const 7)) {FOLLOW}");
    swap(&bench, &registry, &judging(&other));
    let began = Notice::Began {
        judge: judge.identity(),
        again: true,
    };
    assert_eq!(notices.recv().await, Some(began));
    assert_eq!(notices.recv().await, Some(seen(6)), "from the first byte");
    attempt.output.write(Stream::Stdout, b"bye\n");
    assert_eq!(notices.recv().await, Some(seen(10)));
    attempt.output.finish(Completeness::Proven, "");
    let ended = judgement.join_next().await.expect("one");
    assert!(ended.expect("no panic").is_ok());
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let text = fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_usize) * 4096
}

/// 500 of a real judge, `pytest`, in the middle of a log: nothing but memory, and little of that.
#[test]
fn five_hundred_waiting_judges_cost_less_than_a_mebibyte_each() {
    const COUNT: usize = 500;
    let bench = Bench::new();
    let mut spec = bench.spec(b"");
    spec.source = JudgeSource::Builtin("pytest".to_owned());
    let registry = bench.load_spec(spec).expect("a judge");
    let judge: Arc<dyn Judge> = registry.get("custom").expect("this judge");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut attempts: Vec<_> = (0..COUNT).map(|_| Attempt::new()).collect();
        let before = resident();
        let mut judging = JoinSet::new();
        let mut heard = Vec::new();
        for attempt in &mut attempts {
            let (sender, receiver) = mpsc::channel(16);
            let (judge, evidence) = (Arc::clone(&judge), attempt.evidence.clone());
            judging.spawn(async move { judge.judge(evidence, sender).await });
            attempt.output.write(
                Stream::Stdout,
                b"============================= test session starts ==============================\n\
                  collected 2 items\n\ntests/test_a.py::test_one PASSED                                         [ 50%]\n",
            );
            heard.push(receiver);
        }
        // All are inside a read once each has told its first case.
        for heard in &mut heard {
            heard.recv().await.expect("a notice");
        }
        let each = resident().saturating_sub(before) / COUNT;
        assert!(each < 1 << 20, "{each} bytes each");
        for attempt in attempts {
            attempt.output.finish(Completeness::Proven, "");
        }
        judging.shutdown().await;
    });
}
