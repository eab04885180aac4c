//! The test cases of one stream: counted, told apart, and passed on as they are found.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasherDefault;

use tribunal_sdk::{CaseStatus, Counts, TestCase};

use crate::finding::{Fact, Finding};
use crate::lines::Line;
use crate::names::{AsIs, hash, number};
use crate::text::clip;

/// The most test cases that are told apart; more is an error, never a pass.
pub const MOST_CASES: usize = 500_000;
/// How many cases are reported one by one; the host takes 200,000, and passed ones leave room.
const REPORTED: u64 = 200_000;
const REPORTED_PASSED: u64 = 150_000;
/// Progress is told when so many more tests are done.
const PROGRESS: u32 = 64;

/// What is found on the way.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A test case; a later one of the same id replaces it.
    Case(TestCase),
    /// How many tests are done, and how many there will be.
    Progress(u32, Option<u32>),
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    status: CaseStatus,
    ordinal: u32,
}

/// The cases.
#[derive(Debug, Default)]
pub struct Book {
    counts: [u32; 5],
    /// A hash instead of the name: half a million names would not fit.
    seen: HashMap<u64, Seen, BuildHasherDefault<AsIs>>,
    reported: u64,
    pending: Vec<Notice>,
    /// How many tests were done when that was last said.
    told: u32,
    overflow: bool,
    first_bad: Option<(String, Option<String>, Fact)>,
    total: Option<u32>,
}

/// Returns a case of which nothing else is known yet.
pub fn case(id: impl Into<String>, status: CaseStatus) -> TestCase {
    TestCase {
        id: id.into(),
        status,
        duration_ms: None,
        message: None,
        details: None,
        file: None,
        line: None,
        extra: Vec::new(),
    }
}

/// Puts a failure's text into its case: its first line as the message, and all of it, both clipped.
pub fn explain(case: &mut TestCase, text: &str) {
    case.message = text.lines().next().map(|line| clip(line, 300));
    case.details = Some(clip(text, 16_000));
}

/// Whether a status is red.
pub fn is_bad(status: CaseStatus) -> bool {
    matches!(status, CaseStatus::Failed | CaseStatus::Errored)
}

/// Returns what a test is after one more attempt. Only the order failed, then passed makes it flaky: who
/// passes first and fails later has failed.
pub fn merge(old: CaseStatus, new: CaseStatus) -> CaseStatus {
    use CaseStatus::{Errored, Failed, Flaky, Passed, Skipped};
    match (old, new) {
        (Skipped, other) | (other, Skipped) => other,
        (Errored, Failed | Errored) | (_, Errored) => Errored,
        (_, Failed) => Failed,
        (Failed | Errored | Flaky, Passed | Flaky) | (Passed, Flaky) => Flaky,
        (Passed, Passed) => Passed,
    }
}

impl Book {
    /// Counts a test. A second one of the same id is another test, and gets a number.
    pub fn add(&mut self, case: TestCase, line: &Line<'_>) {
        if let Some(ordinal) = self.count(&case.id, case.status) {
            self.counted(case, ordinal, line);
        }
    }

    /// As [`add`](Self::add), for formats that list millions of tests: `more` fills in what is known besides name
    /// and status, and nothing is copied for a test that is only counted.
    #[inline]
    pub fn tell(
        &mut self,
        id: &str,
        status: CaseStatus,
        line: &Line<'_>,
        more: impl FnOnce(&mut TestCase),
    ) {
        let Some(ordinal) = self.count(id, status) else {
            return;
        };
        let matters = is_bad(status) || self.first_bad.is_some();
        if matters || self.has_room(status) {
            let mut found = case(id, status);
            more(&mut found);
            self.counted(found, ordinal, line);
        }
    }

    /// Counts a test, unless there are too many; returns the how-manieth of its name it is.
    fn count(&mut self, id: &str, status: CaseStatus) -> Option<u32> {
        let full = self.seen.len() >= MOST_CASES;
        let ordinal = match self.seen.entry(hash(id)) {
            Entry::Occupied(mut seen) => {
                let seen = seen.get_mut();
                seen.status = status;
                seen.ordinal = seen.ordinal.saturating_add(1);
                seen.ordinal
            }
            Entry::Vacant(_) if full => {
                self.overflow = true;
                return None;
            }
            Entry::Vacant(place) => {
                place.insert(Seen { status, ordinal: 1 });
                1
            }
        };
        self.counts[slot(status)] = self.counts[slot(status)].saturating_add(1);
        Some(ordinal)
    }

    fn counted(&mut self, mut case: TestCase, ordinal: u32, line: &Line<'_>) {
        if ordinal > 1 {
            number(&mut case.id, ordinal);
        }
        self.note(&case, line);
        self.report(case);
    }

    /// Counts one more attempt of a test that was added before: failed, then passed is flaky.
    pub fn again(&mut self, mut case: TestCase, line: &Line<'_>) {
        let key = hash(&case.id);
        let Some(seen) = self.seen.get_mut(&key) else {
            self.add(case, line);
            return;
        };
        let (old, new) = (seen.status, merge(seen.status, case.status));
        seen.status = new;
        case.status = new;
        let ordinal = seen.ordinal;
        self.counts[slot(old)] = self.counts[slot(old)].saturating_sub(1);
        self.counts[slot(new)] = self.counts[slot(new)].saturating_add(1);
        self.counted(case, ordinal, line);
    }

