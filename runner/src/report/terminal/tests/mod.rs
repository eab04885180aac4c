//! The terminal report of the recorded runs: what a person sees, as snapshots.

mod hostile;
mod many;
mod past;

use std::num::NonZeroU16;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::recorded;
use super::*;
use crate::event::{EventKind, Phase};

/// A place to write to that can be read again.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("one thread").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Out {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("one thread").clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes()).expect("UTF-8")
    }
}

/// A report with a clock that the test turns.
struct Stage {
    report: Terminal,
    out: Out,
    clock: Arc<AtomicU64>,
    size: Arc<Mutex<(u16, u16)>>,
    _dir: tempfile::TempDir,
}

impl Stage {
    fn new(
        events: &[Event],
        mode: Mode,
        size: (u16, u16),
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        recorded::write_outputs(dir.path(), events);
        let clock = Arc::new(AtomicU64::new(1_000));
        let size = Arc::new(Mutex::new(size));
        let facts = Facts {
            utf8: true,
            term: Some("xterm".into()),
            stdout_terminal: true,
            ..Facts::default()
        };
        let mut settings = Settings::detect(&facts);
        settings.mode = mode;
        settings.color = mode == Mode::Live;
        settings.run_dir = Some(dir.path().to_owned());
        settings.outputs = vec![("junit".into(), "out/junit.xml".into())];
        let (time, measured) = (Arc::clone(&clock), Arc::clone(&size));
        settings.clock = Arc::new(move || Duration::from_millis(time.load(Ordering::Relaxed)));
        settings.size = Arc::new(move || *measured.lock().expect("one thread"));
        change(&mut settings);
        let out = Out::default();
        Self {
            report: Terminal::new(Box::new(out.clone()), settings),
            out,
            clock,
            size,
            _dir: dir,
        }
    }

    /// Plays the events up to a moment, with a tick each second.
    fn play(&mut self, events: &[Event], from_ms: u64, to_ms: u64) {
        for event in events {
            if event.at_ms < from_ms || event.at_ms >= to_ms {
                continue;
            }
            self.pass(event.at_ms);
            self.report.on_event(event).expect("written");
        }
        self.pass(to_ms.min(events.last().map_or(0, |event| event.at_ms)));
    }

    fn pass(&mut self, to_ms: u64) {
        let to = to_ms + 1_000;
        while self.clock.load(Ordering::Relaxed) < to {
            let next = (self.clock.load(Ordering::Relaxed) + 1_000).min(to);
            self.clock.store(next, Ordering::Relaxed);
            self.report.tick().expect("written");
        }
    }
}

fn plain(events: &[Event], change: impl FnOnce(&mut Settings)) -> String {
    let mut stage = Stage::new(events, Mode::Plain, (80, 24), change);
    stage.play(events, 0, u64::MAX);
    stage.report.finish().expect("written");
    stage.out.text()
}

/// A terminal of so many rows and columns.
fn emulator(rows: u16, columns: u16) -> vt100::Parser {
    let size = |n| NonZeroU16::new(n).expect("not zero");
    vt100::Parser::new(size(rows), size(columns), 0)
}

/// The whole of a screen, as text and as what was written.
fn live(width: u16, to_ms: u64, change: impl FnOnce(&mut Settings)) -> (String, String) {
    let events = recorded::events();
    let mut stage = Stage::new(&events, Mode::Live, (width, 40), change);
    stage.play(&events, 0, to_ms);
    let bytes = stage.out.bytes();
    let mut screen = emulator(60, width);
    screen.process(&bytes);
    assert!(
        !screen.screen().hide_cursor(),
        "the cursor is shown between frames"
    );
    (screen.screen().contents(), stage.out.text())
}

#[test]
fn plain_run() {
    let text = plain(&recorded::events(), |_| {});
    assert!(!text.contains(['\u{1b}', '\r']));
    insta::assert_snapshot!(text);
}

#[test]
fn plain_run_of_troubles() {
    let text = plain(&recorded::troubles(), |_| {});
    assert!(!text.contains(['\u{1b}', '\r']));
    insta::assert_snapshot!(text);
}

#[test]
fn plain_quiet() {
    insta::assert_snapshot!(plain(&recorded::events(), |s| s.verbosity = Verbosity::Quiet));
}

#[test]
fn plain_verbose() {
    insta::assert_snapshot!(plain(&recorded::events(), |s| s.verbosity = Verbosity::Verbose));
}

#[test]
fn plain_troubles_verbose_in_ascii() {
    let text = plain(&recorded::troubles(), |s| {
        s.verbosity = Verbosity::Verbose;
        s.unicode = false;
    });
    insta::assert_snapshot!(text);
}

#[test]
fn silent_says_nothing() {
    assert_eq!(
        plain(&recorded::troubles(), |s| s.verbosity = Verbosity::Silent),
        ""
    );
    let (_, written) = live(80, u64::MAX, |s| s.verbosity = Verbosity::Silent);
    assert_eq!(written, "");
}

#[test]
fn live_at_80_columns() {
    insta::assert_snapshot!(live(80, 130_000, |_| {}).0);
}

#[test]
fn live_at_200_columns() {
    insta::assert_snapshot!(live(200, 35_000, |_| {}).0);
}

#[test]
fn live_at_50_columns() {
    insta::assert_snapshot!(live(50, 35_000, |_| {}).0);
}

#[test]
fn live_in_ascii() {
    let (screen, _) = live(80, 35_000, |s| s.unicode = false);
    assert!(screen.is_ascii());
    insta::assert_snapshot!(screen);
}

