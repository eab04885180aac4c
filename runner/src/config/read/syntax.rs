//! What the TOML parser says, made short, and how far the rest of the tree can be trusted then.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

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
    pub(super) fn new(text: &str, tree: &DeTable<'_>, errors: &[Error]) -> Self {
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
        if let Some(open) = left_open(text, tree, &places) {
            // All that the parser says of the rest follows from this.
            places.retain(|(span, _)| span.start < open);
            let what = if text.get(open..).is_some_and(|rest| rest.starts_with('{')) {
                ("table", "}")
            } else {
                ("list", "]")
            };
            let problem = Problem::at(
                "syntax",
                open..open + 1,
                format!("a {} is opened and never closed", what.0),
            );
            broken
                .sink
                .add(problem.label(format!("its {} is missing", what.1)));
            broken.trusted_until = line_at(text, open).start;
        }
        let mut places = places.into_iter().peekable();
        while let Some((span, error)) = places.next() {
            let line = line_at(text, span.start);
            let mut local = is_local(error.message());
            // One a line: what follows on the same line follows from it.
            while let Some((_, later)) = places.next_if(|(other, _)| other.start <= line.end) {
                local &= is_local(later.message());
            }
            if !local {
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

/// Where something opens that the parser found no end of.
fn left_open(text: &str, tree: &DeTable<'_>, places: &[(Span, &Error)]) -> Option<usize> {
    let (end, _) = places.iter().find(|(_, error)| {
        ["unclosed array", "unclosed inline table"]
            .iter()
            .any(|open| error.message().starts_with(open))
    })?;
    opening(tree, end.start).filter(|&open| {
        let rest = text.get(open..).unwrap_or("");
        rest.starts_with(['[', '{'])
    })
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
    let unquoted = ["string values must be quoted", "invalid boolean"]
        .iter()
        .any(|words| message.starts_with(words));
    if unquoted {
        let (message, label) = match there {
            "" => ("a value is missing", "write it here".to_owned()),
            "yes" | "on" | "True" | "TRUE" => (QUOTES, "write true".to_owned()),
            "no" | "off" | "False" | "FALSE" => (QUOTES, "write false".to_owned()),
            _ => (QUOTES, format!("write {}", quoted(there))),
        };
        return Problem::at("syntax", span, message).label(label);
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

/// Where the list or inline table opens that ends at `end` for want of its bracket; the outermost.
fn opening(table: &DeTable<'_>, end: usize) -> Option<usize> {
    table
        .iter()
        .filter_map(|(_, value)| opening_in(value, end))
        .min()
}

fn opening_in(value: &Spanned<DeValue<'_>>, end: usize) -> Option<usize> {
    let inner = match value.get_ref() {
        DeValue::Array(array) => array.iter().filter_map(|item| opening_in(item, end)).min(),
        DeValue::Table(table) => opening(table, end),
        _ => return None,
    };
    let own = Some(value.span()).filter(|span| span.end == end);
    own.map(|span| span.start).into_iter().chain(inner).min()
}

const QUOTES: &str = "a string must be in quotes";
