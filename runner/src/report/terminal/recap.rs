//! The last thing on the screen: every problem once more, the verdict, and where things are.

use anstyle::Style;

use super::detail::{self, one_line};
use super::line::unverified;
use super::settings::Verbosity;
use super::style::{self, BOLD, DIM, GREEN, Line, MAGENTA, NORMAL, RED, YELLOW};
use super::{clean, text};
use crate::model::{CaseStatus, Counts, ExitStatus, RunStatus, RunSummary, SuiteStatus, SuiteSummary};
use crate::report::exit_status;

/// Lines in each section, so that the recap fits a screen.
const FAILED: usize = 15;
const UNDECIDED: usize = 8;
const OTHERS: usize = 4;
/// From here on the slowest suites are named.
const SLOWEST_FROM: usize = 4;

/// What the recap needs beside the summary.
pub(super) struct Recap<'a> {
    pub(super) context: detail::Context<'a>,
    /// Suites in the plan: the verdict's counts add up to it.
    pub(super) selected: u32,
    pub(super) outputs: &'a [(String, String)],
    pub(super) replay: bool,
}

/// Problems of one kind: suite and what happened.
struct Section {
    style: Style,
    title: &'static str,
    count: String,
    entries: Vec<(String, String)>,
    limit: usize,
}

/// Returns the recap of a run.
pub(super) fn lines(recap: &Recap<'_>, summary: &RunSummary) -> Vec<Line> {
    if recap.context.verbosity <= Verbosity::Quiet {
        return vec![verdict(summary, recap.selected)];
    }
    let mut lines = vec![Line::new()];
    let longest = summary.suites.iter().map(|suite| text::width(&suite.name)).max();
    let name_columns = longest.unwrap_or(0).clamp(4, 24);
    for section in sections(summary) {
        lines.extend(section.lines(recap.context, name_columns));
    }
    lines.push(verdict(summary, recap.selected));
    lines.extend(slowest(summary));
    lines.push(places(recap));
    if !recap.replay {
        lines.extend(exit(summary));
    }
    lines
}

fn sections(summary: &RunSummary) -> Vec<Section> {
    let of = |wanted: fn(SuiteStatus) -> bool| -> Vec<&SuiteSummary> {
        summary.suites.iter().filter(|suite| wanted(suite.status)).collect()
    };
    let count = |suites: &[&SuiteSummary]| text::plural(suites.len() as u64, "suite");
    let failed = of(SuiteStatus::is_failure);
    let cases: u64 = failed.iter().map(|suite| failing(suite)).sum();
    let share = (FAILED / failed.len().max(1)).max(1);
    let undecided = of(SuiteStatus::is_undecided);
    let flaky = of(|status| status == SuiteStatus::Flaky);
    let warnings = warnings(summary);
    vec![
        Section {
            style: RED.bold(),
            title: "FAILED",
            count: if cases > 0 {
                format!("{}, {}", count(&failed), text::plural(cases, "case"))
            } else {
                count(&failed)
            },
            entries: failed.iter().flat_map(|suite| failures(suite, share)).collect(),
            limit: FAILED,
        },
        Section {
            style: MAGENTA.bold(),
            title: "NOT DECIDED",
            count: count(&undecided),
            entries: undecided.iter().map(|suite| (name(suite), why(suite))).collect(),
            limit: UNDECIDED,
        },
        Section {
            style: YELLOW.bold(),
            title: "FLAKY",
            count: count(&flaky),
            entries: flaky.iter().map(|suite| (name(suite), flakiness(suite))).collect(),
            limit: OTHERS,
        },
        Section {
            style: YELLOW.bold(),
            title: "WARNINGS",
            count: text::number(warnings.len() as u64),
            entries: warnings,
            limit: OTHERS,
        },
    ]
}

