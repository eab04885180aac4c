//! The plain report as a CI system wants it: parts that fold, annotations, summaries; and nothing that a suite
//! printed is ever taken for a command.
//!
//! `system` knows who reads us, `command` how to speak to each, `frame` what is said when, `annotate` what is worth an
//! annotation, `files` what goes elsewhere, and `guard` breaks up what only looks like a command.

mod annotate;
mod command;
mod files;
mod frame;
pub(crate) mod guard;
mod system;

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::terminal::{self, Terminal, Verbosity, clean, text};
use super::{Need, Report, ReportError};
use crate::event::{Event, EventKind};
use crate::model::{RunSummary, SuiteStatus, SuiteSummary};

pub use annotate::Places;
pub use system::{Surroundings, System};

use files::Files;
use frame::Group;

/// GitLab shows the last 500 KiB of a log, and folds nothing of a longer one.
const GITLAB_LOG: usize = 400 << 10;

/// Tells seconds since 1970.
pub type UnixClock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What the report needs to know beside the events.
pub struct Settings {
    /// Who reads it.
    pub system: System,
    /// How the report within looks. Its mode becomes plain.
    pub terminal: terminal::Settings,
    /// What the system tells a job.
    pub surroundings: Surroundings,
    /// Where cases' files are.
    pub places: Places,
    /// The time of day, for the systems that want it.
    pub unix: UnixClock,
}

impl Settings {
    /// Settings by the clock of this machine.
    pub fn new(system: System, terminal: terminal::Settings) -> Self {
        let now = || {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs())
        };
        Self {
            system,
            terminal,
            surroundings: Surroundings::default(),
            places: Places::default(),
            unix: Arc::new(now),
        }
    }
}

/// Renders a run for a CI system.
pub struct Ci {
    system: System,
    /// Writes its lines to `text`.
    terminal: Terminal,
    text: Shared,
    out: Box<dyn Write + Send>,
    /// The reader has gone away: nothing is written any more.
    closed: bool,
    verbosity: Verbosity,
    /// Whether the events are a recording: then nothing is written but the log.
    replay: bool,
    files: Files,
    places: Places,
    unix: UnixClock,
    /// The suites' folders below `suites/`, by index: unlike each other, and harmless.
    slugs: Vec<String>,
    /// A problem's part is open, where the system cannot close one.
    open: bool,
    /// Bytes written, and the suites that were left out because of them.
    spent: usize,
    left_out: u64,
}

impl Ci {
    /// Makes a report that writes to `out`.
    pub fn new(out: Box<dyn Write + Send>, settings: Settings) -> Self {
        let mut inner = settings.terminal;
        inner.mode = terminal::Mode::Plain;
        let text = Shared::default();
        Self {
            system: settings.system,
            verbosity: inner.verbosity,
            replay: inner.replay,
            files: Files {
                surroundings: settings.surroundings,
                run_dir: inner.run_dir.clone().unwrap_or_default(),
                shown_dir: String::new(),
            },
            terminal: Terminal::new(Box::new(text.clone()), inner),
            text,
            out,
            closed: false,
            places: settings.places,
            unix: settings.unix,
            slugs: Vec::new(),
            open: false,
            spent: 0,
            left_out: 0,
        }
    }

    fn says(&self) -> bool {
        self.verbosity >= Verbosity::Quiet
    }

