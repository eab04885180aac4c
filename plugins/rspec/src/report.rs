//! RSpec's JSON report: `examples`, and a `summary` that must agree with them.

use serde::Deserialize;
use tribunal_judge_kit::book::case;
use tribunal_judge_kit::json::{Report, Text};
use tribunal_judge_kit::text::{clip, plural};
use tribunal_judge_kit::{Book, Fact, Finding, Line, Runs};
use tribunal_sdk::CaseStatus;

#[derive(Debug, Deserialize)]
struct Example<'a> {
    #[serde(borrow)]
    full_description: Text<'a>,
    /// Empty when the process ended inside the example.
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    file_path: Option<Text<'a>>,
    line_number: Option<u32>,
    run_time: Option<f64>,
    #[serde(borrow)]
    pending_message: Option<Text<'a>>,
    exception: Option<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    class: Option<String>,
    message: Option<String>,
    backtrace: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Document {
    summary: Summary,
    #[serde(default)]
    messages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "RSpec's names")]
struct Summary {
    example_count: u64,
    failure_count: u64,
    #[serde(default)]
    errors_outside_of_examples_count: u32,
}

/// The report being read.
#[derive(Debug, Default)]
pub struct Json {
    seen: bool,
    announced: u64,
    listed: u64,
    runs: Runs,
    this: u64,
    /// Examples of this document that passed or failed.
    ran: u64,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
}

impl Report for Json {
    const LISTS: &'static [&'static [&'static str]] = &[&["examples"]];
    const SIGNATURE: &'static [&'static str] = &["summary_line"];
    // The summary comes last: a report that breaks in its first example has only this.
    const HINTS: &'static [&'static str] = &["examples"];

    fn element(
        &mut self,
        _: usize,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        self.seen = true;
        let example: Example<'_> = serde_json::from_slice(bytes)?;
        self.this += 1;
        let status = match example.status.as_deref() {
            Some("passed") => CaseStatus::Passed,
            Some("failed") => CaseStatus::Failed,
            Some("pending") => CaseStatus::Skipped,
            _ => {
                let text = format!("{} began and did not end", &*example.full_description);
                self.unfinished.get_or_insert(Fact::at(line, text));
                return Ok(());
            }
        };
        self.listed += 1;
        self.ran += u64::from(status != CaseStatus::Skipped);
        book.tell(&example.full_description, status, line, |found| {
            found.duration_ms = example.run_time.map(|seconds| seconds * 1_000.0);
            found.file = example.file_path.map(Text::into_owned);
            found.line = example.line_number;
            if status == CaseStatus::Skipped {
                found.message = example.pending_message.map(|text| clip(&text, 300));
            }
            if let Some(exception) = example.exception {
                found.message = Some(message(&exception));
                let text = exception.message.unwrap_or_default();
                let trace = exception.backtrace.unwrap_or_default().join("\n");
                found.details = Some(clip(format!("{text}\n{trace}").trim(), 16_000));
            }
        });
        Ok(())
    }

    fn document(
        &mut self,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        let Document { summary, messages } = serde_json::from_slice(bytes)?;
        self.seen = true;
        let this = std::mem::take(&mut self.this);
        self.announced = self.announced.saturating_add(summary.example_count);
        if summary.failure_count > 0 {
            let text = plural(summary.failure_count, "failure");
            self.red.get_or_insert(Fact::at(line, text));
        }
        let errors = summary.errors_outside_of_examples_count;
        if errors > 0 {
            let first = messages
                .iter()
                .find_map(|text| text.lines().find_map(crate::words::outside));
            let why = first.unwrap_or("an error occurred outside of examples");
            for number in 0..errors.min(1_000) {
                let name = if number == 0 {
                    why
                } else {
                    "an error occurred outside of examples"
                };
                let mut found = case(name, CaseStatus::Errored);
                found.details = messages
                    .get(number as usize)
                    .map(|text| clip(text.trim(), 16_000));
                book.add(found, line);
                self.listed += 1;
                self.announced = self.announced.saturating_add(1);
            }
            let text = plural(u64::from(errors), "error") + " outside of examples";
            self.red.get_or_insert(Fact::at(line, text));
        }
        if summary.example_count != this {
            let text = format!(
                "the report counts {} examples and lists {this}",
                summary.example_count
            );
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        if self.runs.ended(std::mem::take(&mut self.ran) == 0) {
            let fact = Fact::at(line, "one of several runs ran no example");
            self.unfinished.get_or_insert(fact);
        }
        self.marker = Some(Fact::at(line, "the report is whole"));
        Ok(())
    }

    fn end(self, _: &mut Book) -> Finding {
        Finding {
            format: "RSpec",
            seen: self.seen,
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            announced: self.seen.then_some(self.announced),
            finished: Some(self.listed),
            empty_codes: &[1],
            ..Finding::default()
        }
    }
}

/// `ArgumentError: what it says`; a failed expectation without its class.
fn message(exception: &Exception) -> String {
    let text = exception.message.as_deref().unwrap_or_default();
    let text: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(2)
        .collect();
    let text = text.join(", ");
    match exception.class.as_deref() {
        Some(class) if !class.starts_with("RSpec::") => clip(&format!("{class}: {text}"), 300),
        _ => clip(&text, 300),
    }
}
