//! One test program: from `running N tests` to its result.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{Details, place};
use tribunal_judge_kit::{Book, Line};
use tribunal_sdk::{CaseStatus, TestCase};

use crate::words::Declared;

/// A test program that runs.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// How many tests it said it would run.
    pub(crate) announced: u64,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    /// Whether it prints events: then lines of text are its tests'.
    pub(crate) json: bool,
    /// With one thread and without capture: `test a ... ` and the output before its result.
    pub(crate) pending: Option<(String, Option<CaseStatus>)>,
    /// The failure whose output is being printed.
    trace: Option<TestCase>,
    details: Details,
}

impl Session {
    pub(crate) fn new(announced: u64) -> Self {
        Self {
            announced,
            ..Self::default()
        }
    }

    pub(crate) fn done(&self) -> u64 {
        self.passed + self.failed + self.ignored
    }

    /// Counts a result.
    pub(crate) fn count(&mut self, status: CaseStatus, by: u64) {
        match status {
            CaseStatus::Passed | CaseStatus::Flaky => self.passed += by,
            CaseStatus::Failed | CaseStatus::Errored => self.failed += by,
            CaseStatus::Skipped => self.ignored += by,
        }
    }

    /// Whether a result line is this program's: its numbers are those of the tests that were seen.
    pub(crate) fn fits(&self, declared: &Declared) -> bool {
        declared.passed + declared.measured == self.passed
            && declared.failed == self.failed
            && declared.ignored == self.ignored
            && self.done() == self.announced
            && declared.ok == (self.failed == 0)
    }

    /// A result that stood behind output of the test itself.
    pub(crate) fn resolve(&mut self, line: &Line<'_>, book: &mut Book) {
        if let Some((name, status)) = self.pending.take()
            && let Some(status) = status
        {
            self.count(status, 1);
            book.add(case(name, status), line);
        }
    }

    /// `---- name stdout ----` and what follows it.
    pub(crate) fn trace(&mut self, text: &str, book: &mut Book) {
        let name = text
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"));
        if let Some(name) = name {
            self.end_trace(book);
            if book.status(name) == Some(CaseStatus::Failed) {
                self.trace = Some(case(name, CaseStatus::Failed));
            }
            return;
        }
        let Some(trace) = &mut self.trace else {
            return;
        };
        if text == "failures:" {
            self.end_trace(book);
            return;
        }
        if trace.file.is_none()
            && let Some((_, at)) = text.cut(" panicked at ")
            && let Some((file, number)) = place(at.trim_start_matches('\''))
        {
            trace.file = Some(file.to_owned());
            trace.line = Some(number);
        } else if trace.message.is_none() && !text.trim().is_empty() {
            let said = trace.file.is_some() || text.starts_with("Error: ");
            let said = said || text.starts_with("note: test did not panic");
            if said {
                trace.message = Some(tribunal_judge_kit::text::clip(text.trim(), 300));
            }
        }
        self.details.push(text);
    }

    pub(crate) fn end_trace(&mut self, book: &mut Book) {
        if let Some(mut trace) = self.trace.take() {
            trace.details = self.details.take();
            book.enrich(trace);
        }
    }
}
