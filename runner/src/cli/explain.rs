//! `tribunal explain`: what a verdict rests on.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::{Failure, logs, print_lines, project_root};
use crate::model::{ExitStatus, Label, Verdict};
use crate::report::terminal::clean;
use crate::run::dir::RunDir;

/// Says why a suite got its verdict: the row of the truth table that decided, and the line it rests on.
///
/// The rows are those of plugins/README.md. Judges of your own may give the same labels: `explain.row`,
/// `explain.rule`, `explain.fact`, `explain.line`, `explain.byte`, `explain.quote`, `explain.source`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal explain latest unit
  tribunal explain 20261122-1532 'unit[python=3.13]' --attempt 1
  tribunal judge pytest pytest.log --exit-code 0 --explain")]
pub(super) struct ExplainArgs {
    /// The run: its id, the beginning of it, `latest`, or a run's folder.
    run: String,
    /// The suite's name.
    suite: String,
    /// Which attempt, from 1 [default: the last].
    #[arg(long, value_name = "N")]
    attempt: Option<u32>,
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

pub(super) fn explain(args: &ExplainArgs) -> Result<ExitStatus, Failure> {
    let dir = RunDir::find(&project_root(args.pipeline.as_ref()), &args.run)?;
    let record = logs::find(&dir, &args.suite, args.attempt)?;
    let mut text = String::new();
    let head = format!(
        "{}  {}  {}",
        record.status.word(),
        record.suite,
        record.summary
    );
    put(&mut text, 0, &head);
    put(
        &mut text,
        4,
        &format!("the program: {}", record.termination.end.describe()),
    );
    if let Some(reason) = &record.reason {
        put(&mut text, 4, &format!("the host: {reason}"));
    }
    if let Some(error) = &record.judge_error {
        put(&mut text, 4, &format!("the judge gave no answer: {error}"));
    }
    if let Some(verdict) = &record.verdict {
        text.push_str(&of_verdict(&record.judge.name, verdict));
    }
    print_lines(&text)?;
    Ok(ExitStatus::Passed)
}

/// Returns what a verdict says of itself, in indented lines.
pub(super) fn of_verdict(judge: &str, verdict: &Verdict) -> String {
    let mut text = String::new();
    let get = |key: &str| value(&verdict.extra, key);
    let status = format!("{:?}", verdict.status).to_lowercase();
    put(
        &mut text,
        4,
        &format!("judge {judge}: {status}: {}", verdict.summary),
    );
    let Some(row) = get("explain.row") else {
        put(&mut text, 4, "this judge does not say which rule decided");
        return text;
    };
    let rule = get("explain.rule").unwrap_or("");
    put(&mut text, 4, &format!("row {row} of the table: {rule}"));
    let source = match get("explain.source") {
        None => String::new(),
        Some(source) => format!(" of {source}"),
    };
    match (get("explain.line"), get("explain.fact")) {
        (Some(line), _) => {
            let byte = get("explain.byte").unwrap_or("?");
            put(
                &mut text,
                4,
                &format!("by line {line}, byte {byte}{source}:"),
            );
            put(
                &mut text,
                6,
                &format!("> {}", get("explain.quote").unwrap_or("")),
            );
        }
        (None, Some(fact)) => put(&mut text, 4, &format!("by{source}: {fact}")),
        (None, None) => put(&mut text, 4, "by no line: it is one that is missing"),
    }
    for label in &verdict.extra {
        if matches!(
            label.key.as_str(),
            "recognised" | "recognised-by" | "warning"
        ) {
            put(&mut text, 4, &format!("{}: {}", label.key, label.value));
        }
    }
    text
}

fn value<'a>(labels: &'a [Label], key: &str) -> Option<&'a str> {
    labels
        .iter()
        .find(|label| label.key == key)
        .map(|label| label.value.as_str())
}

/// Puts every line of `words`, cleaned and indented.
fn put(text: &mut String, indent: usize, words: &str) {
    for line in words.lines() {
        writeln!(text, "{:indent$}{}", "", clean::line(line)).expect("a string takes everything");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::VerdictStatus;

    fn label(key: &str, value: &str) -> Label {
        Label {
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn the_row_and_the_line_are_quoted() {
        let verdict = Verdict {
            status: VerdictStatus::Failed,
            summary: "exit 0 but 1 of 2 failed".to_owned(),
            counts: None,
            extra: vec![
                label("explain.row", "5"),
                label("explain.rule", "a red result beats exit 0"),
                label("explain.line", "12"),
                label("explain.byte", "340"),
                label("explain.quote", "not ok 2 - b"),
            ],
        };
        let text = of_verdict("tap", &verdict);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "judge tap: failed: exit 0 but 1 of 2 failed",
                "row 5 of the table: a red result beats exit 0",
                "by line 12, byte 340:",
                "> not ok 2 - b",
            ]
        );
    }
}
