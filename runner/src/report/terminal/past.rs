//! What earlier runs add to the recap: what is new, what is fixed, and what took another time than usual.

use super::detail::Context;
use super::sections::name;
use super::style::{BOLD, DIM, GREEN, Line};
use super::{clean, text};
use crate::history::{Change, Kind};
use crate::model::{RunSummary, SuiteSummary};
use crate::run::dir::short;

/// Failures named in a line, and runs that get a line of their own.
const NAMED: usize = 4;
const RUNS: usize = 2;
/// Suites named as slower than usual.
const SLOWER: usize = 3;

/// What is new and what is fixed: a line for each run that it is compared with.
pub(super) fn changes(context: Context<'_>, summary: &RunSummary) -> Vec<Line> {
    let Some(past) = context.past else {
        return Vec::new();
    };
    let all = past.changes(summary);
    let mut lines = Vec::new();
    for (kind, word, style) in [(Kind::New, "new", BOLD), (Kind::Fixed, "fixed", GREEN)] {
        let found: Vec<&Change> = all.iter().filter(|change| change.kind == kind).collect();
        let mut since: Vec<&str> = found.iter().map(|change| change.since.as_str()).collect();
        since.sort_unstable();
        since.dedup();
        // The newest run first: it is the one that most are compared with.
        let shown = since.iter().rev().take(RUNS);
        let mut told = 0;
        for run in shown {
            let of_run: Vec<&&Change> = found.iter().filter(|c| c.since == **run).collect();
            told += of_run.len();
            let line = Line::new().with(style, format!("{word} since run {}", short(run)));
            lines.push(line.add(format!(": {}", named(context, &of_run))));
        }
        if found.len() > told {
            let more = text::plural((found.len() - told) as u64, "more");
            let more = more.trim_end_matches('s');
            let hint = format!("{word} since older runs: {more}: {}", command(context));
            lines.push(Line::new().add(hint));
        }
    }
    lines
}

fn named(context: Context<'_>, changes: &[&&Change]) -> String {
    let mut names: Vec<String> = changes
        .iter()
        .take(NAMED)
        .map(|change| one(change))
        .collect();
    let more = changes.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("and {more} more: {}", command(context)));
    }
    names.join(", ")
}

fn command(context: Context<'_>) -> String {
    format!(
        "{} history new {}",
        context.program,
        text::shell(context.run)
    )
}

/// `unit test_rounding[eu-1]`: the suite, and the case without its file.
pub(super) fn one(change: &Change) -> String {
    let suite = clean::line(&change.suite);
    let Some(case) = &change.case else {
        return suite.into_owned();
    };
    let id = clean::line(&case.id);
    let file = case.file.as_deref().map(clean::line).unwrap_or_default();
    let rest = id.strip_prefix(file.as_ref()).unwrap_or(&id);
    let rest = rest.trim_start_matches("::");
    format!("{suite} {}", if rest.is_empty() { &id } else { rest })
}

/// ` (usually 41s)`, where a suite took another time than it does.
pub(super) fn usual(context: Context<'_>, suite: &SuiteSummary) -> String {
    let usual = context
        .past
        .and_then(|past| past.unusual(&suite.name, suite.duration_ms));
    usual.map_or_else(String::new, |ms| format!(" (usually {})", text::rough(ms)))
}

/// Suites that took longer than usual, where there are too few for a list of the slowest.
pub(super) fn slower(context: Context<'_>, summary: &RunSummary) -> Option<Line> {
    let past = context.past?;
    let parts: Vec<String> = summary
        .suites
        .iter()
        .filter(|suite| suite.attempts > 0)
        .filter(|suite| {
            let usual = past.unusual(&suite.name, suite.duration_ms);
            usual.is_some_and(|usual| usual < suite.duration_ms)
        })
        .take(SLOWER)
        .map(|suite| {
            let took = text::rough(suite.duration_ms);
            format!("{} {took}{}", name(suite), usual(context, suite))
        })
        .collect();
    let line = || format!("slower than usual: {}", parts.join(", "));
    (!parts.is_empty()).then(|| Line::new().with(DIM, line()))
}

/// ` (3rd time in 10 runs)`, where a suite was flaky before.
pub(super) fn flaky_again(context: Context<'_>, suite: &SuiteSummary) -> String {
    let (before, runs) = context.past.map_or((0, 0), |past| past.flaky(&suite.name));
    if before == 0 {
        return String::new();
    }
    let ordinal = match before + 1 {
        2 => "2nd".to_owned(),
        3 => "3rd".to_owned(),
        n => format!("{n}th"),
    };
    format!(" ({ordinal} time in {} runs)", runs + 1)
}
