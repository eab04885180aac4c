//! What a line of pytest's output is. Cheap for the lines that are nothing: the first and the last
//! byte rule most of them out.

use tribunal_judge_kit::find::Find as _;

use crate::grammar::{self, Expected, Fence, Summary};

/// A line that means something.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// `=== test session starts ===`.
    Header(Fence),
    /// Another `===` section of pytest's own.
    Section(Section, Fence),
    /// A summary, whole.
    Summary(Summary),
    /// `!!! text !!!`.
    Bang(&'a str, Fence),
    /// How many tests there will be.
    Expected(Expected),
    /// `INTERNALERROR> …`.
    Internal,
    /// A test's result in `-v`.
    Result(Outcome<'a>, Option<u8>),
    /// A line that ends in `[ 42%]`.
    Percent(u8),
    /// `____ test_x ____`.
    Title(&'a str),
    /// pytest-cov's threshold was missed.
    Coverage,
    /// pytest-sugar's summary begins.
    Sugar,
}

/// pytest's sections that a judge tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// Before any, and those not named here.
    #[default]
    Other,
    /// Tracebacks of tests and of set-up, tear-down and collection.
    Failures,
    /// `short test summary info`.
    Short,
}

/// One test's result as printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// `PASSED`, `FAILED`, ...
    pub word: Word,
    /// The node id.
    pub id: &'a str,
    /// What follows: a reason or a message.
    pub note: Option<&'a str>,
    /// The description of a subtest, like `[msg] (i=1)`.
    pub subtest: Option<&'a str>,
}

/// The words for results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `PASSED`, `XPASS`.
    Passed,
    /// `FAILED`.
    Failed,
    /// `ERROR`.
    Error,
    /// `SKIPPED`, `XFAIL`.
    Skipped,
    /// `RERUN`.
    Rerun,
}

const WORDS: [(&str, Word); 7] = [
    ("PASSED", Word::Passed),
    ("FAILED", Word::Failed),
    ("ERROR", Word::Error),
    ("SKIPPED", Word::Skipped),
    ("XFAIL", Word::Skipped),
    ("XPASS", Word::Passed),
    ("RERUN", Word::Rerun),
];

/// Returns what the line is, if anything. The line has no control sequences any more.
pub fn classify(line: &[u8]) -> Option<Found<'_>> {
    let (&first, &last) = (line.first()?, line.last()?);
    let found = match first {
        b'=' => fenced(line),
        b'!' => grammar::unfence(line, b'!').map(|(text, fence)| Found::Bang(text, fence)),
        b'_' => grammar::unfence(line, b'_').map(|(text, _)| Found::Title(text)),
        b'0'..=b'9' if !counts(line) => None,
        b'0'..=b'9' | b'n' => grammar::summary(line)
            .map(Found::Summary)
            .or_else(|| text(line).and_then(grammar::workers).map(Found::Expected)),
        b'c' if line.starts_with(b"collect") => {
            text(line).and_then(grammar::collected).map(Found::Expected)
        }
        b'g' if line.starts_with(b"gw") => {
            text(line).and_then(grammar::workers).map(Found::Expected)
        }
        b'I' => line
            .starts_with(b"INTERNALERROR>")
            .then_some(Found::Internal),
        b'F' | b'E' if is_coverage(line) => Some(Found::Coverage),
        b'R' if line.starts_with(b"Results (") => is_sugar(line).then_some(Found::Sugar),
        b'[' if line.starts_with(b"[gw") => text(line).and_then(xdist),
        _ => None,
    };
    if found.is_some() {
        return found;
    }
    match last {
        b'=' => glued_header(line),
        b']' | b'D' | b'L' | b'R' | b'S' | b'N' | b')' => verbose(line),
        _ => None,
    }
}

/// Whether a line that starts with a digit starts with `12 ` or `12/`: a date does not.
fn counts(line: &[u8]) -> bool {
    let end = line.iter().take(11).position(|byte| !byte.is_ascii_digit());
    end.is_some_and(|at| matches!(line[at], b' ' | b'/'))
}

fn text(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line).ok()
}

fn fenced(line: &[u8]) -> Option<Found<'_>> {
    if let Some(summary) = grammar::summary(line) {
        return Some(Found::Summary(summary));
    }
    let (title, fence) = grammar::unfence(line, b'=')?;
    Some(match title {
        "test session starts" => Found::Header(fence),
        "FAILURES" | "ERRORS" => Found::Section(Section::Failures, fence),
        "short test summary info" => Found::Section(Section::Short, fence),
        "PASSES"
        | "XFAILURES"
        | "XPASSES"
        | "warnings summary"
        | "warnings summary (final)"
        | "pytest-warning summary"
        | "rerun test summary info" => Found::Section(Section::Other, fence),
        _ if title.starts_with("slowest ") => Found::Section(Section::Other, fence),
        _ => return None,
    })
}

/// `test_a.py ..==== test session starts ====`: with `-s`, an inner run begins in the middle of the
/// outer one's line.
fn glued_header(line: &[u8]) -> Option<Found<'_>> {
    const TITLE: &[u8] = b" test session starts ";
    let right = line.iter().rev().take_while(|&&byte| byte == b'=').count();
    let head = line[..line.len() - right].strip_suffix(TITLE)?;
    let left = head.iter().rev().take_while(|&&byte| byte == b'=').count();
    let fence = Fence {
        width: right.min(left) + TITLE.len() + right,
        minimal: right == 1,
    };
    (left > 0 && right <= left + 1).then_some(Found::Header(fence))
}

