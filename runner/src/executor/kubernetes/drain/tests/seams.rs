//! A follower that read its file to the end after the container's, and a newer file that it never looked at.

use super::super::Drained;
use super::cases::{beside, pause};
use super::model::{Fault, Kubelet, Taken};
use crate::model::Completeness;

const MILLISECOND: i64 = 1_000_000;

/// Fifty lines, a rotation, and `step` nanoseconds later five more, at which the container ends: the follower sees the
/// end before the new file.
async fn rotated_at_the_end(kubelet: &Kubelet, step: i64) -> (Drained, Taken) {
    beside(kubelet, async |kubelet| {
        kubelet.count(0..50);
        pause(100).await;
        kubelet.rotate();
        kubelet.write_after(step, b"line 50\n");
        kubelet.count(51..55);
        kubelet.end();
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_file_that_begins_where_the_one_before_ended_goes_on_with_it() {
    let kubelet = Kubelet::marked();
    let (drained, taken) = rotated_at_the_end(&kubelet, MILLISECOND / 10).await;
    assert_eq!(taken.bytes, kubelet.truth());
    // Nothing is proven: not `complete`.
    assert_eq!(
        drained.completeness,
        Completeness::Unverified,
        "{drained:?}"
    );
    assert!(
        drained.note.contains("begins 0.100 ms after"),
        "{drained:?}"
    );
    assert!(taken.gaps.is_empty(), "{:?}", taken.gaps);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_begins_after_a_pause_may_follow_one_that_was_never_seen() {
    let kubelet = Kubelet::marked();
    let (drained, taken) = rotated_at_the_end(&kubelet, 3_000 * MILLISECOND).await;
    assert!(taken.bytes.ends_with(b"line 54\n"));
    assert_eq!(drained.completeness, Completeness::Gap, "{drained:?}");
    assert_eq!(taken.gaps.len(), 1, "{:?}", taken.gaps);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_skipped_between_is_a_gap() {
    let kubelet = Kubelet::marked();
    let (drained, taken) = beside(&kubelet, async |kubelet| {
        kubelet.count(0..50);
        pause(100).await;
        kubelet.rotate();
        // A kubelet does not look twice within three seconds.
        for number in 50..100 {
            kubelet.write_after(60 * MILLISECOND, format!("line {number}\n").as_bytes());
        }
        kubelet.rotate();
        kubelet.count(100..105);
        kubelet.end();
    })
    .await;
    assert!(taken.bytes.len() < kubelet.truth().len());
    assert_eq!(drained.completeness, Completeness::Gap, "{drained:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_broke_off_was_not_read_to_its_end() {
    for clean in [true, false] {
        let kubelet = Kubelet::marked();
        // The third line is cut in half.
        kubelet.fault(Fault::Cut { after: 150, clean });
        let (drained, taken) = rotated_at_the_end(&kubelet, MILLISECOND / 10).await;
        assert!(taken.bytes.len() < kubelet.truth().len());
        assert_eq!(drained.completeness, Completeness::Gap, "{drained:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_before_it_stays_one() {
    let kubelet = Kubelet::marked();
    let (drained, _) = beside(&kubelet, async |kubelet| {
        kubelet.rotate();
        kubelet.count(0..50);
        pause(100).await;
        kubelet.rotate();
        kubelet.count(50..55);
        kubelet.end();
    })
    .await;
    assert_eq!(drained.completeness, Completeness::Gap, "{drained:?}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_rotation_emptied_at_the_end_leaves_nothing_out() {
    for (wait, said) in [(0, Completeness::Unverified), (3_000, Completeness::Gap)] {
        let kubelet = Kubelet::marked();
        let (drained, taken) = beside(&kubelet, async |kubelet| {
            kubelet.count(0..5);
            pause(100).await;
            kubelet.rotate();
            kubelet.end_after(wait * MILLISECOND);
        })
        .await;
        assert_eq!(taken.bytes, kubelet.truth());
        // After three seconds there may have been another file, which a follower that was behind would not have seen.
        assert_eq!(drained.completeness, said, "{drained:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_rotation_tears_is_put_together() {
    // After three seconds another file may have been between; the first half stays all the same.
    for (step, said) in [
        (MILLISECOND / 10, Completeness::Unverified),
        (3_000 * MILLISECOND, Completeness::Gap),
    ] {
        let kubelet = Kubelet::marked();
        let (drained, taken) = beside(&kubelet, async |kubelet| {
            kubelet.count(0..5);
            kubelet.write("half a ");
            pause(100).await;
            kubelet.rotate();
            kubelet.write_after(step, b"line\n");
            kubelet.end();
        })
        .await;
        assert_eq!(taken.bytes, kubelet.truth());
        assert_eq!(drained.completeness, said, "{drained:?}");
    }
}
