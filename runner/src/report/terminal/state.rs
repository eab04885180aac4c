//! What is known of a run so far, as its events tell it.

use std::collections::BTreeSet;

use crate::event::{AttemptRecord, Event, EventKind, Phase, SuiteIndex, SuiteIntro, Totals};
use crate::model::{Case, CaseStatus};

use super::expected::Expected;
use super::{clean, detail, text};

/// One suite.
#[derive(Debug)]
pub(super) struct Suite {
    /// Its name as it came.
    pub(super) own_name: String,
    /// Name and command, cleaned.
    pub(super) name: String,
    pub(super) command: String,
    /// The folder of its attempts, below `suites/`.
    pub(super) slug: String,
    pub(super) phase: Phase,
    /// Where it runs or why it waits, cleaned.
    pub(super) detail: String,
    pub(super) attempt: u32,
    /// When the attempt left the queue, in milliseconds of the run.
    pub(super) since_ms: u64,
    /// When its first attempt left the queue.
    pub(super) first_ms: Option<u64>,
    /// Whether it takes longer than it should.
    pub(super) slow: bool,
    pub(super) progress: Option<Progress>,
    /// When the next attempt starts, in milliseconds of the run.
    pub(super) retry_at_ms: Option<u64>,
    /// The last case that failed or the judge's last message, cleaned.
    pub(super) last: String,
    /// Bytes of output so far, and its last line; looked at for those in sight.
    pub(super) captured: u64,
    pub(super) printed: String,
    /// The last attempt, until the suite's own lines are written.
    pub(super) record: Option<Box<AttemptRecord>>,
}

/// How far a suite is, as its judge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) done: u32,
    pub(super) total: Option<u32>,
    pub(super) failed: u32,
}

/// A run.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) run: String,
    /// The run's directory as shown, cleaned, and as it came.
    pub(super) shown_dir: String,
    pub(super) dir: String,
    pub(super) suites: Vec<Suite>,
    pub(super) totals: Totals,
    /// Suites under way, and those between two attempts.
    pub(super) active: BTreeSet<SuiteIndex>,
    /// Set once the run is being cancelled; then whether processes are killed.
    pub(super) cancelling: Option<bool>,
    /// The longest name's columns.
    pub(super) longest_name: usize,
    /// When the last event happened, in milliseconds of the run.
    pub(super) at_ms: u64,
    pub(super) finished: bool,
    /// What earlier runs let expect.
    pub(super) expected: Expected,
}

impl State {
    /// Takes in one event.
    pub(super) fn apply(&mut self, event: &Event) {
        self.totals = event.totals;
        self.at_ms = self.at_ms.max(event.at_ms);
        match &event.kind {
            EventKind::RunStarted {
                run, dir, suites, ..
            } => self.begin(run, dir, suites),
            EventKind::PhaseChanged {
                suite,
                attempt,
                phase,
                detail,
            } => {
                let at_ms = event.at_ms;
                if let Some(known) = self.suites.get_mut(*suite) {
                    known.enter(*attempt, *phase, at_ms);
                    known.detail = clean::line(detail).into_owned();
                    if *phase == Phase::Queued {
                        self.active.remove(suite);
                    } else {
                        self.active.insert(*suite);
                        self.expected.begun(*suite);
                    }
                }
            }
            EventKind::Progress {
                suite,
                done,
                total,
                failed,
            } => {
                self.change(*suite, |suite| {
                    suite.progress = Some(Progress {
                        done: *done,
                        total: *total,
                        failed: *failed,
                    });
                });
            }
            EventKind::CaseReported { suite, case, .. } => {
                if matches!(case.status, CaseStatus::Failed | CaseStatus::Errored) {
                    self.change(*suite, |suite| suite.last = last_of(case));
                }
            }
            EventKind::JudgementRestarted { suite, .. } => self.change(*suite, Suite::forget),
            EventKind::JudgeSaid { suite, message, .. } => {
                self.change(*suite, |suite| {
                    suite.last = clean::line(message).into_owned();
                });
            }
            EventKind::AttemptFinished {
                suite,
                record,
                retry_in_ms,
            } => {
                let at_ms = event.at_ms;
                self.change(*suite, |suite| {
                    suite.progress = None;
                    suite.last.clear();
                    suite.retry_at_ms = retry_in_ms.map(|wait| at_ms.saturating_add(wait));
                    suite.record = Some(record.clone());
                });
                if retry_in_ms.is_some() {
                    self.active.insert(*suite);
                }
            }
            EventKind::SuiteFinished { suite, .. } => {
                self.active.remove(suite);
                self.expected.begun(*suite);
            }
            EventKind::Cancelling { kill, .. } => self.cancelling = Some(*kill),
            EventKind::RunFinished { .. } => {
                self.active.clear();
                self.finished = true;
            }
            EventKind::Warning { .. }
            | EventKind::JudgeReloaded { .. }
            | EventKind::Observed { .. } => {}
        }
    }

