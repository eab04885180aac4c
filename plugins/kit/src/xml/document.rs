//! Elements, attributes and text: what a document is made of.

use std::borrow::Cow;

use memchr::{memchr, memrchr};

use super::entity::{lossy, unescape, unescape_into};
use super::{ATTRIBUTES, Attribute, DEPTH, KEEP, NAME, Scanner, Sink, State};

type Step = Result<(usize, State), &'static str>;

/// A byte order mark in the middle, as concatenated files have it, counts as blank.
fn blank(bytes: &[u8]) -> bool {
    let blank = |b: &u8| b.is_ascii_whitespace() || matches!(b, 0xef | 0xbb | 0xbf);
    bytes.iter().all(blank)
}

/// Without the namespace's prefix.
fn local(name: &[u8]) -> Cow<'_, str> {
    let start = memrchr(b':', name).map_or(0, |colon| colon + 1);
    lossy(&name[start..])
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || !byte.is_ascii()
}

fn name_len(input: &[u8]) -> usize {
    let ends =
        |b: &u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'/' | b'=' | b'<' | b'"' | b'\'');
    input.iter().position(ends).unwrap_or(input.len())
}

const MANY: &str = "an element has more than 1,000 attributes";

/// Returns name and value of ` name="value"`, if it is whole.
fn plain_attribute(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = input.strip_prefix(b" ")?;
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let len = rest.iter().position(|b| !word(b))?;
    let (name, rest) = rest.split_at(len);
    let quoted = name.first()?.is_ascii_alphabetic() && len <= NAME;
    let rest = rest.strip_prefix(b"=\"").filter(|_| quoted)?;
    let end = memchr(b'"', rest)?;
    Some((name, &rest[..end]))
}

/// Returns the name of an attribute whose value is worth keeping.
fn wanted<S: Sink>(name: &[u8]) -> Option<&'static str> {
    let mut all = S::ATTRIBUTES.iter().copied();
    all.find(|wanted| wanted.as_bytes() == name)
}

impl Scanner {
    pub(super) fn hunt(&mut self, input: &[u8]) -> (usize, State) {
        let at = memchr(b'<', input).unwrap_or(input.len());
        let before = &input[..at];
        self.fresh = match memrchr(b'\n', before) {
            Some(feed) => blank(&before[feed..]),
            None => self.fresh && blank(before),
        };
        if at == input.len() {
            return (at, State::Hunt);
        }
        (at + 1, State::Open)
    }

    pub(super) fn in_text(&mut self, input: &[u8], sink: &mut impl Sink) -> (usize, State) {
        let at = memchr(b'<', input).unwrap_or(input.len());
        let wanted = sink.wants_text();
        if wanted {
            self.keep(&input[..at]);
        }
        if at == input.len() {
            return (at, State::Text);
        }
        if wanted && !self.raw.is_empty() {
            sink.text(&unescape(&self.raw));
        }
        (at + 1, self.begin(State::Open))
    }

    pub(super) fn opened(&mut self, byte: u8) -> (usize, State) {
        let inside = self.inside();
        match byte {
            b'?' => (1, self.begin(State::Instruction)),
            _ if !inside && !self.fresh => (0, State::Hunt),
            b'/' => (1, self.begin(State::EndName)),
            b'!' => (1, self.begin(State::Bang)),
            _ if starts_name(byte) => (0, self.begin(State::StartName)),
            _ if inside => {
                // Not XML, but `a < b` in a text hurts nobody.
                self.keep(b"<");
                (0, State::Text)
            }
            _ => (0, self.back_to_hunt()),
        }
    }

    pub(super) fn start_name<S: Sink>(&mut self, input: &[u8], sink: &mut S) -> Step {
        let len = name_len(input);
        self.keep(&input[..len]);
        if self.raw.len() > NAME {
            if self.inside() {
                return Err("an element's name is longer than 256 bytes");
            }
            return Ok((len, self.back_to_hunt()));
        }
        if len == input.len() {
            return Ok((len, State::StartName));
        }
        if !self.inside() {
            let name = local(&self.raw).into_owned();
            if S::INNER.contains(&&*name) {
                return Err(S::ORPHAN);
            }
            if !sink.root(&name) {
                self.entities = false;
                return Ok((len, self.back_to_hunt()));
            }
            if self.entities {
                return Err("a DOCTYPE declares entities, which are refused");
            }
        }
        if self.starts.len() >= DEPTH {
            return Err("elements are nested more than 256 deep");
        }
        self.starts.push(self.names.len());
        self.names.extend_from_slice(&self.raw);
        self.given = 0;
        self.attribute_count = 0;
        Ok((len, State::Gap))
    }

