//! The problems of a run by kind: failed, not decided, flaky, cancelled, and what to know besides.

use anstyle::Style;

use super::detail::{self, one_line};
use super::line::unverified;
use super::style::{BOLD, Line, MAGENTA, RED, YELLOW};
use super::{clean, past, text};
use crate::model::{CaseStatus, RunSummary, SuiteStatus, SuiteSummary};

/// Entries in each section, so that the recap fits a screen.
const FAILED: usize = 15;
const UNDECIDED: usize = 8;
const OTHERS: usize = 4;

/// Problems of one kind.
pub(super) struct Section {
    style: Style,
    title: &'static str,
    count: String,
    entries: Vec<Entry>,
    limit: usize,
}

/// A suite and what happened.
struct Entry {
    name: String,
    what: String,
    /// The command that says more of the suite; once for each, with its last entry.
    deeper: Option<String>,
}

impl Entry {
    fn new(name: String, what: String) -> Self {
        Self {
            name,
            what,
            deeper: None,
        }
    }
}

/// Returns the sections of a run; those without an entry have no line.
pub(super) fn of(context: detail::Context<'_>, summary: &RunSummary) -> Vec<Section> {
    let with = |wanted: fn(SuiteStatus) -> bool| -> Vec<&SuiteSummary> {
        summary
            .suites
            .iter()
            .filter(|suite| wanted(suite.status))
            .collect()
    };
    let count = |suites: &[&SuiteSummary]| text::plural(suites.len() as u64, "suite");
    let failed = with(SuiteStatus::is_failure);
    let cases: u64 = failed.iter().map(|suite| failing(suite)).sum();
    let share = (FAILED / failed.len().max(1)).max(1);
    let undecided = with(SuiteStatus::is_undecided);
    let flaky = with(|status| status == SuiteStatus::Flaky);
    let cancelled = with(|status| status == SuiteStatus::Cancelled);
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
            entries: failed
                .iter()
                .flat_map(|suite| leads(context, suite, failures(suite, share)))
                .collect(),
            limit: FAILED,
        },
        Section {
            style: MAGENTA.bold(),
            title: "NOT DECIDED",
            count: count(&undecided),
            entries: undecided
                .iter()
                .flat_map(|suite| leads(context, suite, vec![(name(suite), why(suite))]))
                .collect(),
            limit: UNDECIDED,
        },
        Section {
            style: YELLOW.bold(),
            title: "FLAKY",
            count: count(&flaky),
            entries: flaky
                .iter()
                .flat_map(|suite| {
                    let again = past::flaky_again(context, suite);
                    let words = format!("{}{again}", flakiness(suite));
                    leads(context, suite, vec![(name(suite), words)])
                })
                .collect(),
            limit: OTHERS,
        },
        Section {
            style: YELLOW,
            title: "CANCELLED",
            count: count(&cancelled),
            entries: names_of(&cancelled).into_iter().map(entry).collect(),
            limit: 1,
        },
        Section {
            style: YELLOW.bold(),
            title: "WARNINGS",
            count: text::number(warnings.len() as u64),
            entries: warnings.into_iter().map(entry).collect(),
            limit: OTHERS,
        },
    ]
}

/// An entry that leads nowhere.
fn entry((name, what): (String, String)) -> Entry {
    Entry::new(name, what)
}

/// The entries of a suite; the last one leads on.
fn leads(
    context: detail::Context<'_>,
    suite: &SuiteSummary,
    entries: Vec<(String, String)>,
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = entries.into_iter().map(entry).collect();
    if let Some(last) = entries.last_mut() {
        last.deeper = Some(detail::show(context, suite));
    }
    entries
}

