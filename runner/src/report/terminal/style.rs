//! Colours, symbols and lines made of styled pieces.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::settings::{Mode, Settings};
use super::text;
use crate::model::SuiteStatus;
use crate::report::ci::guard;

/// Nothing special.
pub(super) const NORMAL: Style = Style::new();
/// What one need not read.
pub(super) const DIM: Style = Style::new().dimmed();
/// What stands out without meaning good or bad.
pub(super) const BOLD: Style = Style::new().bold();
/// Good.
pub(super) const GREEN: Style = fg(AnsiColor::Green);
/// Bad.
pub(super) const RED: Style = fg(AnsiColor::Red);
/// To look at.
pub(super) const YELLOW: Style = fg(AnsiColor::Yellow);
/// Not decided: another colour than bad.
pub(super) const MAGENTA: Style = fg(AnsiColor::Magenta);
/// A command to go on with.
pub(super) const CYAN: Style = fg(AnsiColor::Cyan);

const fn fg(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

/// What every line depends on.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) live: bool,
    pub(super) color: bool,
    pub(super) unicode: bool,
    pub(super) links: bool,
}

impl Look {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            live: settings.mode == Mode::Live,
            color: settings.color,
            unicode: settings.unicode,
            links: settings.links,
        }
    }

    /// What stands for something cut off.
    pub(super) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// What stands before the next command.
    pub(super) fn arrow(self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    /// What stands before each line of a suite's output: never white space.
    pub(super) fn pipe(self) -> &'static str {
        if self.unicode { "│ " } else { "| " }
    }

    /// The symbol of a status.
    pub(super) fn symbol(self, status: SuiteStatus) -> &'static str {
        let (unicode, ascii) = match status {
            SuiteStatus::Passed => ("✓", "+"),
            SuiteStatus::Flaky => ("~", "~"),
            SuiteStatus::Failed | SuiteStatus::Empty | SuiteStatus::TimedOut => ("✗", "x"),
            SuiteStatus::Errored => ("!", "!"),
            SuiteStatus::Incomplete => ("?", "?"),
            SuiteStatus::Cancelled | SuiteStatus::Skipped => ("-", "-"),
        };
        if self.unicode { unicode } else { ascii }
    }
}

/// The colour of a status.
pub(super) fn of_status(status: SuiteStatus) -> Style {
    match status {
        SuiteStatus::Passed => GREEN,
        SuiteStatus::Flaky => YELLOW,
        SuiteStatus::Failed | SuiteStatus::TimedOut => RED.bold(),
        SuiteStatus::Empty => RED,
        SuiteStatus::Errored => MAGENTA.bold(),
        SuiteStatus::Incomplete => MAGENTA,
        SuiteStatus::Cancelled => YELLOW.dimmed(),
        SuiteStatus::Skipped => DIM,
    }
}

/// A line of styled pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<Piece>);

#[derive(Clone, Debug)]
struct Piece {
    style: Style,
    text: String,
    /// The address that the text leads to.
    link: Option<String>,
}

impl Line {
    /// Starts an empty line.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a piece in a style.
    pub(super) fn with(self, style: Style, text: impl Into<String>) -> Self {
        self.linked(style, text, None)
    }

    /// Adds a piece without a style.
    pub(super) fn add(self, text: impl Into<String>) -> Self {
        self.with(NORMAL, text)
    }

    /// Adds a piece that leads to an address of [`link::to_file`](super::link::to_file).
    pub(super) fn linked(
        mut self,
        style: Style,
        text: impl Into<String>,
        link: Option<String>,
    ) -> Self {
        let text = text.into();
        self.0.push(Piece { style, text, link });
        self
    }

    /// How many columns it takes.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|piece| text::width(&piece.text)).sum()
    }

    /// Cuts it to `max` columns. Not for lines that hold SGR sequences of a suite.
    pub(super) fn cut(mut self, max: usize, mark: &str) -> Self {
        if self.width() <= max {
            return self;
        }
        let mut room = max.saturating_sub(text::width(mark));
        for Piece { text: piece, .. } in &mut self.0 {
            let width = text::width(piece);
            if width > room {
                *piece = text::cut(piece, room, "");
            }
            room = room.saturating_sub(width);
        }
        self.add(mark)
    }

    /// Returns what is written, without a line end and without links.
    pub(super) fn render(&self, color: bool) -> String {
        self.write(color, false)
    }

    /// Returns what is written, without a line end.
    pub(super) fn show(&self, look: Look) -> String {
        self.write(look.color, look.links)
    }

    fn write(&self, color: bool, links: bool) -> String {
        let out = self.compose(color, false);
        // The address of a link is encoded and holds no command: it is the text that may.
        let guarded = guard::line(&out);
        if guarded != out {
            return guarded.into_owned();
        }
        if links {
            self.compose(color, true)
        } else {
            out
        }
    }

    fn compose(&self, color: bool, links: bool) -> String {
        let mut out = String::new();
        for Piece { style, text, link } in &self.0 {
            let link = link.as_deref().filter(|_| links && !text.is_empty());
            if let Some(link) = link {
                write!(out, "\u{1b}]8;;{link}\u{1b}\\").unwrap_or(());
            }
            if color && *style != NORMAL && !text.is_empty() {
                let (on, off) = (style.render(), style.render_reset());
                write!(out, "{on}{text}{off}").unwrap_or(());
            } else {
                out.push_str(text);
            }
            if link.is_some() {
                out.push_str("\u{1b}]8;;\u{1b}\\");
            }
        }
        if !color {
            out.truncate(out.trim_end().len());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_across_their_pieces() {
        let line = Line::new().with(RED, "red ").add("and").with(BOLD, " bold");
        assert_eq!(line.width(), 12);
        assert_eq!(line.clone().cut(8, "…").render(false), "red and…");
        assert_eq!(line.clone().cut(3, "…").render(false), "re…");
        assert_eq!(line.clone().cut(12, "…").render(false), "red and bold");
        assert_eq!(
            line.render(true),
            "\u{1b}[31mred \u{1b}[0mand\u{1b}[1m bold\u{1b}[0m"
        );
    }

    #[test]
    fn rendered_lines_hold_no_ci_command() {
        assert_eq!(
            Line::new().add("  ::error::x").render(false),
            "  :\\:error::x"
        );
    }
}
