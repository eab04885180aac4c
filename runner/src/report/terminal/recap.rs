//! The last thing on the screen: every problem once more, the verdict, and where things are.

use super::sections::{self, name};
use super::settings::Verbosity;
use super::style::{self, DIM, GREEN, Line, MAGENTA, RED, YELLOW};
use super::{clean, detail, past, text};
use crate::model::{Counts, ExitStatus, RunStatus, RunSummary, SuiteStatus, SuiteSummary};
use crate::report::exit_status;

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

/// Returns the recap of a run.
pub(super) fn lines(recap: &Recap<'_>, summary: &RunSummary) -> Vec<Line> {
    if recap.context.verbosity <= Verbosity::Quiet {
        return verdict(recap, summary);
    }
    let mut lines = vec![Line::new()];
    let longest = summary
        .suites
        .iter()
        .map(|suite| text::width(&suite.name))
        .max();
    let name_columns = longest.unwrap_or(0).clamp(4, 40);
    for section in sections::of(recap.context, summary) {
        lines.extend(section.lines(recap.context, name_columns));
    }
    lines.extend(verdict(recap, summary));
    lines.extend(past::changes(recap.context, summary));
    lines.extend(slowest(recap.context, summary));
    lines.extend(places(recap));
    if !recap.replay {
        lines.extend(exit(summary));
    }
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

/// The verdict in one line; its counts add up to the suites selected. Where it does not fit a
/// terminal, the cases take a second.
fn verdict(recap: &Recap<'_>, summary: &RunSummary) -> Vec<Line> {
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
    let selected = known.max(u64::from(recap.selected));
    line = line.add(format!("  {}", text::plural(selected, "suite")));
    let mut between = ": ";
    for status in ORDER {
        let count = summary
            .suites
            .iter()
            .filter(|suite| suite.status == status)
            .count();
        if count > 0 {
            let word = status.word().to_lowercase();
            line = line.add(between).with(
                style::of_status(status),
                format!("{} {word}", text::number(count as u64)),
            );
            between = ", ";
        }
    }
    if selected > known {
        line = line.add(format!("{between}{} without a result", selected - known));
    }
    let duration = summary.duration_ms;
    let time = if duration < 60_000 {
        text::exact(duration)
    } else {
        text::rough(duration)
    };
    let time = format!("  in {time}");
    let Some(cases) = case_counts(summary) else {
        return vec![line.with(DIM, time)];
    };
    let whole = line.clone().add(format!("; {cases}")).with(DIM, &time);
    if recap.context.fits(&whole) {
        return vec![whole];
    }
    let indent = " ".repeat(text::width(word) + 2);
    vec![
        line.with(DIM, time),
        Line::new().add(format!("{indent}{cases}")),
    ]
}

fn case_counts(summary: &RunSummary) -> Option<String> {
    let mut sum = [0_u64; 5];
    for Counts {
        passed,
        failed,
        errored,
        skipped,
        flaky,
    } in summary.suites.iter().map(|suite| suite.counts)
    {
        for (sum, count) in sum
            .iter_mut()
            .zip([passed, failed, errored, skipped, flaky])
        {
            *sum += u64::from(count);
        }
    }
    let total: u64 = sum.iter().sum();
    if total == 0 {
        return None;
    }
    let words = ["passed", "failed", "errored", "skipped", "flaky"];
    let parts: Vec<String> = sum
        .iter()
        .zip(words)
        .filter(|(count, _)| **count > 0)
        .map(|(count, word)| format!("{} {word}", text::number(*count)))
        .collect();
    Some(format!(
        "{}: {}",
        text::plural(total, "case"),
        parts.join(", ")
    ))
}

/// The three slowest suites, as far as each took a tenth of the run.
fn slowest(context: detail::Context<'_>, summary: &RunSummary) -> Option<Line> {
    if summary.suites.len() < SLOWEST_FROM {
        return past::slower(context, summary);
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
        .map(|suite| {
            let usual = past::usual(context, suite);
            format!("{} {}{usual}", name(suite), text::rough(suite.duration_ms))
        })
        .collect();
    (!parts.is_empty()).then(|| Line::new().with(DIM, format!("slowest: {}", parts.join(", "))))
}

/// Where things are: in one line where that fits.
fn places(recap: &Recap<'_>) -> Vec<Line> {
    let context = recap.context;
    let again = format!("{} show {}", context.program, text::shell(context.run));
    let mut parts = vec![("run", context.shown_dir.to_owned())];
    let outputs = recap.outputs.iter();
    parts.extend(outputs.map(|(name, path)| (name.as_str(), clean::line(path).into_owned())));
    parts.push(("again", again));
    let line = |(name, what): &(&str, String)| Line::new().with(DIM, format!("{name}: ")).add(what);
    let mut joined = Line::new();
    for (index, (name, what)) in parts.iter().enumerate() {
        let between = if index > 0 { "   " } else { "" };
        joined = joined.with(DIM, format!("{between}{name}: ")).add(what);
    }
    if context.fits(&joined) {
        return vec![joined];
    }
    parts.iter().map(line).collect()
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
