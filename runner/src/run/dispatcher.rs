//! The dispatcher: one select loop that starts suites, orders events and decides about cancelling.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::signal::{self, Received};
use super::suite::{self, SuiteContext};
use super::{Means, Message, RunEnd, tally};
use crate::event::{EVENT_VERSION, Event, EventKind, Phase, SuiteIndex, SuiteIntro, Totals};
use crate::executor::Cancel;
use crate::model::{RunStatus, RunSummary, SUMMARY_VERSION, SuiteStatus, SuiteSummary, millis};
use crate::plan::{Plan, Target};

/// Runs one plan.
pub struct Dispatcher {
    plan: Arc<Plan>,
    means: Means,
    cancel: watch::Sender<Cancel>,
    begun: Instant,
    started_at: String,
    totals: Totals,
    /// Suites that wait for a slot, in the order of the plan.
    ready: VecDeque<SuiteIndex>,
    /// Those of them of which it was not said yet that they wait.
    fresh: Vec<SuiteIndex>,
    /// Suites under way on this machine, and on the cluster: each has a limit of its own.
    here: usize,
    there: usize,
    /// How many of its needs each suite still waits for.
    missing: Vec<usize>,
    /// Who waits for each suite.
    waiting: Vec<Vec<SuiteIndex>>,
    done: Vec<Option<SuiteSummary>>,
    warnings: Vec<String>,
    signal: Option<Received>,
    tasks: JoinSet<()>,
    /// Whose task is whose, for the case that one panics.
    owners: HashMap<tokio::task::Id, SuiteIndex>,
}