    /// Writes at once. A reader that has gone away is no error: the run goes on.
    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.closed || text.is_empty() {
            return Ok(());
        }
        self.spent += text.len();
        match self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush())
        {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            result => result,
        }
    }

    fn lines(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() || self.is_full(text) {
            return Ok(());
        }
        let next = self.next_part("suites");
        self.write(&format!("{next}{}", guard::lines(text)))
    }

    /// Where a part cannot be closed, another has to begin.
    fn next_part(&mut self, title: &str) -> String {
        if std::mem::take(&mut self.open) {
            format!("--- {title}\n")
        } else {
            String::new()
        }
    }

    /// Whether a system would drop or no longer fold what is written from here on.
    fn is_full(&self, text: &str) -> bool {
        self.system == System::Gitlab && self.spent + text.len() > GITLAB_LOG
    }

    fn suite(&mut self, index: usize, summary: &SuiteSummary, text: &str) -> io::Result<()> {
        let slug = self
            .slugs
            .get(index)
            .cloned()
            .unwrap_or_else(|| index.to_string());
        let said = if self.says() {
            frame::suite(self.system, summary, &slug)
        } else {
            String::new()
        };
        self.write(&said)?;
        if text.is_empty() {
            return Ok(());
        }
        if self.is_full(text) {
            self.left_out += 1;
            return Ok(());
        }
        let (title, block) = text.split_once('\n').unwrap_or((text, ""));
        if block.is_empty() {
            return self.lines(text);
        }
        let now = (self.unix)();
        let title = clean::line(title);
        let name = format!("tribunal_{index}_{slug}");
        let group = Group {
            title: &guard::line(&title),
            name: &name,
            open: !matches!(summary.status, SuiteStatus::Flaky | SuiteStatus::Cancelled),
            began: now.saturating_sub(summary.duration_ms / 1000),
            now,
        };
        let (begin, end) = (
            frame::begin(self.system, &group),
            frame::end(self.system, &group),
        );
        self.open = self.system == System::Buildkite;
        self.write(&format!("{begin}{}{end}", guard::lines(block)))
    }

    fn finished(&mut self, summary: &RunSummary, recap: &str) -> io::Result<()> {
        let files = if self.replay {
            String::new()
        } else {
            files::write(self.system, &self.files, summary)
        };
        if !self.says() {
            return Ok(());
        }
        let mut text = String::new();
        if self.left_out > 0 {
            let run = text::shell(summary.run.as_deref().unwrap_or("latest"));
            let suites = text::plural(self.left_out, "suite");
            let _infallible = writeln!(
                text,
                "{suites} not shown, for GitLab folds nothing of a log above 500 KiB: tribunal show {run}"
            );
        }
        let annotations = annotate::of(summary, &self.places);
        text.push_str(&frame::run(self.system, summary, &annotations));
        text.push_str(&files);
        if self.system == System::Buildkite {
            self.open = false;
            text.push_str("+++ result\n");
        }
        text.push_str(&guard::lines(recap.trim_start_matches('\n')));
        self.write(&text)
    }

    fn take(&mut self, event: &Event) -> Result<(), ReportError> {
        if let EventKind::RunStarted { suites, dir, .. } = &event.kind {
            let harmless = |c: char| {
                if c.is_ascii_alphanumeric() || "_.-".contains(c) {
                    c
                } else {
                    '_'
                }
            };
            self.slugs = suites
                .iter()
                .map(|suite| suite.slug.chars().map(harmless).collect())
                .collect();
            self.files.shown_dir.clone_from(dir);
        }
        self.terminal.on_event(event)?;
        let text = self.text.take();
        match &event.kind {
            EventKind::RunStarted { .. }
                if self.system == System::Buildkite && !text.is_empty() =>
            {
                let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
                let title = clean::line(title);
                self.write(&format!(
                    "--- {}\n{}",
                    guard::line(&title),
                    guard::lines(rest)
                ))
            }
            EventKind::SuiteFinished { suite, summary } => self.suite(*suite, summary, &text),
            EventKind::RunFinished { summary } => self.finished(summary, &text),
            _ => self.lines(&text),
        }
        .map_err(error)
    }
}

impl Report for Ci {
    fn need(&self) -> Need {
        Need::Display
    }

    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        self.take(event)
    }

    fn tick(&mut self) -> Result<(), ReportError> {
        self.terminal.tick()?;
        let text = self.text.take();
        self.lines(&text).map_err(error)
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        self.terminal.finish()?;
        let text = self.text.take();
        self.lines(&text).map_err(error)
    }
}

fn error(source: io::Error) -> ReportError {
    ReportError {
        what: "the report to the CI system".to_owned(),
        source,
    }
}

/// Where the report within writes to.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn take(&self) -> String {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&std::mem::take(&mut *bytes)).into_owned()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
