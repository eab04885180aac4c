//! Errors for people, all in one form: `error: …`, the place, the line and carets where there are any, one `hint: …`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use annotate_snippets::renderer::{
    DEFAULT_CONTEXT_STYLE, DEFAULT_EMPHASIS_STYLE, DEFAULT_ERROR_STYLE, DEFAULT_HELP_STYLE,
};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anstyle::Style;

use super::error::{ConfigError, Problem};

/// The longest part of a line that is shown, in bytes.
const WIDEST: usize = 160;

/// Returns an error that concerns no line of a text, in the form of all errors. Ends with a line feed.
///
/// Lines of the message and of the hint after the first are indented.
pub(crate) fn told(message: &str, place: Option<&str>, hint: Option<&str>, colour: bool) -> String {
    let mut out = String::new();
    let title = format!(": {}", message.trim_end());
    let title = painted(&indented(&title, 2), DEFAULT_EMPHASIS_STYLE, colour);
    out.extend([
        painted("error", DEFAULT_ERROR_STYLE, colour),
        title,
        "\n".to_owned(),
    ]);
    if let Some(place) = place {
        let arrow = painted("-->", DEFAULT_CONTEXT_STYLE, colour);
        out.extend([" ", &arrow, " ", place, "\n"]);
    }
    if let Some(hint) = hint {
        out.push_str(&hinted(hint, colour));
    }
    out
}

/// Returns a hint as every error ends with at most one.
fn hinted(hint: &str, colour: bool) -> String {
    const WORD: &str = "hint";
    let word = painted(WORD, DEFAULT_HELP_STYLE, colour);
    format!("{word}: {}\n", indented(hint.trim_end(), WORD.len() + 2))
}

fn indented(text: &str, columns: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(columns)))
}

fn painted(text: &str, style: Style, colour: bool) -> String {
    if colour {
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}

impl ConfigError {
    /// Every problem with its line, carets and advice, then how many there are.
    ///
    /// `colour` is whether to write ANSI colours. Ends with a line feed.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut out = String::new();
        let mut told = HashSet::new();
        for problem in &self.problems {
            out.push_str(&self.one(&renderer, problem));
            out.push('\n');
            // The same advice twenty times is noise.
            let hint = problem.help.first();
            if let Some(hint) = hint.filter(|hint| told.insert(hint.as_str())) {
                out.push_str(&hinted(hint, colour));
            }
            out.push('\n');
        }
        self.push_end(&mut out);
        out
    }

    /// One line a problem: `pipeline.toml:14:1: unknown-key: …`, then how many there are.
    pub fn concise(&self) -> String {
        let mut out = String::new();
        for problem in &self.problems {
            out.push_str(&self.file);
            if problem.line > 0 {
                out.push_str(&format_place(problem));
            }
            for part in [problem.code, &problem.message, &problem.label] {
                if !part.is_empty() {
                    out.push_str(": ");
                    out.push_str(part);
                }
            }
            out.push('\n');
        }
        self.push_end(&mut out);
        out
    }

    fn push_end(&self, out: &mut String) {
        let more = self.total - self.problems.len();
        if more > 0 {
            out.extend(["... and ", &more.to_string(), " more\n"]);
        }
        if self.text.is_empty() {
            out.push_str("nothing was run\n");
            return;
        }
        let plural = if self.total == 1 { "error" } else { "errors" };
        let total = self.total.to_string();
        out.extend([
            &total,
            " ",
            plural,
            " in ",
            &self.file,
            "; nothing was run\n",
        ]);
    }

    fn one(&self, renderer: &Renderer, problem: &Problem) -> String {
        let mut group = Group::with_title(
            Level::ERROR
                .primary_title(problem.message.as_str())
                .id(problem.code),
        );
        let mut places = None;
        match &problem.span {
            Some(span) => {
                let window = Window::around(&self.text, span);
                places = Some((
                    format!("{}:{}:{}", self.file, problem.line, window.column),
                    format!("{}{}", self.file, format_place(problem)),
                ));
                let label = Some(problem.label.as_str()).filter(|label| !label.is_empty());
                group = group.element(
                    Snippet::source(window.text)
                        .path(self.file.as_str())
                        .line_start(problem.line)
                        .annotation(
                            AnnotationKind::Primary
                                .span(window.span)
                                .label(label.map(Cow::Borrowed)),
                        ),
                );
            }
            None if !self.text.is_empty() => {
                group = group.element(Origin::path(self.file.as_str()));
            }
            None => {}
        }
        let text = renderer.render(&[group]);
        match places {
            // The renderer counts columns in the part of the line that it was given.
            Some((shown, real)) => text.replacen(&shown, &real, 1),
            None => text,
        }
    }
}

fn format_place(problem: &Problem) -> String {
    format!(":{}:{}", problem.line, problem.column)
}

/// The part of the text that is shown.
struct Window {
    text: String,
    span: Range<usize>,
    column: usize,
}

impl Window {
    /// The line in which `span` starts, cut to [`WIDEST`] around the start.
    fn around(text: &str, span: &Range<usize>) -> Self {
        let (before, after) = text.split_at(text.floor_char_boundary(span.start));
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = after
            .find(['\n', '\r'])
            .map_or(text.len(), |end| before.len() + end);
        let long = line_end - line_start > WIDEST;
        let (mut start, mut end) = (line_start, line_end);
        if long {
            start = text.floor_char_boundary(start.max(span.start.saturating_sub(WIDEST / 2)));
            end = text.ceil_char_boundary(end.min(start + WIDEST));
        }
        if text
            .get(start..end)
            .is_some_and(|line| line.starts_with('\u{feff}'))
        {
            start += '\u{feff}'.len_utf8();
        }
        let (open, close) = (
            if start > line_start + 3 { "..." } else { "" },
            if end < line_end { "..." } else { "" },
        );
        let line = text.get(start..end).unwrap_or("");
        let from = open.len() + span.start.saturating_sub(start).min(line.len());
        let to = open.len() + span.end.saturating_sub(start).min(line.len());
        let shown = format!("{open}{line}{close}");
        let column = 1 + shown.get(..from).unwrap_or("").chars().count();
        Self {
            text: shown,
            span: from..to.max(from),
            column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_errors_have_one_form() {
        assert_eq!(told("it is gone", None, None, false), "error: it is gone\n");
        assert_eq!(
            told("two\nlines\n", Some("a/file:3"), Some("do\nthis"), false),
            "error: two\n  lines\n --> a/file:3\nhint: do\n      this\n"
        );
        let colours = told("x", Some("p"), Some("h"), true).replace('\u{1b}', "^");
        assert_eq!(
            colours,
            "^[1m^[91merror^[0m^[1m: x^[0m\n ^[1m^[94m-->^[0m p\n^[1m^[96mhint^[0m: h\n"
        );
    }
}
