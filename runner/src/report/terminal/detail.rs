//! The lines below a suite that did not pass: its cases or its last output, the host's evidence,
//! and the command that goes deeper.

use std::borrow::Cow;
use std::path::Path;

use super::evidence;
use super::settings::{Output, Verbosity};
use super::style::{BOLD, CYAN, DIM, Line, Look};
use super::{clean, link, tail, text};
use crate::event::AttemptRecord;
use crate::history::Past;
use crate::model::{Case, CaseStatus, EndState, SuiteStatus, SuiteSummary};

/// Cases named in a block.
const CASES: usize = 10;
/// Names given for one and the same message.
const NAMES: usize = 3;
/// Lines of output shown, and columns of each.
const OUTPUT: usize = 20;
const OUTPUT_VERBOSE: usize = 100;
const OUTPUT_COLUMNS: usize = 400;
/// Lines of a case's details with `-v`.
const DETAILS: usize = 8;

/// What every block needs to know of the run.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) look: Look,
    pub(super) verbosity: Verbosity,
    pub(super) output: Output,
    /// Whether only some suites are shown, in full.
    pub(super) alone: bool,
    /// Columns of the terminal; none where lines never wrap.
    pub(super) width: Option<usize>,
    /// The command hints begin with.
    pub(super) program: &'a str,
    /// What they end with: the pipeline, where it is not the one that is found anyway.
    pub(super) suffix: &'a str,
    /// The run's id, cleaned.
    pub(super) run: &'a str,
    /// The run's directory, for people and for reading.
    pub(super) shown_dir: &'a str,
    pub(super) dir: &'a Path,
    /// Earlier runs, where they are known.
    pub(super) past: Option<&'a Past>,
}

impl Context<'_> {
    /// Whether a line stays on one row.
    pub(super) fn fits(&self, line: &Line) -> bool {
        self.width.is_none_or(|width| line.width() < width)
    }

    /// Returns a sentence in lines that fit the terminal, broken between words; the first begins at a column,
    /// the others two columns on. Not for what people copy.
    pub(super) fn prose(&self, column: usize, text: &str) -> Vec<Line> {
        let room = self
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(column + 3).max(20));
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if text::width(line) + 1 + text::width(word) <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        let line = |(index, text): (usize, String)| {
            indented(if index == 0 { column } else { column + 2 }).add(text)
        };
        lines.into_iter().enumerate().map(line).collect()
    }

    /// Returns a command about the run; `rest` comes after its id.
    pub(super) fn command(&self, verb: &str, rest: &str) -> String {
        let run = text::shell(self.run);
        let space = if rest.is_empty() { "" } else { " " };
        format!("{} {verb} {run}{space}{rest}{}", self.program, self.suffix)
    }

    fn verbose(&self) -> bool {
        self.verbosity >= Verbosity::Verbose
    }
}

/// Returns the block of a suite that did not pass, or that is flaky.
pub(super) fn block(
    context: Context<'_>,
    summary: &SuiteSummary,
    record: Option<&AttemptRecord>,
) -> Vec<Line> {
    let mut lines = attempts(summary);
    if summary.status == SuiteStatus::Flaky {
        lines.extend(flaky_cases(summary));
        lines.extend(earlier_logs(context, summary, record));
        if !context.alone {
            lines.push(arrow(context, &show(context, summary)));
            return lines;
        }
    }
    if summary.status != SuiteStatus::Flaky {
        lines.extend(cases(context, summary));
    }
    // Otherwise it is, or is not, above.
    if context.output == Output::Failed && wants_output(summary) {
        lines.extend(output(context, summary));
    }
    let evidence = evidence::of(summary, record, context.verbose());
    lines.extend(evidence.iter().flat_map(|line| context.prose(4, line)));
    lines.extend(pointers(context, summary));
    lines
}

fn indented(columns: usize) -> Line {
    Line::new().add(" ".repeat(columns))
}

/// What came of the attempts before the last.
fn attempts(summary: &SuiteSummary) -> Vec<Line> {
    let earlier = summary
        .history
        .iter()
        .filter(|attempt| attempt.attempt < summary.attempts);
    earlier
        .map(|attempt| {
            let what = match &attempt.first_failure {
                Some(case) => one_line(case, "  "),
                None => clean::line(&attempt.summary).into_owned(),
            };
            indented(4).add(format!("attempt {}: {what}", attempt.attempt))
        })
        .collect()
}

