//! Breaks up whatever a CI system would take as a command, visibly and without losing a character.
//!
//! One rule for all systems, whether one was detected or not: a job in a container knows nothing of the system
//! that reads its output. A backslash goes into the command's mark: `:\:error::`, `##\vso[`, `\--- `. What is not
//! seen does not help: the agents of GitHub and Azure compare as people read, and to them a mark with a zero-width
//! character inside is still that mark. So such characters are looked through here too.
//!
//! | system | takes as a command |
//! |---|---|
//! | GitHub | a line that begins, white space aside, with `::`; `##[` anywhere in a line |
//! | Forgejo, Gitea, act | a line that begins with `::` or `##[` |
//! | Azure | `##vso[` anywhere in a line, `##[` at its beginning |
//! | TeamCity | `##teamcity[` anywhere in a line |
//! | Buildkite | a line that begins, colours aside, with `---`, `+++`, `~~~` or `^^^` and white space |
//! | GitLab | `section_start:` or `section_end:` with a carriage return and an erase sequence behind |

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_width::UnicodeWidthChar as _;

/// What breaks a command up.
const BREAK: &str = "\\";
/// What an escape character becomes that begins no colour.
const ESCAPE: &str = "\u{241b}";
/// A line without end is passed on in pieces of so many bytes.
const PIECE: usize = 1 << 20;

/// A character of a line, or a colour, which none of the readers sees.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// `None` for a colour.
    c: Option<char>,
    at: usize,
    length: usize,
}

/// Returns the line, which has no line end, so that no CI system reads a command out of it.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if harmless(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let guarded = bytes(text.as_bytes());
    Cow::Owned(String::from_utf8_lossy(&guarded).into_owned())
}

/// Returns lines so that no CI system reads a command out of them.
pub(crate) fn lines(text: &str) -> String {
    let mut guarded = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\r']) {
        let body = part.trim_end_matches(['\n', '\r']);
        let (body, end) = part.split_at(body.len());
        guarded.push_str(&line(body));
        guarded.push_str(end);
    }
    guarded
}

/// Returns bytes so that no CI system reads a command out of them.
pub(crate) fn bytes_of_lines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut guarded = Guarded::new(&mut out);
    // Memory takes everything.
    guarded
        .write_all(bytes)
        .and_then(|()| guarded.end())
        .unwrap_or(());
    out
}

/// Returns a JSON document that means the same and holds no mark of a command: a number sign stands only in strings.
/// Line ends and escape characters are escaped in JSON as it is.
pub(crate) fn json(document: &str) -> Cow<'_, str> {
    escaped(document, "\\u0023")
}

/// Returns an XML document that means the same and holds no mark of a command.
pub(crate) fn xml(document: &str) -> String {
    let document = escaped(document, "&#35;");
    let mut guarded = String::with_capacity(document.len());
    for line in document.split_inclusive('\n') {
        // Outside of text a line begins with white space or a tag.
        let rest = line.trim_start_matches(|c: char| c.is_whitespace() || unseen(c));
        let (front, rest) = line.split_at(line.len() - rest.len());
        guarded.push_str(front);
        let mark = rest.chars().next().filter(|c| ":-+~^".contains(*c));
        if let Some(mark) = mark {
            guarded.push_str("&#");
            guarded.push_str(&u32::from(mark).to_string());
            guarded.push(';');
        }
        guarded.push_str(
            rest.get(mark.map_or(0, char::len_utf8)..)
                .unwrap_or_default(),
        );
    }
    guarded
}

