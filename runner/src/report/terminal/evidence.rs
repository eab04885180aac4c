//! What the host knows of how a suite ended, one line a fact.

use super::{clean, text};
use crate::event::AttemptRecord;
use crate::model::{CaptureReport, Completeness, EndState, SuiteSummary, VerdictStatus};

/// Lines of a judge's error, and of its trace with `-v`.
const ERROR_LINES: usize = 4;
const ERROR_LINES_VERBOSE: usize = 40;
/// Gaps, leftovers and containers told one by one.
const EACH: usize = 5;

/// Facts in the order they are told; what an earlier line says is not said again.
struct Facts {
    said: Vec<String>,
    lines: Vec<String>,
}

impl Facts {
    fn add(&mut self, line: &str) {
        let line = clean::line(line).into_owned();
        let lower = line.to_lowercase();
        if lower.is_empty() || self.said.iter().any(|said| says(said, &lower)) {
            return;
        }
        // A longer line that says it all takes the place of the shorter ones.
        self.lines
            .retain(|known| !says(&lower, &known.to_lowercase()));
        self.said.push(lower);
        self.lines.push(line);
    }
}

/// Whether `text` holds `part` as whole words: `exit 137` does not say `exit 1`.
fn says(text: &str, part: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(part).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let after = rest.get(part.len()..).unwrap_or("");
        !word(before.chars().next_back()) && !word(after.chars().next())
    })
}

/// Returns the evidence lines of a suite that did not pass.
pub(super) fn of(
    summary: &SuiteSummary,
    record: Option<&AttemptRecord>,
    verbose: bool,
) -> Vec<String> {
    let mut facts = Facts {
        said: vec![clean::line(&summary.summary).to_lowercase()],
        lines: Vec::new(),
    };
    if let Some(reason) = &summary.reason {
        facts.add(reason);
    }
    if let Some(end) = summary.end.as_ref().filter(|end| tells(end, summary)) {
        facts.add(&end.describe());
        if let EndState::OomKilled {
            code: Some(code), ..
        } = end
        {
            facts.add(&format!("exit {code}"));
        }
    }
    if let Some(record) = record {
        of_record(&mut facts, record, verbose);
    }
    for warning in &summary.warnings {
        facts.add(warning);
    }
    facts.lines
}

/// Whether the end says more than the cases do: every tool exits with something after a failure.
fn tells(end: &EndState, summary: &SuiteSummary) -> bool {
    match end {
        EndState::Exited { code } => *code != 0 && summary.failing.is_empty(),
        _ => true,
    }
}

fn of_record(facts: &mut Facts, record: &AttemptRecord, verbose: bool) {
    let warned = record.warnings.join("\n");
    let place = record.termination.place.as_str();
    for container in record.termination.containers.iter().take(EACH) {
        let of = if place.is_empty() {
            String::new()
        } else {
            format!(" of {place}")
        };
        let message = if container.message.is_empty() {
            String::new()
        } else {
            format!(": {}", container.message)
        };
        let code = match container.end {
            EndState::OomKilled {
                code: Some(code), ..
            } => format!(", exit {code}"),
            _ => String::new(),
        };
        let end = container.end.describe();
        facts.add(&format!(
            "container {}{of}: {end}{code}{message}",
            container.name
        ));
    }
    for condition in record.termination.conditions.iter().take(EACH) {
        facts.add(&format!(
            "{}: {}: {}",
            condition.kind, condition.reason, condition.message
        ));
    }
    if let Some(verdict) = &record.verdict
        && verdict.status == VerdictStatus::Passed
        && !record.status.is_pass()
    {
        let judge = &record.judge.name;
        facts.add(&format!(
            "judge \"{judge}\" said passed ({}): not accepted",
            verdict.summary
        ));
    }
    if !matches!(record.termination.end, EndState::StartFailed { .. }) {
        capture(facts, &record.capture, &warned);
    }
    for leftover in record.termination.leftovers.iter().take(EACH) {
        if !warned.contains(&leftover.pid.to_string()) {
            let held = if leftover.held_output {
                ", holding its output open"
            } else {
                ""
            };
            facts.add(&format!(
                "process {} ({}) was still there when its program had ended{held}",
                leftover.pid, leftover.command
            ));
        }
    }
    if let Some(error) = &record.judge_error {
        let limit = if verbose {
            ERROR_LINES_VERBOSE
        } else {
            ERROR_LINES
        };
        let lines = clean::lines(error.as_bytes(), false, 400);
        let more = lines.len().saturating_sub(limit);
        for line in lines.iter().take(limit) {
            facts.add(line);
        }
        if more > 0 {
            facts.add(&format!(
                "({} of the judge's error)",
                text::plural(more as u64, "more line")
            ));
        }
    }
}

fn capture(facts: &mut Facts, capture: &CaptureReport, warned: &str) {
    let word = capture.completeness.word();
    let whole = matches!(
        capture.completeness,
        Completeness::Proven | Completeness::Complete
    );
    // A note that is the reason of a gap stands at its place.
    let is_told = !capture.note.is_empty()
        && capture
            .gaps
            .iter()
            .take(EACH)
            .any(|gap| gap.reason == capture.note);
    if !whole
        && !is_told
        && !warned.contains(word)
        && (capture.gaps.is_empty() || !capture.note.is_empty())
    {
        let note = if capture.note.is_empty() {
            String::new()
        } else {
            format!(": {}", capture.note)
        };
        facts.add(&format!("output {word}{note}"));
    }
    for gap in capture.gaps.iter().take(EACH) {
        let bytes = match gap.bytes {
            Some(bytes) => text::plural(bytes, "byte"),
            None => "bytes".to_owned(),
        };
        facts.add(&format!(
            "{bytes} missing at {} of {}: {}",
            text::bytes(gap.at),
            text::bytes(capture.bytes),
            gap.reason
        ));
    }
    let more = capture.gaps.len().saturating_sub(EACH);
    if more > 0 {
        facts.add(&format!(
            "and {} in the output",
            text::plural(more as u64, "more gap")
        ));
    }
}
