//! Runs of thousands of suites stay readable, and cheap.

use std::time::Instant;

use super::*;
use crate::event::{SuiteIntro, Totals};
use crate::model::{
    CaptureSummary, Completeness, Counts, JudgeSummary, RunStatus, RunSummary, SUMMARY_VERSION,
    SuiteStatus, SuiteSummary,
};

fn name(index: u32) -> String {
    format!("suite-{index}")
}

fn started(suites: u32) -> EventKind {
    let intros = (0..suites).map(|index| SuiteIntro {
        name: name(index),
        slug: name(index),
        judge: "exit-code".into(),
        executor: "local".into(),
        command: "true".into(),
        labels: std::collections::BTreeMap::default(),
    });
    EventKind::RunStarted {
        version: 1,
        tribunal: "0.1.0".into(),
        run: "many".into(),
        dir: "runs/many".into(),
        pipeline: "many".into(),
        started_at: "2026-11-22T15:32:07Z".into(),
        jobs: 2,
        suites: intros.collect(),
        judges: Vec::new(),
    }
}

fn finished(index: u32, status: SuiteStatus) -> SuiteSummary {
    SuiteSummary {
        name: name(index),
        status,
        summary: format!("exit {}", u8::from(status.is_failure())),
        reason: None,
        attempts: 1,
        duration_ms: 5,
        capture: CaptureSummary {
            completeness: Completeness::Proven,
            bytes: 0,
            lines: 0,
        },
        counts: Counts::default(),
        judge: JudgeSummary {
            name: "exit-code".into(),
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

/// A run of `suites`, of which every thousandth fails.
fn run(suites: u32) -> Vec<Event> {
    let mut totals = Totals {
        selected: suites,
        ..Totals::default()
    };
    let event = |totals: &Totals, kind| Event {
        at_ms: 1,
        totals: *totals,
        kind,
    };
    let mut events = vec![event(&totals, started(suites))];
    let mut done = Vec::new();
    for index in 0..suites {
        let suite = index as usize;
        totals.running = 1;
        let kind = EventKind::PhaseChanged {
            suite,
            attempt: 1,
            phase: Phase::Running,
            detail: String::new(),
        };
        events.push(event(&totals, kind));
        let fails = index % 1000 == 999;
        let status = if fails {
            SuiteStatus::Failed
        } else {
            SuiteStatus::Passed
        };
        totals.running = 0;
        totals.done += 1;
        totals.passed += u32::from(!fails);
        totals.failed += u32::from(fails);
        done.push(finished(index, status));
        let summary = Box::new(finished(index, status));
        events.push(event(&totals, EventKind::SuiteFinished { suite, summary }));
    }
    let summary = Box::new(RunSummary {
        version: SUMMARY_VERSION,
        run: Some("many".into()),
        pipeline: "many".into(),
        status: RunStatus::Failed,
        started_at: "2026-11-22T15:32:07Z".into(),
        duration_ms: 1,
        cancelled_by: None,
        suites: done,
        warnings: Vec::new(),
    });
    events.push(event(&totals, EventKind::RunFinished { summary }));
    events
}

#[test]
fn ten_thousand_suites_tell_of_their_problems_only() {
    let events = run(10_000);
    let started = Instant::now();
    let text = plain(&events, |_| {});
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    let lines = text.lines().count();
    assert!(lines <= 2 * 10 + 100, "{lines} lines");
    assert_eq!(text.matches("FAILED     suite-").count(), 10);
    assert!(
        text.contains("FAIL  10,000 suites: 9,990 passed, 10 failed"),
        "{text}"
    );
    assert!(!text.contains("PASSED"));
    let verbose = plain(&run(101), |s| s.verbosity = Verbosity::Verbose);
    assert_eq!(verbose.matches("PASSED").count(), 101);
    assert_eq!(plain(&run(100), |_| {}).matches("PASSED").count(), 100);
}

#[test]
fn only_the_first_problems_get_a_block() {
    let text = plain(&run(20_000), |_| {});
    assert_eq!(text.matches("FAILED     suite-").count(), 20);
    let (blocks, recap) = text.split_once("\n\n").expect("a recap");
    assert_eq!(
        blocks.matches("    → tribunal show many suite-").count(),
        10
    );
    assert!(
        recap.contains("… and 5 more lines: tribunal show many\n"),
        "{text}"
    );
    let text = plain(&run(9_000), |_| {});
    let (_, recap) = text.split_once("\n\n").expect("a recap");
    let commands = recap.matches("    → tribunal show many suite-").count();
    assert_eq!(commands, 9, "each leads on: {recap}");
}

#[test]
fn the_recap_fits_a_screen_however_much_there_is_to_tell() {
    let statuses = [
        SuiteStatus::Failed,
        SuiteStatus::Errored,
        SuiteStatus::Flaky,
        SuiteStatus::Cancelled,
        SuiteStatus::Passed,
    ];
    let mut events = run(500);
    if let Some(EventKind::RunFinished { summary }) = events.last_mut().map(|event| &mut event.kind)
    {
        for (index, suite) in summary.suites.iter_mut().enumerate() {
            suite.status = statuses[index % statuses.len()];
            suite.warnings.push("a warning".into());
            suite.duration_ms = 10_000;
        }
    }
    for (mode, width) in [(Mode::Plain, 80), (Mode::Live, 80), (Mode::Live, 40)] {
        let mut stage = Stage::new(&events, mode, (width, 40), |_| {});
        stage.play(&events, 0, u64::MAX);
        let text = stage.out.text();
        let (_, recap) = text.rsplit_once("=== FAILED").expect("a recap");
        assert!(recap.lines().count() <= 40, "{recap}");
        for title in ["NOT DECIDED", "FLAKY", "CANCELLED", "WARNINGS"] {
            assert!(recap.contains(&format!("=== {title}")), "{recap}");
        }
    }
}

#[test]
fn the_slowest_are_three_at_most_and_worth_it() {
    let slowest = |durations: &[u64]| {
        let mut events = run(8);
        if let Some(EventKind::RunFinished { summary }) =
            events.last_mut().map(|event| &mut event.kind)
        {
            summary.duration_ms = 100_000;
            for (suite, duration) in summary.suites.iter_mut().zip(durations) {
                suite.duration_ms = *duration;
            }
        }
        let text = plain(&events, |_| {});
        text.lines()
            .find(|line| line.starts_with("slowest: "))
            .map(str::to_owned)
    };
    assert_eq!(slowest(&[9_000; 8]), None);
    assert_eq!(
        slowest(&[20_000, 9_999, 11_000, 40_000, 30_000, 12_000]).as_deref(),
        Some("slowest: suite-3 40s, suite-4 30s, suite-0 20s")
    );
}

/// Counts writes, and what each of them holds.
struct Writes(Arc<Mutex<Vec<String>>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0.lock().expect("one thread").push(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_region_takes_a_third_of_the_screen_and_a_frame_is_one_write() {
    for (rows, most) in [(12, 4), (24, 8), (90, 8)] {
        let mut events = run(60);
        // All of them run, and none has ended.
        events.retain(|event| {
            matches!(
                event.kind,
                EventKind::RunStarted { .. } | EventKind::PhaseChanged { .. }
            )
        });
        let writes = Arc::default();
        let mut stage = Stage::new(&events, Mode::Live, (80, rows), |_| {});
        let out = Box::new(Writes(Arc::clone(&writes)));
        stage.report = Terminal::new(out, stage.report.settings.clone());
        stage.play(&events, 0, 5_000);
        stage.pass(5_000);
        let frames = writes.lock().expect("one thread").clone();
        assert!(frames.len() > 2);
        for frame in &frames {
            assert!(
                frame.starts_with("\u{1b}[?2026h") && frame.ends_with("\u{1b}[?2026l"),
                "{frame:?}"
            );
        }
        let last = frames.last().expect("a frame");
        assert!(last.contains("more running"), "{last}");
        assert!(
            last.matches("\r\n").count() < most + 2,
            "{rows} rows: {last}"
        );
    }
}

#[test]
fn a_run_without_suites_says_so() {
    let mut events = run(0);
    if let Some(EventKind::RunFinished { summary }) = events.last_mut().map(|event| &mut event.kind)
    {
        summary.status = RunStatus::Empty;
    }
    insta::assert_snapshot!(plain(&events, |_| {}));
}

#[test]
fn suites_without_a_result_are_counted() {
    let mut events = run(3);
    if let Some(EventKind::RunFinished { summary }) = events.last_mut().map(|event| &mut event.kind)
    {
        summary.suites.pop();
        summary.cancelled_by = Some(15);
    }
    let text = plain(&events, |_| {});
    assert!(
        text.contains("CANCELLED  3 suites: 2 passed, 1 without a result"),
        "{text}"
    );
    assert!(
        text.contains("exit 143: the run was cancelled by SIGTERM"),
        "{text}"
    );
}
