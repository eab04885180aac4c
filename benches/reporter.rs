//! What showing a run costs: 10,000 suites in ten seconds, 20,000 case events and as many of progress a second.
//!
//! The same events are sent at the same pace to no report, to the terminal's in both modes, and to a reader that
//! does not read. What is printed is CPU time beyond sending alone, as a share of one core, and the longest that
//! a sender was held up. `cargo bench -p tribunal --bench reporter`

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tribunal::event::{Event, EventKind, Phase, SuiteIntro, Totals};
use tribunal::model::{
    CaptureSummary, Case, CaseStatus, Completeness, Counts, JudgeSummary, RunStatus, RunSummary,
    SUMMARY_VERSION, SuiteStatus, SuiteSummary,
};
use tribunal::report::jsonl::Jsonl;
use tribunal::report::terminal::{Facts, Mode, Settings, Terminal};
use tribunal::report::{Feed, Report};

const SUITES: usize = 10_000;
const SECONDS: usize = 10;
const CASES_A_SECOND: usize = 20_000;
/// Suites under way at once.
const JOBS: usize = 64;
/// One case in so many fails.
const FAILS: usize = 200;

fn main() {
    // Cargo passes it on when benches are run as tests; then once around is enough.
    let seconds = if std::env::args().any(|argument| argument == "--test") {
        1
    } else {
        SECONDS
    };
    let alone = measure(Vec::new(), seconds);
    show("sending alone", &alone, None);
    for mode in [Mode::Plain, Mode::Live] {
        let terminal = terminal(mode, Box::new(io::sink()));
        show(
            &format!("{mode:?}"),
            &measure(vec![terminal], seconds),
            Some(&alone),
        );
    }
    let lines: Box<dyn Report> = Box::new(Jsonl::to_writer(Box::new(io::sink())));
    show("JSON lines", &measure(vec![lines], seconds), Some(&alone));
    let (release, blocked) = channel();
    let blocked = terminal(Mode::Live, Box::new(Blocked(blocked)));
    let held = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(seconds as u64));
        drop(release);
    });
    show(
        "a reader that does not read",
        &measure(vec![blocked], seconds),
        Some(&alone),
    );
    held.join().expect("it slept");
}

/// What one round took.
struct Measured {
    cpu: Duration,
    wall: Duration,
    longest: Duration,
    events: usize,
}

fn show(what: &str, measured: &Measured, alone: Option<&Measured>) {
    let cpu = measured
        .cpu
        .saturating_sub(alone.map_or(Duration::ZERO, |alone| alone.cpu));
    let share = 100.0 * cpu.as_secs_f64() / measured.wall.as_secs_f64();
    let line = format!(
        "{what}: {share:.2} % of a core, {} events in {:.1} s, a sender held up for {:.2} ms at most\n",
        measured.events,
        measured.wall.as_secs_f64(),
        measured.longest.as_secs_f64() * 1000.0
    );
    io::stdout().write_all(line.as_bytes()).expect("written");
}

/// Takes nothing until it is released.
struct Blocked(Receiver<()>);

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // An error says that the other end is gone: released.
        self.0.recv().unwrap_or(());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn terminal(mode: Mode, out: Box<dyn Write + Send>) -> Box<dyn Report> {
    let mut settings = Settings::detect(&Facts {
        size: Some((160, 50)),
        utf8: true,
        ..Facts::default()
    });
    settings.mode = mode;
    settings.color = true;
    Box::new(Terminal::new(out, settings))
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).expect("not negative"),
        u32::try_from(time.tv_nsec).expect("below a second"),
    )
}