/// The outputs of the attempts before the last, where a suite is shown in full.
fn earlier_logs(
    context: Context<'_>,
    summary: &SuiteSummary,
    record: Option<&AttemptRecord>,
) -> Vec<Line> {
    let Some(folder) = record
        .filter(|_| context.alone)
        .and_then(|record| Path::new(&record.dir).parent())
    else {
        return Vec::new();
    };
    let name = suite_word(summary);
    let has_output = |attempt: &u32| {
        let path = folder.join(format!("attempt-{attempt}/output.log"));
        std::fs::metadata(context.dir.join(path)).is_ok_and(|found| found.len() > 0)
    };
    (1..summary.attempts)
        .filter(has_output)
        .map(|attempt| {
            let rest = format!("{name} --attempt {attempt}");
            arrow(context, &context.command("logs", &rest))
        })
        .collect()
}

fn flaky_cases(summary: &SuiteSummary) -> Vec<Line> {
    let flaky = summary
        .failing
        .iter()
        .filter(|case| case.status == CaseStatus::Flaky);
    flaky
        .take(CASES)
        .map(|case| indented(4).add(one_line(case, "  ")))
        .collect()
}

/// The failing cases, equal messages only once.
fn cases(context: Context<'_>, summary: &SuiteSummary) -> Vec<Line> {
    let failing: Vec<&Case> = summary.failing.iter().collect();
    let limit = if context.verbose() {
        failing.len()
    } else {
        CASES
    };
    let mut lines = Vec::new();
    let mut shown = 0;
    let mut covered = 0;
    for (index, case) in failing.iter().enumerate() {
        if shown >= limit {
            break;
        }
        let same = |other: &&&Case| case.message.is_some() && other.message == case.message;
        if failing.iter().take(index).any(|earlier| same(&earlier)) {
            continue;
        }
        let alike: Vec<&&Case> = failing.iter().skip(index + 1).filter(same).collect();
        let names = if context.verbose() {
            alike.len()
        } else {
            (NAMES - 1).min(alike.len())
        };
        let names = names.min(limit - shown - 1);
        for case in std::iter::once(case).chain(alike.iter().take(names).copied()) {
            let (place, name) = place_and_name(case);
            lines.push(indented(4).with(BOLD, format!("{place}{name}")));
            shown += 1;
        }
        lines.extend(message(context, case));
        covered += 1 + alike.len();
        let rest = alike.len() - names;
        if rest > 0 {
            let rest = text::plural(rest as u64, "more case");
            lines.push(indented(6).with(DIM, format!("same error in {rest}")));
        }
    }
    let known = failing.len().saturating_sub(covered) as u64;
    let more = known + summary.failing_omitted;
    if more > 0 {
        let hint = if known > 0 {
            format!(": {}", show(context, summary))
        } else {
            " in its output".to_owned()
        };
        let what = format!(
            "{} and {} more{hint}",
            context.look.ellipsis(),
            text::number(more)
        );
        lines.push(indented(4).add(what));
    }
    lines
}

fn message(context: Context<'_>, case: &Case) -> Vec<Line> {
    let details = case.details.as_deref().filter(|_| context.verbose());
    let lines = match (details, &case.message) {
        (Some(details), _) => {
            let lines = clean::lines(details.as_bytes(), context.look.color, OUTPUT_COLUMNS);
            lines.into_iter().take(DETAILS).collect()
        }
        (None, Some(message)) => vec![clean::line(message).into_owned()],
        (None, None) => Vec::new(),
    };
    lines
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(|line| indented(6).add(line))
        .collect()
}

/// Whether the last lines of output say what no case says.
fn wants_output(summary: &SuiteSummary) -> bool {
    let own_end = matches!(
        summary.end,
        Some(
            EndState::Exited { code: 1.. } | EndState::Signaled { .. } | EndState::TimedOut { .. }
        )
    );
    let never_ran = matches!(summary.end, Some(EndState::StartFailed { .. }));
    summary.failing.is_empty()
        && summary.dir.is_some()
        && !never_ran
        && (summary.counts.total() == 0 || own_end)
}

