//! The terminal report: lines that stay, a small live region below them, and a recap at the end.
//!
//! Quiet about what went well, complete about what did not. `detect` decides how it looks, `line`
//! is its grammar, `clean` keeps hostile output harmless, and `screen` alone writes.

pub(crate) mod clean;
mod detail;
mod detect;
mod evidence;
mod line;
mod recap;
mod rows;
mod screen;
mod settings;
mod sgr;
mod state;
mod style;
pub(crate) mod tail;
mod text;

use std::io::{self, Write};
use std::path::Path;

use crate::event::{AttemptRecord, Event, EventKind, Phase, SuiteIndex};
use crate::model::{RunSummary, SuiteStatus, SuiteSummary};

use super::{Need, Report, ReportError};

pub use detect::{ColorChoice, Facts, Flags};
pub use settings::{Clock, Mode, Settings, SizeSource, Verbosity};

use line::{Columns, Note};
use screen::{Drawn, Screen};
use state::State;
use style::{DIM, Line, Look, NORMAL, YELLOW};

/// Suites that get a block below their line.
const BLOCKS: usize = 10;
/// Up to so many suites, each passing one gets a line.
const PASSING_LINES: u32 = 100;
/// Rows of suites in the live region at most.
const ROWS: usize = 8;
/// Waiting lines are written at once beyond so many bytes.
const WAITING: usize = 64 << 10;

/// Renders a run for a person.
pub struct Terminal {
    settings: Settings,
    look: Look,
    screen: Screen,
    state: State,
    /// The region's height so far: it only grows, so that the text above does not jump.
    height: usize,
    blocks: usize,
    /// When the last frame was drawn and the last line printed, by the clock.
    framed_ms: u64,
    printed_ms: u64,
    /// The clock at the run's start.
    start_ms: Option<u64>,
}

impl Terminal {
    /// Makes a report that writes to `out`.
    pub fn new(out: Box<dyn Write + Send>, settings: Settings) -> Self {
        Self {
            look: Look::of(&settings),
            settings,
            screen: Screen::new(out),
            state: State::default(),
            height: 0,
            blocks: 0,
            framed_ms: 0,
            printed_ms: 0,
            start_ms: None,
        }
    }

    fn clock_ms(&self) -> u64 {
        u64::try_from((self.settings.clock)().as_millis()).unwrap_or(u64::MAX)
    }

    /// Milliseconds since the run's start.
    fn now_ms(&self) -> u64 {
        match self.start_ms {
            Some(start) if !self.settings.replay => {
                self.clock_ms().saturating_sub(start).max(self.state.at_ms)
            }
            _ => self.state.at_ms,
        }
    }

    fn columns(&self) -> Columns {
        let width = self.look.live.then(|| usize::from((self.settings.size)().0));
        Columns::new(width, self.state.longest_name)
    }

