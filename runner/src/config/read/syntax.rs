//! What the TOML parser says, made short, and how far the rest of the tree can be trusted then.

use toml::de::Error;

use super::super::error::{Problem, Sink};
use super::cx::Span;
use crate::config::suggest::{clean, quoted};

/// The file's syntax errors.
pub(super) struct Broken {
    sink: Sink,
    /// The lines that have one.
    lines: Vec<Span>,
    /// From here on the tree may have little to do with what was meant.
    trusted_until: usize,
}

impl Broken {
    pub(super) fn new(text: &str, errors: &[Error]) -> Self {
        let mut places: Vec<(Span, &Error)> = errors
            .iter()
            .map(|error| (error.span().unwrap_or(0..0), error))
            .collect();
        places.sort_by_key(|(span, _)| span.start);
        let mut broken = Self {
            sink: Sink::default(),
            lines: Vec::new(),
            trusted_until: text.len() + 1,
        };
        let mut line_end = None;
        for (span, error) in places {
            // One a line: what follows on the same line follows from it.
            if line_end.is_some_and(|end| span.start <= end) {
                continue;
            }
            let line = line_at(text, span.start);
            line_end = Some(line.end);
            if !is_local(error.message()) {
                broken.trusted_until = broken.trusted_until.min(line.start);
            }
            broken.lines.push(line);
            broken.sink.add(problem(text, span, error));
        }
        broken
    }

    /// Adds what was found in the tree, without what the syntax errors may have made up.
    pub(super) fn combine(mut self, mut found: Sink) -> Sink {
        if self.sink.is_empty() {
            return found;
        }
        found.retain(|problem| {
            let Some(span) = &problem.span else {
                return false;
            };
            let same_line = self
                .lines
                .binary_search_by(|line| {
                    if span.start < line.start {
                        std::cmp::Ordering::Greater
                    } else if span.start > line.end {
                        std::cmp::Ordering::Less
                    } else {
                        std::cmp::Ordering::Equal
                    }
                })
                .is_ok();
            !problem.absence && !same_line && span.start < self.trusted_until
        });
        self.sink.absorb(found);
        self.sink
    }
}

/// Whether the parser is known to get over it within the line.
fn is_local(message: &str) -> bool {
    [
        "string values must be quoted",
        "duplicate key",
        "key with no value",
    ]
    .iter()
    .any(|local| message.starts_with(local))
}

/// The line that holds the byte `at`, without its end.
fn line_at(text: &str, at: usize) -> Span {
    let at = text.floor_char_boundary(at);
    let (before, after) = text.split_at(at);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = after.find('\n').map_or(text.len(), |newline| at + newline);
    start..end
}

fn problem(text: &str, span: Span, error: &Error) -> Problem {
    let there = text.get(span.clone()).unwrap_or("");
    let message = error.message();
    if message.starts_with("duplicate key") {
        return Problem::at(
            "duplicate-key",
            span,
            format!("{} is there already", quoted(there)),
        )
        .label("a key can be set once, a table opened once");
    }
    if message.starts_with("string values must be quoted") && !there.is_empty() {
        let label = match there {
            "yes" | "on" | "True" | "TRUE" => "write true".to_owned(),
            "no" | "off" | "False" | "FALSE" => "write false".to_owned(),
            _ => format!("write {}", quoted(there)),
        };
        return Problem::at("syntax", span, "a string must be in quotes").label(label);
    }
    // The parser's words: what is wrong, then what was expected there.
    let message = clean(message, 200);
    match message.split_once(", expected ") {
        Some((what, expected)) => {
            Problem::at("syntax", span, what).label(format!("expected {expected}"))
        }
        None => Problem::at("syntax", span, message),
    }
}
