//! Mistakes in a pipeline file: collected without bound on their number, kept within one.

use std::collections::HashSet;
use std::ops::Range;

use serde::Serialize;

/// How many problems are shown; the rest is counted.
pub const MAX_SHOWN: usize = 20;

/// How many are kept before they are sorted by place and cut to [`MAX_SHOWN`].
const MAX_KEPT: usize = 200;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable word for its kind, like `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What to do, in a few words; may be empty.
    pub label: String,
    /// Further advice: none or one; may hold several lines.
    pub help: Vec<String>,
    /// Where, in bytes of the text; none when it concerns the whole file.
    pub span: Option<Range<usize>>,
    /// Line from 1; 0 without a span.
    pub line: usize,
    /// Column from 1, in characters; 0 without a span.
    pub column: usize,
    /// Whether something is missed that a syntax error may have hidden.
    #[serde(skip)]
    pub(super) absence: bool,
}

impl Problem {
    pub(super) fn whole(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            label: String::new(),
            help: Vec::new(),
            span: None,
            line: 0,
            column: 0,
            absence: false,
        }
    }

    pub(super) fn at(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            ..Self::whole(code, message)
        }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the label to `did you mean "…"?` when there is something close.
    pub(super) fn did_you_mean(self, word: Option<&str>) -> Self {
        match word {
            Some(word) => self.label(format!("did you mean \"{word}\"?")),
            None => self,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = vec![help.into()];
        self
    }

    /// Marks a problem that a syntax error elsewhere may be the cause of.
    pub(super) fn absence(mut self) -> Self {
        self.absence = true;
        self
    }
}

/// Collects problems, each once.
#[derive(Default)]
pub(super) struct Sink {
    kept: Vec<Problem>,
    seen: HashSet<(&'static str, usize, usize)>,
    total: usize,
}

impl Sink {
    pub(super) fn add(&mut self, problem: Problem) {
        // What [defaults] says wrong is met again in every suite that inherits it.
        if let Some(span) = &problem.span
            && !self.seen.insert((problem.code, span.start, span.end))
        {
            return;
        }
        self.total += 1;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(problem);
        }
    }

    /// Whether further problems are only counted, so that suggestions need not be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MAX_KEPT
    }

    /// How many problems there are so far.
    pub(super) fn count(&self) -> usize {
        self.total
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Drops kept problems that `keep` refuses.
    pub(super) fn retain(&mut self, keep: impl Fn(&Problem) -> bool) {
        let before = self.kept.len();
        self.kept.retain(keep);
        self.total -= before - self.kept.len();
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.total += other.total - other.kept.len();
        for problem in other.kept {
            self.add(problem);
        }
    }

    /// The error for all that was collected; none for nothing.
    pub(super) fn finish(mut self, file: &str, text: &str) -> Option<ConfigError> {
        if self.total == 0 {
            return None;
        }
        for problem in &mut self.kept {
            if let Some(span) = &mut problem.span {
                *span = inside(text, span.clone());
            }
        }
        self.kept
            .sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
        self.kept.truncate(MAX_SHOWN);
        locate(text, &mut self.kept);
        Some(ConfigError {
            file: file.to_owned(),
            text: text.to_owned(),
            problems: self.kept,
            total: self.total,
        })
    }
}

/// Fits a span into the text, on character borders.
fn inside(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end.min(text.len()));
    start..end.max(start)
}

/// Fills in lines and columns in one pass over the text; `problems` are sorted by place.
fn locate(text: &str, problems: &mut [Problem]) {
    let (mut line, mut line_start, mut at) = (1, 0, 0);
    for problem in problems {
        let Some(span) = &problem.span else { continue };
        for (offset, _) in text.get(at..span.start).unwrap_or("").match_indices('\n') {
            line += 1;
            line_start = at + offset + 1;
        }
        at = at.max(span.start);
        problem.line = line;
        problem.column = 1 + text
            .get(line_start..span.start)
            .unwrap_or("")
            .chars()
            .filter(|&c| c != '\u{feff}')
            .count();
    }
}

/// A pipeline file that cannot be used, and every reason why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.concise())]
pub struct ConfigError {
    pub(super) file: String,
    pub(super) text: String,
    pub(super) problems: Vec<Problem>,
    pub(super) total: usize,
}

impl ConfigError {
    /// The error for a file that could not be read at all.
    pub(super) fn unreadable(file: &str, problem: Problem) -> Self {
        Self {
            file: file.to_owned(),
            text: String::new(),
            problems: vec![problem],
            total: 1,
        }
    }

    /// The file, as the user named it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The problems in the order of the file, at most [`MAX_SHOWN`].
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems there are, shown or not.
    pub fn total(&self) -> usize {
        self.total
    }
}
