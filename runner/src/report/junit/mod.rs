//! The run as `JUnit` XML, as CI systems read it.
//!
//! A `testsuite` for each suite. What is not decided becomes an `error` of a case named `[suite]`, so
//! that no reader shows green; what passed only at another try becomes a `flakyFailure`. Whatever
//! bytes a suite printed, the file is valid XML 1.0.

mod cases;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quick_junit::{Property, TestSuite};

use super::collected::{Collected, Suite};
use super::out::{Out, unfinished};
use super::terminal::{clean, tail};
use super::{Report, ReportError};
use crate::event::Event;
use crate::model::{SuiteStatus, SuiteSummary};

/// Bytes of output in the report, from its end.
const OUTPUT: u64 = 64 << 10;

/// Writes a run as one `JUnit` XML file.
pub struct Junit {
    out: Out,
    run_dir: Option<PathBuf>,
    run: Collected,
}

impl Junit {
    /// Makes a report that is written when the run has finished.
    ///
    /// Outputs are read below `run_dir`, by default the directory that the run's first event names.
    pub fn new(out: Out, run_dir: Option<PathBuf>) -> Self {
        Self {
            out,
            run_dir,
            run: Collected::default(),
        }
    }

    /// Returns the XML of the run so far; an error before its end.
    pub fn render(&self) -> io::Result<String> {
        let summary = self.run.summary.as_ref().ok_or_else(unfinished)?;
        let mut report = quick_junit::Report::new(xml(&summary.pipeline));
        report.timestamp = summary.started_at.parse().ok();
        report.set_time(Duration::from_millis(summary.duration_ms));
        let nothing = Suite::default();
        for (index, suite) in summary.suites.iter().enumerate() {
            let known = self.run.suites.get(index).unwrap_or(&nothing);
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
        let run = self.run_dir.as_deref().or(self.run.dir.as_deref());
        let run = run.unwrap_or(Path::new(""));
        let path = run.join(dir).join("output.log");
        match tail::read(&path, OUTPUT) {
            Ok(bytes) => xml_lines(&bytes),
            Err(error) => xml(&format!("cannot read {}: {error}", path.display())),
        }
    }
}

impl Report for Junit {
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        self.run.take(event);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        self.render()
            .and_then(|xml| self.out.write(xml.as_bytes()))
            .map_err(|source| self.out.error("JUnit", source))
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
