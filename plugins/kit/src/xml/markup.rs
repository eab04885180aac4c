//! Comments, CDATA sections, processing instructions and DOCTYPE: what is not an element.

use memchr::memchr_iter;

use super::entity::lossy;
use super::{Scanner, Sink, State};

/// The longest XML declaration between documents, in bytes; more is some other text.
const DECLARATION: usize = 1024;
/// The longest DOCTYPE, in bytes; more is taken for a declaration of entities.
const DOCTYPE: u32 = 64 * 1024;
const ENTITY: &[u8] = b"<!ENTITY";

/// Where in a DOCTYPE the scanner is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Doctype {
    seen: u32,
    /// Inside of `[ … ]`.
    subset: bool,
    /// The open quote, or 0.
    quote: u8,
    /// How much of [`ENTITY`] has just been seen.
    matched: usize,
}

impl Scanner {
    pub(super) fn bang(&mut self, byte: u8) -> Result<(usize, State), &'static str> {
        self.keep(&[byte]);
        let inside = self.inside();
        let seen = self.raw.to_ascii_uppercase();
        Ok(match seen.as_slice() {
            b"--" => (1, self.begin(State::Comment)),
            b"[CDATA[" if inside => (1, self.begin(State::Cdata)),
            b"DOCTYPE" if !inside => (1, State::Doctype(Doctype::default())),
            seen if b"--".starts_with(seen)
                || (inside && b"[CDATA[".starts_with(seen))
                || (!inside && b"DOCTYPE".starts_with(seen)) =>
            {
                (1, State::Bang)
            }
            _ if inside => return Err("a `<!` that is neither a comment nor CDATA"),
            _ => (1, self.back_to_hunt()),
        })
    }

    /// Finds `end` (its last byte is `>`), also when it lies across two chunks; returns the offset
    /// behind it.
    fn find_end(&mut self, input: &[u8], end: &[u8]) -> Option<usize> {
        let before = end.len() - 1;
        let ended = |at: usize| {
            (1..=before).all(|back| {
                let previous = match at.checked_sub(back) {
                    Some(index) => input[index],
                    None => self.last[2 + at - back],
                };
                previous == end[before - back]
            })
        };
        let found = memchr_iter(b'>', input).find(|&at| ended(at));
        match (found, input) {
            (None, [.., a, b]) => self.last = [*a, *b],
            (None, [b]) => self.last = [self.last[1], *b],
            _ => {}
        }
        found.map(|at| at + 1)
    }

    pub(super) fn comment(&mut self, input: &[u8]) -> (usize, State) {
        match self.find_end(input, b"-->") {
            Some(used) => {
                let next = self.content();
                (used, self.begin(next))
            }
            None => (input.len(), State::Comment),
        }
    }

    pub(super) fn cdata(&mut self, input: &[u8], sink: &mut impl Sink) -> (usize, State) {
        let found = self.find_end(input, b"]]>");
        let used = found.unwrap_or(input.len());
        let wanted = sink.wants_text();
        if wanted {
            self.keep(&input[..used]);
        }
        if found.is_none() {
            return (used, State::Cdata);
        }
        if wanted {
            let len = self.raw_len.saturating_sub("]]>".len());
            self.raw.truncate(len);
            sink.text(&lossy(&self.raw));
        }
        (used, self.begin(State::Text))
    }

    /// Skips an instruction. Between documents only an XML declaration is one: logs are full of
    /// other things that begin with `<?`.
    pub(super) fn instruction(&mut self, input: &[u8]) -> Result<(usize, State), &'static str> {
        let target = b"xml";
        if self.raw_len <= target.len() {
            self.keep(&input[..1]);
            let declaration = match self.raw.as_slice() {
                [name @ .., last] if self.raw_len > target.len() => {
                    name == target && last.is_ascii_whitespace()
                }
                name => target.starts_with(name),
            };
            return match (self.inside(), declaration && self.raw_len > target.len()) {
                (true, true) => Err("a new document begins before this one has ended"),
                (false, _) if !declaration => Ok((1, self.back_to_hunt())),
                _ => {
                    if self.find_end(&input[..1], b"?>").is_none() {
                        return Ok((1, State::Instruction));
                    }
                    let next = self.content();
                    Ok((1, self.begin(next)))
                }
            };
        }
        // No further than the limit, so that the pieces in which the bytes come change nothing.
        let input = if self.inside() {
            input
        } else {
            let room = (DECLARATION + 1).saturating_sub(self.raw_len).max(1);
            &input[..input.len().min(room)]
        };
        let found = self.find_end(input, b"?>");
        let used = found.unwrap_or(input.len());
        self.raw_len = self.raw_len.saturating_add(used);
        let next = match found {
            _ if !self.inside() && self.raw_len > DECLARATION => self.back_to_hunt(),
            Some(_) => {
                self.fresh = true;
                let next = self.content();
                self.begin(next)
            }
            None => State::Instruction,
        };
        Ok((used, next))
    }

    pub(super) fn doctype(&mut self, byte: u8, mut doctype: Doctype) -> (usize, State) {
        doctype.seen += 1;
        doctype.matched = match ENTITY.get(doctype.matched) {
            Some(&expected) if expected == byte => doctype.matched + 1,
            _ => usize::from(byte == ENTITY[0]),
        };
        if doctype.matched == ENTITY.len() || doctype.seen > DOCTYPE {
            self.entities = true;
        }
        match byte {
            _ if doctype.seen > DOCTYPE => return (1, State::Hunt),
            b'"' | b'\'' if doctype.quote == 0 => doctype.quote = byte,
            _ if doctype.quote == byte => doctype.quote = 0,
            _ if doctype.quote != 0 => {}
            b'[' => doctype.subset = true,
            b']' => doctype.subset = false,
            b'>' if !doctype.subset => return (1, State::Hunt),
            _ => {}
        }
        (1, State::Doctype(doctype))
    }
}
