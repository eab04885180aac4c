//! Jest's JSON report (`--json`): one element of `testResults` for each file.

use serde::Deserialize;
use tribunal_judge_kit::book::{case, explain};
use tribunal_judge_kit::json::{Report, Text};
use tribunal_judge_kit::text::{clip, line_in_trace};
use tribunal_judge_kit::{Book, Fact, Finding, Line, Runs};
use tribunal_sdk::{CaseStatus, label};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow, default)]
    message: Text<'a>,
    #[serde(borrow)]
    assertion_results: Vec<Test<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test<'a> {
    #[serde(borrow, default)]
    ancestor_titles: Vec<Text<'a>>,
    #[serde(borrow)]
    title: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    duration: Option<f64>,
    #[serde(borrow)]
    failure_messages: Option<Vec<Text<'a>>>,
    location: Option<Location>,
    #[serde(borrow, default)]
    retry_reasons: Vec<Text<'a>>,
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
    /// Where ids are put together.
    id: String,
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
        let file: File<'_> = serde_json::from_slice(bytes)?;
        self.this.1 += 1;
        let mut bad = false;
        for test in file.assertion_results {
            bad |= self.test(test, &file.name, line, book) == CaseStatus::Failed;
            self.this.0 += 1;
        }
        if &*file.status == "failed" && !bad {
            let id = format!("{} (test suite)", &*file.name);
            let mut found = case(id, CaseStatus::Errored);
            let lines = || file.message.lines().map(str::trim);
            let first = lines().find(|line| !line.is_empty() && !line.starts_with('●'));
            found.message = first.map(|line| clip(line, 300));
            found.details = Some(clip(&file.message, 16_000));
            found.file = Some(file.name.into_owned());
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
    fn test(&mut self, test: Test<'_>, file: &str, line: &Line<'_>, book: &mut Book) -> CaseStatus {
        let status = match &*test.status {
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
        self.id.clear();
        for title in &test.ancestor_titles {
            self.id.push_str(title);
            self.id.push_str(" › ");
        }
        self.id.push_str(&test.title);
        book.tell(&self.id, status, line, |found| {
            found.duration_ms = test.duration;
            found.file = Some(file.to_owned());
            found.line = test.location.map(|place| place.line);
            if let Some(text) = test.failure_messages.and_then(|all| all.into_iter().next()) {
                explain(found, &text);
                // Where it failed says more than where the test begins.
                found.line = line_in_trace(&text, file).or(found.line);
            }
            if !matches!(&*test.status, "passed" | "failed") {
                let word = test.status.into_owned();
                found.extra.push(label("jest.status", word));
            }
        });
        status
    }
}