    /// Takes attributes as almost everybody writes them, ` name="value"`, and only whole ones; returns how many
    /// bytes they are. All others go from state to state.
    pub(super) fn plain_attributes<S: Sink>(
        &mut self,
        input: &[u8],
    ) -> Result<usize, &'static str> {
        let mut used = 0;
        while let Some((name, value)) = plain_attribute(&input[used..]) {
            self.attribute_count += 1;
            if self.attribute_count > ATTRIBUTES {
                return Err(MANY);
            }
            used += 1 + name.len() + 2 + value.len() + 1;
            if let Some(name) = wanted::<S>(name) {
                self.give(name, &value[..value.len().min(KEEP)]);
            }
        }
        Ok(used)
    }

    /// Of an attribute given twice the first counts.
    fn give(&mut self, name: &'static str, value: &[u8]) {
        if self.attributes[..self.given].iter().any(|a| a.name == name) {
            return;
        }
        if self.given == self.attributes.len() {
            self.attributes.push(Attribute::default());
        }
        let attribute = &mut self.attributes[self.given];
        attribute.name = name;
        attribute.value.clear();
        unescape_into(value, &mut attribute.value);
        self.given += 1;
    }

    pub(super) fn gap(&mut self, byte: u8, sink: &mut impl Sink) -> Step {
        Ok(match byte {
            b'>' => (1, self.start_tag(false, sink)),
            b'/' => (1, State::Slash),
            _ if byte.is_ascii_whitespace() => (1, State::Gap),
            _ if starts_name(byte) => {
                self.attribute_count += 1;
                if self.attribute_count > ATTRIBUTES {
                    return Err(MANY);
                }
                self.attribute.clear();
                (0, State::AttributeName)
            }
            _ => return Err("something that is no attribute in a tag: an unescaped quote or `<`?"),
        })
    }

    pub(super) fn attribute_name(&mut self, input: &[u8]) -> Step {
        let len = name_len(input);
        self.attribute
            .extend_from_slice(&input[..len.min(NAME + 1)]);
        if self.attribute.len() > NAME {
            return Err("an attribute's name is longer than 256 bytes");
        }
        let next = if len == input.len() {
            State::AttributeName
        } else {
            State::Equals
        };
        Ok((len, next))
    }

    pub(super) fn value<S: Sink>(&mut self, input: &[u8], quote: u8) -> (usize, State) {
        let at = memchr(quote, input).unwrap_or(input.len());
        let wanted = wanted::<S>(&self.attribute);
        if wanted.is_some() {
            self.keep(&input[..at]);
        }
        if at == input.len() {
            return (at, State::Value(quote));
        }
        if let Some(name) = wanted {
            let raw = std::mem::take(&mut self.raw);
            self.give(name, &raw);
            self.raw = raw;
        }
        (at + 1, State::Gap)
    }

    pub(super) fn start_tag(&mut self, empty: bool, sink: &mut impl Sink) -> State {
        let start = self.starts.last().copied().unwrap_or(0);
        let attributes = &mut self.attributes[..self.given];
        sink.open(&local(&self.names[start..]), attributes);
        if empty {
            return self.leave(sink);
        }
        self.begin(State::Text)
    }

    pub(super) fn end_name(&mut self, input: &[u8]) -> Step {
        let len = name_len(input);
        self.keep(&input[..len]);
        if self.raw.len() > NAME {
            return Err("a closing tag's name is longer than 256 bytes");
        }
        let next = if len == input.len() {
            State::EndName
        } else {
            State::EndGap
        };
        Ok((len, next))
    }

    pub(super) fn end_tag<S: Sink>(&mut self, sink: &mut S) -> Result<State, &'static str> {
        let Some(start) = self.starts.last().copied() else {
            if S::CLOSING.contains(&&*local(&self.raw)) {
                return Err("a closing tag without its opening tag: the beginning is missing");
            }
            return Ok(self.back_to_hunt());
        };
        if self.names[start..] != self.raw {
            return Err("a closing tag that does not match its opening tag");
        }
        Ok(self.leave(sink))
    }

    fn leave(&mut self, sink: &mut impl Sink) -> State {
        if let Some(start) = self.starts.pop() {
            self.names.truncate(start);
        }
        sink.close();
        // Right behind a document another one may begin, without a new line.
        self.fresh = true;
        self.entities = false;
        let next = self.content();
        self.begin(next)
    }
}
