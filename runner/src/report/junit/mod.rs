//! The run as `JUnit` XML, as CI systems read it.
//!
//! A `testsuite` for each suite. What is not decided becomes an `error` of a case named `[suite]`, so
//! that no reader shows green; what passed only at another try becomes a `flakyFailure`. Whatever
//! bytes a suite printed, the file is valid XML 1.0.

mod cases;
pub mod split;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quick_junit::{Property, TestSuite};

use super::collected::{Collected, Suite};
use super::out::{Out, unfinished};
use super::terminal::{clean, tail, text};
use super::{Report, ReportError, file};
use crate::event::Event;
use crate::model::{SuiteStatus, SuiteSummary};

use split::Limits;

/// Bytes of output in the report, from its end.
const OUTPUT: u64 = 64 << 10;

/// Writes a run as one `JUnit` XML file.
pub struct Junit {
    out: Out,
    run_dir: Option<PathBuf>,
    run: Collected,
    /// What its reader takes, and where to tell what that leaves out.
    limits: Option<(Limits, Tell)>,
}

/// Takes a sentence for people.
pub type Tell = Box<dyn Fn(&str) + Send>;

impl Junit {
    /// Makes a report that is written when the run has finished.
    ///
    /// Outputs are read below `run_dir`, by default the directory that the run's first event names.
    pub fn new(out: Out, run_dir: Option<PathBuf>) -> Self {
        Self {
            out,
            run_dir,
            run: Collected::default(),
            limits: None,
        }
    }

    /// Writes as many files as a reader with these limits needs: beside `junit.xml`, `junit-2.xml` and so on. What
    /// finds no room in any is told to `tell`, and named in the files.
    #[must_use]
    pub fn within(mut self, limits: Limits, tell: Tell) -> Self {
        self.limits = Some((limits, tell));
        self
    }

    /// Returns the XML of the run so far; an error before its end.
    pub fn render(&self) -> io::Result<String> {
        self.report()?.to_string().map_err(io::Error::other)
    }

    fn report(&self) -> io::Result<quick_junit::Report> {
        let summary = self.run.summary.as_ref().ok_or_else(unfinished)?;
        let mut report = quick_junit::Report::new(xml(&summary.pipeline));
        report.timestamp = summary.started_at.parse().ok();
        report.set_time(Duration::from_millis(summary.duration_ms));
        let nothing = Suite::default();
        for (index, suite) in summary.suites.iter().enumerate() {
            let known = self.run.suites.get(index).unwrap_or(&nothing);
            report.add_test_suite(self.suite(suite, known));
        }
        Ok(report)
    }

    /// Writes the parts; those of an earlier run that are not needed any more go.
    fn write_parts(&self, first: &Path, limits: Limits, tell: &Tell) -> io::Result<()> {
        let (parts, omitted) = split::split(&self.report()?, limits)?;
        let count = parts.len();
        for (mut part, number) in parts.into_iter().zip(1..) {
            split::count(&mut part);
            let xml = part.to_string().map_err(io::Error::other)?;
            file::replace(&split::file(first, number), xml.as_bytes())?;
        }
        let old = (count + 1..).map(|number| split::file(first, number));
        for path in old.take_while(|path| path.is_file()) {
            fs::remove_file(path)?;
        }
        if let Some(words) = omitted.words() {
            tell(&format!(
                "note: {words} left out of {}, for the CI system takes {} cases and {} of a job; all: tribunal report \
                 junit -o FILE",
                first.display(),
                text::number(limits.all_cases as u64),
                text::bytes(limits.all_bytes as u64)
            ));
        }
        Ok(())
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
        let written = match (&self.limits, &self.out) {
            (Some((limits, tell)), Out::File(path)) => self.write_parts(path, *limits, tell),
            _ => self.render().and_then(|xml| self.out.write(xml.as_bytes())),
        };
        written.map_err(|source| self.out.error("JUnit", source))
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
