//! Jest's JSON report (`--json`): one element of `testResults` for each file.

use serde::Deserialize;
use tribunal_judge_kit::book::{case, explain};
use tribunal_judge_kit::json::Report;
use tribunal_judge_kit::text::clip;
use tribunal_judge_kit::{Book, Fact, Finding, Line, Runs};
use tribunal_sdk::{CaseStatus, label};

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
    #[serde(default)]
    retry_reasons: Vec<String>,
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
    num_total_test_suites: u64,
    #[serde(default)]
    was_interrupted: bool,
}

/// The report being read.
#[derive(Debug, Default)]
pub struct Json {
    seen: bool,
    tests: u64,
    files: u64,
    this: (u64, u64),
    announced: u64,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    problem: Option<Fact>,
    runs: Runs,
}

impl Report for Json {
    const LISTS: &'static [&'static [&'static str]] = &[&["testResults"]];
    const SIGNATURE: &'static [&'static str] = &["numTotalTests", "numFailedTestSuites"];

    fn element(
        &mut self,
        _: usize,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        self.seen = true;
        let file: File = serde_json::from_slice(bytes)?;
        self.this.1 += 1;
        let mut bad = false;
        for test in file.assertion_results {
            let found = self.test(test, &file.name, line);
            bad |= found.status == CaseStatus::Failed;
            self.this.0 += 1;
            book.add(found, line);
        }
        if file.status == "failed" && !bad {
            let mut found = case(format!("{} (test suite)", file.name), CaseStatus::Errored);
            let lines = || file.message.lines().map(str::trim);
            let first = lines().find(|line| !line.is_empty() && !line.starts_with('●'));
            found.message = first.map(|line| clip(line, 300));
            found.details = Some(clip(&file.message, 16_000));
            found.file = Some(file.name);
            book.add(found, line);
        }
        Ok(())
    }

    fn document(&mut self, bytes: &[u8], line: &Line<'_>, _: &mut Book) -> serde_json::Result<()> {
        let document: Document = serde_json::from_slice(bytes)?;
        self.seen = true;
        let (tests, files) = std::mem::take(&mut self.this);
        self.tests += tests;
        self.files += files;
        self.announced = self.announced.saturating_add(document.num_total_tests);
        if !document.success {
            let fact = Fact::at(line, "the report says `success: false`");
            self.red.get_or_insert(fact);
        }
        if document.was_interrupted {
            let fact = Fact::at(line, "the run was interrupted");
            self.unfinished.get_or_insert(fact);
        }
        if document.num_total_test_suites != files {
            let all = document.num_total_test_suites;
            let text = format!("{files} of {all} test files are in the report");
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        if self.runs.ended(tests == 0) {
            let fact = Fact::at(line, "one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
        self.marker = Some(Fact::at(line, "the report is whole"));
        Ok(())
    }

    fn end(self, _: &mut Book) -> Finding {
        Finding {
            format: "jest",
            seen: self.seen,
            announced: self.marker.is_some().then_some(self.announced),
            finished: Some(self.tests + self.this.0),
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            problem: self.problem,
            ..Finding::default()
        }
    }
}

impl Json {
    fn test(&mut self, test: Test, file: &str, line: &Line<'_>) -> tribunal_sdk::TestCase {
        let status = match test.status.as_str() {
            "passed" if test.retry_reasons.is_empty() => CaseStatus::Passed,
            "passed" => CaseStatus::Flaky,
            "failed" => CaseStatus::Failed,
            "pending" | "skipped" | "todo" | "disabled" => CaseStatus::Skipped,
            other => {
                let why = format!("a test has the status `{}`", clip(other, 40));
                self.problem.get_or_insert(Fact::at(line, why));
                CaseStatus::Errored
            }
        };
        let mut titles = test.ancestor_titles;
        titles.push(test.title);
        let mut found = case(titles.join(" › "), status);
        found.duration_ms = test.duration;
        found.file = Some(file.to_owned());
        found.line = test.location.map(|place| place.line);
        if let Some(text) = test.failure_messages.and_then(|all| all.into_iter().next()) {
            explain(&mut found, &text);
        }
        if !matches!(test.status.as_str(), "passed" | "failed") {
            found.extra.push(label("jest.status", test.status));
        }
        found
    }
}