impl Section {
    fn lines(self, context: detail::Context<'_>, name_columns: usize) -> Vec<Line> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let title = format!("=== {} ({}) ===", self.title, self.count);
        let mut lines = vec![Line::new().with(self.style, title)];
        let more = self.entries.len().saturating_sub(self.limit);
        for (name, what) in self.entries.into_iter().take(self.limit) {
            let line = if name.is_empty() {
                Line::new()
            } else {
                Line::new().with(BOLD, text::left(&name, name_columns)).add("  ")
            };
            lines.push(line.add(what));
        }
        if more > 0 {
            let run = text::shell(context.run);
            let mark = context.look.ellipsis();
            lines.push(Line::new().add(format!(
                "{mark} and {}: {} show {run}",
                text::plural(more as u64, "more line"),
                context.program
            )));
        }
        lines
    }
}

fn name(suite: &SuiteSummary) -> String {
    clean::line(&suite.name).into_owned()
}

fn failing(suite: &SuiteSummary) -> u64 {
    suite.failing.len() as u64 + suite.failing_omitted
}

/// A line for each failing case, at most `share` of them; or what the suite came to.
fn failures(suite: &SuiteSummary, share: usize) -> Vec<(String, String)> {
    if suite.failing.is_empty() {
        return vec![(name(suite), why(suite))];
    }
    let mut lines: Vec<_> = suite
        .failing
        .iter()
        .take(share)
        .map(|case| (name(suite), one_line(case, " - ")))
        .collect();
    let more = failing(suite) - lines.len() as u64;
    if more > 0
        && let Some((_, last)) = lines.last_mut()
    {
        *last = format!("{last} (and {})", text::plural(more, "more case"));
    }
    lines
}

/// The status, where the summary does not say it, the summary, and the host's reason.
fn why(suite: &SuiteSummary) -> String {
    let summary = clean::line(&suite.summary);
    let mut what = if suite.status == SuiteStatus::Failed {
        summary.clone().into_owned()
    } else {
        let word = suite.status.word().to_lowercase();
        if summary.to_lowercase().starts_with(&word) {
            summary.clone().into_owned()
        } else {
            format!("{word}: {summary}")
        }
    };
    if let Some(reason) = &suite.reason {
        let reason = clean::line(reason);
        if !what.contains(reason.as_ref()) && !reason.is_empty() {
            what = format!("{what}; {reason}");
        }
    }
    what
}

fn flakiness(suite: &SuiteSummary) -> String {
    let attempts = suite.history.iter().filter(|attempt| !attempt.status.is_pass());
    let mut cases = attempts
        .filter_map(|attempt| attempt.first_failure.as_ref())
        .chain(suite.failing.iter().filter(|case| case.status == CaseStatus::Flaky));
    let summary = clean::line(&suite.summary);
    match cases.next() {
        Some(case) => {
            let (place, name) = detail::place_and_name(case);
            format!("{place}{name}, {summary}")
        }
        None => summary.into_owned(),
    }
}

fn warnings(summary: &RunSummary) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for suite in &summary.suites {
        let said = suite.warnings.iter();
        lines.extend(said.map(|warning| (name(suite), clean::line(warning).into_owned())));
        if unverified(suite) && !suite.warnings.iter().any(|said| said.contains("unverified")) {
            let what = "its output is unverified: the middle cannot be vouched for";
            lines.push((name(suite), what.to_owned()));
        }
    }
    let of_run = summary.warnings.iter();
    lines.extend(of_run.map(|warning| (String::new(), clean::line(warning).into_owned())));
    lines
}

/// The statuses in the order the verdict counts them.
const ORDER: [SuiteStatus; 9] = [
    SuiteStatus::Passed,
    SuiteStatus::Flaky,
    SuiteStatus::Failed,
    SuiteStatus::Empty,
    SuiteStatus::TimedOut,
    SuiteStatus::Errored,
    SuiteStatus::Incomplete,
    SuiteStatus::Cancelled,
    SuiteStatus::Skipped,
];

