//! What reports that are written at the end collect of each suite: its cases and its attempts.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::event::{AttemptRecord, Event, EventKind, JudgeIntro, SuiteIntro};
use crate::model::{Case, RunSummary};

/// One suite's cases and attempts.
#[derive(Default)]
pub(super) struct Suite {
    /// The attempt the cases are of.
    attempt: u32,
    pub(super) cases: Vec<Case>,
    /// Where in `cases` an id is.
    places: HashMap<String, usize>,
    pub(super) attempts: Vec<AttemptRecord>,
}

impl Suite {
    /// Takes in a case; the same id again replaces the earlier one, another attempt all of them.
    fn report(&mut self, attempt: u32, case: &Case) {
        self.begin(attempt);
        let place = self.places.get(&case.id);
        if let Some(known) = place.and_then(|place| self.cases.get_mut(*place)) {
            known.clone_from(case);
        } else {
            self.places.insert(case.id.clone(), self.cases.len());
            self.cases.push(case.clone());
        }
    }

    fn begin(&mut self, attempt: u32) {
        if attempt != self.attempt {
            self.attempt = attempt;
            self.cases.clear();
            self.places.clear();
        }
    }
}

/// A run as far as it has been told.
#[derive(Default)]
pub(super) struct Collected {
    /// The directory the first event names.
    pub(super) dir: Option<PathBuf>,
    /// tribunal's version then.
    pub(super) tribunal: String,
    /// The judges at the run's start.
    pub(super) judges: Vec<JudgeIntro>,
    pub(super) intros: Vec<SuiteIntro>,
    /// In the order of `intros`.
    pub(super) suites: Vec<Suite>,
    /// Known at the run's end.
    pub(super) summary: Option<Box<RunSummary>>,
}

impl Collected {
    pub(super) fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted {
                dir,
                suites,
                tribunal,
                judges,
                ..
            } => {
                self.suites = suites.iter().map(|_| Suite::default()).collect();
                self.intros.clone_from(suites);
                self.judges.clone_from(judges);
                self.tribunal.clone_from(tribunal);
                self.dir = Some(PathBuf::from(dir));
            }
            EventKind::CaseReported {
                suite,
                attempt,
                case,
            } => {
                if let Some(suite) = self.suites.get_mut(*suite) {
                    suite.report(*attempt, case);
                }
            }
            EventKind::JudgementRestarted { suite, .. } => {
                if let Some(suite) = self.suites.get_mut(*suite) {
                    suite.cases.clear();
                    suite.places.clear();
                }
            }
            EventKind::AttemptFinished { suite, record, .. } => {
                if let Some(suite) = self.suites.get_mut(*suite) {
                    suite.begin(record.attempt);
                    suite.attempts.push(AttemptRecord::clone(record));
                }
            }
            EventKind::RunFinished { summary } => self.summary = Some(summary.clone()),
            _ => {}
        }
    }
}