fn is_coverage(line: &[u8]) -> bool {
    line.starts_with(b"FAIL Required test coverage of ")
        || line.starts_with(b"ERROR: Coverage failure: ")
}

fn is_sugar(line: &[u8]) -> bool {
    let time = line
        .strip_prefix(b"Results (")
        .and_then(|rest| rest.strip_suffix(b"):"));
    time.is_some_and(|time| {
        time.last() == Some(&b's') && time.iter().any(u8::is_ascii_digit) && time.len() < 40
    })
}

/// Splits a trailing `[ 42%]` off, if there is one.
fn percent(line: &str) -> (&str, Option<u8>) {
    let none = (line, None);
    let Some(rest) = line.trim_end().strip_suffix("%]") else {
        return none;
    };
    let Some((head, value)) = rest.rsplit_once('[') else {
        return none;
    };
    match grammar::number(value.trim_start()).and_then(|value| u8::try_from(value).ok()) {
        Some(value) if value <= 100 => (head.trim_end(), Some(value)),
        _ => none,
    }
}

/// `path::name PASSED [ 50%]`, or any other line with a percentage at its end.
fn verbose(line: &[u8]) -> Option<Found<'_>> {
    if line.first() == Some(&b' ') {
        return None;
    }
    let (head, percent) = percent(text(line)?);
    match result(head) {
        Some(outcome) => Some(Found::Result(outcome, percent)),
        None => percent.map(Found::Percent),
    }
}

fn result(head: &str) -> Option<Outcome<'_>> {
    // `path::name SKIPPED (why)`; a name may hold blanks and brackets.
    let (head, note) = match head.strip_suffix(')') {
        Some(open) => memchr::memchr_iter(b'(', open.as_bytes()).find_map(|at| {
            let head = open.get(..at)?.strip_suffix(' ')?;
            WORDS.iter().find(|(word, _)| head.ends_with(word))?;
            Some((head, open.get(at + 1..)))
        })?,
        None => (head, None),
    };
    let (id, last) = head.rsplit_once(' ')?;
    let word = WORDS.iter().find(|(word, _)| *word == last)?.1;
    // 2.8 to 3.x: `test_a.py::test_x <- other.py`.
    let id = id.cut(" <- ").map_or(id, |(id, _)| id).trim_end();
    is_id(id).then_some(Outcome {
        word,
        id,
        note,
        subtest: None,
    })
}

fn is_id(id: &str) -> bool {
    id.at("::").is_some_and(|at| at > 0)
}

/// `[gw0] [ 50%] PASSED path::name `.
fn xdist(line: &str) -> Option<Found<'_>> {
    let (_, mut rest) = line.cut("] ")?;
    let mut done = None;
    if let Some((value, tail)) = rest.strip_prefix('[').and_then(|rest| rest.cut("] ")) {
        done = value
            .strip_suffix('%')
            .and_then(|value| grammar::number(value.trim_start()))
            .and_then(|value| u8::try_from(value).ok());
        rest = tail;
    }
    let (word, id) = rest.trim_end().split_once(' ')?;
    let word = WORDS.iter().find(|(known, _)| *known == word)?.1;
    is_id(id).then_some(Found::Result(
        Outcome {
            word,
            id,
            note: None,
            subtest: None,
        },
        done,
    ))
}

/// Returns what a line of the short summary says: `FAILED id - message`.
pub fn short(line: &[u8]) -> Option<Outcome<'_>> {
    if !matches!(line.first(), Some(b'P' | b'F' | b'E' | b'S' | b'X' | b'R')) {
        return None;
    }
    let line = text(line)?;
    if let Some(rest) = line.strip_prefix("SUBFAIL") {
        return subtest(rest);
    }
    let (word, rest) = line.split_once(' ')?;
    let word = WORDS.iter().find(|(known, _)| *known == word)?.1;
    let (id, note) = match rest.cut(" - ") {
        Some((id, note)) => (id, Some(note)),
        None => (rest, None),
    };
    let id = id.trim_end();
    // A collection error names the file alone.
    let fine = is_id(id) || (word == Word::Error && !id.contains(' '));
    fine.then_some(Outcome {
        word,
        id,
        note,
        subtest: None,
    })
}

/// `SUBFAILED[m] (i=1) id - message`, and `SUBFAIL id - message` of the plugin.
fn subtest(rest: &str) -> Option<Outcome<'_>> {
    let rest = rest.strip_prefix("ED").unwrap_or(rest);
    let (head, note) = match rest.cut(" - ") {
        Some((head, note)) => (head, Some(note)),
        None => (rest, None),
    };
    let colons = head.at("::")?;
    let start = head.get(..colons)?.rfind(' ')? + 1;
    let description = head.get(..start)?.trim();
    Some(Outcome {
        word: Word::Failed,
        id: head.get(start..)?,
        note,
        subtest: Some(description),
    })
}

/// Returns file and line of `path:12: Error`, which ends an entry of a traceback.
pub fn place(line: &[u8]) -> Option<(&str, u32)> {
    if matches!(line.first(), None | Some(b' ' | b'E' | b'>' | b'\t')) || line.len() > 4_096 {
        return None;
    }
    let line = text(line)?;
    let (file, rest) = line.split_once(':')?;
    let (number, _) = rest.split_once(':')?;
    (!file.contains(' ')).then_some(())?;
    Some((file, grammar::number(number)?))
}

/// Returns count and word of a line of pytest-sugar's summary, like `        9 passed`.
pub fn sugar(line: &[u8]) -> Option<(u32, &str)> {
    let line = text(line)?.strip_prefix("  ")?.trim_start();
    let (count, word) = line.split_once(' ')?;
    Some((grammar::number(count)?, word))
}
