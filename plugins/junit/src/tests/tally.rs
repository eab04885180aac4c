//! The tally keeps hashes and looks once: what it says must be what whole names in plain maps say.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tribunal_judge_kit::book::{case, merge};
use tribunal_judge_kit::xml::Place;
use tribunal_sdk::CaseStatus;

use crate::case::Found;
use crate::tally::Tally;

/// A case of this id and identity, or the end of a document.
type Step = Option<(u8, Option<u64>, CaseStatus)>;

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec![
        CaseStatus::Passed,
        CaseStatus::Failed,
        CaseStatus::Errored,
        CaseStatus::Skipped,
    ]);
    let identity = prop_oneof![8 => (1..5_u64).prop_map(Some), 1 => Just(None)];
    let found = (0..3_u8, identity, status).prop_map(Some);
    prop_oneof![12 => found, 1 => Just(None)]
}

/// Ids with their numbers and what became of them, in the order in which they are reported.
fn model(steps: &[Step]) -> Vec<(String, CaseStatus)> {
    let (mut counts, mut seen) = (BTreeMap::new(), BTreeMap::new());
    let mut told = Vec::new();
    for step in steps {
        let Some((id, identity, status)) = step else {
            seen.clear();
            continue;
        };
        let name = match identity {
            Some(_) => format!("test {id}"),
            None => "(a test case without a name)".to_owned(),
        };
        let key = identity.map(|identity| (name.clone(), identity));
        let earlier = key.as_ref().and_then(|key| seen.get(key)).copied();
        let (ordinal, status) = earlier.map_or_else(
            || {
                let count = counts.entry(name.clone()).or_insert(0_u32);
                *count += 1;
                (*count, *status)
            },
            |(ordinal, old)| (ordinal, merge(old, *status)),
        );
        if let Some(key) = key {
            seen.insert(key, (ordinal, status));
        }
        let number = (ordinal > 1).then(|| format!(" #{ordinal}"));
        told.push((name + &number.unwrap_or_default(), status));
    }
    told
}

proptest! {
    #[test]
    fn one_look_finds_what_plain_maps_find(steps in prop::collection::vec(step(), 0..60)) {
        let mut tally = Tally::default();
        let mut told = Vec::new();
        for step in &steps {
            let Some((id, identity, status)) = step else {
                tally.end_document();
                continue;
            };
            let mut found = Found {
                identity: *identity,
                case: case(format!("test {id}"), *status),
                place: Place::default(),
            };
            prop_assert!(tally.add(&mut found));
            told.push((found.case.id, found.case.status));
        }
        let expected = model(&steps);
        let last: BTreeMap<_, _> = expected.iter().cloned().collect();
        prop_assert_eq!(told, expected);
        let counts = tally.counts();
        let of = |status| {
            let count = last.values().filter(|last| **last == status).count();
            u32::try_from(count).expect("a few")
        };
        prop_assert_eq!(counts.passed, of(CaseStatus::Passed));
        prop_assert_eq!(counts.failed, of(CaseStatus::Failed));
        prop_assert_eq!(counts.errored, of(CaseStatus::Errored));
        prop_assert_eq!(counts.skipped, of(CaseStatus::Skipped));
        prop_assert_eq!(counts.flaky, of(CaseStatus::Flaky));
    }
}
