//! From elements to test cases: `UnitTestResult` and its like; `ResultSummary` and `Counters` must agree.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::text::{clip, number};
use tribunal_judge_kit::xml::{Attribute, Place, Sink};
use tribunal_judge_kit::{Book, Fact, Finding, Line, Notice, Runs};
use tribunal_sdk::{CaseStatus, TestCase, label};

/// A result that is not closed yet.
#[derive(Debug)]
struct Draft {
    depth: usize,
    case: TestCase,
    message: String,
    trace: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wants {
    #[default]
    Nothing,
    Message,
    Trace,
    RunInfo,
}

/// The builder.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    book: Book,
    depth: usize,
    /// Where the last tag stands.
    place: Place,
    /// The first red result.
    first: Option<Fact>,
    drafts: Vec<Draft>,
    wants: Wants,
    run_info: Option<(usize, String)>,
    /// The first text of the run itself that tells of an error.
    outside: Option<TestCase>,
    /// Red results of this document.
    bad: u64,
    seen: bool,
    other: Option<(String, Place)>,
    /// How deep the summary is that is open: the rows of a test have counters of their own.
    summary_at: Option<usize>,
    /// Results of this document, and of all before.
    this: u64,
    ran: u64,
    listed: u64,
    total: Option<u64>,
    announced: u64,
    summary: Option<String>,
    runs: Runs,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    problem: Option<Fact>,
}

fn value<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|one| one.name == name)?;
    Some(found.value.as_str())
}

impl Sink for Builder {
    const ROOT: &'static str = "TestRun";
    const INNER: &'static [&'static str] = &["UnitTestResult"];
    const ORPHAN: &'static str =
        "a <UnitTestResult> outside of any <TestRun>: the beginning is missing";
    const CLOSING: &'static [&'static str] = &["TestRun", "Results", "UnitTestResult"];
    const ATTRIBUTES: &'static [&'static str] = &[
        "testName", "duration", "outcome", "total", "failed", "error", "timeout", "aborted",
    ];

    fn root(&mut self, name: &str) -> bool {
        if name == "TestRun" {
            self.seen = true;
            return true;
        }
        let place = self.place;
        self.other.get_or_insert_with(|| (clip(name, 100), place));
        false
    }

    fn wants_place(&self) -> bool {
        true
    }

    fn place(&mut self, place: Place) {
        self.place = place;
    }

    fn open(&mut self, name: &str, attributes: &mut [Attribute]) {
        self.depth += 1;
        match name {
            "ResultSummary" => {
                self.summary_at = Some(self.depth);
                self.result_summary(value(attributes, "outcome").unwrap_or(""));
            }
            "Counters" if self.summary_at.is_some() => self.counters(attributes),
            "RunInfo" => {
                let outcome = value(attributes, "outcome").unwrap_or("");
                if matches!(outcome, "Error" | "Failed" | "Aborted" | "Timeout") {
                    self.run_info = Some((self.depth, String::new()));
                }
            }
            "Message" if !self.drafts.is_empty() => self.wants = Wants::Message,
            "StackTrace" if !self.drafts.is_empty() => self.wants = Wants::Trace,
            "Text" if self.run_info.is_some() => self.wants = Wants::RunInfo,
            // The latter stands for an ordered test, around the results of its parts.
            name if name.ends_with("TestResult") || name == "TestResultAggregation" => {
                self.result(attributes);
            }
            _ => {}
        }
    }

    fn wants_text(&self) -> bool {
        self.wants != Wants::Nothing
    }

    fn text(&mut self, text: &str) {
        let into = match (self.wants, self.drafts.last_mut(), &mut self.run_info) {
            (Wants::Message, Some(draft), _) => &mut draft.message,
            (Wants::Trace, Some(draft), _) => &mut draft.trace,
            (Wants::RunInfo, _, Some((_, into))) => into,
            _ => return,
        };
        if into.len() < 16_384 {
            into.push_str(&clip(text, 16_384));
        }
    }

    fn close(&mut self) {
        self.wants = Wants::Nothing;
        if self
            .drafts
            .last()
            .is_some_and(|draft| draft.depth == self.depth)
            && let Some(draft) = self.drafts.pop()
        {
            self.finish(draft);
        }
        if let Some((depth, text)) = self.run_info.take() {
            if depth == self.depth {
                let mut found = case("(outside of tests)", CaseStatus::Errored);
                found.message = first_line(&text);
                found.details = (!text.is_empty()).then_some(text);
                self.outside.get_or_insert(found);
            } else {
                self.run_info = Some((depth, text));
            }
        }
        self.summary_at = self.summary_at.filter(|depth| *depth != self.depth);
        self.depth -= 1;
        if self.depth == 0 {
            self.document();
        }
    }
}

