//! Any writer, any rotation, any faults: nothing false is ever said.

use std::time::Duration;

use proptest::prelude::*;

use super::super::api::LogError;
use super::model::{Fault, Kubelet};
use crate::model::Completeness;

/// What the container and its node do.
#[derive(Clone, Debug)]
enum Act {
    Lines(u32),
    Torn,
    Rotate,
    Pause(u64),
}

fn act(rotates: bool) -> impl Strategy<Value = Act> {
    let rotations = u32::from(rotates) * 2;
    prop_oneof![
        5 => (1..40_u32).prop_map(Act::Lines),
        1 => Just(Act::Torn),
        rotations => Just(Act::Rotate),
        4 => (0..4_000_u64).prop_map(Act::Pause),
        1 => Just(Act::Pause(150_000)),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::Fine),
        3 => (0..3_000_usize, any::<bool>()).prop_map(|(after, clean)| Fault::Cut { after, clean }),
        1 => (0..3_000_usize).prop_map(|after| Fault::Stall { after }),
        1 => Just(Fault::Refuse(LogError::NotStarted)),
        1 => (0..9_u64).prop_map(|after| {
            let after = Some(Duration::from_secs(after));
            Fault::Refuse(LogError::Transient("429".to_owned(), after))
        }),
        1 => Just(Fault::Refuse(LogError::Transient("500".to_owned(), None))),
    ]
}

struct Outcome {
    completeness: Completeness,
    taken: Vec<u8>,
    truth: Vec<u8>,
    gaps: usize,
    took: Duration,
}

fn play(acts: &[Act], faults: Vec<Fault>, late: &[Fault]) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let kubelet = Kubelet::marked();
        for fault in faults {
            kubelet.fault(fault);
        }
        let mut number = 0;
        let writing = async {
            for act in acts {
                match act {
                    Act::Lines(lines) => {
                        kubelet.count(number..number + lines);
                        number += lines;
                    }
                    Act::Torn => {
                        kubelet.write(format!("torn {number} "));
                        tokio::time::sleep(Duration::from_millis(30)).await;
                        kubelet.write("mended\n");
                        number += 1;
                    }
                    Act::Rotate => kubelet.rotate(),
                    Act::Pause(milliseconds) => {
                        tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                    }
                }
            }
            for fault in late {
                kubelet.fault(fault.clone());
            }
            kubelet.end();
            tokio::time::Instant::now()
        };
        let ((drained, taken), ended) = tokio::join!(kubelet.drain(true), writing);
        Outcome {
            completeness: drained.completeness,
            taken: taken.bytes,
            truth: kubelet.truth(),
            gaps: taken.gaps.len(),
            took: ended.elapsed(),
        }
    })
}

/// Whether `part` is `whole` with bytes left out.
fn is_within(part: &[u8], whole: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|byte| rest.any(|known| known == byte))
}

proptest! {
    #[test]
    fn complete_means_every_byte_and_nothing_comes_twice(
        acts in proptest::collection::vec(act(true), 0..20),
        faults in proptest::collection::vec(fault(), 0..12),
        late in proptest::collection::vec(fault(), 0..6),
    ) {
        let outcome = play(&acts, faults, &late);
        if outcome.completeness == Completeness::Complete {
            prop_assert_eq!(&outcome.taken, &outcome.truth);
            prop_assert_eq!(outcome.gaps, 0);
        }
        prop_assert!(is_within(&outcome.taken, &outcome.truth), "order or doubles");
        prop_assert!(outcome.took < Duration::from_secs(36), "{:?}", outcome.took);
        if outcome.taken.len() < outcome.truth.len() {
            prop_assert!(matches!(
                outcome.completeness,
                Completeness::Gap | Completeness::Cut | Completeness::Unverified | Completeness::Unavailable
            ), "{:?}", outcome.completeness);
        }
    }

    #[test]
    fn without_rotation_every_fault_is_outlasted(
        acts in proptest::collection::vec(act(false), 0..20),
        faults in proptest::collection::vec(fault(), 0..12),
    ) {
        let outcome = play(&acts, faults, &[]);
        // Faults that nobody met before the end are met after it: they may use up its time, or be so many
        // that the log is believed to be shorter than what was streamed.
        if outcome.took < Duration::from_secs(20) {
            let said = outcome.completeness;
            prop_assert!(
                outcome.taken == outcome.truth || said == Completeness::Gap,
                "{:?}", said
            );
            prop_assert!(said != Completeness::Cut && said != Completeness::Unavailable);
        }
    }
}
