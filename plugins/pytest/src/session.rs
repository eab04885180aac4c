//! Which summary belongs to which pytest session: one run may print another run's output, and a
//! script may run pytest twice.

use crate::grammar::{Expected, Fence, Summary};
use crate::lines::Section;

/// Sessions within sessions that are told apart; deeper ones count as unfinished.
const MAX_DEPTH: usize = 16;
/// Summaries that are kept. A stream with more is no pytest run.
const MAX_CLOSED: usize = 1_000;

/// A session that has not printed its summary yet.
#[derive(Clone, Debug, Default)]
pub struct Open {
    /// Whether its `test session starts` was seen: not with `-q`.
    pub header: bool,
    /// Whether anything of it was seen.
    pub active: bool,
    /// The width of its fences.
    width: Option<usize>,
    /// How many tests it set out to run.
    pub expected: Option<Expected>,
    /// The last percentage.
    pub percent: Option<u8>,
    /// The text of a `!!!` line.
    pub bang: Option<String>,
    /// Where in its output we are.
    pub section: Section,
}

impl Open {
    /// Whether a fence is as wide as this session's: all of one run are, unless the text is longer.
    fn fits(&self, fence: Fence) -> bool {
        self.width.is_none_or(|width| {
            width.abs_diff(fence.width) <= 1 || (fence.minimal && fence.width > width)
        })
    }
}

/// A session with its summary.
#[derive(Clone, Debug)]
pub struct Closed {
    /// What was known when it ended.
    pub open: Open,
    /// Its summary line.
    pub summary: Summary,
    /// That line's number, from 1.
    pub line: u64,
    /// Where that line begins, in bytes from the start of the stream.
    pub byte: u64,
    /// That line, without control sequences.
    pub quote: String,
    /// Whether it was printed inside another session.
    pub nested: bool,
}

impl Closed {
    /// Whether something besides the line itself says that there was a session.
    pub fn has_evidence(&self) -> bool {
        self.open.header || self.open.active
    }
}

/// All sessions of a stream.
#[derive(Debug, Default)]
pub struct Sessions {
    stack: Vec<Open>,
    /// The session without a header, while no other is open.
    loose: Open,
    /// Those that ended, in order.
    pub closed: Vec<Closed>,
    /// Whether there were more than can be told apart.
    pub overflow: bool,
    /// Whether anything of pytest was seen.
    pub seen: bool,
    /// Whether there was a summary that can be nobody's but a test's.
    pub foreign: bool,
}

impl Sessions {
    /// The innermost open session.
    pub fn current(&mut self) -> &mut Open {
        self.stack.last_mut().unwrap_or(&mut self.loose)
    }

    /// The same, noting that it is alive.
    pub fn touch(&mut self) -> &mut Open {
        self.seen = true;
        let open = self.current();
        open.active = true;
        open
    }

    /// Whether a session is open inside another.
    pub fn is_nested(&self) -> bool {
        self.stack.len() > 1
    }

    /// Whether a session began and printed no summary.
    pub fn is_open(&self) -> bool {
        !self.stack.is_empty() || self.loose.active
    }

    /// A `test session starts`.
    pub fn header(&mut self, fence: Fence) {
        self.seen = true;
        if self.stack.len() >= MAX_DEPTH {
            self.overflow = true;
            return;
        }
        self.stack.push(Open {
            header: true,
            active: true,
            width: Some(fence.width),
            ..Open::default()
        });
    }

    /// Another of pytest's sections.
    pub fn section(&mut self, section: Section, fence: Fence) {
        if self.current().fits(fence) {
            let open = self.touch();
            open.width = open.width.or(Some(fence.width));
            open.section = section;
        }
    }

    /// A `!!!` line: of the open session, or of the one that just ended.
    pub fn bang(&mut self, text: &str, fence: Fence) {
        let known = [
            "Interrupted",
            "KeyboardInterrupt",
            "stopping after",
            "outcomes.Exit",
        ]
        .iter()
        .any(|word| text.contains(word));
        if !known && !self.current().fits(fence) {
            return;
        }
        let slot = if self.is_open() || self.closed.is_empty() {
            &mut self.current().bang
        } else if let Some(last) = self.closed.last_mut() {
            &mut last.open.bang
        } else {
            return;
        };
        if slot.is_none() {
            *slot = Some(text.chars().take(200).collect());
        }
    }

    /// A line, with number and first byte, that is a summary by its form. Returns whether it is one of this stream's.
    ///
    /// Where tracebacks were printed, something has failed: a line that says otherwise is what a test printed.
    pub fn summary(&mut self, summary: Summary, line: (u64, u64), quote: &str) -> bool {
        let fits = match summary.fence {
            Some(fence) => self.current().fits(fence),
            // Bare lines come from `-q`, which prints no header.
            None => self.stack.is_empty(),
        };
        if !fits {
            return false;
        }
        if self.current().section == Section::Failures && !summary.tally.is_red() {
            self.foreign = true;
            return false;
        }
        self.seen = true;
        if self.closed.len() >= MAX_CLOSED {
            self.overflow = true;
            return false;
        }
        let nested = self.is_nested();
        let open = match self.stack.pop() {
            Some(open) => open,
            None => std::mem::take(&mut self.loose),
        };
        self.closed.push(Closed {
            open,
            summary,
            line: line.0,
            byte: line.1,
            quote: quote.chars().take(300).collect(),
            nested,
        });
        true
    }
}
