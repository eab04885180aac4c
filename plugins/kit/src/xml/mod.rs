//! A push scanner for XML: bytes in, elements out, in bounded memory.
//!
//! Written here and not taken from a library, because the readers there are hold a whole text,
//! attribute or comment in memory before they give it out: one `system-out` of a gigabyte is then
//! the end of the judge. This one keeps what is asked for, and of that the first [`KEEP`] bytes.
//!
//! It also finds documents between other lines, takes several in a row, and forgives what does not
//! change the structure: bare `&`, `<` in attributes, impossible characters. What does change it is
//! an error. Entities are never declared, and nothing outside of the input is ever looked at.

mod decode;
mod document;
mod entity;
mod error;
mod markup;
mod reading;

pub use decode::Decoder;
pub use error::{Malformed, Place};
use markup::Doctype;
pub use reading::Reading;

/// How much of one text or attribute is kept, in bytes.
pub const KEEP: usize = 64 * 1024;
/// How much of a line is quoted, in bytes.
const LINE: usize = 200;
/// The longest name of an element or attribute, in bytes.
const NAME: usize = 256;
/// The deepest nesting of elements.
const DEPTH: usize = 256;
/// The most attributes of one element.
const ATTRIBUTES: usize = 1_000;

/// Who wants the elements. Names come without a namespace's prefix.
pub trait Sink {
    /// How the names of roots begin: an input that ends inside of such a tag is torn.
    const ROOT: &'static str;
    /// Elements that are no root; where one stands outside of a document, its beginning is missing.
    const INNER: &'static [&'static str];
    /// What to say of such an element.
    const ORPHAN: &'static str;
    /// Elements whose closing tag outside of a document says that its beginning is missing.
    const CLOSING: &'static [&'static str];
    /// The attributes whose values are worth keeping; those that stand in most elements first.
    const ATTRIBUTES: &'static [&'static str];
    /// A document could begin here; `false` lets the scanner look further.
    fn root(&mut self, name: &str) -> bool;
    /// Whether it matters where the tag that comes now stands.
    fn wants_place(&self) -> bool {
        false
    }
    /// Where the tag that comes now stands, if that was asked for.
    fn place(&mut self, _place: Place) {}
    /// An element begins. Values may be taken out of the attributes, and other memory left there for the next ones.
    fn open(&mut self, name: &str, attributes: &mut [Attribute]);
    /// Whether the text that comes now is worth keeping.
    fn wants_text(&self) -> bool;
    /// Text of the innermost element, maybe in pieces.
    fn text(&mut self, text: &str);
    /// The innermost element ends.
    fn close(&mut self);
}

/// An attribute that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its value, with references replaced.
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between documents.
    Hunt,
    /// In an element's content.
    Text,
    /// After `<`.
    Open,
    StartName,
    /// In a tag, before an attribute or the end.
    Gap,
    AttributeName,
    /// After an attribute's name.
    Equals,
    /// After `=`.
    Quote,
    Value(u8),
    /// After the `/` of an empty element.
    Slash,
    EndName,
    EndGap,
    /// After `<!`.
    Bang,
    Comment,
    Cdata,
    Instruction,
    Doctype(Doctype),
}

