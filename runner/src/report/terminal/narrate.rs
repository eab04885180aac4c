//! What is said of each event, in lines that stay.

use std::io;

use super::expected::Expected;
use super::line::{self, Note};
use super::settings::Show;
use super::settings::Verbosity;
use super::style::{DIM, Line, NORMAL, YELLOW};
use super::{Terminal, clean, detail, link, recap, state, text};
use crate::event::{AttemptRecord, Event, EventKind, Phase, SuiteIndex};
use crate::model::{RunSummary, SuiteStatus, SuiteSummary};

/// Suites that get a block below their line.
const BLOCKS: usize = 10;
/// Up to so many suites, each passing one gets a line.
const PASSING_LINES: u32 = 100;

impl Terminal {
    /// Takes in one event, and prints what is to be said of it.
    pub(super) fn apply(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event.kind, EventKind::RunStarted { .. }) {
            self.start_ms = Some(self.clock_ms().saturating_sub(event.at_ms));
        }
        self.state.apply(event);
        if !self.concerns(&event.kind) {
            return Ok(());
        }
        match &event.kind {
            EventKind::RunStarted { .. } => self.started(&event.kind),
            EventKind::PhaseChanged {
                suite,
                attempt,
                phase,
                detail,
            } => self.phase(*suite, *attempt, *phase, detail),
            EventKind::JudgeSaid {
                suite,
                level,
                message,
            } => self.said(*suite, level, message),
            EventKind::AttemptFinished {
                suite,
                record,
                retry_in_ms,
            } => {
                self.follow_to_end(*suite, record.attempt)?;
                match retry_in_ms {
                    Some(wait) => self.retried(*suite, record, *wait),
                    None => Ok(()),
                }
            }
            EventKind::SuiteFinished { suite, summary } => self.finished(*suite, summary),
            EventKind::Cancelling { reason, kill } => self.cancelling(reason, *kill),
            EventKind::Warning { message } => self.note(
                "WARNING",
                None,
                clean::line(message).into_owned(),
                Verbosity::Normal,
            ),
            EventKind::JudgeReloaded { judge, from, to } => {
                let what = format!(
                    "judge {}: {} → {}",
                    clean::line(judge),
                    crate::model::short_digest(from),
                    crate::model::short_digest(to)
                );
                self.note("RELOAD", None, what, Verbosity::Normal)
            }
            EventKind::JudgementRestarted { suite, judge, .. } => {
                let what = format!(
                    "judged from the first byte by {} {}",
                    clean::line(&judge.name),
                    crate::model::short_digest(&judge.digest)
                );
                self.note("REJUDGE", Some(*suite), what, Verbosity::Normal)
            }
            EventKind::RunFinished { summary } => self.recap(summary),
            EventKind::CaseReported { .. }
            | EventKind::Progress { .. }
            | EventKind::Observed { .. } => Ok(()),
        }
    }

    /// Whether it is to be told: with only some suites asked for, what belongs to others is not.
    fn concerns(&self, kind: &EventKind) -> bool {
        let Some(only) = &self.settings.only else {
            return true;
        };
        match kind {
            EventKind::RunStarted { .. } => true,
            EventKind::SuiteFinished { summary, .. } => only.contains(&summary.name),
            EventKind::PhaseChanged { suite, .. }
            | EventKind::JudgeSaid { suite, .. }
            | EventKind::AttemptFinished { suite, .. } => {
                let suite = self.state.suites.get(*suite);
                suite.is_some_and(|suite| only.contains(&suite.own_name))
            }
            _ => false,
        }
    }

    fn started(&mut self, started: &EventKind) -> io::Result<()> {
        let EventKind::RunStarted {
            tribunal,
            pipeline,
            suites,
            jobs,
            judges,
            ..
        } = started
        else {
            return Ok(());
        };
        if let Some(past) = self
            .settings
            .past
            .as_ref()
            .filter(|_| !self.settings.replay)
        {
            let names = suites.iter().map(|suite| suite.name.as_str());
            self.state.expected = Expected::new(past, names, *jobs);
        }
        if !self.says(Verbosity::Normal) {
            return Ok(());
        }
        let header = line::Header {
            version: tribunal,
            pipeline,
            run: &self.state.run,
            suites: suites.len(),
            jobs: *jobs,
            judges,
            dir: &self.state.shown_dir,
            link: link::to_file(self.context().dir),
        };
        let mut lines = vec![line::header(self.look, self.columns(), &header)];
        if !self.look.live {
            let dir = self.state.shown_dir.as_str();
            let address = link::to_file(self.context().dir);
            let line = Line::new().add("run directory: ");
            lines.push(line.linked(NORMAL, dir, address));
        }
        if self.says(Verbosity::Verbose) && !self.settings.replay {
            let how = match (self.settings.reader, self.settings.why_plain) {
                (Some(system), _) => {
                    format!("plain, as --ci {system} has it; --ci none: as for people")
                }
                (None, "") => "live".to_owned(),
                (None, why) => format!("plain, because {why}"),
            };
            lines.push(Line::new().with(DIM, format!("output: {how}")));
        }
        if self.says(Verbosity::Verbose) && !judges.is_empty() {
            lines.push(Line::new().with(DIM, line::judges(judges)));
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
        self.note_of(word, suite, None, what, from)
    }

    fn note_of(
        &mut self,
        word: &str,
        suite: Option<SuiteIndex>,
        duration_ms: Option<u64>,
        what: String,
        from: Verbosity,
    ) -> io::Result<()> {
        if !self.says(from) {
            return Ok(());
        }
        let line = {
            let suite = suite.and_then(|suite| self.state.suites.get(suite));
            let style = match word {
                "RETRY" | "WARNING" | "CANCEL" | "SLOW" => YELLOW,
                "START" | "PHASE" => DIM,
                _ => NORMAL,
            };
            let note = Note {
                word,
                style,
                name: suite.map(|suite| suite.name.as_str()),
                duration_ms,
                what,
            };
            line::note(self.look, self.columns(), note)
        };
        self.print(&[line])
    }

    fn phase(
        &mut self,
        suite: SuiteIndex,
        attempt: u32,
        phase: Phase,
        detail: &str,
    ) -> io::Result<()> {
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
        let from = if level == "debug" {
            Verbosity::Debug
        } else {
            Verbosity::Verbose
        };
        let what = format!("{}: {}", clean::line(level), clean::line(message));
        self.note("JUDGE", Some(suite), what, from)
    }

    fn retried(&mut self, suite: SuiteIndex, record: &AttemptRecord, wait: u64) -> io::Result<()> {
        let why = match record.failing.first() {
            Some(case) => detail::one_line(case, " "),
            None => clean::line(&record.summary).into_owned(),
        };
        // A live line has the duration in its column.
        let after = if self.look.live {
            String::new()
        } else {
            format!(" after {}", text::exact(record.duration_ms))
        };
        let what = format!(
            "attempt {} {}{after}: {why}; again in {}",
            record.attempt,
            record.status.word().to_lowercase(),
            if wait < 1_000 {
                text::exact(wait)
            } else {
                text::rough(wait)
            }
        );
        self.note_of(
            "RETRY",
            Some(suite),
            Some(record.duration_ms),
            what,
            Verbosity::Normal,
        )
    }

    /// Says that a suite takes longer than it should.
    pub(super) fn slow(&mut self, suite: SuiteIndex, took_ms: u64) -> io::Result<()> {
        let usual = self.state.expected.usual(suite);
        let usual = usual.map_or_else(String::new, |ms| format!(" (usually {})", text::rough(ms)));
        let what = format!("{}{usual}", text::rough(took_ms));
        self.note("SLOW", Some(suite), what, Verbosity::Normal)
    }

    fn finished(&mut self, suite: SuiteIndex, summary: &SuiteSummary) -> io::Result<()> {
        let totals = self.state.totals;
        let record = self
            .state
            .suites
            .get_mut(suite)
            .and_then(|suite| suite.record.take());
        let quiet = matches!(summary.status, SuiteStatus::Passed | SuiteStatus::Skipped);
        let asked = self.settings.only.is_some();
        let line = if quiet && !asked {
            let shown = match self.settings.show {
                Show::All => true,
                Show::Problems => false,
                Show::Auto => totals.selected <= PASSING_LINES || self.says(Verbosity::Verbose),
            };
            self.says(Verbosity::Normal) && shown
        } else {
            self.says(Verbosity::Quiet)
        };
        if !line {
            return Ok(());
        }
        let columns = self.columns();
        let whole = line::suite(self.look, columns, summary, totals);
        let cut = columns.cuts(&whole);
        let mut lines = vec![columns.fit(whole, self.look)];
        let cancelled = summary.status == SuiteStatus::Cancelled;
        let problem = !quiet && !cancelled && self.blocks < BLOCKS;
        if asked || problem && self.says(Verbosity::Normal) {
            self.blocks += 1;
            // Cases say it below.
            if cut && summary.failing.is_empty() {
                let what = clean::line(&summary.summary);
                lines.extend(self.context().prose(4, &what));
            }
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
        self.clear()
    }
}
