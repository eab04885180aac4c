//! Hands events to reports, each on a thread of its own, and never waits for one.
//!
//! A terminal that is stopped, or a disk that is slow, holds up its own report and nothing else.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Need, Report, ReportError};
use crate::event::{Event, EventKind, SuiteIndex};
use crate::model::CaseStatus;

/// Between two ticks.
const TICK: Duration = Duration::from_millis(50);
/// So many waiting events are not left waiting for the next tick.
const URGENT: usize = 1024;

/// Reports at work.
pub struct Feed {
    sender: FeedSender,
    threads: Vec<JoinHandle<Vec<ReportError>>>,
}

/// Sends events to all reports of a [`Feed`]. Never blocks for longer than a lock.
#[derive(Clone)]
pub struct FeedSender {
    queues: Arc<[Arc<Queue>]>,
}

impl Feed {
    /// Starts a thread for each report. Where one cannot be started, none stays behind.
    pub fn spawn(reports: Vec<Box<dyn Report>>) -> io::Result<Self> {
        let mut queues: Vec<Arc<Queue>> = Vec::with_capacity(reports.len());
        let mut threads = Vec::with_capacity(reports.len());
        for (index, report) in reports.into_iter().enumerate() {
            let queue = Arc::new(Queue::new(report.need()));
            let its = Arc::clone(&queue);
            queues.push(queue);
            let thread = thread::Builder::new().name(format!("report-{index}"));
            match thread.spawn(move || work(report, &its)) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    for queue in &queues {
                        queue.close();
                    }
                    return Err(error);
                }
            }
        }
        let sender = FeedSender {
            queues: queues.into(),
        };
        Ok(Self { sender, threads })
    }

    /// Returns a handle that sends events; handles are cheap to clone.
    pub fn sender(&self) -> FeedSender {
        self.sender.clone()
    }

    /// Sends one event to every report.
    pub fn send(&self, event: impl Into<Arc<Event>>) {
        self.sender.send(event);
    }

    /// How many events wait for each report, in their order.
    pub fn waiting(&self) -> Vec<usize> {
        let queues = self.sender.queues.iter();
        queues.map(|queue| queue.lock().events.len()).collect()
    }

    /// Ends the stream, waits until every report has taken it all in, and returns what failed.
    pub fn finish(self) -> Vec<ReportError> {
        for queue in self.sender.queues.iter() {
            queue.close();
        }
        let mut errors = Vec::new();
        for thread in self.threads {
            match thread.join() {
                Ok(failed) => errors.extend(failed),
                Err(_) => errors.push(ReportError {
                    what: "a report".to_owned(),
                    source: io::Error::other("it crashed; this is a bug in tribunal"),
                }),
            }
        }
        errors
    }
}

impl FeedSender {
    /// Sends one event to every report. Events sent after [`Feed::finish`] are dropped.
    pub fn send(&self, event: impl Into<Arc<Event>>) {
        let event = event.into();
        for queue in self.queues.iter() {
            queue.push(&event);
        }
    }
}

/// One report's life. After its first error it hears no more.
fn work(mut report: Box<dyn Report>, queue: &Queue) -> Vec<ReportError> {
    let mut next_tick = Instant::now() + TICK;
    loop {
        let (events, closed) = queue.take(next_tick);
        for event in events {
            if let Err(error) = report.on_event(&event) {
                queue.abandon();
                return vec![error];
            }
        }
        if closed {
            return report.finish().err().into_iter().collect();
        }
        if Instant::now() >= next_tick {
            next_tick = Instant::now() + TICK;
            if let Err(error) = report.tick() {
                queue.abandon();
                return vec![error];
            }
        }
    }
}

/// Events on their way to one report.
struct Queue {
    need: Need,
    inner: Mutex<Inner>,
    changed: Condvar,
}

/// What comes often, and of which only the newest is shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Often {
    Progress,
    Case,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<Arc<Event>>,
    /// Where the newest progress and the newest case of a suite wait, as long as nothing else of that suite came
    /// after. Neither says what the other does, so their order is of no weight.
    newest: HashMap<(SuiteIndex, Often), usize>,
    closed: bool,
}

impl Queue {
    fn new(need: Need) -> Self {
        Self {
            need,
            inner: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// A panic in another thread leaves the queue whole: every change of it is a single step.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: &Arc<Event>) {
        if !self.wants(&event.kind) {
            return;
        }
        let mut inner = self.lock();
        if inner.closed {
            return;
        }
        if self.need == Need::Display {
            if let Some((suite, often)) = often(&event.kind) {
                let end = inner.events.len();
                let place = *inner.newest.entry((suite, often)).or_insert(end);
                if let Some(waiting) = inner.events.get_mut(place) {
                    *waiting = Arc::clone(event);
                    return;
                }
            } else if let Some(suite) = suite_of(&event.kind) {
                inner.newest.remove(&(suite, Often::Progress));
                inner.newest.remove(&(suite, Often::Case));
            }
        }
        inner.events.push_back(Arc::clone(event));
        // Otherwise the next tick takes it: waking a thread for every event costs more than the event.
        if inner.events.len() == URGENT {
            drop(inner);
            self.changed.notify_one();
        }
    }

    /// Whether the report is told of such an event at all.
    fn wants(&self, kind: &EventKind) -> bool {
        match self.need {
            Need::Everything => true,
            Need::Display => match kind {
                EventKind::CaseReported { case, .. } => case.status != CaseStatus::Passed,
                EventKind::Observed { .. } => false,
                _ => true,
            },
            Need::Summary => matches!(kind, EventKind::RunFinished { .. }),
            Need::Nothing => false,
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Nobody takes events from here any more.
    fn abandon(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.events.clear();
        inner.newest.clear();
    }

    /// Waits for events, the end, or the next tick, and takes all there is.
    fn take(&self, next_tick: Instant) -> (VecDeque<Arc<Event>>, bool) {
        let mut inner = self.lock();
        while inner.events.len() < URGENT && !inner.closed {
            let wait = next_tick.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(inner, wait);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        inner.newest.clear();
        (std::mem::take(&mut inner.events), inner.closed)
    }
}

fn often(kind: &EventKind) -> Option<(SuiteIndex, Often)> {
    match kind {
        EventKind::Progress { suite, .. } => Some((*suite, Often::Progress)),
        EventKind::CaseReported { suite, .. } => Some((*suite, Often::Case)),
        _ => None,
    }
}

fn suite_of(kind: &EventKind) -> Option<SuiteIndex> {
    match kind {
        EventKind::PhaseChanged { suite, .. }
        | EventKind::CaseReported { suite, .. }
        | EventKind::Progress { suite, .. }
        | EventKind::JudgementRestarted { suite, .. }
        | EventKind::JudgeSaid { suite, .. }
        | EventKind::Observed { suite, .. }
        | EventKind::AttemptFinished { suite, .. }
        | EventKind::SuiteFinished { suite, .. } => Some(*suite),
        EventKind::RunStarted { .. }
        | EventKind::Cancelling { .. }
        | EventKind::Warning { .. }
        | EventKind::JudgeReloaded { .. }
        | EventKind::RunFinished { .. } => None,
    }
}

#[cfg(test)]
mod tests;
