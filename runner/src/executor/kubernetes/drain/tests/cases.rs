//! Known traps, one test each (draining.md, sections 0, 3 and 6).

use std::time::Duration;

use super::super::Drained;
use super::super::api::LogError;
use super::model::{Fault, Kubelet, MARKER, Taken};
use crate::model::Completeness;

/// Runs `write` beside the drain of a log that begins with the marker.
pub(super) async fn beside(
    kubelet: &Kubelet,
    write: impl AsyncFnOnce(&Kubelet),
) -> (Drained, Taken) {
    let drained = kubelet.drain(true);
    let (result, ()) = tokio::join!(drained, write(kubelet));
    result
}

pub(super) async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

#[track_caller]
pub(super) fn whole(kubelet: &Kubelet, (drained, taken): &(Drained, Taken)) {
    assert_eq!(drained.completeness, Completeness::Complete, "{drained:?}");
    assert_eq!(
        String::from_utf8_lossy(&taken.bytes),
        String::from_utf8_lossy(&kubelet.truth())
    );
    assert!(drained.from_the_start && taken.gaps.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_written_while_it_runs_is_there() {
    let kubelet = Kubelet::marked();
    let result = beside(&kubelet, async |kubelet| {
        kubelet.count(0..10);
        pause(500).await;
        kubelet.count(10..20);
        kubelet.end();
    })
    .await;
    whole(&kubelet, &result);
    // Following, and one reading after the end.
    assert_eq!(kubelet.requests().len(), 2, "{:?}", kubelet.requests());
}

#[tokio::test(start_paused = true)]
async fn a_container_that_has_ended_long_ago_is_read_twice() {
    let kubelet = Kubelet::marked();
    kubelet.count(0..100);
    kubelet.end();
    let result = kubelet.drain(true).await;
    whole(&kubelet, &result);
    assert_eq!(kubelet.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_body_concludes_nothing() {
    for clean in [true, false] {
        let kubelet = Kubelet::marked();
        for after in [0, 1, 37, 60, 200, 333] {
            kubelet.fault(Fault::Cut { after, clean });
        }
        let result = beside(&kubelet, async |kubelet| {
            for part in 0..10 {
                kubelet.count(part * 10..part * 10 + 10);
                pause(700).await;
            }
            kubelet.end();
        })
        .await;
        whole(&kubelet, &result);
        assert!(result.1.reconnects >= 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_given_up() {
    let kubelet = Kubelet::marked();
    kubelet.fault(Fault::Stall { after: 100 });
    let result = beside(&kubelet, async |kubelet| {
        kubelet.count(0..50);
        pause(200_000).await;
        kubelet.count(50..60);
        kubelet.end();
    })
    .await;
    whole(&kubelet, &result);
    assert_eq!(result.1.reconnects, 1);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_stands_still_after_the_end_is_left() {
    let kubelet = Kubelet::marked();
    kubelet.fault(Fault::Stall { after: 100 });
    let result = beside(&kubelet, async |kubelet| {
        kubelet.count(0..50);
        pause(1_000).await;
        kubelet.end();
    })
    .await;
    whole(&kubelet, &result);
}

#[tokio::test(start_paused = true)]
async fn what_the_runtime_writes_late_is_waited_for() {
    let kubelet = Kubelet::marked();
    let result = beside(&kubelet, async |kubelet| {
        kubelet.count(0..5);
        pause(100).await;
        kubelet.end();
        pause(150).await;
        kubelet.count(5..9);
    })
    .await;
    whole(&kubelet, &result);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_outlasted() {
    let kubelet = Kubelet::marked();
    kubelet.fault(Fault::Refuse(LogError::NotStarted));
    let after = Some(Duration::from_secs(7));
    kubelet.fault(Fault::Refuse(LogError::Transient("429".into(), after)));
    kubelet.fault(Fault::Refuse(LogError::Transient("500".into(), None)));
    let result = beside(&kubelet, async |kubelet| {
        kubelet.count(0..5);
        pause(20_000).await;
        for _ in 0..3 {
            kubelet.fault(Fault::Refuse(LogError::Transient("503".into(), None)));
        }
        kubelet.end();
    })
    .await;
    whole(&kubelet, &result);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_again_cuts_it_at_the_deadline() {
    let kubelet = Kubelet::marked();
    let begun = tokio::time::Instant::now();
    let (drained, taken) = beside(&kubelet, async |kubelet| {
        kubelet.count(0..5);
        pause(1_000).await;
        for _ in 0..1_000 {
            kubelet.fault(Fault::Refuse(LogError::Transient("503: down".into(), None)));
        }
        kubelet.end();
    })
    .await;
    assert_eq!(drained.completeness, Completeness::Cut);
    assert!(drained.note.contains("503: down"), "{}", drained.note);
    assert_eq!(taken.bytes, kubelet.truth());
    let took = begun.elapsed();
    assert!(
        took > Duration::from_secs(25) && took < Duration::from_secs(36),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn one_rotation_in_an_unbroken_stream_is_unverified() {
    let kubelet = Kubelet::marked();
    let (drained, taken) = beside(&kubelet, async |kubelet| {
        kubelet.count(0..50);
        pause(100).await;
        kubelet.rotate();
        kubelet.count(50..60);
        pause(100).await;
        kubelet.end();
    })
    .await;
    assert_eq!(
        drained.completeness,
        Completeness::Unverified,
        "{drained:?}"
    );
    assert_eq!(taken.bytes, kubelet.truth());
}

#[tokio::test(start_paused = true)]
async fn files_that_a_stream_skips_are_not_called_complete() {
    let kubelet = Kubelet::marked();
    let (drained, taken) = beside(&kubelet, async |kubelet| {
        kubelet.count(0..50);
        pause(100).await;
        kubelet.rotate();
        kubelet.count(50..100);
        kubelet.rotate();
        kubelet.count(100..150);
        pause(100).await;
        kubelet.end();
    })
    .await;
    assert_eq!(
        drained.completeness,
        Completeness::Unverified,
        "{drained:?}"
    );
    assert!(taken.bytes.len() < kubelet.truth().len());
    assert!(taken.bytes.ends_with(b"line 149\n"));
}

#[tokio::test(start_paused = true)]
async fn what_rotated_before_the_first_reading_is_a_gap_at_the_start() {
    let kubelet = Kubelet::marked();
    kubelet.count(0..50);
    kubelet.rotate();
    kubelet.count(50..55);
    kubelet.end();
    let (drained, taken) = kubelet.drain(true).await;
    assert_eq!(drained.completeness, Completeness::Gap);
    assert_eq!(taken.gaps.first().map(|gap| gap.0), Some(0));
    assert_eq!(
        taken.bytes,
        b"line 50\nline 51\nline 52\nline 53\nline 54\n"
    );
}

#[tokio::test(start_paused = true)]
async fn without_its_marker_a_log_is_never_complete() {
    let kubelet = Kubelet::new();
    kubelet.end();
    let (drained, _) = kubelet.drain(true).await;
    assert_eq!(drained.completeness, Completeness::Gap, "{drained:?}");
    // Where none is expected, the caller has to prove the beginning.
    let kubelet = Kubelet::new();
    kubelet.count(0..5);
    kubelet.end();
    let (drained, taken) = kubelet.drain(false).await;
    assert!(!drained.from_the_start && drained.first.is_some());
    assert_eq!(taken.bytes, kubelet.truth());
}

#[tokio::test(start_paused = true)]
async fn either_stream_may_be_first_in_the_log() {
    let kubelet = Kubelet::new();
    kubelet.raw(format!("{MARKER}\n").as_bytes());
    kubelet.write("on one stream\n");
    kubelet.raw(format!("{MARKER}\n").as_bytes());
    kubelet.write("on the other\n");
    kubelet.end();
    whole(&kubelet, &kubelet.drain(true).await);
}

#[tokio::test(start_paused = true)]
async fn a_marker_that_comes_again_is_output() {
    let kubelet = Kubelet::marked();
    kubelet.write(format!("{MARKER}\n"));
    kubelet.end();
    whole(&kubelet, &kubelet.drain(true).await);
}

#[tokio::test(start_paused = true)]
async fn bytes_are_bytes() {
    let kubelet = Kubelet::marked();
    kubelet.write(b"\xff\xfe\0\r\n");
    kubelet.write("2026-01-01T00:00:00.000000001Z not a stamp\n");
    kubelet.write("\n");
    kubelet.write(" leading\n");
    kubelet.write("x".repeat(3 << 20) + "\n");
    kubelet.write("no end");
    kubelet.fault(Fault::Cut {
        after: 50_000,
        clean: false,
    });
    let result = beside(&kubelet, async |kubelet| {
        pause(5_000).await;
        kubelet.end();
    })
    .await;
    whole(&kubelet, &result);
}

#[tokio::test(start_paused = true)]
async fn a_long_log_is_not_read_again() {
    let kubelet = Kubelet::marked();
    let result = beside(&kubelet, async |kubelet| {
        kubelet.count(0..30_000);
        pause(1_000).await;
        kubelet.end();
    })
    .await;
    whole(&kubelet, &result);
    let requests = kubelet.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(requests.get(1).is_some_and(|it| it.tail.is_some()));
    assert!(requests.get(2).is_some_and(|it| it.limit_bytes.is_some()));
}

#[tokio::test(start_paused = true)]
async fn words_of_the_kubelet_are_no_output() {
    let kubelet = Kubelet::marked();
    kubelet.says("failed to create fsnotify watcher: too many open files");
    let (drained, taken) = beside(&kubelet, async |kubelet| {
        kubelet.count(0..5);
        pause(1_000).await;
        kubelet.end();
    })
    .await;
    assert_eq!(taken.bytes, kubelet.truth());
    assert_eq!(drained.completeness, Completeness::Complete, "{drained:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_vanishes_leaves_what_was_streamed_and_a_gap() {
    let kubelet = Kubelet::marked();
    let (drained, taken) = beside(&kubelet, async |kubelet| {
        kubelet.count(0..5);
        pause(1_000).await;
        kubelet.vanish("its pod was deleted");
    })
    .await;
    assert_eq!(drained.completeness, Completeness::Gap);
    assert_eq!(taken.bytes, kubelet.truth());
    let said = &taken.gaps.first().expect("a gap").1;
    assert!(said.contains("its pod was deleted"), "{said}");
    let kubelet = Kubelet::new();
    kubelet.vanish("its pod was deleted");
    let (drained, _) = kubelet.drain(false).await;
    assert_eq!(drained.completeness, Completeness::Unavailable);
}
