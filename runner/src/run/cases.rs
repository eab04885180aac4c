//! Keeps book of the cases a judge reports: counts, and those that did not pass.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};
use std::time::{Duration, Instant};

use crate::event::{EventKind, SuiteIndex};
use crate::judge::Notice;
use crate::model::{Case, CaseStatus, Counts, JudgeSummary};

/// Cases kept in full for records and recaps.
const KEPT: usize = 100;
/// Progress is passed on at most so often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The cases of one attempt.
pub(crate) struct CaseBook {
    suite: SuiteIndex,
    attempt: u32,
    /// Last status by the id's hash: a judge may report 200,000 cases, and ids are long.
    statuses: HashMap<u64, CaseStatus, BuildHasherDefault<AsIs>>,
    hasher: RandomState,
    failing: Vec<Case>,
    failed: u64,
    said: Option<(u32, Option<u32>)>,
    last_progress: Option<Instant>,
    unsaid_progress: bool,
    judge: Option<JudgeSummary>,
}

impl CaseBook {
    pub(crate) fn new(suite: SuiteIndex, attempt: u32) -> Self {
        Self {
            suite,
            attempt,
            statuses: HashMap::default(),
            hasher: RandomState::new(),
            failing: Vec::new(),
            failed: 0,
            said: None,
            last_progress: None,
            unsaid_progress: false,
            judge: None,
        }
    }

    /// Takes a notice in; returns the events it makes.
    pub(crate) fn take(&mut self, notice: Notice) -> Vec<EventKind> {
        let mut events = Vec::new();
        match notice {
            Notice::Log { level, message } => {
                let level = level.to_owned();
                events.push(EventKind::JudgeSaid {
                    suite: self.suite,
                    level,
                    message,
                });
                return events;
            }
            Notice::Began { judge, again } => {
                let fresh = Self::new(self.suite, self.attempt);
                *self = Self {
                    judge: Some(judge.clone()),
                    ..fresh
                };
                let (suite, attempt) = (self.suite, self.attempt);
                events.extend(again.then_some(EventKind::JudgementRestarted {
                    suite,
                    attempt,
                    judge,
                }));
                return events;
            }
            Notice::Progress { done, total } => self.said = Some((done, total)),
            Notice::Cases(cases) => {
                for case in &cases {
                    self.book(case);
                }
                let (suite, attempt) = (self.suite, self.attempt);
                events.extend(cases.into_iter().map(|case| EventKind::CaseReported {
                    suite,
                    attempt,
                    case,
                }));
            }
        }
        self.unsaid_progress = true;
        if self
            .last_progress
            .is_none_or(|last| last.elapsed() >= PROGRESS_EVERY)
        {
            events.extend(self.progress());
        }
        events
    }

    /// Takes a notice in where nobody asks for events.
    pub(crate) fn note(&mut self, notice: Notice) {
        match notice {
            Notice::Cases(cases) => {
                for case in &cases {
                    self.book(case);
                }
            }
            other => drop(self.take(other)),
        }
    }

    /// How far the suite is, when that has not been said yet.
    pub(crate) fn progress(&mut self) -> Option<EventKind> {
        if !std::mem::take(&mut self.unsaid_progress) {
            return None;
        }
        self.last_progress = Some(Instant::now());
        let seen = u32::try_from(self.statuses.len()).unwrap_or(u32::MAX);
        let (said, total) = self.said.unwrap_or((0, None));
        let failed = u32::try_from(self.failed).unwrap_or(u32::MAX);
        // Judges say it in steps, and cases come one by one: whichever is further, and never more than there will be.
        let done = said.max(seen.min(total.unwrap_or(u32::MAX)));
        Some(EventKind::Progress {
            suite: self.suite,
            done: done.max(failed),
            total,
            failed,
        })
    }

    /// Who judges, where that is another version than at the run's start.
    pub(crate) fn judge(&mut self) -> Option<JudgeSummary> {
        self.judge.take()
    }

    /// Whether a case stands that did not pass.
    pub(crate) fn saw_failure(&self) -> bool {
        self.failed > 0
    }

    /// The cases that did not pass, at most [`KEPT`], and how many more there are.
    pub(crate) fn failing(&mut self) -> (Vec<Case>, u64) {
        let kept = std::mem::take(&mut self.failing);
        let omitted = self.failed - kept.len() as u64;
        (kept, omitted)
    }

    /// Counts, if any case was reported.
    pub(crate) fn counts(&self) -> Option<Counts> {
        let mut counts = Counts::default();
        for status in self.statuses.values() {
            counts.add(*status);
        }
        (counts.total() > 0).then_some(counts)
    }

