//! The run as Markdown: for a comment, or added to GitHub's step summary.
//!
//! Whatever a suite printed stays text: no tag, no link, no mention of a person, no end of a fence. Where the
//! limit does not allow all, whole sections are left out, the last ones first, and their number is told.

use std::fmt::Write as _;

use super::out::{Out, unfinished};
use super::terminal::{clean, text};
use super::{Need, Report, ReportError, words};
use crate::event::{Event, EventKind};
use crate::model::{Case, RunSummary, SuiteStatus, SuiteSummary};

/// What a comment on a pull request may hold.
pub const COMMENT: usize = 65_000;
/// Under the MiB at which GitHub refuses a step summary as a whole.
pub const STEP_SUMMARY: usize = 900 << 10;

/// Failed cases told in full.
const CASES: usize = 30;
/// Lines of a case's message.
const LINES: usize = 40;
/// Characters of such a line.
const COLUMNS: usize = 400;
/// Kept back for saying what is left out.
const RESERVE: usize = 256;

/// Writes a run as Markdown.
pub struct Markdown {
    out: Out,
    limit: usize,
    summary: Option<Box<RunSummary>>,
}

impl Markdown {
    /// Makes a report of at most `limit` bytes, at least a few hundred.
    pub fn new(out: Out, limit: usize) -> Self {
        Self {
            out,
            limit,
            summary: None,
        }
    }
}

