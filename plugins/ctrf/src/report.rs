//! A CTRF report: `results.tests`, one object a test, and `results.summary`, which must agree with them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tribunal_judge_kit::json::{Report, Text};
use tribunal_judge_kit::text::clip;
use tribunal_judge_kit::{Book, Fact, Finding, Line, Runs};
use tribunal_sdk::{CaseStatus, label};

/// The longest id, in characters.
const ID: usize = 4_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    raw_status: Option<Text<'a>>,
    duration: Option<f64>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    trace: Option<Text<'a>>,
    #[serde(borrow)]
    file_path: Option<Text<'a>>,
    line: Option<u32>,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    flaky: bool,
    #[serde(borrow)]
    suite: Option<Suite<'a>>,
}

/// A text in version 0, a list in version 1. serde's own way to tell them apart copies both.
#[derive(Debug)]
struct Suite<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Suite<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SuiteVisitor)
    }
}

struct SuiteVisitor;

impl<'de> Visitor<'de> for SuiteVisitor {
    type Value = Suite<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a suite's name, or a list of them")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Suite(Cow::Borrowed(name)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Suite(Cow::Owned(name.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Self::Value, A::Error> {
        let (mut path, mut first) = (String::new(), true);
        while let Some(name) = names.next_element::<Text<'_>>()? {
            if !std::mem::take(&mut first) {
                path.push_str(" > ");
            }
            path.push_str(&name);
        }
        Ok(Suite(Cow::Owned(path)))
    }
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
    /// Where ids are put together.
    id: String,
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
        let test: Test<'_> = serde_json::from_slice(bytes)?;
        self.this += 1;
        let status = self.test(test, line, book);
        self.ran += u64::from(status != CaseStatus::Skipped);
        self.failed += u64::from(status == CaseStatus::Failed);
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
    fn test(&mut self, test: Test<'_>, line: &Line<'_>, book: &mut Book) -> CaseStatus {
        let raw = test.raw_status.as_deref().unwrap_or("");
        let status = match &*test.status {
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
        let suite = test.suite.map(|suite| suite.0).unwrap_or_default();
        self.id.clear();
        if !suite.is_empty() && !test.name.starts_with(&*suite) {
            self.id.push_str(&suite);
            self.id.push_str(" > ");
        }
        self.id.push_str(&test.name);
        if self.id.len() > ID {
            self.id = clip(&self.id, ID);
        }
        book.tell(&self.id, status, line, |found| {
            found.duration_ms = test.duration;
            found.file = test.file_path.map(Text::into_owned);
            found.line = test.line;
            let message = test.message.as_deref();
            let first = message.and_then(|text| text.lines().next());
            found.message = first.map(|line| clip(line, 300));
            let all = test.trace.as_deref().or(message);
            found.details = all.map(|all| clip(all, 16_000));
            if !matches!(&*test.status, "passed" | "failed" | "skipped") {
                let word = test.status.into_owned();
                found.extra.push(label("ctrf.status", word));
            }
            if let Some(raw) = test.raw_status {
                found.extra.push(label("ctrf.raw-status", clip(&raw, 100)));
            }
        });
        status
    }
}