    fn context(&self) -> detail::Context<'_> {
        let dir = self.settings.run_dir.as_deref();
        detail::Context {
            look: self.look,
            verbosity: self.settings.verbosity,
            program: &self.settings.program,
            run: &self.state.run,
            shown_dir: &self.state.shown_dir,
            dir: dir.unwrap_or(Path::new(&self.state.dir)),
        }
    }

    fn says(&self, verbosity: Verbosity) -> bool {
        self.settings.verbosity >= verbosity
    }

    /// Lines that stay: at once, or with the next frame.
    fn print(&mut self, lines: &[Line]) -> io::Result<()> {
        if lines.is_empty() || !self.says(Verbosity::Quiet) {
            return Ok(());
        }
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.render(self.look.color));
            text.push('\n');
        }
        self.printed_ms = self.clock_ms();
        if self.has_region() {
            self.screen.push(&text);
            if self.screen.waiting() > WAITING { self.draw() } else { Ok(()) }
        } else {
            self.screen.print(&text)
        }
    }

    fn has_region(&self) -> bool {
        self.look.live && !self.settings.replay && self.says(Verbosity::Normal)
    }

    /// Draws a frame.
    fn draw(&mut self) -> io::Result<()> {
        self.framed_ms = self.clock_ms();
        let (width, rows) = (self.settings.size)();
        let most = ROWS.min(usize::from(rows / 3));
        let mut region: Vec<Line> = if self.state.finished || self.start_ms.is_none() {
            Vec::new()
        } else {
            rows::region(self.look, self.columns(), &self.state, self.now_ms(), most)
        };
        if !region.is_empty() {
            self.height = self.height.max(region.len()).min(usize::from(rows).saturating_sub(1));
            let blank = self.height.saturating_sub(region.len());
            region.splice(0..0, std::iter::repeat_n(Line::new(), blank));
        }
        let drawn = region
            .iter()
            .map(|line| Drawn::new(line.render(self.look.color), &line.render(false)))
            .collect();
        self.screen.frame(drawn, usize::from(width))
    }

    fn apply(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event.kind, EventKind::RunStarted { .. }) {
            self.start_ms = Some(self.clock_ms().saturating_sub(event.at_ms));
        }
        self.state.apply(event);
        match &event.kind {
            EventKind::RunStarted { .. } => self.started(&event.kind),
            EventKind::PhaseChanged { suite, attempt, phase, detail } => {
                self.phase(*suite, *attempt, *phase, detail)
            }
            EventKind::JudgeSaid { suite, level, message } => self.said(*suite, level, message),
            EventKind::AttemptFinished { suite, record, retry_in_ms: Some(wait) } => {
                self.retried(*suite, record, *wait)
            }
            EventKind::SuiteFinished { suite, summary } => self.finished(*suite, summary),
            EventKind::Cancelling { reason, kill } => self.cancelling(reason, *kill),
            EventKind::Warning { message } => {
                self.note("WARNING", None, clean::line(message).into_owned(), Verbosity::Normal)
            }
            EventKind::RunFinished { summary } => self.recap(summary),
            EventKind::CaseReported { .. }
            | EventKind::Progress { .. }
            | EventKind::AttemptFinished { .. } => Ok(()),
        }
    }

    fn started(&mut self, started: &EventKind) -> io::Result<()> {
        let EventKind::RunStarted { tribunal, pipeline, suites, jobs, .. } = started else {
            return Ok(());
        };
        if !self.says(Verbosity::Normal) {
            return Ok(());
        }
        let header = line::Header {
            version: tribunal,
            pipeline,
            run: &self.state.run,
            suites: suites.len(),
            jobs: *jobs,
            dir: &self.state.shown_dir,
        };
        let mut lines = vec![line::header(self.look, self.columns(), header)];
        if !self.look.live {
            lines.push(Line::new().add(format!("run directory: {}", self.state.shown_dir)));
        }
        self.print(&lines)
    }

    fn note(
        &mut self,
        word: &str,
        suite: Option<SuiteIndex>,
        what: String,
        from: Verbosity,
    ) -> io::Result<()> {
        if !self.says(from) {
            return Ok(());
        }
        let line = {
            let suite = suite.and_then(|suite| self.state.suites.get(suite));
            let style = match word {
                "RETRY" | "WARNING" | "CANCEL" => YELLOW,
                "START" | "PHASE" => DIM,
                _ => NORMAL,
            };
            let note = Note {
                word,
                style,
                name: suite.map(|suite| suite.name.as_str()),
                duration_ms: None,
                what,
            };
            line::note(self.look, self.columns(), note)
        };
        self.print(&[line])
    }

    fn phase(&mut self, suite: SuiteIndex, attempt: u32, phase: Phase, detail: &str) -> io::Result<()> {
        let detail = clean::line(detail).into_owned();
        if phase == Phase::Running {
            let what = match (attempt, detail.is_empty()) {
                (1, _) => detail,
                (_, true) => format!("attempt {attempt}"),
                (_, false) => format!("attempt {attempt}  {detail}"),
            };
            return self.note("START", Some(suite), what, Verbosity::Verbose);
        }
        let word = self.state.suites.get(suite).map_or("", state::Suite::word);
        let what = format!("{word} {detail}").trim_end().to_owned();
        self.note("PHASE", Some(suite), what, Verbosity::Debug)
    }

    fn said(&mut self, suite: SuiteIndex, level: &str, message: &str) -> io::Result<()> {
        let from = if level == "debug" { Verbosity::Debug } else { Verbosity::Verbose };
        let what = format!("{}: {}", clean::line(level), clean::line(message));
        self.note("JUDGE", Some(suite), what, from)
    }

    fn retried(&mut self, suite: SuiteIndex, record: &AttemptRecord, wait: u64) -> io::Result<()> {
        let why = match record.failing.first() {
            Some(case) => detail::one_line(case, " "),
            None => clean::line(&record.summary).into_owned(),
        };
        let what = format!(
            "attempt {} {} after {}: {why}; again in {}",
            record.attempt,
            record.status.word().to_lowercase(),
            text::exact(record.duration_ms),
            text::exact(wait)
        );
        self.note("RETRY", Some(suite), what, Verbosity::Normal)
    }

    fn finished(&mut self, suite: SuiteIndex, summary: &SuiteSummary) -> io::Result<()> {
        let totals = self.state.totals;
        let record = self.state.suites.get_mut(suite).and_then(|suite| suite.record.take());
        let quiet = matches!(summary.status, SuiteStatus::Passed | SuiteStatus::Skipped);
        let line = if quiet {
            let few = totals.selected <= PASSING_LINES || self.says(Verbosity::Verbose);
            self.says(Verbosity::Normal) && few
        } else {
            self.says(Verbosity::Quiet)
        };
        if !line {
            return Ok(());
        }
        let mut lines = vec![line::suite(self.look, self.columns(), summary, totals)];
        let cancelled = summary.status == SuiteStatus::Cancelled;
        if !quiet && !cancelled && self.says(Verbosity::Normal) && self.blocks < BLOCKS {
            self.blocks += 1;
            lines.extend(detail::block(self.context(), summary, record.as_deref()));
        }
        self.print(&lines)
    }

    fn cancelling(&mut self, reason: &str, kill: bool) -> io::Result<()> {
        let running = text::plural(u64::from(self.state.totals.running), "suite");
        let reason = clean::line(reason);
        let what = if kill {
            format!("{reason}: killing {running}")
        } else {
            format!("{reason}: asking {running} to end")
        };
        self.note("CANCEL", None, what, Verbosity::Normal)
    }

    fn recap(&mut self, summary: &RunSummary) -> io::Result<()> {
        let lines = {
            let recap = recap::Recap {
                context: self.context(),
                selected: self.state.totals.selected,
                outputs: &self.settings.outputs,
                replay: self.settings.replay,
            };
            recap::lines(&recap, summary)
        };
        self.print(&lines)?;
        self.screen.clear()
    }

    /// Shows that time passes: a frame, or a line when nothing was printed for long.
    fn pass_time(&mut self) -> io::Result<()> {
        let now = self.clock_ms();
        if self.has_region() {
            let frame = u64::try_from(self.settings.frame.as_millis()).unwrap_or(u64::MAX);
            let due = now.saturating_sub(self.framed_ms) >= frame || self.framed_ms == 0;
            return if due { self.draw() } else { Ok(()) };
        }
        let patience = u64::try_from(self.settings.heartbeat.as_millis()).unwrap_or(u64::MAX);
        let under_way = self.start_ms.is_some() && !self.state.finished && !self.settings.replay;
        if under_way
            && self.says(Verbosity::Normal)
            && now.saturating_sub(self.printed_ms) >= patience
        {
            let line = rows::heartbeat(&self.state, self.now_ms());
            return self.print(&[line]);
        }
        Ok(())
    }
}

impl Report for Terminal {
    fn need(&self) -> Need {
        Need::Display
    }

    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        self.apply(event).map_err(error)
    }

    fn tick(&mut self) -> Result<(), ReportError> {
        self.pass_time().map_err(error)
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        self.screen.clear().map_err(error)
    }
}

fn error(source: io::Error) -> ReportError {
    ReportError {
        what: "the report to the terminal".to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