/// Returns the lines of all sections, at most `room` if that can be: commands go first, then entries.
pub(super) fn lines(
    context: detail::Context<'_>,
    mut sections: Vec<Section>,
    name_columns: usize,
    room: usize,
) -> Vec<Line> {
    sections.retain(|section| !section.entries.is_empty());
    let height = |sections: &[Section], all: bool| -> usize {
        sections.iter().map(|section| section.height(all)).sum()
    };
    let all = height(&sections, true) <= room;
    while !all && height(&sections, false) > room {
        let longest = sections
            .iter_mut()
            .max_by_key(|section| section.limit.min(section.entries.len()));
        match longest {
            Some(section) if section.limit > 1 => {
                section.limit = section.limit.min(section.entries.len()) - 1;
            }
            _ => break,
        }
    }
    sections
        .into_iter()
        .flat_map(|section| section.lines(context, name_columns, all))
        .collect()
}

impl Section {
    /// How many lines it takes: with every command, or with one for all.
    fn height(&self, all: bool) -> usize {
        let shown = self.entries.iter().take(self.limit);
        let commands = shown.clone().filter(|entry| entry.deeper.is_some()).count();
        let more = usize::from(self.entries.len() > self.limit);
        let commands = if all { commands } else { commands.min(1) };
        // The line that counts the rest has a command of its own.
        1 + shown.count() + more + if all || more == 0 { commands } else { 0 }
    }

    /// Returns the title and an entry a line, as many as there is room for.
    fn lines(self, context: detail::Context<'_>, name_columns: usize, all: bool) -> Vec<Line> {
        let title = format!("=== {} ({}) ===", self.title, self.count);
        let mut lines = vec![Line::new().with(self.style, title)];
        let more = self.entries.len().saturating_sub(self.limit);
        let whole_run = context.command("show", "");
        let leads = self.entries.iter().any(|entry| entry.deeper.is_some());
        for entry in self.entries.into_iter().take(self.limit) {
            let line = if entry.name.is_empty() {
                Line::new()
            } else {
                Line::new()
                    .with(BOLD, text::left(&entry.name, name_columns))
                    .add("  ")
            };
            lines.push(line.add(entry.what));
            if let Some(command) = entry.deeper.filter(|_| all) {
                lines.push(detail::arrow(context, &command));
            }
        }
        if more > 0 {
            let mark = context.look.ellipsis();
            lines.push(Line::new().add(format!(
                "{mark} and {}: {whole_run}",
                text::plural(more as u64, "more line"),
            )));
        } else if leads && !all {
            lines.push(detail::arrow(context, &whole_run));
        }
        lines
    }
}

pub(super) fn name(suite: &SuiteSummary) -> String {
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

/// The names of suites in one entry; none without suites.
fn names_of(suites: &[&SuiteSummary]) -> Option<(String, String)> {
    const NAMED: usize = 8;
    let mut names: Vec<String> = suites.iter().take(NAMED).map(|suite| name(suite)).collect();
    if suites.len() > NAMED {
        names.push(format!("and {} more", suites.len() - NAMED));
    }
    (!names.is_empty()).then(|| (String::new(), names.join(", ")))
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
    let attempts = suite
        .history
        .iter()
        .filter(|attempt| !attempt.status.is_pass());
    let mut cases = attempts
        .filter_map(|attempt| attempt.first_failure.as_ref())
        .chain(
            suite
                .failing
                .iter()
                .filter(|case| case.status == CaseStatus::Flaky),
        );
    let summary = clean::line(&suite.summary);
    match cases.next() {
        Some(case) => {
            let (place, name) = detail::place_and_name(case);
            format!("{place}{name}, {summary}")
        }
        None => summary.into_owned(),
    }
}

/// What to know of suites that passed, and of the run. Problems tell their own in their blocks.
fn warnings(summary: &RunSummary) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for suite in summary.suites.iter().filter(|suite| suite.status.is_pass()) {
        let said = suite.warnings.iter();
        lines.extend(said.map(|warning| (name(suite), clean::line(warning).into_owned())));
        if unverified(suite)
            && !suite
                .warnings
                .iter()
                .any(|said| said.contains("unverified"))
        {
            let what = "its output is unverified: the middle cannot be vouched for";
            lines.push((name(suite), what.to_owned()));
        }
    }
    let of_run = summary.warnings.iter();
    lines.extend(of_run.map(|warning| (String::new(), clean::line(warning).into_owned())));
    lines
}
