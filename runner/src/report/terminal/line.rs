//! The grammar of a line: status, suite, duration, summary.

use super::style::{self, BOLD, DIM, Line, Look, YELLOW};
use super::{clean, text};
use crate::event::{JudgeIntro, Totals};
use crate::model::{Completeness, SuiteStatus, SuiteSummary};

/// Columns of the status word and of a duration.
const STATUS: usize = 10;
pub(super) const DURATION: usize = 8;
/// From here on a finished suite's duration is shown.
const DURATION_FROM: usize = 50;

/// The columns of this moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    /// Of the terminal; none where lines are never cut.
    pub(super) width: Option<usize>,
    /// Of a suite's name.
    pub(super) name: usize,
}

impl Columns {
    /// Shares out the width of a terminal, or pads for plain lines when there is none.
    pub(super) fn new(width: Option<usize>, longest_name: usize) -> Self {
        let (least, most) = match width {
            None => (6, 40),
            Some(0..60) => (8, 12),
            Some(60..120) => (8, 24),
            Some(_) => (8, 40),
        };
        Self {
            width,
            name: longest_name.clamp(least, most),
        }
    }

    /// Returns a name in its column; cut in the middle where lines are cut.
    pub(super) fn name(self, name: &str, look: Look) -> String {
        if self.width.is_some() {
            text::left(
                &text::cut_middle(name, self.name, look.ellipsis()),
                self.name,
            )
        } else {
            text::left(name, self.name)
        }
    }

    /// Whether [`Self::fit`] cuts the line.
    pub(super) fn cuts(self, line: &Line) -> bool {
        self.width.is_some_and(|width| line.width() >= width)
    }

    /// Cuts a line that must not wrap, with one column to spare.
    pub(super) fn fit(self, line: Line, look: Look) -> Line {
        match self.width {
            Some(width) => line.cut(width.saturating_sub(1), look.ellipsis()),
            None => line,
        }
    }
}

/// Returns the line of a finished suite, not yet cut.
pub(super) fn suite(look: Look, columns: Columns, summary: &SuiteSummary, totals: Totals) -> Line {
    let name = clean::line(&summary.name);
    let style = style::of_status(summary.status);
    let what = clean::line(&summary.summary);
    let line = if look.live {
        Line::new().with(style, format!("{} ", look.symbol(summary.status)))
    } else {
        Line::new()
    };
    let line = line
        .with(style, text::left(summary.status.word(), STATUS))
        .add(format!(" {} ", columns.name(&name, look)));
    let duration = match summary.attempts {
        0 => "-".to_owned(),
        _ => text::exact(summary.duration_ms),
    };
    let line = match columns.width {
        None => line.add(format!("{duration}  ")),
        Some(0..DURATION_FROM) => line,
        Some(_) => line.add(format!("{}  ", text::right(&duration, DURATION))),
    };
    let line = line.add(what);
    let line = if unverified(summary) {
        line.add(", ").with(YELLOW, "unverified")
    } else {
        line
    };
    if look.live {
        line
    } else {
        line.add(format!("  [{}/{}]", totals.done, totals.selected))
    }
}

/// Whether a suite passed on output whose middle nobody can vouch for.
pub(super) fn unverified(summary: &SuiteSummary) -> bool {
    summary.status.is_pass() && summary.capture.completeness == Completeness::Unverified
}

/// A line about a suite that has not finished, or about none.
pub(super) struct Note<'a> {
    pub(super) word: &'a str,
    pub(super) style: anstyle::Style,
    /// The suite's cleaned name; none for notes on the run.
    pub(super) name: Option<&'a str>,
    pub(super) duration_ms: Option<u64>,
    /// What happened, cleaned; plain lines tell the duration in here.
    pub(super) what: String,
}

/// Returns the line of a note.
pub(super) fn note(look: Look, columns: Columns, note: Note<'_>) -> Line {
    let line = if look.live {
        let status = SuiteStatus::Flaky;
        let symbol = if note.word == "RETRY" {
            look.symbol(status)
        } else {
            " "
        };
        Line::new().with(note.style, format!("{symbol} "))
    } else {
        Line::new()
    };
    let line = line
        .with(note.style, text::left(note.word, STATUS))
        .add(" ");
    let Some(name) = note.name else {
        return line.add(note.what);
    };
    let line = line.add(format!("{} ", columns.name(name, look)));
    let line = match (columns.width, note.duration_ms) {
        (Some(DURATION_FROM..), duration) => {
            let duration = duration.map(text::exact).unwrap_or_default();
            line.add(format!("{}  ", text::right(&duration, DURATION)))
        }
        _ => line,
    };
    columns.fit(line.add(note.what), look)
}

/// Returns the line a run starts with.
pub(super) fn header(look: Look, columns: Columns, parts: &Header<'_>) -> Line {
    let line = Line::new()
        .with(BOLD, format!("tribunal {}", clean::line(parts.version)))
        .add(format!("  {}  ", clean::line(parts.pipeline)))
        .with(DIM, format!("run {}", parts.run))
        .add(format!(
            "  {}  {} at once",
            text::plural(parts.suites as u64, "suite"),
            parts.jobs
        ));
    if !look.live || columns.width < Some(120) {
        return columns.fit(line, look);
    }
    let judges = judges(parts.judges);
    let room = columns.width.unwrap_or(0);
    // The directory is of more use than versions: they come in only where both fit.
    let fits = line.width() + text::width(&judges) + text::width(parts.dir) + 4 < room;
    let line = if fits && !judges.is_empty() {
        line.with(DIM, format!("  {judges}"))
    } else {
        line
    };
    let line = line.add("  ").linked(DIM, parts.dir, parts.link.clone());
    columns.fit(line, look)
}

/// `judges: junit 0.1.0, pytest 0.1.0`; empty where there are none.
pub(super) fn judges(judges: &[JudgeIntro]) -> String {
    let named = judges.iter().map(|judge| {
        let words = format!(
            "{} {}",
            clean::line(&judge.name),
            clean::line(&judge.version)
        );
        words.trim_end().to_owned()
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        String::new()
    } else {
        format!("judges: {}", named.join(", "))
    }
}

/// What the first line tells.
pub(super) struct Header<'a> {
    pub(super) version: &'a str,
    pub(super) pipeline: &'a str,
    pub(super) run: &'a str,
    pub(super) suites: usize,
    pub(super) jobs: u32,
    pub(super) judges: &'a [JudgeIntro],
    pub(super) dir: &'a str,
    /// The run directory's address.
    pub(super) link: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look {
        live: true,
        color: false,
        unicode: true,
        links: false,
    };

    #[test]
    fn columns_follow_the_width() {
        let names = [
            (None, 4),
            (None, 90),
            (Some(80), 4),
            (Some(80), 90),
            (Some(200), 90),
            (Some(50), 90),
        ];
        let found = names.map(|(width, longest)| Columns::new(width, longest).name);
        assert_eq!(found, [6, 40, 8, 24, 40, 12]);
    }

    #[test]
    fn long_names_keep_both_ends_and_plain_ones_all() {
        let name = "checkout-e2e-browser[python=3.13]";
        let cut = Columns::new(Some(80), 33).name(name, LOOK);
        assert_eq!(cut, "checkout-e2e…ython=3.13]");
        assert_eq!(Columns::new(None, 33).name(name, LOOK), name);
    }
}