    /// Counts tests that the tool lists by number only, as in its quiet modes.
    pub fn unnamed(&mut self, status: CaseStatus, count: u32) {
        let slot = slot(status);
        self.counts[slot] = self.counts[slot].saturating_add(count);
    }

    /// Says more about a case that was counted before; changes no count.
    pub fn enrich(&mut self, case: TestCase) {
        if let Some((id, message, _)) = &mut self.first_bad
            && *id == case.id
            && message.is_none()
        {
            message.clone_from(&case.message);
        }
        self.report(case);
    }

    /// Returns the status under which a case was counted.
    pub fn status(&self, id: &str) -> Option<CaseStatus> {
        self.seen.get(&hash(id)).map(|seen| seen.status)
    }

    /// Says how many tests there will be.
    pub fn announce(&mut self, total: u64) {
        let total = u32::try_from(total).ok();
        if self.total != total {
            self.total = total;
            self.pending.push(Notice::Progress(self.done(), total));
        }
    }

    /// Returns the id that was last reported, with its number if it is not the first of its name.
    pub fn newest(&self) -> Option<&str> {
        self.pending.iter().rev().find_map(|notice| match notice {
            Notice::Case(case) => Some(case.id.as_str()),
            Notice::Progress(..) => None,
        })
    }

    /// Returns how many tests were counted.
    pub fn done(&self) -> u32 {
        self.counts
            .iter()
            .fold(0, |sum, more| sum.saturating_add(*more))
    }

    /// Returns all counts.
    pub fn counts(&self) -> Counts {
        let [passed, failed, errored, skipped, flaky] = self.counts;
        Counts {
            passed,
            failed,
            errored,
            skipped,
            flaky,
        }
    }

    /// Returns what was found since the last call.
    pub fn take(&mut self) -> Vec<Notice> {
        let done = self.done();
        if done / PROGRESS != self.told / PROGRESS {
            self.told = done;
            self.pending.push(Notice::Progress(done, self.total));
        }
        // As much will come again.
        let room = self.pending.len();
        std::mem::replace(&mut self.pending, Vec::with_capacity(room))
    }

    /// Writes the counts and the first failing case into a finding.
    pub fn sum(&mut self, finding: &mut Finding) {
        // A format whose output does not list every test has set them already.
        if crate::finding::total(&finding.counts) == 0 {
            finding.counts = self.counts();
        }
        if let Some((id, message, fact)) = self.first_bad.take() {
            finding.first_bad = Some((id, message));
            finding.red.get_or_insert(fact);
        }
        if self.overflow {
            let text = format!("the output holds more than {MOST_CASES} test cases");
            finding.problem.get_or_insert(Fact::of(text));
        }
    }

    fn note(&mut self, case: &TestCase, line: &Line<'_>) {
        let first = self.first_bad.as_ref();
        if is_bad(case.status) {
            if first.is_none() {
                let fact = Fact::at(line, format!("{} failed", case.id));
                self.first_bad = Some((case.id.clone(), case.message.clone(), fact));
            }
        } else if first.is_some_and(|(id, ..)| *id == case.id) {
            self.first_bad = None;
        }
    }

    fn report(&mut self, case: TestCase) {
        if self.has_room(case.status) {
            self.reported += 1;
            self.pending.push(Notice::Case(case));
        }
    }

    /// Whether a case is still reported, and not only counted.
    fn has_room(&self, status: CaseStatus) -> bool {
        let room = if is_bad(status) {
            REPORTED
        } else {
            REPORTED_PASSED
        };
        self.reported < room
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_what_is_added() {
        use CaseStatus::{Failed, Passed, Skipped};
        let (mut one, mut other) = (Book::default(), Book::default());
        let line = Line::new(b"x", 1, 0);
        for (name, status) in [("a", Failed), ("a", Passed), ("b", Failed), ("a", Skipped)] {
            let mut found = case(name, status);
            found.message = Some("why".to_owned());
            one.add(found, &line);
            other.tell(name, status, &line, |found| {
                found.message = Some("why".to_owned());
            });
        }
        assert_eq!(one.counts(), other.counts());
        let told = one.take();
        assert_eq!(told, other.take());
        let ids = told.iter().filter_map(|notice| match notice {
            Notice::Case(case) => Some(case.id.as_str()),
            Notice::Progress(..) => None,
        });
        assert_eq!(ids.collect::<Vec<_>>(), ["a", "a #2", "b", "a #3"]);
    }

    #[test]
    fn progress_comes_in_steps() {
        let mut book = Book::default();
        let line = Line::new(b"x", 1, 0);
        let steps = (0..200).filter(|number| {
            book.tell(&number.to_string(), CaseStatus::Passed, &line, |_| {});
            let told = book.take();
            told.iter()
                .any(|notice| matches!(notice, Notice::Progress(..)))
        });
        assert_eq!(steps.collect::<Vec<_>>(), [63, 127, 191]);
    }
}
