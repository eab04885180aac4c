//! What showing a run costs: 10,000 suites in ten seconds, 20,000 case events and as many of progress a second.
//!
//! The same events are sent at the same pace to no report, to each report there is, and to readers that do not read.
//! What is printed is CPU time beyond sending alone (for JSON lines: beyond the journal they are copied from), as a
//! share of one core, the longest that a sender was held up, and what waited in memory when the run ended.
//! `cargo bench -p tribunal --bench reporter`

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tribunal::event::{Event, EventKind, Phase, SuiteIntro, Totals};
use tribunal::model::{
    CaptureSummary, Case, CaseStatus, Completeness, Counts, JudgeSummary, RunStatus, RunSummary,
    SUMMARY_VERSION, SuiteStatus, SuiteSummary,
};
use tribunal::report::ctrf::Ctrf;
use tribunal::report::html::Html;
use tribunal::report::json::Json;
use tribunal::report::jsonl::Follow;
use tribunal::report::junit::Junit;
use tribunal::report::markdown::{COMMENT, Markdown};
use tribunal::report::terminal::{Facts, Mode, Settings, Terminal};
use tribunal::report::{Feed, Out, Report};
use tribunal::run::dir::{DIR_VERSION, RunDir, RunIntro};
use tribunal::run::journal::Journal;

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
        let what = format!("terminal, {mode:?}");
        show(&what, &measure(vec![terminal], seconds), Some(&alone));
    }
    let root = tempfile::tempdir().expect("a folder");
    for (what, report) in written(root.path()) {
        show(what, &measure(vec![report], seconds), Some(&alone));
    }
    let kept = measure(vec![Box::new(journal(root.path()))], seconds);
    show("journal", &kept, Some(&alone));
    let source = journal(root.path());
    let lines = Follow::to_writer(&source, Box::new(io::sink()));
    let both: Vec<Box<dyn Report>> = vec![Box::new(lines), Box::new(source)];
    show("JSON lines", &measure(both, seconds), Some(&kept));

    let blocked = Blocked::for_seconds(seconds);
    let stopped = terminal(Mode::Live, Box::new(blocked));
    let measured = measure(vec![stopped], seconds);
    show("terminal, not read", &measured, Some(&alone));
    let source = journal(root.path());
    let lines = Follow::to_writer(&source, Box::new(Blocked::for_seconds(seconds)));
    let both: Vec<Box<dyn Report>> = vec![Box::new(lines), Box::new(source)];
    show("JSON lines, not read", &measure(both, seconds), Some(&kept));
}

/// The reports that are written at the end.
fn written(root: &Path) -> Vec<(&'static str, Box<dyn Report>)> {
    let to = |name: &str| Out::File(root.join(name));
    vec![
        ("JSON", Box::new(Json::new(to("run.json")))),
        ("JUnit", Box::new(Junit::new(to("junit.xml"), None))),
        ("CTRF", Box::new(Ctrf::new(to("ctrf.json")))),
        ("Markdown", Box::new(Markdown::new(to("run.md"), COMMENT))),
        ("HTML", Box::new(Html::new(root.join("run.html"), None))),
    ]
}

fn journal(root: &Path) -> Journal {
    let intro = |id| RunIntro {
        version: DIR_VERSION,
        id,
        pipeline: "bench".into(),
        file: "pipeline.toml".into(),
        started_at: "2026-11-22T15:32:07Z".into(),
        tribunal: "0".into(),
        pid: std::process::id(),
        suites: SUITES,
    };
    let dir = RunDir::create(root, intro).expect("a run's folder");
    Journal::create(dir).expect("a journal")
}

/// What one round took.
struct Measured {
    cpu: Duration,
    wall: Duration,
    longest: Duration,
    events: usize,
    waiting: usize,
}

fn show(what: &str, measured: &Measured, alone: Option<&Measured>) {
    let cpu = measured
        .cpu
        .saturating_sub(alone.map_or(Duration::ZERO, |alone| alone.cpu));
    let share = 100.0 * cpu.as_secs_f64() / measured.wall.as_secs_f64();
    let line = format!(
        "{what}: {share:.2} % of a core, {} events in {:.1} s, a sender held up for {:.2} ms at most, {} waiting\n",
        measured.events,
        measured.wall.as_secs_f64(),
        measured.longest.as_secs_f64() * 1000.0,
        measured.waiting
    );
    io::stdout().write_all(line.as_bytes()).expect("written");
}

/// Takes nothing until it is released.
struct Blocked(Receiver<()>);

impl Blocked {
    /// Released when a run of so many seconds has ended.
    fn for_seconds(seconds: usize) -> Self {
        let (release, blocked) = channel();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(seconds as u64 + 1));
            drop(release);
        });
        Self(blocked)
    }
}

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
    // The CPU time of the end, when reports are written whole, is not that of a run that goes on.
    let (wall, used) = (begun.elapsed(), cpu().saturating_sub(cpu_before));
    let waiting = feed.waiting().iter().sum();
    feed.send(run.finished());
    let events = run.events;
    let failed = feed.finish();
    assert!(failed.is_empty(), "{failed:?}");
    Measured {
        cpu: used,
        wall,
        longest,
        events,
        waiting,
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
            judges: Vec::new(),
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