/// Returns a run as Markdown of at most `limit` bytes.
pub fn render(summary: &RunSummary, limit: usize) -> String {
    let mut text = format!(
        "### {} {}: {} ({})\n",
        words::verdict(summary),
        code(&summary.pipeline),
        words::counts(summary),
        text::exact(summary.duration_ms)
    );
    let sections = sections(summary);
    let (mut left_out, count) = (0, sections.len());
    for section in sections {
        if left_out == 0 && text.len() + section.len() + RESERVE <= limit {
            text.push('\n');
            text.push_str(&section);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let run = summary.run.as_deref().unwrap_or("latest");
        let _infallible = write!(
            text,
            "\nNot shown: {left_out} of {count} parts, for they would pass the limit of {}. All: {}\n",
            text::bytes(limit as u64),
            code(&format!("tribunal show {run} -v"))
        );
    }
    text
}

fn sections(summary: &RunSummary) -> Vec<String> {
    let suites = words::by_urgency(summary);
    let problems: Vec<&SuiteSummary> = suites
        .iter()
        .copied()
        .filter(|suite| words::is_problem(suite.status))
        .collect();
    let mut sections: Vec<String> = Vec::new();
    if !problems.is_empty() {
        sections.extend(table(&problems));
    }
    if let Some(command) = words::again(summary) {
        sections.push(format!("Again: {}\n", code(&command)));
    }
    sections.extend(cases(&problems));
    let flaky = suites.iter().filter(|s| s.status == SuiteStatus::Flaky);
    let flaky: Vec<String> = flaky.map(|suite| flakiness(suite)).collect();
    if !flaky.is_empty() {
        sections.push(format!("#### Flaky\n\n{}", flaky.concat()));
    }
    let warnings: Vec<String> = suites
        .iter()
        .filter(|suite| !words::is_problem(suite.status))
        .flat_map(|suite| suite.warnings.iter().map(|w| (Some(&suite.name), w)))
        .chain(summary.warnings.iter().map(|warning| (None, warning)))
        .map(|(suite, warning)| match suite {
            Some(suite) => format!("- {}: {}\n", code(suite), code(warning)),
            None => format!("- {}\n", code(warning)),
        })
        .collect();
    if !warnings.is_empty() {
        sections.push(format!("#### Warnings\n\n{}", warnings.concat()));
    }
    sections.push(last(summary));
    sections
}

/// The problem suites, 200 rows a part so that a limit can cut between them.
fn table(problems: &[&SuiteSummary]) -> Vec<String> {
    let row = |suite: &&SuiteSummary| {
        format!(
            "| {} | {} | {} | {} |\n",
            code(&suite.name),
            words::status(suite.status),
            text::exact(suite.duration_ms),
            code(&words::why(suite))
        )
    };
    let head = "| suite | status | time | why |\n|---|---|---:|---|\n";
    problems
        .chunks(200)
        .map(|rows| format!("{head}{}", rows.iter().map(row).collect::<String>()))
        .collect()
}

/// A part for each failed case, the first ones only.
fn cases(problems: &[&SuiteSummary]) -> Vec<String> {
    let all = problems
        .iter()
        .flat_map(|suite| suite.failing.iter().map(move |case| (*suite, case)));
    let total: u64 = problems
        .iter()
        .map(|suite| suite.failing.len() as u64 + suite.failing_omitted)
        .sum();
    let mut parts: Vec<String> = all.take(CASES).map(|(s, case)| details(s, case)).collect();
    let more = total.saturating_sub(parts.len() as u64);
    if more > 0 {
        parts.push(format!(
            "… and {}.\n",
            text::plural(more, "more failed case")
        ));
    }
    parts
}

fn details(suite: &SuiteSummary, case: &Case) -> String {
    let place = match (&case.file, case.line) {
        (Some(file), Some(line)) => format!(" {}", code(&format!("{file}:{line}"))),
        (Some(file), None) => format!(" {}", code(file)),
        _ => String::new(),
    };
    let whole = match (&case.message, &case.details) {
        (Some(message), Some(details)) if !details.contains(message.as_str()) => {
            format!("{message}\n\n{details}")
        }
        (_, Some(details)) => details.clone(),
        (Some(message), None) => message.clone(),
        (None, None) => "no message".to_owned(),
    };
    format!(
        "<details><summary>{}: {}{place}</summary>\n\n{}\n</details>\n",
        code(&suite.name),
        code(&case.id),
        fenced(&whole)
    )
}

fn flakiness(suite: &SuiteSummary) -> String {
    let mut text = format!("- {}: {}\n", code(&suite.name), code(&suite.summary));
    let earlier = suite.history.len().saturating_sub(1);
    for attempt in suite.history.iter().take(earlier) {
        let _infallible = writeln!(text, "  - {}", code(&words::earlier(attempt)));
    }
    text
}

/// The slowest suites, and where the rest is.
fn last(summary: &RunSummary) -> String {
    let mut suites: Vec<&SuiteSummary> = summary.suites.iter().collect();
    suites.sort_by_key(|suite| std::cmp::Reverse(suite.duration_ms));
    let slowest: Vec<String> = suites
        .iter()
        .take(3)
        .map(|suite| format!("{} {}", code(&suite.name), text::exact(suite.duration_ms)))
        .collect();
    let run = summary.run.as_deref().unwrap_or("latest");
    format!("Slowest: {}. Run {}.\n", slowest.join(", "), code(run))
}

/// Returns one line of foreign text in a `code` element, which nothing in it can leave: what means something
/// to Markdown or HTML becomes a character reference.
fn code(text: &str) -> String {
    let line = clean::line(text);
    let mut escaped = String::with_capacity(line.len() + 13);
    escaped.push_str("<code>");
    for c in line.chars().take(COLUMNS) {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '\\'
            | '@' | '$' | '!' => {
                let _infallible = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    // Nothing becomes a link by itself.
    let escaped = escaped
        .replace("://", "&#58;//")
        .replace("www.", "www&#46;");
    format!("{escaped}</code>")
}

/// Returns foreign text in a fence longer than any within it.
fn fenced(text: &str) -> String {
    let text = clean::text(text.as_bytes());
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    // Tools put blank lines around a message.
    let lines = || {
        text.trim_end()
            .lines()
            .skip_while(|line| line.trim().is_empty())
    };
    let all = lines().count();
    let mut shown = String::new();
    for line in lines().take(LINES) {
        shown.extend(line.chars().take(COLUMNS));
        shown.push('\n');
    }
    if all > LINES {
        let _infallible = writeln!(shown, "… {} more lines", all - LINES);
    }
    format!("{fence}text\n{shown}{fence}\n")
}

impl Report for Markdown {
    fn need(&self) -> Need {
        Need::Summary
    }

    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        if let EventKind::RunFinished { summary } = &event.kind {
            self.summary = Some(summary.clone());
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let summary = self.summary.as_ref().ok_or_else(unfinished);
        summary
            .map(|summary| render(summary, self.limit))
            .and_then(|text| self.out.write(text.as_bytes()))
            .map_err(|source| self.out.error("Markdown", source))
    }
}

#[cfg(test)]
mod tests;