/// Writes each number sign that another follows, however it is hidden, by its reference.
fn escaped<'a>(document: &'a str, reference: &str) -> Cow<'a, str> {
    if memchr::memchr(b'#', document.as_bytes()).is_none() {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len());
    let mut rest = document;
    while let Some((front, behind)) = rest.split_once('#') {
        out.push_str(front);
        let next = behind.chars().find(|c| !unseen(*c));
        out.push_str(if next == Some('#') { reference } else { "#" });
        rest = behind;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Most lines: no number sign, and a beginning that no system cares for.
fn harmless(line: &[u8]) -> bool {
    let first = line.iter().find(|byte| **byte != b' ');
    let plain = match first {
        None => true,
        Some(b':' | b'-' | b'+' | b'~' | b'^') => false,
        Some(byte) => byte.is_ascii_graphic(),
    };
    // 0xc2: the first byte of a control character beyond ASCII.
    plain
        && line
            .iter()
            .all(|byte| !matches!(byte, 0..=0x1f | b'#' | 0x7f | 0xc2))
}

/// Returns a line, or a part of one, so that no CI system reads a command out of it. Other bytes stay as they are,
/// those that are no UTF-8 too.
fn bytes(line: &[u8]) -> Vec<u8> {
    let pieces = pieces(line);
    let mut breaks = Vec::new();
    breaks.extend(front(&pieces));
    breaks.extend(anywhere(&pieces));
    breaks.sort_unstable();
    breaks.dedup();
    let mut out = Vec::with_capacity(line.len() + breaks.len());
    let mut breaks = breaks.into_iter().peekable();
    for piece in &pieces {
        if breaks.next_if_eq(&piece.at).is_some() {
            out.extend_from_slice(BREAK.as_bytes());
        }
        match piece.c {
            Some('\u{1b}') => out.extend_from_slice(ESCAPE.as_bytes()),
            // The one-character forms of what begins with an escape.
            Some(c @ '\u{80}'..='\u{9f}') => {
                out.extend_from_slice(ESCAPE.as_bytes());
                let short = u8::try_from(u32::from(c) - 0x40).unwrap_or(b'?');
                out.push(short);
            }
            _ => out.extend_from_slice(&line[piece.at..piece.at + piece.length]),
        }
    }
    out
}

/// Takes a line apart. Bytes that are no UTF-8 are characters of their own, as their readers see them.
fn pieces(line: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(line.len());
    let mut at = 0;
    for chunk in line.utf8_chunks() {
        let text = chunk.valid();
        let mut skip = 0;
        for (place, c) in text.char_indices() {
            if place < skip {
                continue;
            }
            let colour = text.get(place..).and_then(colour);
            let length = colour.unwrap_or(c.len_utf8());
            skip = place + length;
            pieces.push(Piece {
                c: colour.is_none().then_some(c),
                at: at + place,
                length,
            });
        }
        at += text.len();
        if !chunk.invalid().is_empty() {
            let length = chunk.invalid().len();
            pieces.push(Piece {
                c: Some('\u{fffd}'),
                at,
                length,
            });
            at += length;
        }
    }
    pieces
}

/// The length of the colour sequence that a text begins with.
fn colour(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\u{1b}[")?;
    let end = rest.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
    rest.get(end..)?.starts_with('m').then_some(end + 3)
}

/// Where a break is needed because of how the line begins.
fn front(pieces: &[Piece]) -> Option<usize> {
    let seen = |piece: &&Piece| piece.c.is_some_and(|c| !unseen(c));
    let mut all = pieces.iter().filter(seen);
    let first = all.next()?;
    let repeated = matches!(first.c, Some('-' | '+' | '~' | '^'));
    if repeated && all.next()?.c == first.c && all.next()?.c == first.c {
        return match all.next().and_then(|piece| piece.c) {
            Some(c) if !c.is_whitespace() => None,
            _ => Some(first.at),
        };
    }
    let mut all = pieces
        .iter()
        .filter(seen)
        .skip_while(|piece| piece.c.is_some_and(char::is_whitespace));
    let (first, second) = (all.next()?, all.next()?);
    (first.c == Some(':') && second.c == Some(':')).then_some(second.at)
}

/// Where breaks are needed whatever is in front: after `##` of `##[`, `##vso[`, `##teamcity[` and their like.
fn anywhere(pieces: &[Piece]) -> Vec<usize> {
    let mut breaks = marks(pieces, |piece| piece.c);
    // A reader that looks through the escape character takes the bracket of a colour for that of a command.
    breaks.extend(marks(pieces, |piece| piece.c.or(Some('['))));
    breaks
}

fn marks(pieces: &[Piece], read: impl Fn(&Piece) -> Option<char>) -> Vec<usize> {
    let read = |piece: &Piece| Some((read(piece).filter(|c| !unseen(*c))?, piece.at));
    let seen: Vec<(char, usize)> = pieces.iter().filter_map(read).collect();
    let is = |at: usize, wanted: char| seen.get(at).is_some_and(|(c, _)| *c == wanted);
    (0..seen.len())
        .filter(|at| is(*at, '#') && is(at + 1, '#'))
        .filter_map(|at| {
            let word = seen.get(at + 2..)?;
            let (end, _) = word.iter().find(|(c, _)| !c.is_alphabetic())?;
            (*end == '[').then(|| word.first().map(|(_, at)| *at))?
        })
        .collect()
}

/// Whether readers that compare as people read look through a character.
fn unseen(c: char) -> bool {
    let ignorable = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
    ignorable || !c.is_whitespace() && c.width().unwrap_or(0) == 0
}

/// Passes bytes on by the line, each guarded. A carriage return ends a line too, as it does for GitHub.
pub(crate) struct Guarded<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> Guarded<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            line: Vec::new(),
        }
    }

    /// Passes on the rest, which has no line end.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.pass()?;
        self.out.flush()
    }

    fn pass(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        if harmless(&line) {
            self.out.write_all(&line)
        } else {
            self.out.write_all(&bytes(&line))
        }
    }
}