impl Dispatcher {
    /// Prepares a run; nothing happens yet.
    pub fn new(plan: Arc<Plan>, means: Means, cancel: watch::Sender<Cancel>) -> Self {
        let count = plan.suites.len();
        let mut waiting = vec![Vec::new(); count];
        for (index, suite) in plan.suites.iter().enumerate() {
            for need in &suite.needs {
                waiting[*need].push(index);
            }
        }
        let missing: Vec<usize> = plan.suites.iter().map(|suite| suite.needs.len()).collect();
        let selected = u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            means,
            cancel,
            begun: Instant::now(),
            started_at: Timestamp::now().to_string(),
            totals: Totals {
                selected,
                ..Totals::default()
            },
            ready: (0..count).filter(|index| missing[*index] == 0).collect(),
            fresh: (0..count).filter(|index| missing[*index] == 0).collect(),
            missing,
            waiting,
            done: vec![None; count],
            here: 0,
            there: 0,
            warnings: Vec::new(),
            signal: None,
            tasks: JoinSet::new(),
            owners: HashMap::new(),
            plan,
        }
    }

    /// Runs it to its end.
    pub async fn run(mut self) -> RunEnd {
        let (sender, mut messages) = mpsc::unbounded_channel();
        let mut signals = self.means.signals.take();
        let mut news = self.means.news.take();
        self.introduce();
        loop {
            self.start_ready(&sender);
            if self.totals.done == self.totals.selected {
                let local = Arc::clone(&self.means.local);
                super::close(local, self.means.kubernetes.clone()).await;
                return RunEnd::Finished(Box::new(self.finish()));
            }
            tokio::select! {
                Some(message) = messages.recv() => self.hear(message),
                Some(kind) = super::next_of(&mut news) => self.hear(Message::Event(kind)),
                received = signal::next(&mut signals) => {
                    if self.cancel.borrow().level() == 2 {
                        return RunEnd::Abandoned { signal: received.number };
                    }
                    self.on_signal(received);
                }
                Some(ended) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    match ended {
                        Ok((id, ())) => {
                            self.owners.remove(&id);
                        }
                        Err(panic) => self.mourn(&panic),
                    }
                }
            }
        }
    }

    fn introduce(&mut self) {
        let intro = |suite: &crate::plan::Suite| SuiteIntro {
            name: suite.name.clone(),
            slug: suite.slug.clone(),
            judge: suite.judge.clone(),
            executor: suite.target.executor().to_owned(),
            command: suite.command.display(),
            labels: suite.labels.clone(),
        };
        let kind = EventKind::RunStarted {
            version: EVENT_VERSION,
            tribunal: env!("CARGO_PKG_VERSION").to_owned(),
            run: self.means.id.clone(),
            dir: self.means.shown_dir.clone(),
            pipeline: self.plan.pipeline.clone(),
            started_at: self.started_at.clone(),
            jobs: u32::try_from(self.plan.jobs).unwrap_or(u32::MAX),
            suites: self.plan.suites.iter().map(|suite| intro(suite)).collect(),
            judges: super::introduced(&self.means.judges),
        };
        self.emit(kind);
    }

    /// Starts suites while slots are free. A cancelled run starts nothing more.
    fn start_ready(&mut self, sender: &mpsc::UnboundedSender<Message>) {
        let cancelled = self.cancel.borrow().clone();
        let mut waiting = VecDeque::new();
        while let Some(index) = self.ready.pop_front() {
            if cancelled.level() > 0 {
                let why = format!("not started: {}", cancelled.reason());
                self.conclude_unstarted(index, SuiteStatus::Cancelled, why);
                continue;
            }
            let free = self.has_slot(index);
            if free {
                self.totals.running += 1;
                *self.pool(index) += 1;
                self.spawn(index, sender);
            } else {
                waiting.push_back(index);
            }
            // The usual case, one place for all, must not walk through ten thousand waiting suites.
            if !free && (self.plan.cluster.is_none() || self.is_full()) {
                break;
            }
        }
        waiting.append(&mut self.ready);
        self.ready = waiting;
        self.say_who_waits();
    }

    /// Says once of each suite of a cluster that it waits for a slot, and behind how many. Those of this machine
    /// are too many and too short for that: the totals tell.
    fn say_who_waits(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        let Some(cluster) = self.plan.cluster.as_ref().filter(|_| !fresh.is_empty()) else {
            return;
        };
        let slots = cluster.jobs;
        let is_there =
            |index: &SuiteIndex| matches!(self.plan.suites[*index].target, Target::Kubernetes(_));
        let waiting: HashMap<SuiteIndex, usize> = self
            .ready
            .iter()
            .filter(|index| is_there(index))
            .enumerate()
            .map(|(before, index)| (*index, before))
            .collect();
        for index in fresh {
            if let Some(before) = waiting.get(&index) {
                self.emit(EventKind::PhaseChanged {
                    suite: index,
                    attempt: 1,
                    phase: Phase::Queued,
                    detail: format!("waiting for one of {slots} slots, behind {before} others"),
                });
            }
        }
    }

    fn is_full(&self) -> bool {
        let cluster = self.plan.cluster.as_ref();
        self.here >= self.plan.jobs && cluster.is_none_or(|cluster| self.there >= cluster.jobs)
    }

    fn has_slot(&self, index: SuiteIndex) -> bool {
        match (&self.plan.suites[index].target, &self.plan.cluster) {
            (Target::Kubernetes(_), Some(cluster)) => self.there < cluster.jobs,
            _ => self.here < self.plan.jobs,
        }
    }

    fn pool(&mut self, index: SuiteIndex) -> &mut usize {
        match (&self.plan.suites[index].target, &self.plan.cluster) {
            (Target::Kubernetes(_), Some(_)) => &mut self.there,
            _ => &mut self.here,
        }
    }

    /// Gives a slot back.
    fn release(&mut self, index: SuiteIndex) {
        self.totals.running -= 1;
        *self.pool(index) -= 1;
    }

    fn spawn(&mut self, index: SuiteIndex, sender: &mpsc::UnboundedSender<Message>) {
        let suite = Arc::clone(&self.plan.suites[index]);
        let Some(judge) = self.means.judges.get(&suite.judge) else {
            self.release(index);
            let why = format!("judge \"{}\" is not loaded", suite.judge);
            self.conclude_unstarted(index, SuiteStatus::Errored, why);
            return;
        };
        let spec = self.plan.judges.get(&suite.judge);
        let executor = match suite.target {
            Target::Local => Some(Arc::clone(&self.means.local)),
            Target::Kubernetes(_) => self.means.kubernetes.clone(),
        };
        let Some(executor) = executor else {
            self.release(index);
            let why = "no cluster was given to run it on".to_owned();
            self.conclude_unstarted(index, SuiteStatus::Errored, why);
            return;
        };
        let cx = SuiteContext {
            index,
            pipeline: self.plan.pipeline.clone(),
            run_id: self.means.id.clone(),
            run_dir: self.means.dir.clone(),
            config_json: spec.map_or_else(|| "{}".to_owned(), |spec| spec.config.to_string()),
            judge: Arc::clone(judge),
            executor,
            cancel: self.cancel.subscribe(),
            messages: sender.clone(),
            suite,
        };
        let sender = sender.clone();
        let task = self.tasks.spawn(async move {
            let summary = suite::run(cx).await;
            drop(sender.send(Message::Done(index, Box::new(summary))));
        });
        self.owners.insert(task.id(), index);
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Event(kind) => {
                if let EventKind::Warning { message } = &kind {
                    self.warnings.push(message.clone());
                }
                self.emit(kind);
            }
            Message::SawFailure(index) => {
                if self.plan.fail_fast {
                    self.fail_fast(index, "a case failed");
                }
            }
            Message::Done(index, summary) => {
                self.release(index);
                let failed = summary.status.is_failure() || summary.status.is_undecided();
                let word = summary.status.word().to_lowercase();
                self.conclude(index, *summary);
                if failed && self.plan.fail_fast {
                    self.fail_fast(index, &word);
                }
            }
        }
    }

    fn fail_fast(&mut self, index: SuiteIndex, what: &str) {
        if self.cancel.borrow().level() == 0 {
            let reason = format!("fail-fast: {} {what}", self.plan.suites[index].name);
            self.raise(Cancel::Graceful(reason));
        }
    }

    fn on_signal(&mut self, received: Received) {
        self.signal = Some(received);
        // A fail-fast that is under way was not asked for by a person: their first signal still asks.
        let asked = matches!(&*self.cancel.borrow(), Cancel::Graceful(by) if by.starts_with("SIG"));
        let reason = received.name.to_owned();
        self.raise(if asked {
            Cancel::Kill(reason)
        } else {
            Cancel::Graceful(reason)
        });
    }

    fn raise(&mut self, cancel: Cancel) {
        let kind = EventKind::Cancelling {
            reason: cancel.reason().to_owned(),
            kill: cancel.level() == 2,
        };
        self.cancel.send_replace(cancel);
        self.emit(kind);
    }

    fn conclude(&mut self, index: SuiteIndex, summary: SuiteSummary) {
        tally::count(&mut self.totals, summary.status);
        let passed = summary.status.is_pass();
        let what = summary.status.clause();
        self.done[index] = Some(summary.clone());
        self.emit(EventKind::SuiteFinished {
            suite: index,
            summary: Box::new(summary),
        });
        for waiter in std::mem::take(&mut self.waiting[index]) {
            if self.done[waiter].is_some() {
                continue;
            }
            self.missing[waiter] -= 1;
            if !passed {
                let why = format!("needs {}, which {what}", self.plan.suites[index].name);
                let cancelled = self.cancel.borrow().level() > 0;
                let status = if cancelled {
                    SuiteStatus::Cancelled
                } else {
                    SuiteStatus::Skipped
                };
                self.conclude_unstarted(waiter, status, why);
            } else if self.missing[waiter] == 0 {
                self.ready.push_back(waiter);
                self.fresh.push(waiter);
            }
        }
    }

    fn conclude_unstarted(&mut self, index: SuiteIndex, status: SuiteStatus, why: String) {
        let summary = suite::never_started(&self.plan.suites[index], status, why);
        self.conclude(index, summary);
    }

    /// A suite's task panicked: a bug here must not become a hang or a pass there.
    fn mourn(&mut self, panic: &tokio::task::JoinError) {
        let message = format!("tribunal itself failed: {panic}; please report this");
        self.warnings.push(message.clone());
        self.emit(EventKind::Warning {
            message: message.clone(),
        });
        if let Some(index) = self.owners.remove(&panic.id()) {
            self.release(index);
            self.conclude_unstarted(index, SuiteStatus::Errored, message);
        }
    }

    fn finish(&mut self) -> RunSummary {
        let suites: Vec<SuiteSummary> = self.done.iter().flatten().cloned().collect();
        let mut status = RunStatus::of(suites.iter().map(|suite| suite.status));
        let stopped = suites
            .iter()
            .any(|suite| suite.status == SuiteStatus::Cancelled);
        // A signal that came when everything had ended by itself cancelled nothing.
        let cancelled_by = self.signal.filter(|_| stopped).map(|signal| signal.number);
        if cancelled_by.is_some() {
            status = RunStatus::Cancelled;
        }
        let summary = RunSummary {
            version: SUMMARY_VERSION,
            run: Some(self.means.id.clone()),
            pipeline: self.plan.pipeline.clone(),
            status,
            started_at: self.started_at.clone(),
            duration_ms: millis(self.begun.elapsed()),
            cancelled_by,
            suites,
            warnings: std::mem::take(&mut self.warnings),
        };
        self.emit(EventKind::RunFinished {
            summary: Box::new(summary.clone()),
        });
        summary
    }

    fn emit(&mut self, kind: EventKind) {
        let at_ms = millis(self.begun.elapsed());
        (self.means.events)(Event {
            at_ms,
            totals: self.totals,
            kind,
        });
    }
}
