//! The last thing on the screen: every problem once more, the verdict, and where things are.

use std::path::Path;

use super::sections::{self, name};
use super::settings::Verbosity;
use super::style::{self, DIM, GREEN, Line, MAGENTA, NORMAL, RED, YELLOW};
use super::{clean, detail, link, past, text};
use crate::model::{Counts, ExitStatus, RunStatus, RunSummary, SuiteStatus, SuiteSummary};
use crate::report::{exit_status, words};

/// From here on the slowest suites are named.
const SLOWEST_FROM: usize = 4;

/// The recap's lines at most, so that it is on the screen whole.
const MOST: usize = 40;

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
    let most = match recap.context.width {
        Some(0..120) => 24,
        _ => 40,
    };
    // Longer ones stand out by themselves.
    let name_columns = summary
        .suites
        .iter()
        .filter(|suite| suite.status != SuiteStatus::Passed || !suite.warnings.is_empty())
        .map(|suite| text::width(&suite.name))
        .filter(|columns| *columns <= most)
        .max()
        .unwrap_or(4);
    let mut end = verdict(recap, summary);
    end.extend(past::changes(recap.context, summary));
    end.extend(slowest(recap.context, summary));
    end.extend(places(recap, summary));
    if !recap.replay {
        end.extend(exit(summary));
    }
    let sections = sections::of(recap.context, summary);
    let room = MOST.saturating_sub(end.len() + 1);
    lines.extend(sections::lines(recap.context, sections, name_columns, room));
    lines.extend(end);
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
    let cases = Line::new().add(format!("{indent}{cases}"));
    let timed = line.clone().with(DIM, &time);
    if recap.context.fits(&timed) {
        vec![timed, cases]
    } else {
        vec![line, cases.with(DIM, time)]
    }
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

/// Where things are, and how to go on: in one line where that fits.
fn places(recap: &Recap<'_>, summary: &RunSummary) -> Vec<Line> {
    let context = recap.context;
    let dir = link::to_file(context.dir);
    let mut parts = vec![("run", context.shown_dir.to_owned(), dir)];
    for (name, path) in recap.outputs {
        let address = link::to_file(Path::new(path));
        parts.push((name, clean::line(path).into_owned(), address));
    }
    if let Some(command) = words::again(summary) {
        let command = format!("{command}{}", context.suffix);
        parts.push(("again", command, None));
    }
    let mut joined = Line::new();
    let mut lines = Vec::new();
    for (index, (name, what, address)) in parts.into_iter().enumerate() {
        let between = if index > 0 { "   " } else { "" };
        joined =
            joined
                .with(DIM, format!("{between}{name}: "))
                .linked(NORMAL, &what, address.clone());
        let line = Line::new().with(DIM, format!("{name}: "));
        lines.push(line.linked(NORMAL, what, address));
    }
    if context.fits(&joined) {
        return vec![joined];
    }
    lines
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