impl<W: Write> Write for Guarded<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut rest = buffer;
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
            self.line.extend_from_slice(&rest[..end]);
            self.pass()?;
            self.out.write_all(&rest[end..=end])?;
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
        if self.line.len() > PIECE {
            // Between two characters, and with a break, so that no mark is cut in two.
            let inside = self
                .line
                .iter()
                .rev()
                .take(3)
                .take_while(|byte| (0x80..0xc0).contains(*byte))
                .count();
            let behind = self.line.split_off(self.line.len() - inside - 1);
            self.pass()?;
            self.out.write_all(BREAK.as_bytes())?;
            self.line = behind;
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Passes documents on by the line, each as it means the same and holds no mark of a command.
pub(crate) struct Document<W: Write> {
    out: W,
    kind: Kind,
    /// What came since the last line end.
    waiting: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Kind {
    Json,
    Xml,
}

impl<W: Write> Document<W> {
    pub(crate) fn json(out: W) -> Self {
        Self::new(out, Kind::Json)
    }

    pub(crate) fn xml(out: W) -> Self {
        Self::new(out, Kind::Xml)
    }

    fn new(out: W, kind: Kind) -> Self {
        Self {
            out,
            kind,
            waiting: Vec::new(),
        }
    }

    fn pass(&mut self, whole: usize) -> io::Result<()> {
        let rest = self.waiting.split_off(whole);
        let text = std::mem::replace(&mut self.waiting, rest);
        let text = String::from_utf8_lossy(&text);
        match self.kind {
            Kind::Json => self.out.write_all(json(&text).as_bytes()),
            Kind::Xml => self.out.write_all(xml(&text).as_bytes()),
        }
    }
}

impl<W: Write> Write for Document<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(buffer);
        if let Some(end) = memchr::memrchr(b'\n', &self.waiting) {
            self.pass(end + 1)?;
        }
        Ok(buffer.len())
    }

    /// Called at a document's end.
    fn flush(&mut self) -> io::Result<()> {
        self.pass(self.waiting.len())?;
        self.out.flush()
    }
}
