//! The test cases of one stream: counted, told apart, and passed on as they are found.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash as _, Hasher};

use tribunal_sdk::{CaseStatus, Counts, TestCase};

use crate::finding::{Fact, Finding};
use crate::lines::Line;
use crate::text::clip;

/// The most test cases that are told apart; more is an error, never a pass.
pub const MOST_CASES: usize = 500_000;
/// How many cases are reported one by one; the host takes 200,000, and passed ones leave room.
const REPORTED: u64 = 200_000;
const REPORTED_PASSED: u64 = 150_000;

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

/// The map's keys are hashes: there is nothing left to hash.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The cases.
#[derive(Debug, Default)]
pub struct Book {
    counts: [u32; 5],
    /// A hash instead of the name: half a million names would not fit.
    seen: HashMap<u64, Seen, BuildHasherDefault<AsIs>>,
    reported: u64,
    pending: Vec<Notice>,
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
    pub fn add(&mut self, mut case: TestCase, line: &Line<'_>) {
        let status = case.status;
        let full = self.seen.len() >= MOST_CASES;
        let ordinal = match self.seen.entry(hash(&case.id)) {
            Entry::Occupied(mut seen) => {
                let seen = seen.get_mut();
                seen.status = status;
                seen.ordinal = seen.ordinal.saturating_add(1);
                seen.ordinal
            }
            Entry::Vacant(_) if full => {
                self.overflow = true;
                return;
            }
            Entry::Vacant(place) => {
                place.insert(Seen { status, ordinal: 1 });
                1
            }
        };
        self.counts[slot(status)] = self.counts[slot(status)].saturating_add(1);
        if ordinal > 1 {
            case.id = format!("{} #{ordinal}", case.id);
        }
        self.note(&case, line);
        self.report(case);
        let done = self.done();
        if done.is_multiple_of(64) {
            self.pending.push(Notice::Progress(done, self.total));
        }
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
        if ordinal > 1 {
            case.id = format!("{} #{ordinal}", case.id);
        }
        self.note(&case, line);
        self.report(case);
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
        self.total = u32::try_from(total).ok();
        self.pending.push(Notice::Progress(self.done(), self.total));
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
        std::mem::take(&mut self.pending)
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
        let room = if is_bad(case.status) {
            REPORTED
        } else {
            REPORTED_PASSED
        };
        if self.reported < room {
            self.reported += 1;
            self.pending.push(Notice::Case(case));
        }
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

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
