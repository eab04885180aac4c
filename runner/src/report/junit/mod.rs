//! The run as `JUnit` XML, as CI systems read it.
//!
//! A `testsuite` for each suite. What is not decided becomes an `error` of a case named `[suite]`, so
//! that no reader shows green; what passed only at another try becomes a `flakyFailure`. Whatever
//! bytes a suite printed, the file is valid XML 1.0.

mod cases;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quick_junit::{Property, TestSuite};

use super::terminal::{clean, tail};
use super::{Report, ReportError, file};
use crate::event::{AttemptRecord, Event, EventKind, SuiteIndex};
use crate::model::{Case, RunSummary, SuiteStatus, SuiteSummary};

/// Bytes of output in the report, from its end.
const OUTPUT: u64 = 64 << 10;

/// Writes a run as one `JUnit` XML file.
pub struct Junit {
    path: PathBuf,
    run_dir: Option<PathBuf>,
    suites: Vec<Suite>,
    summary: Option<Box<RunSummary>>,
}

/// One suite's cases and attempts.
#[derive(Default)]
struct Suite {
    /// The attempt the cases are of.
    attempt: u32,
    cases: Vec<Case>,
    /// Where in `cases` an id is.
    places: HashMap<String, usize>,
    attempts: Vec<AttemptRecord>,
}

impl Suite {
    /// Takes in a case; the same id again replaces the earlier one, another attempt all of them.
    fn report(&mut self, attempt: u32, case: &Case) {
        if attempt != self.attempt {
            self.attempt = attempt;
            self.cases.clear();
            self.places.clear();
        }
        let place = self.places.get(&case.id);
        if let Some(known) = place.and_then(|place| self.cases.get_mut(*place)) {
            known.clone_from(case);
        } else {
            self.places.insert(case.id.clone(), self.cases.len());
            self.cases.push(case.clone());
        }
    }

    fn change(&mut self, kind: &EventKind) {
        match kind {
            EventKind::CaseReported { attempt, case, .. } => self.report(*attempt, case),
            EventKind::JudgementRestarted { .. } => {
                self.cases.clear();
                self.places.clear();
            }
            EventKind::AttemptFinished { record, .. } => {
                if record.attempt != self.attempt {
                    self.attempt = record.attempt;
                    self.cases.clear();
                    self.places.clear();
                }
                self.attempts.push(AttemptRecord::clone(record));
            }
            _ => {}
        }
    }
}

impl Junit {
    /// Makes a report that writes `path` when the run has finished; its folder is made.
    ///
    /// Outputs are read below `run_dir`, by default the directory that the run's first event names.
    pub fn new(path: impl Into<PathBuf>, run_dir: Option<PathBuf>) -> Self {
        Self {
            path: path.into(),
            run_dir,
            suites: Vec::new(),
            summary: None,
        }
    }

    /// Returns the XML of the run so far; an error before its end.
    pub fn render(&self) -> io::Result<String> {
        let Some(summary) = &self.summary else {
            return Err(io::Error::other("the run ended without a summary"));
        };
        let mut report = quick_junit::Report::new(xml(&summary.pipeline));
        report.timestamp = summary.started_at.parse().ok();
        report.set_time(Duration::from_millis(summary.duration_ms));
        let nothing = Suite::default();
        for (index, suite) in summary.suites.iter().enumerate() {
            let known = self.suites.get(index).unwrap_or(&nothing);
            report.add_test_suite(self.suite(suite, known));
        }
        report.to_string().map_err(io::Error::other)
    }

    fn suite(&self, summary: &SuiteSummary, known: &Suite) -> TestSuite {
        let mut suite = TestSuite::new(xml(&summary.name));
        suite.set_time(Duration::from_millis(summary.duration_ms));
        if let Some(first) = known.attempts.first() {
            suite.timestamp = first.started_at.parse().ok();
        }
        let judge = format!("{} {}", summary.judge.name, summary.judge.digest);
        for (name, value) in [
            (
                "status",
                summary.status.word().to_lowercase().replace(' ', "-"),
            ),
            ("summary", xml(&summary.summary)),
            ("reason", xml(summary.reason.as_deref().unwrap_or(""))),
            ("attempts", summary.attempts.to_string()),
            (
                "completeness",
                summary.capture.completeness.word().to_owned(),
            ),
            ("judge", xml(judge.trim_end())),
        ] {
            if !value.is_empty() {
                suite.add_property(Property::new(format!("tribunal.{name}"), value));
            }
        }
        suite.add_test_cases(cases::of(summary, &known.cases, &known.attempts));
        let problem = !matches!(
            summary.status,
            SuiteStatus::Passed | SuiteStatus::Flaky | SuiteStatus::Skipped
        );
        if let Some(dir) = summary.dir.as_ref().filter(|_| problem) {
            let output = self.output(dir);
            if !output.is_empty() {
                suite.set_system_out(output);
            }
        }
        suite
    }

    /// The last part of an attempt's output.
    fn output(&self, dir: &str) -> String {
        let run = self.run_dir.as_deref().unwrap_or(Path::new(""));
        let path = run.join(dir).join("output.log");
        match tail::read(&path, OUTPUT) {
            Ok(bytes) => xml_lines(&bytes),
            Err(error) => xml(&format!("cannot read {}: {error}", path.display())),
        }
    }

    fn known(&mut self, suite: SuiteIndex) -> Option<&mut Suite> {
        self.suites.get_mut(suite)
    }
}

impl Report for Junit {
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        match &event.kind {
            EventKind::RunStarted { dir, suites, .. } => {
                self.suites = suites.iter().map(|_| Suite::default()).collect();
                self.run_dir.get_or_insert_with(|| PathBuf::from(dir));
            }
            EventKind::CaseReported { suite, .. }
            | EventKind::JudgementRestarted { suite, .. }
            | EventKind::AttemptFinished { suite, .. } => {
                if let Some(suite) = self.known(*suite) {
                    suite.change(&event.kind);
                }
            }
            EventKind::RunFinished { summary } => self.summary = Some(summary.clone()),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let written = self
            .render()
            .and_then(|xml| file::replace(&self.path, xml.as_bytes()));
        written.map_err(|source| ReportError {
            what: format!("the JUnit report {}", self.path.display()),
            source,
        })
    }
}

/// Returns a line that XML 1.0 can hold.
fn xml(text: &str) -> String {
    legal(&clean::line(text))
}

/// Returns lines that XML 1.0 can hold.
fn xml_lines(bytes: &[u8]) -> String {
    legal(&clean::text(bytes))
}

/// Control characters are gone already; these two are no characters to XML either.
fn legal(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests;
