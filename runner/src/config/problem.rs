//! A mistake in a pipeline, with its place.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use super::render;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A word to look it up by, like `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in a sentence fragment.
    pub message: String,
    /// Where, in bytes of the file.
    pub span: Range<usize>,
    /// What to say at that place, like `did you mean "timeout"?`.
    pub label: String,
    /// What to do, where that takes a sentence.
    pub help: Option<String>,
}

/// A pipeline that cannot be used.
#[derive(Clone, Debug)]
pub struct ConfigError {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Its text; empty when there is none.
    pub(super) text: String,
    /// Every mistake in it, in the order of the file; empty when it could not be read at all.
    pub problems: Vec<Problem>,
    /// Why it could not be read at all, and what to do.
    pub(super) unreadable: Option<(String, String)>,
}

impl ConfigError {
    pub(super) fn unreadable(file: PathBuf, why: String, help: String) -> Self {
        Self {
            file,
            text: String::new(),
            problems: Vec::new(),
            unreadable: Some((why, help)),
        }
    }

    /// The whole message with line, column and the lines themselves; at most 20 mistakes in full.
    pub fn render(&self, color: bool) -> String {
        render::full(self, color)
    }

    /// One line a mistake: `pipeline.toml:14:1: unknown key ...`.
    pub fn render_concise(&self) -> String {
        render::concise(self)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render_concise())
    }
}

impl std::error::Error for ConfigError {}

/// Collects mistakes.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a mistake with a label at its place.
    pub(super) fn add(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Problem {
        self.0.push(Problem {
            code,
            message: message.into(),
            span,
            label: label.into(),
            help: None,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Whether a mistake about that key of that suite was noted already.
    pub(super) fn covers(&self, key: &str, suite: &str) -> bool {
        let name = format!("suites.{suite}.");
        self.0.iter().any(|problem| {
            problem.message.starts_with(&name)
                && (problem.message.contains(key) || problem.message.contains("script"))
        })
    }

    /// The mistake noted last.
    pub(super) fn last(&mut self) -> Option<&mut Problem> {
        self.0.last_mut()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order of the file.
    pub(super) fn sorted(mut self) -> Vec<Problem> {
        self.0
            .sort_by_key(|problem| (problem.span.start, problem.span.end));
        self.0
    }
}

impl Problem {
    /// Adds what to do.
    pub(super) fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }
}

/// `did you mean "x"?` for the known word nearest to `asked`, or else the list of what is known.
pub(super) fn suggest<'a>(asked: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known
        .iter()
        .map(|word| {
            (
                strsim::damerau_levenshtein(&word.to_lowercase(), &asked.to_lowercase()),
                word,
            )
        })
        .filter(|(distance, word)| *distance <= 1 + word.chars().count() / 4)
        .min();
    match near {
        Some((_, word)) => format!("did you mean \"{word}\"?"),
        None if known.is_empty() => "there are none".to_owned(),
        None if known.len() <= 12 => format!("known: {}", known.join(", ")),
        None => String::new(),
    }
}