    fn begin(&mut self, run: &str, dir: &str, suites: &[SuiteIntro]) {
        self.run = clean::line(run).into_owned();
        self.shown_dir = clean::line(dir).into_owned();
        dir.clone_into(&mut self.dir);
        self.suites = suites.iter().map(Suite::new).collect();
        let names = self.suites.iter().map(|suite| text::width(&suite.name));
        self.longest_name = names.max().unwrap_or(0);
    }

    fn change(&mut self, suite: SuiteIndex, change: impl FnOnce(&mut Suite)) {
        if let Some(suite) = self.suites.get_mut(suite) {
            change(suite);
        }
    }

    /// Finds suites that have become slow, each once, with the milliseconds they have taken so far.
    pub(super) fn grow_slow(&mut self, now_ms: u64) -> Vec<(SuiteIndex, u64)> {
        let mut fresh = Vec::new();
        for place in &self.active {
            let Some(suite) = self.suites.get_mut(*place).filter(|suite| !suite.slow) else {
                continue;
            };
            let took = suite.took_ms(now_ms);
            if took >= self.expected.slow_from(*place) {
                suite.slow = true;
                fresh.push((*place, took));
            }
        }
        fresh
    }

    /// How long the run still takes, in milliseconds, as far as earlier runs tell.
    pub(super) fn left_ms(&self, now_ms: u64) -> Option<u64> {
        let running = self.active.iter().filter_map(|place| {
            let suite = self.suites.get(*place)?;
            Some((*place, suite.took_ms(now_ms)))
        });
        self.expected.left(running)
    }

    /// The suites under way: with failures first, then the longest running.
    pub(super) fn running(&self) -> Vec<&Suite> {
        let places = self.running_places().into_iter();
        places.filter_map(|index| self.suites.get(index)).collect()
    }

    /// The places of [`Self::running`].
    pub(super) fn running_places(&self) -> Vec<SuiteIndex> {
        let mut running: Vec<(bool, u64, SuiteIndex)> = self
            .active
            .iter()
            .filter_map(|index| {
                let suite = self.suites.get(*index)?;
                Some((!suite.has_failures(), suite.since_ms, *index))
            })
            .collect();
        running.sort_unstable();
        running.into_iter().map(|(_, _, index)| index).collect()
    }
}

impl Suite {
    /// What was reported no longer counts.
    fn forget(&mut self) {
        self.progress = None;
        self.last.clear();
    }

    fn new(intro: &SuiteIntro) -> Self {
        Self {
            own_name: intro.name.clone(),
            name: clean::line(&intro.name).into_owned(),
            command: clean::line(&intro.command).into_owned(),
            slug: intro.slug.clone(),
            phase: Phase::Queued,
            detail: String::new(),
            attempt: 1,
            since_ms: 0,
            first_ms: None,
            slow: false,
            progress: None,
            retry_at_ms: None,
            last: String::new(),
            captured: 0,
            printed: String::new(),
            record: None,
        }
    }

    fn enter(&mut self, attempt: u32, phase: Phase, at_ms: u64) {
        if attempt != self.attempt || self.phase == Phase::Queued || self.retry_at_ms.is_some() {
            self.since_ms = at_ms;
            self.progress = None;
            self.captured = 0;
            self.printed.clear();
        }
        self.attempt = attempt;
        self.phase = phase;
        if phase != Phase::Queued {
            self.first_ms.get_or_insert(at_ms);
            self.retry_at_ms = None;
        }
    }

    /// Since its first attempt left the queue, in milliseconds.
    fn took_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.first_ms.unwrap_or(now_ms))
    }

    pub(super) fn has_failures(&self) -> bool {
        self.progress.is_some_and(|progress| progress.failed > 0)
    }

    /// What it is doing, in a word.
    pub(super) fn word(&self) -> &'static str {
        match self.phase {
            _ if self.retry_at_ms.is_some() => "waiting",
            Phase::Queued => "queued",
            Phase::Provisioning => "starting",
            Phase::Running => "running",
            Phase::Draining => "draining",
            Phase::Judging => "judging",
        }
    }
}

fn last_of(case: &Case) -> String {
    let (place, name) = detail::place_and_name(case);
    match &case.message {
        Some(message) => format!("{place}{name}: {}", clean::line(message)),
        None => format!("{place}{name}"),
    }
}
