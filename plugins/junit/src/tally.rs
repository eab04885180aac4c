//! All cases of all reports: attempts of one test put together, counts, ids that stay apart.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use tribunal_judge_kit::book::merge;
use tribunal_judge_kit::names::{AsIs, Print, number};
use tribunal_judge_kit::xml::Place;
use tribunal_sdk::{CaseStatus, Counts, TestCase};

use crate::case::Found;

/// The most test cases that are told apart; more is an error, never a pass.
pub const MOST_CASES: usize = 500_000;
/// How many cases are reported one by one; the host takes 200,000, and passed ones leave room.
const REPORTED: u64 = 200_000;
const REPORTED_PASSED: u64 = 150_000;

/// By the print of a key instead of the key: half a million names would not fit.
type Prints<T> = HashMap<Print, T, BuildHasherDefault<AsIs>>;

struct Seen {
    status: CaseStatus,
    /// The how-manieth case with its id.
    ordinal: u32,
}

/// What cases that were put together would have been by themselves.
#[derive(Default)]
struct Doubtful {
    /// What their being together changes in the counts.
    change: [i64; 5],
    /// The first bad one that a later one made good.
    bad: Option<(String, Option<String>)>,
}

/// The tally.
#[derive(Default)]
pub struct Tally {
    /// Of the current document: the same name in another one is another case.
    seen: Prints<Seen>,
    /// How many cases have this id.
    ids: Prints<u32>,
    counts: [u64; 5],
    /// Cases of one name in a suite that has not ended: taken for runs of one test until it says otherwise.
    doubtful: Doubtful,
    reported: u64,
    /// Passed cases without any name.
    pub(crate) unnamed_passed: u64,
    /// Cases that were counted and not reported one by one.
    pub(crate) unreported: u64,
    /// Whether there were more than [`MOST_CASES`].
    pub(crate) overflow: bool,
    /// The first case that failed or errored.
    pub(crate) first_bad: Option<(String, Option<String>)>,
    /// Which case that is or was last, in which report, and where.
    pub(crate) first_place: Option<(String, String, Place)>,
    /// The report that is being read.
    pub(crate) report: String,
}

fn slot(status: CaseStatus) -> usize {
    match status {
        CaseStatus::Passed => 0,
        CaseStatus::Failed => 1,
        CaseStatus::Errored => 2,
        CaseStatus::Skipped => 3,
        CaseStatus::Flaky => 4,
    }
}

impl Tally {
    /// A document has ended; names may repeat from here on.
    pub(crate) fn end_document(&mut self) {
        self.seen.clear();
        self.doubtful = Doubtful::default();
    }

    /// A suite has ended that says how many tests it has. Where that is as many as it has cases, two of one name are
    /// two tests (rows of a data provider, names given twice): a red one stays red, whatever the other is. Where it
    /// has more cases than tests, they are runs of one test, and the last word counts.
    pub(crate) fn end_suite(&mut self, each_is_a_test: bool) {
        let Doubtful { change, bad } = std::mem::take(&mut self.doubtful);
        if !each_is_a_test {
            return;
        }
        for (count, change) in self.counts.iter_mut().zip(change) {
            *count = count.saturating_add_signed(change);
        }
        if self.first_bad.is_none() {
            self.first_bad = bad;
        }
    }

    /// Counts a case; returns it as it is to be reported, or `None` when it is not.
    pub(crate) fn add(&mut self, found: Found) -> Option<TestCase> {
        let Found {
            identity,
            mut case,
            place,
        } = found;
        if identity.is_none() {
            "(a test case without a name)".clone_into(&mut case.id);
            self.unnamed_passed += u64::from(case.status == CaseStatus::Passed);
        }
        let earlier = identity.and_then(|identity| self.seen.get(&identity));
        let ordinal = if let Some(Seen { status, ordinal }) = earlier {
            let (ordinal, old, new) = (*ordinal, *status, case.status);
            self.counts[slot(old)] -= 1;
            case.status = merge(old, new);
            // A test that failed and whose tear-down failed too: pytest counts it twice, and it is one.
            if (old, new) != (CaseStatus::Failed, CaseStatus::Errored) {
                self.doubtful.change[slot(old)] += 1;
                self.doubtful.change[slot(new)] += 1;
                self.doubtful.change[slot(case.status)] -= 1;
            }
            ordinal
        } else {
            if self.ids.len() >= MOST_CASES {
                self.overflow = true;
                return None;
            }
            let same_id = self.ids.entry(Print::of(0, &[&case.id])).or_default();
            *same_id = same_id.saturating_add(1);
            *same_id
        };
        self.counts[slot(case.status)] += 1;
        if let Some(identity) = identity {
            let status = case.status;
            self.seen.insert(identity, Seen { status, ordinal });
        }
        if ordinal > 1 {
            number(&mut case.id, ordinal);
        }
        let bad = matches!(case.status, CaseStatus::Failed | CaseStatus::Errored);
        if bad && self.first_bad.is_none() {
            self.first_bad = Some((case.id.clone(), case.message.clone()));
            self.first_place = Some((case.id.clone(), self.report.clone(), place));
        } else if !bad
            && self
                .first_bad
                .as_ref()
                .is_some_and(|(id, _)| *id == case.id)
        {
            let bad = self.first_bad.take();
            self.doubtful.bad = self.doubtful.bad.take().or(bad);
        }
        let room = match case.status {
            CaseStatus::Passed | CaseStatus::Skipped => REPORTED_PASSED,
            _ => REPORTED,
        };
        if self.reported >= room {
            self.unreported += 1;
            return None;
        }
        self.reported += 1;
        Some(case)
    }

    /// Returns all counts.
    pub fn counts(&self) -> Counts {
        let [passed, failed, errored, skipped, flaky] = self
            .counts
            .map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        Counts {
            passed,
            failed,
            errored,
            skipped,
            flaky,
        }
    }
}