impl Builder {
    fn result(&mut self, attributes: &[Attribute]) {
        self.this += 1;
        // Visual Studio's writer leaves the outcome `Error` out.
        let outcome = value(attributes, "outcome").unwrap_or("Error");
        let status = match outcome {
            "Passed" | "Warning" => CaseStatus::Passed,
            "Failed" => CaseStatus::Failed,
            "NotExecuted" | "Pending" | "NotRunnable" => CaseStatus::Skipped,
            // Nobody established that it is well.
            "Error"
            | "Timeout"
            | "Aborted"
            | "Inconclusive"
            | "Disconnected"
            | "InProgress"
            | "Completed"
            | "PassedButRunAborted" => CaseStatus::Errored,
            other => {
                let why = format!("a result has the outcome `{}`", clip(other, 40));
                let quote = format!("outcome=\"{}\"", clip(other, 40));
                self.problem.get_or_insert(self.place.fact(why, quote));
                CaseStatus::Errored
            }
        };
        self.ran += u64::from(status != CaseStatus::Skipped);
        self.bad += u64::from(matches!(status, CaseStatus::Failed | CaseStatus::Errored));
        let name = value(attributes, "testName").unwrap_or("(a test without a name)");
        if matches!(status, CaseStatus::Failed | CaseStatus::Errored) && self.first.is_none() {
            let quote = format!("<UnitTestResult testName=\"{name}\" outcome=\"{outcome}\">");
            self.first = Some(self.place.fact(clip(name, 4_000), clip(&quote, 200)));
        }
        let mut found = case(clip(name, 4_000), status);
        found.duration_ms = value(attributes, "duration").and_then(milliseconds);
        if !matches!(outcome, "Passed" | "Failed") {
            found.extra.push(label("trx.outcome", clip(outcome, 40)));
        }
        self.drafts.push(Draft {
            depth: self.depth,
            case: found,
            message: String::new(),
            trace: String::new(),
        });
    }

    fn finish(&mut self, draft: Draft) {
        let mut found = draft.case;
        found.message = first_line(&draft.message);
        let details = format!("{}\n{}", draft.message.trim(), draft.trace.trim());
        let details = details.trim();
        found.details = (!details.is_empty()).then(|| details.to_owned());
        self.book.add(found, &Line::NOWHERE);
    }

    fn result_summary(&mut self, outcome: &str) {
        self.summary = Some(outcome.to_owned());
        if !matches!(outcome, "Completed" | "Passed" | "Warning") {
            let outcome = clip(outcome, 40);
            let text = format!("the summary's outcome is `{outcome}`");
            let quote = format!("<ResultSummary outcome=\"{outcome}\">");
            self.red.get_or_insert(self.place.fact(text, quote));
        }
    }

    fn counters(&mut self, attributes: &[Attribute]) {
        self.total = value(attributes, "total").and_then(number);
        for name in ["failed", "error", "timeout", "aborted"] {
            let count = value(attributes, name).and_then(number).unwrap_or(0);
            if count > 0 {
                let text = format!("the counters say {name}: {count}");
                let quote = format!("<Counters {name}=\"{count}\">");
                self.red.get_or_insert(self.place.fact(text, quote));
            }
        }
    }

    /// A document has ended.
    fn document(&mut self) {
        // Adapters tell of each failed test here once more, and runners why they end with 1: an error of its own is
        // only one that no result shows.
        let bad = std::mem::take(&mut self.bad);
        if let Some(outside) = self.outside.take().filter(|_| bad == 0) {
            self.book.add(outside, &Line::NOWHERE);
        }
        let listed = std::mem::take(&mut self.this);
        let empty = std::mem::take(&mut self.ran) == 0;
        self.listed += listed;
        if self.runs.ended(empty) {
            let fact = Fact::of("one of several reports ran no test");
            self.unfinished.get_or_insert(fact);
        }
        if let (Some(_), Some(total)) = (self.summary.take(), self.total.take()) {
            self.announced += total;
            let (text, quote) = ("the document is whole", "</TestRun>");
            self.marker = Some(self.place.fact(text, quote));
        } else {
            let fact = Fact::of("the document has no summary with counters");
            self.unfinished.get_or_insert(fact);
        }
    }

    /// Returns what was found since the last call.
    pub(crate) fn take(&mut self) -> Vec<Notice> {
        self.book.take()
    }

    /// Ends the input; `must` says that it has to be such a report.
    pub(crate) fn end(mut self, must: bool) -> (Finding, Vec<Notice>) {
        if must && !self.seen {
            let why = match &self.other {
                Some((root, place)) => {
                    let text = format!("the file is no TRX: its root is <{root}>, not <TestRun>");
                    place.fact(text, format!("<{root}"))
                }
                None => Fact::of("the file is no TRX: there is no <TestRun> in it"),
            };
            self.problem.get_or_insert(why);
        }
        let mut finding = Finding {
            format: "TRX",
            seen: self.seen || must,
            announced: self.marker.is_some().then_some(self.announced),
            finished: Some(self.listed + self.this),
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            problem: self.problem,
            ..Finding::default()
        };
        self.book.sum(&mut finding);
        let first_bad = finding.first_bad.as_ref().map(|(id, _)| id.as_str());
        // The result itself, where one is red, and not what the summary says of it.
        if let Some(mut first) = self.first.filter(|first| Some(&*first.text) == first_bad) {
            first.text.push_str(" failed");
            finding.red = Some(first);
        }
        (finding, self.book.take())
    }
}

fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(clip(line, 300))
}

/// Reads `00:00:01.2345678`.
fn milliseconds(text: &str) -> Option<f64> {
    let mut parts = text.split(':');
    let hours: f64 = parts.next()?.parse().ok()?;
    let minutes: f64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    let all = (hours * 60.0 + minutes) * 60_000.0 + seconds * 1_000.0;
    (parts.next().is_none() && all.is_finite() && all >= 0.0).then_some(all)
}