    fn book(&mut self, case: &Case) {
        let before = self
            .statuses
            .insert(self.hasher.hash_one(&case.id), case.status);
        if before.is_some_and(is_failing) {
            self.failed -= 1;
            self.failing.retain(|kept| kept.id != case.id);
        }
        if is_failing(case.status) {
            self.failed += 1;
            if self.failing.len() < KEPT {
                self.failing.push(case.clone());
            }
        }
    }
}

fn is_failing(status: CaseStatus) -> bool {
    matches!(status, CaseStatus::Failed | CaseStatus::Errored)
}

/// For a map whose keys are hashes that nobody can foresee: there is nothing left to hash.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Not used: all keys are numbers.
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, status: CaseStatus) -> Notice {
        Notice::Cases(vec![Case {
            id: id.into(),
            status,
            duration_ms: None,
            message: None,
            details: None,
            file: None,
            line: None,
            extra: Vec::new(),
        }])
    }

    #[test]
    fn the_last_word_on_a_case_counts() {
        let mut book = CaseBook::new(0, 1);
        for status in [CaseStatus::Failed, CaseStatus::Flaky] {
            book.take(case("a", status));
        }
        assert!(!book.saw_failure());
        book.take(case("b", CaseStatus::Errored));
        assert_eq!(
            book.counts(),
            Some(Counts {
                flaky: 1,
                errored: 1,
                ..Counts::default()
            })
        );
        let (failing, omitted) = book.failing();
        assert_eq!((failing.len(), omitted), (1, 0));
    }

    #[test]
    fn what_is_noted_is_what_is_taken() {
        let (mut one, mut other) = (CaseBook::new(0, 1), CaseBook::new(0, 1));
        let mut all = Vec::new();
        for (id, status) in [
            ("a", CaseStatus::Failed),
            ("b", CaseStatus::Failed),
            ("a", CaseStatus::Passed),
        ] {
            let Notice::Cases(mut cases) = case(id, status) else {
                unreachable!("these are cases");
            };
            all.append(&mut cases);
        }
        let events = one.take(Notice::Cases(all.clone()));
        let reported = events.iter().filter_map(|event| match event {
            EventKind::CaseReported { case, .. } => Some(case),
            _ => None,
        });
        assert!(reported.eq(&all));
        other.note(Notice::Cases(all));
        assert_eq!(one.counts(), other.counts());
        assert_eq!(one.failing(), other.failing());
    }

    #[test]
    fn a_new_version_of_the_judge_withdraws_what_the_old_one_said() {
        let mut book = CaseBook::new(3, 2);
        book.take(case("a", CaseStatus::Failed));
        book.take(case("b", CaseStatus::Passed));
        let judge = JudgeSummary {
            name: "j".into(),
            digest: "sha256:2".into(),
        };
        let events = book.take(Notice::Began {
            judge: judge.clone(),
            again: true,
        });
        let restarted = EventKind::JudgementRestarted {
            suite: 3,
            attempt: 2,
            judge: judge.clone(),
        };
        assert_eq!(events, [restarted]);
        assert!(!book.saw_failure());
        assert_eq!(book.counts(), None);
        assert_eq!(book.judge(), Some(judge));
    }

    #[test]
    fn progress_goes_on_between_the_steps_in_which_a_judge_says_it() {
        let mut book = CaseBook::new(0, 1);
        let mut told = |notice| {
            book.take(notice);
            match book.progress().or_else(|| {
                book.unsaid_progress = true;
                book.progress()
            }) {
                Some(EventKind::Progress { done, total, .. }) => (done, total),
                other => panic!("{other:?}"),
            }
        };
        let said = |done, total| Notice::Progress { done, total };
        assert_eq!(told(said(0, Some(2))), (0, Some(2)));
        assert_eq!(told(case("a", CaseStatus::Passed)), (1, Some(2)));
        assert_eq!(told(case("b", CaseStatus::Passed)), (2, Some(2)));
        let more = "one more than was announced";
        assert_eq!(told(case(more, CaseStatus::Passed)), (2, Some(2)));
        assert_eq!(told(said(64, None)), (64, None));
        assert_eq!(told(case("d", CaseStatus::Passed)), (64, None));
    }

    #[test]
    fn a_thousand_failures_are_counted_and_a_hundred_kept() {
        let mut book = CaseBook::new(0, 1);
        for n in 0..1_000 {
            book.take(case(&n.to_string(), CaseStatus::Failed));
        }
        let (failing, omitted) = book.failing();
        assert_eq!((failing.len(), omitted), (100, 900));
    }
}
