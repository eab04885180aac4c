//! Mistakes as text: the line, the place, the cure.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::problem::{ConfigError, Problem};

/// Mistakes shown in full.
const SHOWN: usize = 20;
/// Lines longer than this are not shown.
const LONGEST_LINE: usize = 300;

pub(super) fn full(error: &ConfigError, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let file = error.file.display().to_string();
    if let Some((why, help)) = &error.unreadable {
        return format!("error: {file}: {why}\n{}nothing was run\n", indent(help));
    }
    let lines = Lines::of(&error.text);
    let mut text = String::new();
    for problem in error.problems.iter().take(SHOWN) {
        text.push_str(&one(problem, &lines, &file, &renderer));
        text.push('\n');
    }
    let count = error.problems.len();
    if count > SHOWN {
        let more = count - SHOWN;
        put(&mut text, format_args!("... and {more} more\n"));
    }
    let noun = if count == 1 { "error" } else { "errors" };
    put(
        &mut text,
        format_args!("{count} {noun} in {file}; nothing was run\n"),
    );
    text
}

pub(super) fn concise(error: &ConfigError) -> String {
    let file = error.file.display();
    if let Some((why, _)) = &error.unreadable {
        return format!("{file}: {why}");
    }
    let lines = Lines::of(&error.text);
    let line = |problem: &Problem| {
        let (line, column) = lines.place(problem.span.start);
        let label = if problem.label.is_empty() {
            String::new()
        } else {
            format!(": {}", problem.label)
        };
        format!("{file}:{line}:{column}: {}{label}", problem.message)
    };
    error
        .problems
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

fn one(problem: &Problem, lines: &Lines<'_>, file: &str, renderer: &Renderer) -> String {
    let (number, column) = lines.place(problem.span.start);
    let (start, line) = lines.line(number);
    let title = Level::ERROR
        .primary_title(problem.message.as_str())
        .id(problem.code);
    if line.len() > LONGEST_LINE {
        let place = format!("{file}:{number}:{column}: {}", problem.label);
        return renderer.render(&[title.element(Level::NOTE.message(place))]);
    }
    let span = within(&problem.span, start, line);
    let label = (!problem.label.is_empty()).then_some(problem.label.as_str());
    let annotation = AnnotationKind::Primary.span(span).label(label);
    let snippet = Snippet::source(line)
        .line_start(number)
        .path(file)
        .annotation(annotation);
    let mut group = title.element(snippet);
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The part of a span that lies in its first line, on character boundaries, and never empty at a place
/// where a caret could stand.
fn within(span: &Range<usize>, start: usize, line: &str) -> Range<usize> {
    let clamp = |at: usize| line.floor_char_boundary(at.saturating_sub(start).min(line.len()));
    let (from, to) = (clamp(span.start), clamp(span.end));
    from..to.max(from)
}

/// Where lines begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(starts).collect(),
        }
    }

    /// Line and column in characters, both from 1, of a byte offset.
    fn place(&self, at: usize) -> (usize, usize) {
        let at = self.text.floor_char_boundary(at.min(self.text.len()));
        let number = self.starts.partition_point(|start| *start <= at);
        let (start, _) = self.line(number);
        let before = self.text.get(start..at).unwrap_or("");
        (number, before.chars().count() + 1)
    }

    /// Start and text, without its end, of a line, from 1.
    fn line(&self, number: usize) -> (usize, &'a str) {
        let start = self
            .starts
            .get(number.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let end = self
            .starts
            .get(number)
            .map_or(self.text.len(), |next| next - 1);
        (
            start,
            self.text
                .get(start..end)
                .unwrap_or("")
                .trim_end_matches('\r'),
        )
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).expect("a string takes everything");
}
