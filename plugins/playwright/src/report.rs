//! Playwright's JSON report: an element of `suites` for each file, `errors` outside of tests, and `stats`.

use serde::Deserialize;
use tribunal_judge_kit::ansi;
use tribunal_judge_kit::book::{case, explain};
use tribunal_judge_kit::json::Report;
use tribunal_judge_kit::text::clip;
use tribunal_judge_kit::{Book, Fact, Finding, Line, Runs};
use tribunal_sdk::{CaseStatus, label};

#[derive(Debug, Deserialize)]
struct Suite {
    title: String,
    #[serde(default)]
    specs: Vec<Spec>,
    #[serde(default)]
    suites: Vec<Self>,
}

#[derive(Debug, Deserialize)]
struct Spec {
    title: String,
    tests: Vec<Test>,
    #[serde(default)]
    file: String,
    line: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    #[serde(default)]
    expected_status: String,
    #[serde(default)]
    project_name: String,
    results: Vec<Attempt>,
    status: String,
}

#[derive(Debug, Deserialize)]
struct Attempt {
    status: Option<String>,
    #[serde(default)]
    duration: f64,
    #[serde(default)]
    errors: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Document {
    stats: Stats,
    errors: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
struct Stats {
    expected: u64,
    unexpected: u64,
    flaky: u64,
    skipped: u64,
}

/// The report being read.
#[derive(Debug, Default)]
pub struct Json {
    seen: bool,
    this: u64,
    ran: u64,
    listed: u64,
    waiting: u64,
    runs: Runs,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    problem: Option<Fact>,
}

impl Report for Json {
    const LISTS: &'static [&'static [&'static str]] = &[&["suites"]];
    const SIGNATURE: &'static [&'static str] = &["suites"];
    const HINTS: &'static [&'static str] = &["config"];

    fn element(
        &mut self,
        _: usize,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        self.seen = true;
        let suite: Suite = serde_json::from_slice(bytes)?;
        self.suite(suite, &mut Vec::new(), line, book);
        Ok(())
    }

    fn document(
        &mut self,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        let Document { stats, errors } = serde_json::from_slice(bytes)?;
        self.seen = true;
        let listed = std::mem::take(&mut self.this);
        self.listed += listed;
        for error in errors {
            let message = plain(error.message.as_deref().unwrap_or("unknown error"));
            let mut found = case("(outside of tests)", CaseStatus::Errored);
            explain(&mut found, &message);
            book.add(found, line);
        }
        if stats.unexpected > 0 {
            let text = format!("the report counts {} unexpected results", stats.unexpected);
            self.red.get_or_insert(Fact::at(line, text));
        }
        let counted = stats.expected + stats.unexpected + stats.flaky + stats.skipped;
        if counted != listed {
            let text = format!("the report counts {counted} tests and lists {listed}");
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        if self.runs.ended(std::mem::take(&mut self.ran) == 0) {
            let fact = Fact::at(line, "one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
        self.marker = Some(Fact::at(line, "the report is whole"));
        Ok(())
    }

    fn end(self, _: &mut Book) -> Finding {
        let listed = self.listed + self.this;
        Finding {
            format: "playwright",
            seen: self.seen,
            announced: self.seen.then_some(listed),
            finished: Some(listed - self.waiting),
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            problem: self.problem,
            ..Finding::default()
        }
    }
}

impl Json {
    fn suite(&mut self, suite: Suite, titles: &mut Vec<String>, line: &Line<'_>, book: &mut Book) {
        titles.push(suite.title);
        for spec in suite.specs {
            let name = format!("{} › {}", titles.join(" › "), spec.title);
            for test in spec.tests {
                self.test(&test, &name, (spec.file.as_str(), spec.line), line, book);
            }
        }
        for inner in suite.suites {
            self.suite(inner, titles, line, book);
        }
        titles.pop();
    }

    fn test(
        &mut self,
        test: &Test,
        name: &str,
        (file, place): (&str, Option<u32>),
        line: &Line<'_>,
        book: &mut Book,
    ) {
        self.this += 1;
        let status = match test.status.as_str() {
            "expected" => CaseStatus::Passed,
            "flaky" => CaseStatus::Flaky,
            "unexpected" => CaseStatus::Failed,
            "skipped" if test.expected_status == "skipped" => CaseStatus::Skipped,
            // It was to run, and did not, or was broken off.
            "skipped" => {
                self.waiting += 1;
                let why = format!("`{}` did not run", clip(name, 200));
                self.unfinished.get_or_insert(Fact::at(line, why));
                return;
            }
            other => {
                let why = format!("a test has the status `{}`", clip(other, 40));
                self.problem.get_or_insert(Fact::at(line, why));
                CaseStatus::Errored
            }
        };
        self.ran += u64::from(status != CaseStatus::Skipped);
        let id = match test.project_name.as_str() {
            "" => name.to_owned(),
            project => format!("[{project}] › {name}"),
        };
        let mut found = case(id, status);
        found.file = (!file.is_empty()).then(|| file.to_owned());
        found.line = place;
        found.duration_ms = test.results.last().map(|attempt| attempt.duration);
        let failed = test.results.iter().rev().find(|one| !one.errors.is_empty());
        let message = failed.and_then(|attempt| attempt.errors.first()?.message.as_deref());
        if let Some(message) = message.filter(|_| status != CaseStatus::Passed) {
            let message = plain(message);
            explain(&mut found, &message);
        }
        if test.results.len() > 1 {
            let attempts = test.results.len().to_string();
            found.extra.push(label("playwright.attempts", attempts));
        }
        let last = test.results.last().and_then(|one| one.status.as_deref());
        if let Some(last) = last.filter(|last| !matches!(*last, "passed" | "failed" | "skipped")) {
            found.extra.push(label("playwright.status", last));
        }
        book.add(found, line);
    }
}

/// Without the colours that messages carry.
fn plain(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let plain = ansi::strip(line.as_bytes());
        String::from_utf8_lossy(&plain).into_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