#[test]
fn live_without_colour_keeps_the_region() {
    let (coloured, _) = live(80, 130_000, |_| {});
    let (screen, written) = live(80, 130_000, |s| s.color = false);
    assert_eq!(screen, coloured);
    assert!(!written.contains("\u{1b}[3") && !written.contains("\u{1b}[0m"));
}

#[test]
fn live_at_the_end() {
    let (screen, written) = live(80, u64::MAX, |_| {});
    insta::assert_snapshot!(screen);
    // As a terminal gets it, without the frames: colours and all.
    let recap = written.rsplit("=== FAILED").next().expect("a recap");
    insta::assert_snapshot!(
        "live_recap_in_colour",
        recap.replace('\u{1b}', "^").replace('\r', "")
    );
}

#[test]
fn a_replay_has_no_region_and_no_exit_code() {
    let (_, written) = live(80, u64::MAX, |s| s.replay = true);
    assert!(!written.contains("?2026h") && !written.contains("exit 1:"));
    assert!(written.contains("FAIL\u{1b}[0m  6 suites"), "{written}");
}

#[test]
fn a_narrower_terminal_leaves_no_ghost() {
    let events = recorded::events();
    let mut stage = Stage::new(&events, Mode::Live, (200, 40), |_| {});
    stage.play(&events, 0, 35_000);
    let before = stage.out.bytes().len();
    *stage.size.lock().expect("one thread") = (60, 40);
    stage.play(&events, 35_000, 36_001);
    let written = stage.out.text().split_off(before);
    // Of the seven lines, the head and three rows are 119 to 180 columns wide: a terminal that wraps
    // them has more rows to go up over than there are lines.
    let up = written
        .split("\u{1b}[")
        .find_map(|part| part.split_once('A'))
        .expect("moves up")
        .0;
    assert!(up.parse::<usize>().expect("a number") > 7, "{written:?}");
    // What is left of them below is erased.
    assert!(written.contains("A\u{1b}[J"), "{written:?}");
}

#[test]
fn frames_are_drawn_at_most_ten_times_a_second_and_only_when_changed() {
    let events = recorded::events();
    let mut stage = Stage::new(&events, Mode::Live, (80, 40), |_| {});
    stage.play(&events, 0, 20_000);
    let frames = |stage: &Stage| stage.out.text().matches("?2026h").count();
    let before = frames(&stage);
    for _ in 0..100 {
        stage.clock.fetch_add(1, Ordering::Relaxed);
        stage.report.tick().expect("written");
    }
    assert!(frames(&stage) - before <= 2);
    let before = frames(&stage);
    stage.report.draw().expect("written");
    stage.report.draw().expect("written");
    assert_eq!(frames(&stage), before);
}

#[test]
fn a_dropped_report_takes_its_region_away() {
    let events = recorded::events();
    let mut stage = Stage::new(&events, Mode::Live, (80, 24), |_| {});
    stage.play(&events, 0, 20_000);
    let out = stage.out.clone();
    drop(stage);
    let mut screen = emulator(24, 80);
    screen.process(&out.bytes());
    assert!(
        !screen.screen().contents().contains("done"),
        "{}",
        screen.screen().contents()
    );
    assert!(!screen.screen().hide_cursor());
}

#[test]
fn every_line_reaches_the_scrollback_once() {
    let events = recorded::events();
    let mut stage = Stage::new(&events, Mode::Live, (80, 12), |_| {});
    stage.play(&events, 0, u64::MAX);
    let mut screen = emulator(200, 80);
    screen.process(&stage.out.bytes());
    let text = screen.screen().contents();
    for once in [
        "✗ FAILED     unit",
        "✗ FAILED     e2e",
        "✓ PASSED     docs",
        "~ FLAKY      web",
        "FAIL  6 suites",
    ] {
        assert_eq!(text.matches(once).count(), 1, "{once}\n{text}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let settings = || Settings::detect(&Facts::default());
    recorded::play(&mut Terminal::new(Box::new(Closed), settings()));
    let mut full = Terminal::new(Box::new(Full), settings());
    let error = full
        .on_event(&recorded::events()[0])
        .expect_err("the disk is full");
    assert!(
        error.to_string().contains("the report to the terminal"),
        "{error}"
    );
}

#[test]
fn a_retry_is_waited_for_in_sight() {
    let events = recorded::events();
    let mut stage = Stage::new(&events, Mode::Live, (80, 24), |_| {});
    stage.play(&events, 0, 17_500);
    let mut screen = emulator(24, 80);
    screen.process(&stage.out.bytes());
    let text = screen.screen().contents();
    assert!(
        text.contains("  web      waiting         17s  retry in 2s"),
        "{text}"
    );
}

#[test]
fn phases_and_a_cancelled_run_are_shown() {
    let mut events = recorded::troubles();
    for (suite, phase, detail) in [
        (0, Phase::Provisioning, "pulling registry.example/docs:1"),
        (1, Phase::Draining, ""),
        (2, Phase::Judging, ""),
    ] {
        let mut event = events[8].clone();
        event.at_ms = 20;
        event.kind = EventKind::PhaseChanged {
            suite,
            attempt: 1,
            phase,
            detail: detail.into(),
        };
        events.insert(9, event);
    }
    let mut stage = Stage::new(&events, Mode::Live, (80, 60), |_| {});
    stage.play(&events, 0, 400);
    let mut screen = emulator(60, 80);
    screen.process(&stage.out.bytes());
    insta::assert_snapshot!(screen.screen().contents());
    stage.play(&events, 400, 31_200);
    let mut screen = emulator(90, 80);
    screen.process(&stage.out.bytes());
    let text = screen.screen().contents();
    assert!(
        text.contains("  CANCEL     SIGINT: asking 1 suite to end"),
        "{text}"
    );
    assert!(text.contains("cancelling, press again to kill"), "{text}");
}
