//! The only place that writes to the terminal: lines that stay, and the region below them.

use std::io::{self, ErrorKind, Write};

use super::text;

/// Everything between these is shown at once, where the terminal knows them.
const BEGIN: &str = "\u{1b}[?2026h\u{1b}[?25l";
const END: &str = "\u{1b}[?25h\u{1b}[?2026l";
const ERASE_BELOW: &str = "\u{1b}[J";
const ERASE_LINE: &str = "\u{1b}[K";

/// What is on the screen.
pub(super) struct Screen {
    out: Box<dyn Write + Send>,
    /// Whether lines wrap anew when the terminal becomes narrower.
    reflows: bool,
    /// The reader has gone away: nothing is written any more.
    closed: bool,
    /// The region as it stands on the screen, each line without colours.
    drawn: Vec<Drawn>,
    /// Lines that wait for the next frame.
    waiting: String,
    /// The terminal's columns at the last frame.
    width: usize,
}

/// A line of the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    /// What is written.
    pub(super) text: String,
    /// The columns it takes.
    pub(super) columns: usize,
}

impl Screen {
    pub(super) fn new(out: Box<dyn Write + Send>, reflows: bool) -> Self {
        Self {
            out,
            reflows,
            closed: false,
            drawn: Vec::new(),
            waiting: String::new(),
            width: usize::MAX,
        }
    }

    /// Writes lines that stay, at once. For a screen without a region.
    pub(super) fn print(&mut self, lines: &str) -> io::Result<()> {
        self.write(lines)
    }

    /// Keeps lines for the next frame.
    pub(super) fn push(&mut self, lines: &str) {
        self.waiting.push_str(lines);
    }

    /// Bytes that wait for the next frame.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Draws a frame: first what waits, then the region. Writes nothing if nothing has changed.
    pub(super) fn frame(&mut self, region: Vec<Drawn>, width: usize) -> io::Result<()> {
        if self.waiting.is_empty() && region == self.drawn {
            return Ok(());
        }
        // Lines that a narrower window has wrapped leave rows below those that are drawn anew.
        let resized = self.width != width;
        self.width = width;
        let mut out = String::from(BEGIN);
        out.push_str(&self.to_top());
        if resized || !self.waiting.is_empty() || region.len() != self.drawn.len() {
            out.push_str(ERASE_BELOW);
        }
        out.push_str(&std::mem::take(&mut self.waiting).replace('\n', "\r\n"));
        for (index, line) in region.iter().enumerate() {
            if index > 0 {
                out.push_str("\r\n");
            }
            out.push_str(&line.text);
            out.push_str(ERASE_LINE);
        }
        out.push_str(END);
        self.drawn = region;
        self.write(&out)
    }

    /// Takes the region away and writes what waits.
    pub(super) fn clear(&mut self, width: usize) -> io::Result<()> {
        if self.drawn.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            return self.write(&waiting);
        }
        self.frame(Vec::new(), width)
    }

    /// The region is no longer where it was: others have written to the terminal.
    pub(super) fn forget(&mut self) {
        self.drawn.clear();
    }

    /// Moves to the region's first line. A terminal that became narrower has wrapped its lines, or cut them.
    fn to_top(&self) -> String {
        let width = if self.reflows {
            self.width.max(1)
        } else {
            usize::MAX
        };
        let rows: usize = self
            .drawn
            .iter()
            .map(|line| line.columns.div_ceil(width).max(1))
            .sum();
        match rows {
            0 => String::new(),
            1 => "\r".to_owned(),
            rows => format!("\r\u{1b}[{}A", rows - 1),
        }
    }

    /// One write. A reader that has gone away is no error: the run goes on.
    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.closed || text.is_empty() {
            return Ok(());
        }
        match self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush())
        {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            result => result,
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody is left to hear of an error.
        self.clear(self.width).unwrap_or(());
    }
}

impl Drawn {
    /// A line of the region as it is written, and how wide it is.
    pub(super) fn new(text: String, plain: &str) -> Self {
        Self {
            columns: text::width(plain),
            text,
        }
    }
}
