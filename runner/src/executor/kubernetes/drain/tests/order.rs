//! Lines whose times are not in the order of the log.

use super::cases::{beside, pause, whole};
use super::model::{Fault, Kubelet};

#[tokio::test(start_paused = true)]
async fn times_may_be_equal_and_run_backwards() {
    let kubelet = Kubelet::marked();
    for after in [90, 120, 150, 400] {
        kubelet.fault(Fault::Cut { after, clean: true });
    }
    let result = beside(&kubelet, async |kubelet| {
        for number in 0..40 {
            let step = [0, 0, 700_000_000, -200_000, 5][number % 5];
            kubelet.write_after(
                step,
                if number % 2 == 0 {
                    b"same\n"
                } else {
                    b"other\n"
                },
            );
            pause(100).await;
        }
        kubelet.end();
    })
    .await;
    whole(&kubelet, &result);
}

/// Two streams are stamped by two readers: a line may stand before one that is older. That one is no sign that the
/// end cannot be found, however short the log is.
#[tokio::test(start_paused = true)]
async fn a_line_before_an_older_one_costs_no_reading() {
    let kubelet = Kubelet::marked();
    kubelet.write_after(5_000_000, b"of the other stream\n");
    kubelet.write_after(-4_000_000, b"line 0\n");
    for number in 1..1000 {
        kubelet.write_after(1_000, format!("line {number}\n").as_bytes());
    }
    kubelet.end();
    let result = kubelet.drain(true).await;
    whole(&kubelet, &result);
    let requests = kubelet.requests();
    assert!(requests.len() <= 3, "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn half_a_line_that_was_read_before_is_no_new_one() {
    // Two lines of one moment and one content: the tail that is read after the end fits in two places.
    let kubelet = Kubelet::new();
    kubelet.write_after(0, b"twice\n");
    kubelet.write_after(0, b"twice\n");
    kubelet.end();
    kubelet.fault(Fault::Fine);
    kubelet.fault(Fault::Cut {
        after: 70,
        clean: true,
    });
    let (drained, taken) = kubelet.drain(false).await;
    assert_eq!(taken.bytes, kubelet.truth(), "{drained:?}");
    assert!(taken.gaps.is_empty(), "{:?}", taken.gaps);
}
