//! All cases of all reports: attempts of one test put together, counts, ids that stay apart.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasherDefault;

use tribunal_judge_kit::book::merge;
use tribunal_judge_kit::names::{AsIs, hash, number};
use tribunal_judge_kit::xml::Place;
use tribunal_sdk::{CaseStatus, Counts};

use crate::case::Found;

/// The most test cases that are told apart; more is an error, never a pass.
pub const MOST_CASES: usize = 500_000;
/// How many cases are reported one by one; the host takes 200,000, and passed ones leave room.
const REPORTED: u64 = 200_000;
const REPORTED_PASSED: u64 = 150_000;

/// By the hash of a key instead of the key: half a million names would not fit.
type Hashed<K, T> = HashMap<K, T, BuildHasherDefault<AsIs>>;
/// Of cases without any name, which are never the same as another one.
const NONE: u64 = 0;
/// An odd number of no other meaning.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// All cases of one id. Nearly always that is one, so that one look in memory finds all there is to know of it.
struct Same {
    /// Of the last one.
    identity: u64,
    status: CaseStatus,
    /// How many there are.
    count: u32,
}

/// One of several cases of one id.
struct Seen {
    status: CaseStatus,
    /// The how-manieth case with its id.
    ordinal: u32,
}

/// Where a case belongs.
enum Belongs {
    /// It is the how-manieth of its id.
    New(u32),
    /// It is one more attempt of the how-manieth, which was that until now.
    Again(u32, CaseStatus),
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
    /// By the hash of the id.
    ids: Hashed<u64, Same>,
    /// Those of the current document that are no longer the last ones of their id, by that and what they are.
    seen: Hashed<(u64, u64), Seen>,
    /// How many documents have ended: the same name in another one is another case.
    documents: u64,
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
        self.documents += 1;
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

    /// Counts a case, and makes of it what is to be reported; returns whether it is.
    pub(crate) fn add(&mut self, found: &mut Found) -> bool {
        let Found {
            identity,
            case,
            place,
        } = found;
        if identity.is_none() {
            "(a test case without a name)".clone_into(&mut case.id);
            self.unnamed_passed += u64::from(case.status == CaseStatus::Passed);
        }
        let ordinal = match self.place(&case.id, *identity, case.status) {
            None => {
                self.overflow = true;
                return false;
            }
            Some(Belongs::New(ordinal)) => ordinal,
            Some(Belongs::Again(ordinal, old)) => {
                let new = case.status;
                self.counts[slot(old)] -= 1;
                case.status = merge(old, new);
                // A test that failed and whose tear-down failed too: pytest counts it twice, and it is one.
                if (old, new) != (CaseStatus::Failed, CaseStatus::Errored) {
                    self.doubtful.change[slot(old)] += 1;
                    self.doubtful.change[slot(new)] += 1;
                    self.doubtful.change[slot(case.status)] -= 1;
                }
                ordinal
            }
        };
        self.counts[slot(case.status)] += 1;
        if ordinal > 1 {
            number(&mut case.id, ordinal);
        }
        let bad = matches!(case.status, CaseStatus::Failed | CaseStatus::Errored);
        if bad && self.first_bad.is_none() {
            self.first_bad = Some((case.id.clone(), case.message.clone()));
            self.first_place = Some((case.id.clone(), self.report.clone(), *place));
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
            return false;
        }
        self.reported += 1;
        true
    }

    /// Finds where a case belongs, and notes what becomes of it; `None` where there are too many.
    fn place(&mut self, id: &str, identity: Option<u64>, status: CaseStatus) -> Option<Belongs> {
        let key = hash(id);
        let of_document = self.documents.wrapping_mul(ODD);
        let identity = identity.map_or(NONE, |identity| identity ^ of_document);
        let full = self.ids.len() >= MOST_CASES;
        let mut entry = match self.ids.entry(key) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) if !full => {
                entry.insert(Same {
                    identity,
                    status,
                    count: 1,
                });
                return Some(Belongs::New(1));
            }
            Entry::Vacant(_) => return None,
        };
        let same = entry.get_mut();
        if identity != NONE {
            let earlier = if same.identity == identity {
                Some((&mut same.status, same.count))
            } else {
                let seen = self.seen.get_mut(&(key, identity));
                seen.map(|seen| (&mut seen.status, seen.ordinal))
            };
            if let Some((earlier, ordinal)) = earlier {
                let old = *earlier;
                *earlier = merge(old, status);
                return Some(Belongs::Again(ordinal, old));
            }
        }
        if full {
            return None;
        }
        if same.identity != NONE {
            let last = Seen {
                status: same.status,
                ordinal: same.count,
            };
            self.seen.insert((key, same.identity), last);
        }
        *same = Same {
            identity,
            status,
            count: same.count.saturating_add(1),
        };
        Some(Belongs::New(same.count))
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