/// What is said of a suite without output.
const NO_OUTPUT: &str = "it printed nothing";

/// The last lines of the suite's output.
fn output(context: Context<'_>, summary: &SuiteSummary) -> Vec<Line> {
    let Some(dir) = &summary.dir else {
        return Vec::new();
    };
    if summary.capture.bytes == 0 {
        return vec![indented(4).add(NO_OUTPUT)];
    }
    let path = context.dir.join(dir).join("output.log");
    let bytes = match tail::read(&path, tail::LIMIT) {
        Ok(bytes) => bytes,
        Err(error) => {
            let path = path.display().to_string();
            let path = clean::line(&path);
            return vec![indented(4).add(format!("its output {path} cannot be read: {error}"))];
        }
    };
    let limit = if context.verbose() {
        OUTPUT_VERBOSE
    } else {
        OUTPUT
    };
    let mut lines = clean::lines(&bytes, context.look.color, OUTPUT_COLUMNS);
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    if lines.is_empty() {
        let nothing = if summary.capture.bytes == 0 {
            NO_OUTPUT
        } else {
            "its last lines are blank"
        };
        return vec![indented(4).add(nothing)];
    }
    let skipped = lines.len().saturating_sub(limit);
    let pipe = context.look.pipe();
    lines
        .into_iter()
        .skip(skipped)
        .map(|line| indented(4).with(DIM, pipe).add(line))
        .collect()
}

/// Where the whole output is, and the command that goes deeper.
fn pointers(context: Context<'_>, summary: &SuiteSummary) -> Vec<Line> {
    let mut lines = Vec::new();
    let command = match summary.dir.as_ref().filter(|_| summary.capture.bytes > 0) {
        Some(dir) => {
            let path = format!("{}/{}/output.log", context.shown_dir, clean::line(dir));
            let address = link::to_file(&context.dir.join(dir).join("output.log"));
            let line = indented(4).with(DIM, "log: ").linked(DIM, path, address);
            let size = text::bytes(summary.capture.bytes);
            let whole = line.clone().with(DIM, format!(" ({size})"));
            lines.push(if context.fits(&whole) { whole } else { line });
            // Cases have more to show than their names; without any, the output is all there is.
            let more = !summary.failing.is_empty() && !context.verbose();
            if more {
                show(context, summary)
            } else {
                context.command("logs", &suite_word(summary))
            }
        }
        None => show(context, summary),
    };
    // A suite that is being shown in full has nothing below it but its output.
    if !(context.alone && command.starts_with(&format!("{} show", context.program))) {
        lines.push(arrow(context, &command));
    }
    lines
}

/// The command that shows all that is known of a suite.
pub(super) fn show(context: Context<'_>, summary: &SuiteSummary) -> String {
    context.command("show", &suite_word(summary))
}

fn suite_word(summary: &SuiteSummary) -> String {
    text::shell(&clean::line(&summary.name))
}

/// A line with the next command.
pub(super) fn arrow(context: Context<'_>, command: &str) -> Line {
    let arrow = format!("{} ", context.look.arrow());
    indented(4).with(CYAN, arrow).with(CYAN, command)
}

/// Returns a case as one line: place, name and message.
pub(super) fn one_line(case: &Case, between: &str) -> String {
    let (place, name) = place_and_name(case);
    match &case.message {
        Some(message) => format!("{place}{name}{between}{}", clean::line(message)),
        None => format!("{place}{name}"),
    }
}

/// Returns `file:line ` (empty when no file is known) and the name without the file.
pub(super) fn place_and_name(case: &Case) -> (String, String) {
    let id = clean::line(&case.id);
    let Some(file) = &case.file else {
        return (String::new(), id.into_owned());
    };
    let file = clean::line(file);
    let name = id
        .strip_prefix(file.as_ref())
        .map_or(Cow::Borrowed(id.as_ref()), |rest| {
            let rest = rest.trim_start_matches("::");
            Cow::Borrowed(if rest.is_empty() { id.as_ref() } else { rest })
        });
    let place = match case.line {
        Some(line) => format!("{file}:{line} "),
        None => format!("{file} "),
    };
    (place, name.into_owned())
}
