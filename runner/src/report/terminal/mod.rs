//! The terminal report: lines that stay, a small live region below them, and a recap at the end.
//!
//! Quiet about what went well, complete about what did not. `detect` decides how it looks, `line`
//! is its grammar, `clean` keeps hostile output harmless, and `screen` alone writes.

mod asked;
pub(crate) mod clean;
mod console;
mod detail;
mod detect;
mod evidence;
mod expected;
mod follow;
mod line;
mod link;
mod narrate;
mod outputs;
mod past;
mod recap;
mod rows;
mod screen;
mod sections;
mod settings;
mod sgr;
mod state;
mod style;
pub(crate) mod tail;
pub(crate) mod text;

use std::io::{self, Write};
use std::path::Path;

use crate::event::Event;
use crate::model::millis;

use super::{Need, Report, ReportError};

pub use asked::{Asked, Wish};
pub use console::Console;
pub use detect::{ColorChoice, Facts, Flags, Taste, in_ci};
pub use settings::{Clock, Mode, Output, Settings, Show, SizeSource, Verbosity};

use line::Columns;
use outputs::Outputs;
use screen::{Drawn, Screen};
use state::State;
use style::{Line, Look};

/// Rows of suites in the live region at most.
const ROWS: usize = 8;
/// Suites told of because they are slow; a run in which all are is told enough.
const SLOW: usize = 10;
/// Waiting lines are written at once beyond so many bytes.
const WAITING: usize = 64 << 10;

/// Renders a run for a person.
pub struct Terminal {
    settings: Settings,
    look: Look,
    screen: Screen,
    state: State,
    outputs: Outputs,
    /// The process is about to be stopped: nothing is drawn.
    paused: bool,
    /// The region's height so far: it only grows, so that the text above does not jump.
    height: usize,
    blocks: usize,
    slow_told: usize,
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
            outputs: Outputs::new(settings.output),
            paused: false,
            screen: Screen::new(out, settings.reflows),
            settings,
            state: State::default(),
            height: 0,
            blocks: 0,
            slow_told: 0,
            framed_ms: 0,
            printed_ms: 0,
            start_ms: None,
        }
    }

    fn clock_ms(&self) -> u64 {
        millis((self.settings.clock)())
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
        let width = self
            .look
            .live
            .then(|| usize::from((self.settings.size)().0));
        Columns::new(width, self.state.longest_name)
    }

    fn context(&self) -> detail::Context<'_> {
        let dir = self.settings.run_dir.as_deref();
        detail::Context {
            look: self.look,
            verbosity: self.settings.verbosity,
            output: self.settings.output,
            alone: self.settings.only.is_some(),
            width: self.columns().width,
            program: &self.settings.program,
            suffix: &self.settings.suffix,
            run: &self.state.run,
            shown_dir: &self.state.shown_dir,
            dir: dir.unwrap_or(Path::new(&self.state.dir)),
            past: self.settings.past.as_deref(),
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
            text.push_str(&line.show(self.look));
            text.push('\n');
        }
        self.printed_ms = self.clock_ms();
        if self.has_region() {
            self.screen.push(&text);
            if self.screen.waiting() > WAITING && !self.paused {
                self.draw()
            } else {
                Ok(())
            }
        } else {
            self.screen.print(&text)
        }
    }

    fn has_region(&self) -> bool {
        self.look.live && !self.settings.replay && self.says(Verbosity::Normal)
    }

    /// Takes the region away.
    fn clear(&mut self) -> io::Result<()> {
        let (width, _) = (self.settings.size)();
        self.screen.clear(usize::from(width))
    }

    /// Draws a frame.
    fn draw(&mut self) -> io::Result<()> {
        if self.paused {
            return Ok(());
        }
        self.framed_ms = self.clock_ms();
        let (width, rows) = (self.settings.size)();
        let most = ROWS.min(usize::from(rows / 3));
        let mut region: Vec<Line> = if self.state.finished || self.start_ms.is_none() {
            Vec::new()
        } else {
            self.look_at_outputs(most);
            let keys = self.settings.keys;
            let (columns, now) = (self.columns(), self.now_ms());
            rows::region(self.look, columns, &self.state, now, most, keys)
        };
        if !region.is_empty() {
            let room = usize::from(rows).saturating_sub(1);
            self.height = self.height.max(region.len()).min(room);
            let blank = self.height.saturating_sub(region.len());
            region.splice(0..0, std::iter::repeat_n(Line::new(), blank));
            region.drain(..region.len().saturating_sub(room));
        }
        let drawn = region
            .iter()
            .map(|line| Drawn::new(line.show(self.look), &line.render(false)))
            .collect();
        self.screen.frame(drawn, usize::from(width))
    }

    /// Notes which suites take longer than they should; a report without a region says so in a line each.
    fn note_slow(&mut self) -> io::Result<()> {
        if self.settings.replay || self.start_ms.is_none() {
            return Ok(());
        }
        let fresh = self.state.grow_slow(self.now_ms());
        let says = !self.has_region() && self.says(Verbosity::Normal);
        for (suite, took) in fresh {
            if says && self.slow_told < SLOW {
                self.slow_told += 1;
                self.slow(suite, took)?;
            }
        }
        Ok(())
    }

    /// Shows that time passes: a frame, or a line when nothing was printed for long.
    fn pass_time(&mut self) -> io::Result<()> {
        let now = self.clock_ms();
        if self.has_region() {
            let frame = millis(self.settings.frame);
            let due = now.saturating_sub(self.framed_ms) >= frame || self.framed_ms == 0;
            return if due { self.draw() } else { Ok(()) };
        }
        let patience = millis(self.settings.heartbeat);
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
        self.answer()
            .and_then(|()| self.follow())
            .and_then(|()| self.note_slow())
            .and_then(|()| self.pass_time())
            .map_err(error)
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        self.clear().map_err(error)
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
