//! Finds a JSON report in a stream and takes its long lists apart, element by element: memory depends
//! on the largest element, not on the report.

use crate::ansi;
use crate::text::clip;
use crate::{Book, Fact, Finding, Line, Notice};

const DEPTH: usize = 128;
const ELEMENT: usize = 32 * 1_024 * 1_024;
const SKELETON: usize = 4 * 1_024 * 1_024;
const HELD: usize = 65_536;

/// A kind of report.
pub trait Report: Default {
    /// Paths of the lists whose elements are given one by one.
    const LISTS: &'static [&'static [&'static str]];
    /// Keys of the document's top level; one that has any of them is meant to be such a report.
    const SIGNATURE: &'static [&'static str];

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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Key,
    KeyText,
    Colon,
    Value,
    Text,
    Scalar,
    After,
}

#[derive(Debug)]
struct Frame {
    object: bool,
    key: Vec<u8>,
}

/// A document that has begun.
#[derive(Debug, Default)]
struct Open {
    state: State,
    escaped: bool,
    frames: Vec<Frame>,
    skeleton: Vec<u8>,
    element: Vec<u8>,
    /// The list whose element is being read, and the depth at which it ends.
    list: Option<(usize, usize)>,
    known: bool,
    line: u64,
    offset: u64,
    element_line: u64,
    element_offset: u64,
}

/// Reads a stream for reports.
#[derive(Debug, Default)]
pub struct Documents<R> {
    report: R,
    book: Book,
    open: Option<Box<Open>>,
    held: Vec<u8>,
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
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(at + 1);
            self.hold(line);
            self.flush(true);
            rest = after;
        }
        self.hold(rest);
        self.book.take()
    }

    /// Ends the stream; returns what was established, and what is left to tell.
    pub fn end(mut self) -> (Finding, Vec<Notice>) {
        self.flush(true);
        if let Some(open) = self.open.take().filter(|open| open.known) {
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
            return;
        }
        let held = std::mem::take(&mut self.held);
        if self.flowing {
            self.bytes(&held, false);
        } else {
            let body = held.strip_suffix(b"\n").unwrap_or(&held);
            let plain = ansi::strip(body);
            self.bytes(&plain, true);
            if ended {
                self.bytes(b"\n", false);
            }
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
        self.open = Some(Box::new(Open {
            state: State::Value,
            line: self.line,
            offset: self.offset,
            ..Open::default()
        }));
    }

    fn run(&mut self, bytes: &[u8]) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        for &byte in bytes {
            match open.step(byte, R::LISTS, self.line, self.offset) {
                Step::More => {}
                Step::Key => {
                    let is = |word: &&str| open.frames[0].key == word.as_bytes();
                    open.known |= R::SIGNATURE.iter().any(is);
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
                    if open.known {
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
        match self
            .report
            .document(&open.skeleton, &line, &mut self.book)
        {
            Ok(()) => self.seen = true,
            Err(error) => {
                let text = format!("the JSON report cannot be read: {error}");
                self.fail(&text, open.line, open.offset, &open.skeleton);
            }
        }
    }

    fn fail(&mut self, text: &str, line: u64, byte: u64, quote: &[u8]) {
        self.seen = true;
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

fn place(number: u64, offset: u64, bytes: &[u8]) -> Line<'_> {
    Line {
        plain: bytes.get(..bytes.len().min(400)).unwrap_or_default(),
        number,
        offset,
        terminated: true,
        cut: false,
    }
}

enum Step {
    More,
    Key,
    Element(usize),
    End,
    Bad(&'static str),
}

impl Open {
    /// Takes a byte. Only the structure is looked at here; numbers and escapes are the parser's.
    fn step(&mut self, byte: u8, lists: &[&[&str]], line: u64, offset: u64) -> Step {
        if matches!(self.state, State::KeyText | State::Text) {
            return self.text(byte);
        }
        if self.state == State::Scalar && matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') {
            self.state = State::After;
            if let Some(step) = self.element_ends() {
                // The byte after a bare value belongs to the list.
                self.keep(byte);
                return match self.structure(byte) {
                    Step::More => step,
                    other => other,
                };
            }
        }
        if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') && self.state != State::Scalar {
            return Step::More;
        }
        if self.state == State::Value && self.list.is_none() && byte != b']' {
            if let Some(list) = self.list_here(lists) {
                self.list = Some((list, self.frames.len()));
                (self.element_line, self.element_offset) = (line, offset);
                self.skeleton.extend_from_slice(b"null");
            }
        }
        self.keep(byte);
        if self.element.len() > ELEMENT || self.skeleton.len() > SKELETON {
            return Step::Bad("a part of it is too large");
        }
        self.structure(byte)
    }

    fn keep(&mut self, byte: u8) {
        match self.list {
            Some(_) => self.element.push(byte),
            None => self.skeleton.push(byte),
        }
    }

    fn text(&mut self, byte: u8) -> Step {
        if byte < 0x20 {
            return Step::Bad("a control character inside a string");
        }
        self.keep(byte);
        let key = self.state == State::KeyText;
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.state = if key { State::Colon } else { State::After };
            if key && self.frames.len() == 1 {
                return Step::Key;
            }
            return self.element_ends().unwrap_or(Step::More);
        }
        if key && let Some(frame) = self.frames.last_mut() && frame.key.len() < 64 {
            frame.key.push(byte);
        }
        if self.element.len() > ELEMENT || self.skeleton.len() > SKELETON {
            return Step::Bad("a part of it is too large");
        }
        Step::More
    }

    fn structure(&mut self, byte: u8) -> Step {
        let object = self.frames.last().is_some_and(|frame| frame.object);
        match (self.state, byte) {
            (State::Value, b'{' | b'[') => {
                if self.frames.len() >= DEPTH {
                    return Step::Bad("it is nested too deeply");
                }
                let object = byte == b'{';
                self.state = if object { State::Key } else { State::Value };
                let key = Vec::new();
                self.frames.push(Frame { object, key });
            }
            (State::Key, b'"') => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.key.clear();
                }
                self.state = State::KeyText;
            }
            (State::Colon, b':') => self.state = State::Value,
            (State::Value, b'"') => self.state = State::Text,
            (State::Key | State::After, b'}') if object => return self.close(),
            (State::Value | State::After, b']') if !object && !self.frames.is_empty() => {
                return self.close();
            }
            (State::After, b',') => {
                self.state = if object { State::Key } else { State::Value };
            }
            (State::Value, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.state = State::Scalar,
            (State::Scalar, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E') => {}
            _ => return Step::Bad("a character where none may be"),
        }
        Step::More
    }

    fn close(&mut self) -> Step {
        self.frames.pop();
        self.state = State::After;
        if self.frames.is_empty() {
            return Step::End;
        }
        self.element_ends().unwrap_or(Step::More)
    }

    fn element_ends(&mut self) -> Option<Step> {
        let (list, depth) = self.list?;
        if self.frames.len() != depth || self.state != State::After {
            return None;
        }
        self.list = None;
        Some(Step::Element(list))
    }

    /// Whether the next value is an element of a list that is taken apart.
    fn list_here(&self, lists: &[&[&str]]) -> Option<usize> {
        let (top, below) = self.frames.split_last()?;
        if top.object {
            return None;
        }
        lists.iter().position(|path| {
            path.len() == below.len()
                && path
                    .iter()
                    .zip(below)
                    .all(|(word, frame)| frame.object && frame.key == word.as_bytes())
        })
    }
}
