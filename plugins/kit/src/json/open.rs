//! The structure of a JSON document, byte by byte.

use super::plain::{blanks, plain};

const DEPTH: usize = 128;
const ELEMENT: usize = 32 * 1_024 * 1_024;
const SKELETON: usize = 4 * 1_024 * 1_024;
/// Bytes that are kept of a key: the ones that are looked for are shorter.
const KEY: usize = 64;

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
pub(super) struct Frame {
    object: bool,
    pub(super) key: Vec<u8>,
}

/// A document that has begun.
#[derive(Debug, Default)]
pub(super) struct Open {
    state: State,
    escaped: bool,
    pub(super) frames: Vec<Frame>,
    pub(super) skeleton: Vec<u8>,
    pub(super) element: Vec<u8>,
    /// The list whose element is being read, and the depth at which it ends.
    list: Option<(usize, usize)>,
    pub(super) known: bool,
    /// Whether it is such a report if it breaks.
    pub(super) hinted: bool,
    pub(super) line: u64,
    pub(super) offset: u64,
    pub(super) element_line: u64,
    pub(super) element_offset: u64,
}

/// What a byte completes.
pub(super) enum Step {
    More,
    Key,
    Element(usize),
    End,
    Bad(&'static str),
}

const CONTROL: Step = Step::Bad("a control character inside a string");

impl Open {
    /// Returns a document that begins here.
    pub(super) fn at(line: u64, offset: u64) -> Self {
        Self {
            state: State::Value,
            line,
            offset,
            ..Self::default()
        }
    }

    /// Takes a byte. Only the structure is looked at here; numbers and escapes are the parser's.
    pub(super) fn step(&mut self, byte: u8, lists: &[&[&str]], line: u64, offset: u64) -> Step {
        if matches!(self.state, State::KeyText | State::Text) {
            return self.text(byte);
        }
        if self.state == State::Scalar
            && matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')
        {
            self.state = State::After;
            if let Some(step) = self.element_ends() {
                if byte.is_ascii_whitespace() {
                    return step;
                }
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
        if self.state == State::Value
            && self.list.is_none()
            && byte != b']'
            && let Some(list) = self.list_here(lists)
        {
            self.list = Some((list, self.frames.len()));
            (self.element_line, self.element_offset) = (line, offset);
            self.skeleton.extend_from_slice(b"null");
        }
        self.keep(byte);
        if self.element.len() > ELEMENT || self.skeleton.len() > SKELETON {
            return Step::Bad("a part of it is too large");
        }
        self.structure(byte)
    }

    /// Takes what belongs to an element, up to its end; returns how many bytes that were, and what they
    /// complete. By far most of a report is in elements.
    pub(super) fn take_element(&mut self, bytes: &[u8]) -> (usize, Step) {
        let Some((_, depth)) = self.list else {
            return (0, Step::More);
        };
        // What was looked at and is not yet copied begins at `from`.
        let (mut from, mut at) = (0, 0);
        let step = loop {
            let Some(&byte) = bytes.get(at) else {
                break Step::More;
            };
            match (self.state, byte) {
                (State::Text | State::KeyText, _) => match self.element_text(bytes, at) {
                    Ok(end) => at = end,
                    Err(step) => break step,
                },
                (State::Scalar, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') => {
                    self.state = State::After;
                }
                (State::Key, b'"') => {
                    self.state = State::KeyText;
                    at += 1;
                }
                (State::Colon, b':') => {
                    self.state = State::Value;
                    at += 1;
                }
                (State::Value, b'"') => {
                    self.state = State::Text;
                    at += 1;
                }
                (_, b' ' | b'\n' | b'\r' | b'\t') => {
                    self.copy(bytes, from, at);
                    at += blanks(bytes.get(at..).unwrap_or_default());
                    from = at;
                }
                (State::Scalar, b'0'..=b'9') => at += 1,
                _ => {
                    at += 1;
                    match self.structure(byte) {
                        Step::More => {}
                        other => break other,
                    }
                }
            }
            // What follows on a bare value belongs to the list.
            if self.state == State::After
                && self.frames.len() == depth
                && let Some(step) = self.element_ends()
            {
                break step;
            }
        };
        self.copy(bytes, from, at);
        if self.element.len() > ELEMENT {
            return (at, Step::Bad("a part of it is too large"));
        }
        (at, step)
    }

    fn copy(&mut self, bytes: &[u8], from: usize, to: usize) {
        let piece = bytes.get(from..to).unwrap_or_default();
        self.element.extend_from_slice(piece);
    }

    /// Goes through a string, from `at` to behind its end, or to the end of these bytes.
    fn element_text(&mut self, bytes: &[u8], mut at: usize) -> Result<usize, Step> {
        loop {
            if std::mem::take(&mut self.escaped) {
                match bytes.get(at) {
                    Some(0x20..) => at += 1,
                    Some(_) => return Err(CONTROL),
                    None => {
                        self.escaped = true;
                        return Ok(at);
                    }
                }
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let end = plain(rest);
            match rest.get(end) {
                None => return Ok(bytes.len()),
                Some(b'"') => {
                    self.state = match self.state {
                        State::KeyText => State::Colon,
                        _ => State::After,
                    };
                    return Ok(at + end + 1);
                }
                Some(b'\\') => {
                    self.escaped = true;
                    at += end + 1;
                }
                Some(_) => return Err(CONTROL),
            }
        }
    }

    /// Takes what is inside a string outside of elements, up to what needs a closer look; returns how many bytes
    /// that were.
    pub(super) fn take_text(&mut self, bytes: &[u8]) -> usize {
        let inside = matches!(self.state, State::Text | State::KeyText);
        if !inside || self.escaped || self.list.is_some() {
            return 0;
        }
        let (whole, _) = bytes.split_at(plain(bytes));
        self.skeleton.extend_from_slice(whole);
        if self.state == State::KeyText
            && let Some(frame) = self.frames.last_mut()
        {
            let room = KEY.saturating_sub(frame.key.len()).min(whole.len());
            frame.key.extend_from_slice(&whole[..room]);
        }
        whole.len()
    }

    fn keep(&mut self, byte: u8) {
        match self.list {
            Some(_) => self.element.push(byte),
            None => self.skeleton.push(byte),
        }
    }

    fn text(&mut self, byte: u8) -> Step {
        if byte < 0x20 {
            return CONTROL;
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
        if key
            && let Some(frame) = self.frames.last_mut()
            && frame.key.len() < KEY
        {
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