/// Sends a run at its pace, a millisecond's events at a time.
fn measure(reports: Vec<Box<dyn Report>>, seconds: usize) -> Measured {
    let feed = Feed::spawn(reports).expect("threads");
    let mut run = Run::default();
    feed.send(run.started());
    let (cpu_before, begun) = (cpu(), Instant::now());
    let mut longest = Duration::ZERO;
    let steps = seconds * 1000;
    for step in 0..steps {
        for event in run.step(step) {
            let sent = Instant::now();
            feed.send(event);
            longest = longest.max(sent.elapsed());
        }
        let due = Duration::from_millis(step as u64 + 1);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    let wall = begun.elapsed();
    feed.send(run.finished());
    let events = run.events;
    let failed = feed.finish();
    assert!(failed.is_empty(), "{failed:?}");
    Measured {
        cpu: cpu().saturating_sub(cpu_before),
        wall,
        longest,
        events,
    }
}

#[derive(Default)]
struct Run {
    totals: Totals,
    done: Vec<SuiteSummary>,
    at_ms: u64,
    cases: usize,
    events: usize,
}

impl Run {
    fn event(&mut self, kind: EventKind) -> Arc<Event> {
        self.events += 1;
        Arc::new(Event {
            at_ms: self.at_ms,
            totals: self.totals,
            kind,
        })
    }

    fn started(&mut self) -> Arc<Event> {
        self.totals.selected = u32::try_from(SUITES).expect("few");
        let suites = (0..SUITES).map(|index| SuiteIntro {
            name: name(index),
            slug: name(index),
            judge: "pytest".into(),
            executor: "local".into(),
            command: "pytest -q tests/area".into(),
            labels: BTreeMap::default(),
        });
        let suites = suites.collect();
        self.event(EventKind::RunStarted {
            version: 1,
            tribunal: "0".into(),
            run: "20261122-1532-7f3k".into(),
            dir: ".tribunal/runs/20261122-1532-7f3k".into(),
            pipeline: "bench".into(),
            started_at: "2026-11-22T15:32:07Z".into(),
            jobs: 64,
            suites,
        })
    }

    /// What happens in one millisecond: a suite begins, one ends, cases and progress in those between.
    fn step(&mut self, step: usize) -> Vec<Arc<Event>> {
        self.at_ms = step as u64;
        let suite = step % SUITES;
        let mut events = Vec::with_capacity(64);
        self.totals.running = u32::try_from(JOBS.min(step + 1)).expect("few");
        events.push(self.event(EventKind::PhaseChanged {
            suite,
            attempt: 1,
            phase: Phase::Running,
            detail: format!("pid {}", 1000 + step),
        }));
        for number in 0..CASES_A_SECOND / 1000 {
            let suite = suite.saturating_sub(number % JOBS);
            self.cases += 1;
            let fails = self.cases.is_multiple_of(FAILS);
            let case = Case {
                id: format!(
                    "tests/area_{suite}/test_part.py::test_case_{:06}",
                    self.cases
                ),
                status: if fails {
                    CaseStatus::Failed
                } else {
                    CaseStatus::Passed
                },
                duration_ms: Some(3.0),
                message: fails.then(|| "AssertionError: assert 1 == 2".into()),
                details: None,
                file: None,
                line: None,
                extra: Vec::new(),
            };
            events.push(self.event(EventKind::CaseReported {
                suite,
                attempt: 1,
                case,
            }));
            events.push(self.event(EventKind::Progress {
                suite,
                done: u32::try_from(self.cases % 400).expect("few"),
                total: Some(400),
                failed: u32::from(fails),
            }));
        }
        if let Some(suite) = step.checked_sub(JOBS) {
            let summary = summary(suite);
            self.totals.done += 1;
            if summary.status.is_pass() {
                self.totals.passed += 1;
            } else {
                self.totals.failed += 1;
            }
            self.done.push(summary.clone());
            let summary = Box::new(summary);
            events.push(self.event(EventKind::SuiteFinished { suite, summary }));
        }
        events
    }

    fn finished(&mut self) -> Arc<Event> {
        let summary = Box::new(RunSummary {
            version: SUMMARY_VERSION,
            run: Some("20261122-1532-7f3k".into()),
            pipeline: "bench".into(),
            status: RunStatus::Failed,
            started_at: "2026-11-22T15:32:07Z".into(),
            duration_ms: self.at_ms,
            cancelled_by: None,
            suites: std::mem::take(&mut self.done),
            warnings: Vec::new(),
        });
        self.event(EventKind::RunFinished { summary })
    }
}

fn name(index: usize) -> String {
    format!("suite-{index:05}")
}

fn summary(suite: usize) -> SuiteSummary {
    let fails = suite.is_multiple_of(100);
    SuiteSummary {
        name: name(suite),
        status: if fails {
            SuiteStatus::Failed
        } else {
            SuiteStatus::Passed
        },
        summary: if fails {
            "2 of 400 failed".into()
        } else {
            "400 cases".into()
        },
        reason: None,
        attempts: 1,
        duration_ms: 64,
        capture: CaptureSummary {
            completeness: Completeness::Proven,
            bytes: 0,
            lines: 0,
        },
        counts: Counts::default(),
        judge: JudgeSummary {
            name: "pytest".into(),
            digest: String::new(),
        },
        end: None,
        warnings: Vec::new(),
        failing: Vec::new(),
        failing_omitted: 0,
        history: Vec::new(),
        dir: None,
    }
}
