//! Mocha's JSON report: `stats`, and the lists `tests`, `pending`, `failures`, `passes`.

use serde::Deserialize;
use tribunal_judge_kit::book::case;
use tribunal_judge_kit::json::Report;
use tribunal_judge_kit::text::clip;
use tribunal_judge_kit::{Book, Fact, Finding, Line};
use tribunal_sdk::CaseStatus;

#[derive(Debug, Deserialize)]
struct Test {
    title: String,
    #[serde(rename = "fullTitle")]
    full: String,
    file: Option<String>,
    duration: Option<f64>,
    #[serde(default, rename = "currentRetry")]
    retry: u32,
    #[serde(default)]
    err: Failure,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    message: Option<String>,
    stack: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Document {
    stats: Stats,
}

#[derive(Debug, Deserialize)]
struct Stats {
    tests: u64,
    failures: u64,
}

/// The report being read.
#[derive(Debug, Default)]
pub struct Json {
    seen: bool,
    listed: u64,
    finished: u64,
    this: u64,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
}

impl Report for Json {
    const LISTS: &'static [&'static [&'static str]] =
        &[&["tests"], &["pending"], &["failures"], &["passes"]];
    const SIGNATURE: &'static [&'static str] = &["stats"];

    fn element(
        &mut self,
        list: usize,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        self.seen = true;
        let test: Test = serde_json::from_slice(bytes)?;
        if list == 0 {
            self.listed += 1;
            self.this += 1;
            return Ok(());
        }
        let hook = is_hook(&test.title);
        let status = match list {
            1 => CaseStatus::Skipped,
            2 if hook => CaseStatus::Errored,
            2 => CaseStatus::Failed,
            _ if test.retry > 0 => CaseStatus::Flaky,
            _ => CaseStatus::Passed,
        };
        self.finished += u64::from(!hook);
        let mut found = case(test.full, status);
        found.duration_ms = test.duration;
        found.file = test.file;
        if list == 2 {
            let first = |text: &String| text.lines().next().map(|line| clip(line, 300));
            found.message = test.err.message.as_ref().and_then(first);
            found.details = test.err.stack.map(|text| clip(&text, 16_000));
        }
        book.add(found, line);
        Ok(())
    }

    fn document(&mut self, bytes: &[u8], line: &Line<'_>, _: &mut Book) -> serde_json::Result<()> {
        let Document { stats } = serde_json::from_slice(bytes)?;
        let this = std::mem::take(&mut self.this);
        if stats.failures > 0 {
            let text = format!("the report counts {} failures", stats.failures);
            self.red.get_or_insert(Fact::at(line, text));
        }
        if stats.tests != this {
            let text = format!("the report counts {} tests and lists {this}", stats.tests);
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        if this == 0 && self.marker.is_some() || self.marker.is_some() && self.listed == this {
            let fact = Fact::at(line, "one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
        self.marker = Some(Fact::at(line, "the report is whole"));
        Ok(())
    }

    fn end(self, _: &mut Book) -> Finding {
        Finding {
            format: "mocha",
            seen: self.seen,
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            announced: self.seen.then_some(self.listed),
            finished: Some(self.finished),
            ..Finding::default()
        }
    }
}

/// Whether a failure is a hook's: `"before all" hook for "one"`.
pub(crate) fn is_hook(title: &str) -> bool {
    (title.starts_with("\"before ") || title.starts_with("\"after ")) && title.contains("\" hook")
}
