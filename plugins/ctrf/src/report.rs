//! A CTRF report: `results.tests`, one object a test, and `results.summary`, which must agree with them.

use serde::Deserialize;
use tribunal_judge_kit::book::case;
use tribunal_judge_kit::json::Report;
use tribunal_judge_kit::text::clip;
use tribunal_judge_kit::{Book, Fact, Finding, Line, Runs};
use tribunal_sdk::{CaseStatus, TestCase, label};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    name: String,
    status: String,
    raw_status: Option<String>,
    duration: Option<f64>,
    message: Option<String>,
    trace: Option<String>,
    file_path: Option<String>,
    line: Option<u32>,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    flaky: bool,
    suite: Option<Suite>,
}

/// A text in version 0, a list in version 1.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Suite {
    Path(Vec<String>),
    Name(String),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    report_format: Option<String>,
    results: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct Summary {
    tests: u64,
    passed: u64,
    failed: u64,
    #[serde(default)]
    skipped: u64,
    #[serde(default)]
    pending: u64,
    #[serde(default)]
    other: u64,
}

/// The report being read.
#[derive(Debug, Default)]
pub struct Json {
    seen: bool,
    this: u64,
    ran: u64,
    failed: u64,
    listed: u64,
    announced: u64,
    runs: Runs,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    problem: Option<Fact>,
}

impl Report for Json {
    const LISTS: &'static [&'static [&'static str]] = &[&["results", "tests"]];
    const SIGNATURE: &'static [&'static str] = &["reportFormat", "results"];

    fn element(
        &mut self,
        _: usize,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        self.seen = true;
        let test: Test = serde_json::from_slice(bytes)?;
        self.this += 1;
        let found = self.test(test, line);
        self.ran += u64::from(found.status != CaseStatus::Skipped);
        self.failed += u64::from(found.status == CaseStatus::Failed);
        book.add(found, line);
        Ok(())
    }

    fn document(&mut self, bytes: &[u8], line: &Line<'_>, _: &mut Book) -> serde_json::Result<()> {
        let document: Document = serde_json::from_slice(bytes)?;
        let summary = document.results.get("summary").cloned();
        if summary.is_none() && document.report_format.is_none() && self.this == 0 {
            // Some other JSON that has `results`.
            return Ok(());
        }
        self.seen = true;
        let summary: Summary = serde_json::from_value(summary.unwrap_or_default())?;
        let listed = std::mem::take(&mut self.this);
        let failed = std::mem::take(&mut self.failed);
        self.listed += listed;
        self.announced += summary.tests;
        if summary.failed > 0 {
            let text = format!("the summary counts {} failed", summary.failed);
            self.red.get_or_insert(Fact::at(line, text));
        }
        let parts =
            summary.passed + summary.failed + summary.skipped + summary.pending + summary.other;
        if parts != summary.tests || listed != summary.tests || failed != summary.failed {
            let text = format!(
                "the summary counts {} tests and {parts} results, {} of them failed; {listed} are listed, {failed} of them failed",
                summary.tests, summary.failed
            );
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        if self.runs.ended(std::mem::take(&mut self.ran) == 0) {
            let fact = Fact::at(line, "one of several reports ran no test");
            self.unfinished.get_or_insert(fact);
        }
        self.marker = Some(Fact::at(line, "the report is whole"));
        Ok(())
    }

    fn end(self, _: &mut Book) -> Finding {
        Finding {
            format: "CTRF",
            seen: self.seen,
            announced: self.marker.is_some().then_some(self.announced),
            finished: Some(self.listed + self.this),
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            problem: self.problem,
            ..Finding::default()
        }
    }
}

impl Json {
    fn test(&mut self, test: Test, line: &Line<'_>) -> TestCase {
        let raw = test.raw_status.as_deref().unwrap_or("");
        let status = match test.status.as_str() {
            "passed" if test.flaky || test.retries > 0 => CaseStatus::Flaky,
            "passed" => CaseStatus::Passed,
            "failed" => CaseStatus::Failed,
            "skipped" | "pending" => CaseStatus::Skipped,
            // Whatever else the tool has: what it calls so itself is kept in a label.
            "other" if matches!(raw, "todo" | "disabled" | "skipped" | "xfailed") => {
                CaseStatus::Skipped
            }
            "other" => CaseStatus::Errored,
            word => {
                let why = format!("a test has the status `{}`", clip(word, 40));
                self.problem.get_or_insert(Fact::at(line, why));
                CaseStatus::Errored
            }
        };
        let suite = match test.suite {
            Some(Suite::Path(path)) => path.join(" > "),
            Some(Suite::Name(name)) => name,
            None => String::new(),
        };
        let named = suite.is_empty() || test.name.starts_with(&suite);
        let id = if named {
            test.name
        } else {
            format!("{suite} > {}", test.name)
        };
        let mut found = case(clip(&id, 4_000), status);
        found.duration_ms = test.duration;
        found.file = test.file_path;
        found.line = test.line;
        let first = |text: &String| text.lines().next().map(|line| clip(line, 300));
        found.message = test.message.as_ref().and_then(first);
        found.details = test.trace.or(test.message).map(|text| clip(&text, 16_000));
        if !matches!(test.status.as_str(), "passed" | "failed" | "skipped") {
            found.extra.push(label("ctrf.status", test.status));
        }
        if let Some(raw) = test.raw_status {
            found.extra.push(label("ctrf.raw-status", clip(&raw, 100)));
        }
        found
    }
}