/// The scanner.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    /// Names of the open elements, one behind the other, and where each begins.
    names: Vec<u8>,
    starts: Vec<usize>,
    /// What is being collected, at most [`KEEP`] bytes of it, and how long it really is.
    raw: Vec<u8>,
    raw_len: usize,
    /// The last two bytes seen in a comment, CDATA section or instruction.
    last: [u8; 2],
    attribute: Vec<u8>,
    /// Attributes of this element, as many as are `given`; the rest is memory to be used again.
    attributes: Vec<Attribute>,
    given: usize,
    attribute_count: usize,
    /// Whether only blanks came since the line began: where a document may begin.
    fresh: bool,
    /// Whether a DOCTYPE declares entities.
    entities: bool,
    /// Line feeds consumed.
    lines: u64,
    /// Bytes consumed before this input, with those that were taken off the front of all.
    offset: u64,
    /// Where the line begins that the last input ended in, and its first bytes.
    line_start: u64,
    head: Vec<u8>,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// Returns a scanner at the beginning of an input.
    pub fn new() -> Self {
        Self {
            state: State::Hunt,
            names: Vec::new(),
            starts: Vec::new(),
            raw: Vec::new(),
            raw_len: 0,
            last: [0; 2],
            attribute: Vec::new(),
            attributes: Vec::new(),
            given: 0,
            attribute_count: 0,
            fresh: true,
            entities: false,
            lines: 0,
            offset: 0,
            line_start: 0,
            head: Vec::new(),
        }
    }

    /// Takes the next bytes. After an error the scanner must not be used any more.
    ///
    /// # Errors
    /// What is not XML, and where.
    pub fn feed(&mut self, input: &[u8], sink: &mut impl Sink) -> Result<(), Malformed> {
        let mut rest = input;
        let mut counted = 0;
        while !rest.is_empty() {
            let at = input.len() - rest.len();
            if self.state == State::Open && sink.wants_place() {
                let mut place = self.place(&input[counted..at], at);
                // The tag's first byte is the one before.
                place.byte = place.byte.saturating_sub(1);
                counted = at;
                sink.place(place);
            }
            match self.step(rest, sink) {
                Ok(used) => rest = &rest[used..],
                Err(what) => {
                    self.lines += count_lines(&input[counted..at]);
                    let line = self.lines + 1;
                    self.keep_line(&input[..at]);
                    let byte = self.line_start;
                    let mut quote = std::mem::take(&mut self.head);
                    extend_line(&mut quote, rest);
                    let place = Place { line, byte };
                    return Err(Malformed::At { what, place, quote });
                }
            }
        }
        self.lines += count_lines(&input[counted..]);
        self.keep_line(input);
        self.offset += input.len() as u64;
        Ok(())
    }

    /// Keeps the beginning of the line that `input` ends in.
    fn keep_line(&mut self, input: &[u8]) {
        let start = memchr::memrchr(b'\n', input).map(|at| at + 1);
        if let Some(start) = start {
            self.head.clear();
            self.line_start = self.offset + start as u64;
        }
        extend_line(&mut self.head, &input[start.unwrap_or(0)..]);
    }

    /// Counts the lines of `more`, which ends `at` bytes into this input; returns where that is.
    fn place(&mut self, more: &[u8], at: usize) -> Place {
        self.lines += count_lines(more);
        Place {
            line: self.lines + 1,
            byte: self.offset + at as u64,
        }
    }

    /// Tells of bytes in front of the input that are not given to it: a byte order mark.
    pub fn skip(&mut self, bytes: usize) {
        self.offset += bytes as u64;
    }

    /// Returns the line that the input ends in, from 1.
    pub fn line(&self) -> u64 {
        self.lines + 1
    }

    /// Returns whether the input ended inside of a document, or inside of the tag that begins one.
    pub fn torn<S: Sink>(&self) -> bool {
        let beginning = match self.state {
            State::Open => self.fresh,
            State::StartName => {
                let root = S::ROOT.as_bytes();
                self.raw.starts_with(root) || root.starts_with(&self.raw)
            }
            State::Instruction => b"xml ".starts_with(&self.raw),
            _ => false,
        };
        self.inside() || beginning
    }

    /// Whether the scanner is inside of a document.
    fn inside(&self) -> bool {
        !self.starts.is_empty()
    }

    /// Where to go on between two tags.
    fn content(&self) -> State {
        if self.inside() {
            State::Text
        } else {
            State::Hunt
        }
    }

    /// Gives up on a tag that is no document's beginning.
    fn back_to_hunt(&mut self) -> State {
        self.fresh = false;
        State::Hunt
    }

    fn begin(&mut self, state: State) -> State {
        self.raw.clear();
        self.raw_len = 0;
        self.last = [0; 2];
        state
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = KEEP.saturating_sub(self.raw.len()).min(bytes.len());
        self.raw.extend_from_slice(&bytes[..room]);
        self.raw_len = self.raw_len.saturating_add(bytes.len());
    }

    /// Consumes at least one byte, or changes the state.
    fn step<S: Sink>(&mut self, input: &[u8], sink: &mut S) -> Result<usize, &'static str> {
        let byte = input[0];
        let (used, next) = match self.state {
            State::Hunt => self.hunt(input),
            State::Text => self.in_text(input, sink),
            State::Open => self.opened(byte),
            State::StartName => self.start_name(input, sink)?,
            State::Gap => match self.plain_attributes::<S>(input)? {
                0 => self.gap(byte, sink)?,
                used => (used, State::Gap),
            },
            State::AttributeName => self.attribute_name(input)?,
            State::Equals => match byte {
                b'=' => (1, State::Quote),
                _ if byte.is_ascii_whitespace() => (1, State::Equals),
                _ => return Err("an attribute without a value"),
            },
            State::Quote => match byte {
                b'"' | b'\'' => (1, self.begin(State::Value(byte))),
                _ if byte.is_ascii_whitespace() => (1, State::Quote),
                _ => return Err("an attribute's value without quotes"),
            },
            State::Value(quote) => self.value::<S>(input, quote),
            State::Slash => match byte {
                b'>' => (1, self.start_tag(true, sink)),
                _ => return Err("a `/` inside of a tag"),
            },
            State::EndName => self.end_name(input)?,
            State::EndGap => match byte {
                b'>' => (1, self.end_tag(sink)?),
                _ if byte.is_ascii_whitespace() => (1, State::EndGap),
                _ => return Err("more than a name in a closing tag"),
            },
            State::Bang => self.bang(byte)?,
            State::Comment => self.comment(input),
            State::Cdata => self.cdata(input, sink),
            State::Instruction => self.instruction(input)?,
            State::Doctype(doctype) => self.doctype(byte, doctype),
        };
        self.state = next;
        Ok(used)
    }
}

/// Adds to the beginning of a line what follows, up to the line feed or [`LINE`] bytes.
fn extend_line(head: &mut Vec<u8>, more: &[u8]) {
    let room = LINE.saturating_sub(head.len()).min(more.len());
    let end = memchr::memchr(b'\n', &more[..room]).map_or(room, |at| at + 1);
    head.extend_from_slice(&more[..end]);
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
