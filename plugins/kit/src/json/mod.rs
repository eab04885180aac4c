//! Finds a JSON report in a stream and takes its long lists apart, element by element: memory depends
//! on the largest element, not on the report.

mod beginnings;
mod borrowed;
mod open;
mod plain;
mod shell;
#[cfg(test)]
mod tests;

use crate::ansi;
use crate::text::clip;
use crate::{Book, Fact, Finding, Line, Notice};

pub use borrowed::Text;
#[cfg(feature = "testing")]
pub use shell::subject;
pub use shell::{judge, prefer};

use open::{Open, Step};

const HELD: usize = 65_536;
const ESC: u8 = 0x1b;

/// A kind of report.
pub trait Report: Default {
    /// Paths of the lists whose elements are given one by one.
    const LISTS: &'static [&'static [&'static str]];
    /// Keys of the document's top level; one that has any of them is meant to be such a report.
    const SIGNATURE: &'static [&'static str];
    /// Keys that come before those: a document that has one and cannot be read was meant to be such a report,
    /// one that can be read need not be.
    const HINTS: &'static [&'static str] = &[];

    /// Takes an element of a list.
    ///
    /// # Errors
    /// When it is not what the format says.
    fn element(
        &mut self,
        list: usize,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()>;

    /// Takes the document without the elements, each of which is `null` now. It is whole.
    ///
    /// # Errors
    /// When it is not what the format says.
    fn document(
        &mut self,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()>;

    /// Says what was established, by all documents of the stream.
    fn end(self, book: &mut Book) -> Finding;
}

/// Reads a stream for reports.
#[derive(Debug, Default)]
pub struct Documents<R> {
    report: R,
    book: Book,
    open: Option<Box<Open>>,
    held: Vec<u8>,
    /// What is left of a line without control sequences: memory that is used again.
    stripped: Vec<u8>,
    /// Whether the beginning of an overlong line was passed on already.
    flowing: bool,
    line: u64,
    offset: u64,
    line_offset: u64,
    problem: Option<Fact>,
    seen: bool,
}

impl<R: Report> Documents<R> {
    /// Returns a reading at the start of a stream.
    pub fn new() -> Self {
        Self {
            line: 1,
            ..Self::default()
        }
    }

    /// Takes the next bytes; returns what they tell.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Notice> {
        let mut rest = bytes;
        let coloured = memchr::memchr(ESC, bytes).is_some();
        // A line may be written over by what follows on it.
        let forward = memchr::memchr(b'\r', bytes).is_none();
        loop {
            let fresh = forward && self.held.is_empty() && !self.flowing;
            // Behind a report, parts of another one are looked for.
            if fresh && self.open.is_none() && !self.seen {
                rest = self.skip(rest, coloured);
            }
            let fresh = fresh && !coloured;
            let Some(at) = memchr::memchr(b'\n', rest) else {
                break;
            };
            let (line, after) = rest.split_at(at + 1);
            if fresh {
                self.bytes(line, true);
                self.passed(line);
            } else {
                self.hold(line);
                self.flush(true);
            }
            rest = after;
        }
        self.hold(rest);
        self.book.take()
    }

    /// Leaves out whole lines in which no document begins; at the start of a line, and outside of documents.
    fn skip<'a>(&mut self, bytes: &'a [u8], coloured: bool) -> &'a [u8] {
        // The first byte of a document, or of the mark before it.
        let begins = |at: &usize| {
            at.checked_sub(1)
                .is_none_or(|before| bytes[before] == b'\n')
        };
        let begin = if coloured {
            // Or of a colour before it; there are several in each line, so lines are what is gone through.
            let may = |at: &usize| matches!(bytes.get(*at), Some(&(b'{' | 0xef | ESC)));
            let starts = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
            std::iter::once(0).chain(starts).find(may)
        } else {
            memchr::memchr2_iter(b'{', 0xef, bytes).find(begins)
        };
        let end = begin.or_else(|| memchr::memrchr(b'\n', bytes).map(|at| at + 1));
        let (lines, rest) = bytes.split_at(end.unwrap_or(0));
        self.passed(lines);
        rest
    }

    /// Whole lines are done with.
    fn passed(&mut self, lines: &[u8]) {
        self.offset += lines.len() as u64;
        self.line += memchr::memchr_iter(b'\n', lines).count() as u64;
        self.line_offset = self.offset;
    }

    /// Ends the stream; returns what was established, and what is left to tell.
    pub fn end(mut self) -> (Finding, Vec<Notice>) {
        self.flush(true);
        let meant = |open: &Open| open.known || open.hinted;
        if let Some(open) = self.open.take().filter(|open| meant(open)) {
            let text = "the JSON report breaks off";
            self.fail(text, open.line, open.offset, &open.skeleton);
        }
        let mut finding = self.report.end(&mut self.book);
        finding.lines = self.line.saturating_sub(1);
        finding.seen |= self.seen;
        finding.problem = finding.problem.or(self.problem);
        self.book.sum(&mut finding);
        (finding, self.book.take())
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        if self.held.len() > HELD {
            self.flush(false);
        }
    }

    /// Passes on what is held: a line, or a piece of an overlong one.
    fn flush(&mut self, ended: bool) {
        if self.held.is_empty() {
            // All of an overlong line was passed on, its end too: what comes is the next one.
            if ended && self.flowing {
                self.flowing = false;
                self.line += 1;
                self.line_offset = self.offset;
            }
            return;
        }
        let held = std::mem::take(&mut self.held);
        if self.flowing {
            self.bytes(&held, false);
        } else {
            let body = held.strip_suffix(b"\n").unwrap_or(&held);
            let mut stripped = std::mem::take(&mut self.stripped);
            if let Some(plain) = ansi::strip_into(body, &mut stripped) {
                stripped.clear();
                stripped.extend_from_slice(plain);
            }
            if ended {
                stripped.push(b'\n');
            }
            self.bytes(&stripped, true);
            self.stripped = stripped;
        }
        self.offset += held.len() as u64;
        self.flowing = !ended;
        if ended {
            self.line += 1;
            self.line_offset = self.offset;
        }
        self.held = held;
        self.held.clear();
    }

    fn bytes(&mut self, bytes: &[u8], starts: bool) {
        if self.open.is_none() {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            if starts && self.seen && orphan::<R>(text) {
                let why = "a part of another JSON report stands behind this one: which is the tool's own?";
                self.fail(why, self.line, self.offset, text);
            }
            if !starts || text.first() != Some(&b'{') {
                return;
            }
            self.begin();
            self.run(text);
        } else {
            self.run(bytes);
            // `{`, printed by a test, then the report on the next line.
            if starts && self.open.is_none() && bytes.first() == Some(&b'{') && !self.seen {
                self.begin();
                self.run(bytes);
            }
        }
    }

    fn begin(&mut self) {
        self.open = Some(Box::new(Open::at(self.line, self.offset)));
    }

    fn run(&mut self, bytes: &[u8]) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        let mut rest = bytes;
        loop {
            let (taken, mut step) = open.take_element(rest);
            rest = rest.get(taken..).unwrap_or_default();
            if matches!(step, Step::More) {
                let text = open.take_text(rest);
                let Some((&byte, after)) = rest.get(text..).and_then(<[u8]>::split_first) else {
                    break;
                };
                rest = after;
                step = open.step(byte, R::LISTS, self.line, self.offset);
            }
            match step {
                Step::More => {}
                Step::Key => {
                    let is = |word: &&str| open.frames[0].key == word.as_bytes();
                    open.known |= R::SIGNATURE.iter().any(is);
                    open.hinted |= R::HINTS.iter().any(is);
                }
                Step::Element(list) => {
                    open.known = true;
                    let element = std::mem::take(&mut open.element);
                    let line = place(open.element_line, open.element_offset, &element);
                    if let Err(error) = self.report.element(list, &element, &line, &mut self.book) {
                        let text = format!("the JSON report cannot be read: {error}");
                        let (number, offset) = (open.element_line, open.element_offset);
                        self.fail(&text, number, offset, &element);
                        return;
                    }
                    open.element = element;
                    open.element.clear();
                }
                Step::End => {
                    if open.known {
                        self.whole(&open);
                    }
                    return;
                }
                Step::Bad(why) => {
                    if open.known || open.hinted {
                        let text = format!("the JSON report cannot be read: {why}");
                        self.fail(&text, self.line, self.offset, bytes);
                    }
                    return;
                }
            }
        }
        self.open = Some(open);
    }

    fn whole(&mut self, open: &Open) {
        let line = place(open.line, open.offset, &open.skeleton);
        match self.report.document(&open.skeleton, &line, &mut self.book) {
            Ok(()) => self.seen = true,
            Err(error) => {
                let text = format!("the JSON report cannot be read: {error}");
                self.fail(&text, open.line, open.offset, &open.skeleton);
            }
        }
    }

    fn fail(&mut self, text: &str, line: u64, byte: u64, quote: &[u8]) {
        self.seen = true;
        let quote = quote.strip_suffix(b"\n").unwrap_or(quote);
        let start = quote.get(..quote.len().min(400)).unwrap_or_default();
        self.problem.get_or_insert(Fact {
            text: text.to_owned(),
            line,
            byte,
            quote: clip(&String::from_utf8_lossy(start), 200),
            source: String::new(),
        });
    }
}

/// Whether a line outside of any document is a part of a report: whoever prints a report of their own right
/// behind the first brace of the tool's leaves the rest of that.
fn orphan<R: Report>(line: &[u8]) -> bool {
    let keys = || {
        let lists = R::LISTS.iter().filter_map(|path| path.first());
        R::SIGNATURE.iter().chain(R::HINTS).chain(lists)
    };
    // The beginning is enough, and is the same in whichever pieces a long line comes.
    let line = line.get(..line.len().min(4_096)).unwrap_or_default();
    line.trim_ascii_start().starts_with(b"\"")
        && keys().any(|key| memchr::memmem::find(line, format!("\"{key}\":").as_bytes()).is_some())
}

fn place(number: u64, offset: u64, bytes: &[u8]) -> Line<'_> {
    let start = bytes.get(..bytes.len().min(400)).unwrap_or_default();
    Line::new(start, number, offset)
}