/// The verdict in one line; its counts add up to the suites selected.
fn verdict(summary: &RunSummary, selected: u32) -> Line {
    let cancelled = summary.cancelled_by.is_some() || summary.status == RunStatus::Cancelled;
    let (word, color) = match summary.status {
        _ if cancelled => ("CANCELLED", YELLOW),
        RunStatus::Passed => ("PASS", GREEN),
        RunStatus::Failed => ("FAIL", RED),
        RunStatus::Errored => ("UNDECIDED", MAGENTA),
        RunStatus::Empty | RunStatus::Cancelled => ("NOTHING RUN", YELLOW),
    };
    let mut line = Line::new().with(color.bold(), word);
    let known = summary.suites.len() as u64;
    let selected = known.max(u64::from(selected));
    line = line.add(format!("  {}", text::plural(selected, "suite")));
    let mut between = ": ";
    for status in ORDER {
        let count = summary.suites.iter().filter(|suite| suite.status == status).count();
        if count > 0 {
            let word = status.word().to_lowercase();
            line = line.add(between).with(style::of_status(status), format!("{count} {word}"));
            between = ", ";
        }
    }
    if selected > known {
        line = line.add(format!("{between}{} without a result", selected - known));
    }
    line = line.add(case_counts(summary));
    let duration = summary.duration_ms;
    let time = if duration < 60_000 { text::exact(duration) } else { text::rough(duration) };
    line.with(DIM, format!("  in {time}"))
}

fn case_counts(summary: &RunSummary) -> String {
    let mut sum = [0_u64; 5];
    for Counts { passed, failed, errored, skipped, flaky } in
        summary.suites.iter().map(|suite| suite.counts)
    {
        for (sum, count) in sum.iter_mut().zip([passed, failed, errored, skipped, flaky]) {
            *sum += u64::from(count);
        }
    }
    let total: u64 = sum.iter().sum();
    if total == 0 {
        return String::new();
    }
    let words = ["passed", "failed", "errored", "skipped", "flaky"];
    let parts: Vec<String> = sum
        .iter()
        .zip(words)
        .filter(|(count, _)| **count > 0)
        .map(|(count, word)| format!("{} {word}", text::number(*count)))
        .collect();
    format!("; {}: {}", text::plural(total, "case"), parts.join(", "))
}

/// The three slowest suites, as far as each took a tenth of the run.
fn slowest(summary: &RunSummary) -> Option<Line> {
    if summary.suites.len() < SLOWEST_FROM {
        return None;
    }
    let mut suites: Vec<&SuiteSummary> = summary
        .suites
        .iter()
        .filter(|suite| suite.duration_ms >= 1000 && suite.duration_ms >= summary.duration_ms / 10)
        .collect();
    suites.sort_by_key(|suite| std::cmp::Reverse(suite.duration_ms));
    let parts: Vec<String> = suites
        .into_iter()
        .take(3)
        .map(|suite| format!("{} {}", name(suite), text::rough(suite.duration_ms)))
        .collect();
    (!parts.is_empty()).then(|| Line::new().with(DIM, format!("slowest: {}", parts.join(", "))))
}

/// Where things are.
fn places(recap: &Recap<'_>) -> Line {
    let context = recap.context;
    let mut line = Line::new().with(DIM, "run: ").add(context.shown_dir);
    for (name, path) in recap.outputs {
        line = line.with(DIM, format!("   {name}: ")).add(clean::line(path));
    }
    let again = format!("{} show {}", context.program, text::shell(context.run));
    line.with(DIM, "   again: ").with(NORMAL, again)
}

/// The exit code and what it means, unless all is well.
fn exit(summary: &RunSummary) -> Option<Line> {
    let status = exit_status(summary);
    let meaning = match status {
        ExitStatus::Passed => return None,
        ExitStatus::Failed => "a suite failed",
        ExitStatus::Usage => "the command line or the pipeline is invalid",
        ExitStatus::Errored => "a suite could not be decided, and none failed",
        ExitStatus::Empty => "no suite was selected",
        ExitStatus::Interrupted => "the run was cancelled",
        ExitStatus::Terminated => "the run was cancelled by SIGTERM",
    };
    Some(Line::new().add(format!("exit {}: {meaning}", status as u8)))
}
