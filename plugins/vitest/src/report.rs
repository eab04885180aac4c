//! Vitest's JSON report (`--reporter=json`): one element of `testResults` for each file, much like jest's.

use serde::Deserialize;
use tribunal_judge_kit::book::{case, explain};
use tribunal_judge_kit::json::Report;
use tribunal_judge_kit::text::{clip, line_in_trace};
use tribunal_judge_kit::{Book, Fact, Finding, Line, Runs};
use tribunal_sdk::{CaseStatus, TestCase, label};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    name: String,
    status: String,
    #[serde(default)]
    message: String,
    assertion_results: Vec<Test>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    #[serde(default)]
    ancestor_titles: Vec<String>,
    title: String,
    status: String,
    duration: Option<f64>,
    failure_messages: Option<Vec<String>>,
    location: Option<Location>,
}

#[derive(Debug, Deserialize)]
struct Location {
    line: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    success: bool,
    num_total_tests: u64,
    num_failed_tests: u64,
}

/// The report being read.
#[derive(Debug, Default)]
pub struct Json {
    seen: bool,
    /// Tests of this document, how many of them ran, and those of all before.
    this: u64,
    ran: u64,
    listed: u64,
    /// Tests that did not end.
    waiting: u64,
    announced: u64,
    runs: Runs,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    problem: Option<Fact>,
}

impl Report for Json {
    const LISTS: &'static [&'static [&'static str]] = &[&["testResults"]];
    const SIGNATURE: &'static [&'static str] = &["numTotalTests", "numTotalTestSuites"];

    fn element(
        &mut self,
        _: usize,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        self.seen = true;
        let file: File = serde_json::from_slice(bytes)?;
        let mut bad = false;
        for test in file.assertion_results {
            self.this += 1;
            // Queued, or running when its worker died: the report calls the file passed all the same.
            if test.status == "pending" {
                self.waiting += 1;
                let text = format!("`{}` did not end", clip(&test.title, 100));
                self.unfinished.get_or_insert(Fact::at(line, text));
                continue;
            }
            let found = self.test(test, &file.name, line);
            bad |= found.status == CaseStatus::Failed;
            self.ran += u64::from(found.status != CaseStatus::Skipped);
            book.add(found, line);
        }
        if file.status == "failed" && !bad {
            let mut found = case(format!("{} (test file)", file.name), CaseStatus::Errored);
            let first = file.message.lines().find(|line| !line.trim().is_empty());
            found.message = first.map(|line| clip(line.trim(), 300));
            found.details = (!file.message.is_empty()).then(|| clip(&file.message, 16_000));
            found.file = Some(file.name);
            book.add(found, line);
        }
        Ok(())
    }

    fn document(&mut self, bytes: &[u8], line: &Line<'_>, _: &mut Book) -> serde_json::Result<()> {
        let document: Document = serde_json::from_slice(bytes)?;
        self.seen = true;
        let listed = std::mem::take(&mut self.this);
        self.listed += listed;
        self.announced += document.num_total_tests;
        if !document.success {
            let fact = Fact::at(line, "the report says `success: false`");
            self.red.get_or_insert(fact);
        }
        if document.num_failed_tests > 0 {
            let text = format!("the report counts {} failed", document.num_failed_tests);
            self.red.get_or_insert(Fact::at(line, text));
        }
        if self.runs.ended(std::mem::take(&mut self.ran) == 0) {
            let fact = Fact::at(line, "one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
        self.marker = Some(Fact::at(line, "the report is whole"));
        Ok(())
    }

    fn end(self, _: &mut Book) -> Finding {
        Finding {
            format: "vitest",
            seen: self.seen,
            announced: self.marker.is_some().then_some(self.announced),
            finished: Some(self.listed + self.this - self.waiting),
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            problem: self.problem,
            ..Finding::default()
        }
    }
}

impl Json {
    fn test(&mut self, test: Test, file: &str, line: &Line<'_>) -> TestCase {
        let messages = test.failure_messages.unwrap_or_default();
        let status = match test.status.as_str() {
            // The messages of the attempts before: an expected failure has none.
            "passed" if !messages.is_empty() => CaseStatus::Flaky,
            "passed" => CaseStatus::Passed,
            "failed" => CaseStatus::Failed,
            "skipped" | "todo" | "disabled" => CaseStatus::Skipped,
            other => {
                let why = format!("a test has the status `{}`", clip(other, 40));
                self.problem.get_or_insert(Fact::at(line, why));
                CaseStatus::Errored
            }
        };
        // The first one is the file's, and empty.
        let mut titles = test.ancestor_titles;
        titles.retain(|title| !title.is_empty());
        titles.push(test.title);
        let mut found = case(titles.join(" > "), status);
        found.duration_ms = test.duration;
        found.file = Some(file.to_owned());
        found.line = test.location.map(|place| place.line);
        if let Some(text) = messages.first() {
            explain(&mut found, text);
            // Where it failed says more than where the test begins.
            found.line = line_in_trace(text, file).or(found.line);
        }
        if !matches!(test.status.as_str(), "passed" | "failed") {
            found.extra.push(label("vitest.status", test.status));
        }
        found
    }
}
