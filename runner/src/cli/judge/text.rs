//! A verdict as a few lines of text, for `tribunal judge`.

use std::fmt::Write as _;

use crate::model::{Case, RunSummary};
use crate::report::terminal::clean;

/// Cases shown in full.
const SHOWN: usize = 20;

/// Renders the summary of one suite.
pub(in crate::cli) fn render(summary: &RunSummary) -> String {
    let mut text = String::new();
    for suite in &summary.suites {
        put(
            &mut text,
            0,
            &format!("{}  {}  {}", suite.status.word(), suite.name, suite.summary),
        );
        for case in suite.failing.iter().take(SHOWN) {
            put_case(&mut text, case);
        }
        let more = suite.failing.len().saturating_sub(SHOWN) as u64 + suite.failing_omitted;
        if more > 0 {
            put(
                &mut text,
                4,
                &format!("… and {more} more; --format json has up to 100"),
            );
        }
        if let Some(end) = &suite.end {
            put(&mut text, 4, &format!("the program: {}", end.describe()));
        }
        if let Some(reason) = &suite.reason {
            put(&mut text, 4, reason);
        }
        for warning in &suite.warnings {
            put(&mut text, 4, warning);
        }
        let (counts, capture) = (suite.counts, &suite.capture);
        if counts.total() > 0 {
            put(
                &mut text,
                4,
                &format!(
                    "cases: {} passed, {} failed, {} errored, {} skipped, {} flaky",
                    counts.passed, counts.failed, counts.errored, counts.skipped, counts.flaky
                ),
            );
        }
        let word = capture.completeness.word();
        put(
            &mut text,
            4,
            &format!(
                "output: {} bytes, {} lines, {word}",
                capture.bytes, capture.lines
            ),
        );
        put(
            &mut text,
            4,
            &format!("judge: {} {}", suite.judge.name, suite.judge.digest),
        );
    }
    text
}

fn put_case(text: &mut String, case: &Case) {
    let place = match (&case.file, case.line) {
        (Some(file), Some(line)) => format!("{file}:{line} "),
        (Some(file), None) => format!("{file} "),
        _ => String::new(),
    };
    put(text, 4, &format!("{place}{}", case.id));
    if let Some(message) = &case.message {
        put(text, 6, message);
    }
}

/// Puts every line of `words`, cleaned and indented.
fn put(text: &mut String, indent: usize, words: &str) {
    for line in words.lines() {
        writeln!(text, "{:indent$}{}", "", clean::line(line)).expect("a string takes everything");
    }
}
