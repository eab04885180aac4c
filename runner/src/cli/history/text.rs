//! History for people: plain tables, and a line that says what they rest on.

use super::super::table::table;
use crate::config::clean;
use crate::history::{Change, FEWEST, Flaky, FlakyRow, History, PastCase, Slow};
use crate::report::terminal::text::{exact, plural};
use crate::run::dir::short;

/// Characters of a name or a message.
const NAME: usize = 300;
/// Characters of a commit's name.
const COMMIT: usize = 10;

/// How many runs of what, and when.
pub(super) fn basis(history: &History) -> String {
    let (Some(first), Some(last)) = (history.runs.first(), history.runs.last()) else {
        return "no run to look at; `tribunal run` makes one\n".to_owned();
    };
    let day = |run: &crate::history::PastRun| run.started_at.strftime("%Y-%m-%d").to_string();
    let mut text = format!(
        "{} of {}, {} to {}",
        plural(history.runs.len() as u64, "run"),
        clean(&last.pipeline, NAME),
        day(first),
        day(last)
    );
    for (count, what) in [
        (history.unfinished, "without an end"),
        (history.others, "of other pipelines"),
        (history.warnings.len(), "unreadable"),
    ] {
        if count > 0 {
            text.extend([format!("; {count} {what} left out")]);
        }
    }
    text.push('\n');
    text
}

pub(super) fn flaky(found: &Flaky) -> String {
    let mut text = String::new();
    if found.rows.is_empty() {
        text.push_str("nothing is flaky\n");
    } else {
        let head = ["suite", "case", "flaky", "last", "first", "commit", "how"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(head)
            .chain(found.rows.iter().map(flaky_row))
            .collect();
        text.push_str(&table(&rows, &[]));
    }
    if !found.broken.is_empty() {
        let names = listed(&found.broken);
        text.extend([format!(
            "broken, not flaky (the last 3 runs failed): {names}\n"
        )]);
    }
    let few: Vec<String> = found
        .too_few
        .iter()
        .map(|(suite, runs)| format!("{suite} ({runs})"))
        .collect();
    if !few.is_empty() {
        let names = listed(&few);
        text.extend([format!(
            "signs in fewer than {FEWEST} runs, too few to say: {names}\n"
        )]);
    }
    text
}

fn flaky_row(row: &FlakyRow) -> [String; 7] {
    let commit = row.first_commit.as_deref().unwrap_or("-");
    [
        clean(&row.suite, NAME),
        row.case.as_ref().map_or_else(|| "-".to_owned(), named),
        format!("{} of {} runs", row.flaky, row.runs),
        short(&row.last).to_owned(),
        short(&row.first).to_owned(),
        commit.chars().take(COMMIT).collect(),
        row.signs.join(", "),
    ]
}

fn listed(names: &[String]) -> String {
    crate::config::listed(names.iter().map(String::as_str), 10)
}

/// A case with its place, as far as that is known.
pub(super) fn named(case: &PastCase) -> String {
    let id = clean(&case.id, NAME);
    match (&case.file, case.line) {
        (Some(file), Some(line)) if !id.contains(&format!(":{line}")) => {
            let file = clean(file, NAME);
            let name = id
                .strip_prefix(&file)
                .unwrap_or(&id)
                .trim_start_matches("::");
            format!("{file}:{line} {name}")
        }
        _ => id,
    }
}

pub(super) fn slowest(rows: &[Slow], more: usize) -> String {
    if rows.is_empty() {
        return "no suite has passed yet\n".to_owned();
    }
    let head = ["suite", "usually", "last", "longest", "trend", "runs"].map(str::to_owned);
    let body = rows.iter().map(|row| {
        let trend = row.trend_percent.map(|percent| format!("{percent:+} %"));
        [
            clean(&row.suite, NAME),
            exact(row.median_ms),
            exact(row.last_ms),
            exact(row.longest_ms),
            trend.unwrap_or_else(|| "-".to_owned()),
            row.runs.to_string(),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(body).collect();
    let all = rows.len() - 1 + more;
    let mut text = table(&rows, &[1, 2, 3, 4, 5]);
    if more > 0 {
        text.extend([format!("and {more} more: -n {all} shows all\n")]);
    }
    text
}

/// One change in a line: what, and why.
pub(super) fn change(change: &Change) -> [String; 3] {
    let case = change.case.as_ref();
    let why = match case.and_then(|case| case.message.as_deref()) {
        Some(message) => clean(message.lines().next().unwrap_or(""), NAME),
        None => clean(&change.summary, NAME),
    };
    [
        format!("  {}", clean(&change.suite, NAME)),
        case.map_or_else(|| "-".to_owned(), named),
        why,
    ]
}
