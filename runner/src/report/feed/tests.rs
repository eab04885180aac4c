//! Tests of the feed: order, coalescing, and that nothing waits for a report.

use std::sync::mpsc;

use super::super::recorded;
use super::*;
use crate::event::Totals;
use crate::model::Case;

/// Keeps what it is told; fails, crashes or blocks at the first event where it is told to.
struct Probe {
    need: Need,
    seen: mpsc::Sender<Event>,
    fail: bool,
    crash: bool,
    block: Option<mpsc::Receiver<()>>,
}

impl Report for Probe {
    fn need(&self) -> Need {
        self.need
    }

    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        if let Some(block) = self.block.take() {
            block.recv().unwrap_or(());
        }
        assert!(!self.crash, "told to crash");
        self.seen.send(event.clone()).expect("the test listens");
        if self.fail {
            return Err(ReportError {
                what: "the probe".into(),
                source: io::Error::other("told to fail"),
            });
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        Ok(())
    }
}

fn probe(need: Need) -> (Probe, mpsc::Receiver<Event>) {
    let (seen, events) = mpsc::channel();
    let probe = Probe {
        need,
        seen,
        fail: false,
        crash: false,
        block: None,
    };
    (probe, events)
}

fn progress(suite: SuiteIndex, done: u32) -> Event {
    Event {
        at_ms: 0,
        totals: Totals::default(),
        kind: EventKind::Progress {
            suite,
            done,
            total: None,
            failed: 0,
        },
    }
}

fn warning(message: &str) -> Event {
    Event {
        at_ms: 0,
        totals: Totals::default(),
        kind: EventKind::Warning {
            message: message.into(),
        },
    }
}

fn case(suite: SuiteIndex, number: u32, status: CaseStatus) -> Event {
    let case = Case {
        status,
        ..recorded::bare(&number.to_string(), "no")
    };
    Event {
        kind: EventKind::CaseReported {
            suite,
            attempt: 1,
            case,
        },
        ..warning("")
    }
}

#[test]
fn every_event_arrives_in_order() {
    let (probe, events) = probe(Need::Everything);
    let feed = Feed::spawn(vec![Box::new(probe)]).expect("a thread");
    for event in recorded::events() {
        feed.send(event);
    }
    assert!(feed.finish().is_empty());
    assert_eq!(events.iter().collect::<Vec<_>>(), recorded::events());
}

#[test]
fn a_failing_and_a_crashing_report_stop_no_other() {
    let (mut failing, failed) = probe(Need::Everything);
    failing.fail = true;
    let (mut crashing, _nothing) = probe(Need::Everything);
    crashing.crash = true;
    let (healthy, events) = probe(Need::Everything);
    let reports: Vec<Box<dyn Report>> =
        vec![Box::new(failing), Box::new(crashing), Box::new(healthy)];
    let feed = Feed::spawn(reports).expect("threads");
    for event in recorded::events() {
        feed.send(event);
    }
    let errors: Vec<String> = feed.finish().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "cannot write the probe: told to fail",
            "cannot write a report: it crashed; this is a bug in tribunal"
        ]
    );
    assert_eq!(failed.iter().count(), 1);
    assert_eq!(events.iter().count(), recorded::events().len());
}

#[test]
fn a_blocked_display_holds_up_nobody_and_keeps_only_the_newest() {
    let (mut display, events) = probe(Need::Display);
    let (release, block) = mpsc::channel();
    display.block = Some(block);
    let feed = Feed::spawn(vec![Box::new(display)]).expect("a thread");
    feed.send(warning("first"));
    // The thread is now blocked in the first event, or will be: what follows piles up.
    let started = Instant::now();
    while !feed.sender.queues[0].lock().events.is_empty() {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the thread never started"
        );
        thread::yield_now();
    }
    for done in 1..=100_000 {
        let suite = done as usize % 2;
        feed.send(progress(suite, done));
        feed.send(case(suite, done, CaseStatus::Failed));
        feed.send(case(suite, done, CaseStatus::Passed));
        feed.send(Event {
            kind: EventKind::Observed {
                suite,
                attempt: 1,
                what: "a pod".into(),
            },
            ..warning("")
        });
    }
    feed.send(warning("between"));
    feed.send(progress(0, 100_001));
    // What waits is bounded by the number of suites, whatever happens meanwhile.
    assert_eq!(feed.waiting(), [5]);
    release.send(()).expect("the probe waits");
    assert!(feed.finish().is_empty());
    let seen: Vec<Event> = events.iter().collect();
    let expected = [
        warning("first"),
        progress(1, 99_999),
        progress(0, 100_001),
        case(1, 99_999, CaseStatus::Failed),
        case(0, 100_000, CaseStatus::Failed),
        warning("between"),
    ];
    assert_eq!(seen.len(), 6);
    for event in expected {
        assert!(seen.contains(&event), "{event:?}");
    }
}

#[test]
fn progress_never_overtakes_what_its_suite_did() {
    let queue = Queue::new(Need::Display);
    let said = Event {
        kind: EventKind::JudgeSaid {
            suite: 0,
            level: "info".into(),
            message: "x".into(),
        },
        ..warning("")
    };
    for event in [
        progress(0, 1),
        progress(0, 2),
        said.clone(),
        progress(0, 3),
        progress(0, 4),
    ] {
        queue.push(&Arc::new(event));
    }
    let (events, closed) = queue.take(Instant::now());
    let events: Vec<Event> = events.iter().map(|event| Event::clone(event)).collect();
    assert_eq!(events, [progress(0, 2), said, progress(0, 4)]);
    assert!(!closed);
}
