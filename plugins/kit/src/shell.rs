//! Connects a format to the host: both streams, cases as they come, the table's verdict.

use tribunal_sdk::{Channel, Error, Log, Verdict, evidence, host};

use crate::book::{Book, Notice};
use crate::finding::{Fact, Finding};
use crate::lines::{Line, Lines, UTF16};
use crate::verdict::decide;

/// The most bytes that a read of a file returns; the host gives no more.
pub(crate) const CHUNK: u32 = 65_536;

/// A format that is read line by line.
pub trait Format: Default {
    /// Takes a line.
    fn line(&mut self, line: &Line<'_>, book: &mut Book);

    /// Ends the stream, and says what was established. Counts and lines are filled in by the caller.
    fn end(self, book: &mut Book) -> Finding;
}

/// A format being read.
#[derive(Debug, Default)]
pub struct Reading<F> {
    lines: Lines,
    format: F,
    book: Book,
}

impl<F: Format> Reading<F> {
    /// Returns a reading at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes; returns what they tell.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Notice> {
        let (format, book) = (&mut self.format, &mut self.book);
        self.lines.feed(bytes, |line| format.line(line, book));
        book.take()
    }

    /// Ends the stream; returns what was established, and what is left to tell.
    pub fn end(self) -> (Finding, Vec<Notice>) {
        let Self {
            mut lines,
            mut format,
            mut book,
        } = self;
        lines.finish(|line| format.line(line, &mut book));
        let mut finding = format.end(&mut book);
        finding.lines = lines.count();
        if lines.utf16() {
            let fact = Fact::at(&Line::new(b"", 1, 0), UTF16);
            finding.problem.get_or_insert(fact);
        }
        book.sum(&mut finding);
        (finding, book.take())
    }
}

/// Reads both streams of the suite, each for itself: interleaved, one may cut the other's lines in two.
pub fn read<F: Format>() -> Finding {
    read_beside::<F>(|_| {})
}

/// As [`read`]; `also` is given the pieces of standard output.
pub(crate) fn read_beside<F: Format>(also: impl FnMut(&[u8])) -> Finding {
    let out = read_channel::<F>(Channel::Stdout, also);
    let mut err = read_channel::<F>(Channel::Stderr, |_| {});
    err.place("stderr");
    out.join(err)
}

/// Reads the suite's output and decides.
///
/// # Errors
/// None of its own: what is missing is a row of the table.
pub fn judge<F: Format>() -> Result<Verdict, Error> {
    let finding = read::<F>();
    Ok(decide(&finding, &evidence::ended(), &evidence::capture()))
}

/// Reads the collected files that `glob` names, or standard output where none of them is a report: a report that was
/// collected is the report, and what the output holds may be anybody's. `read` takes a file's name, or nothing for the
/// output, and gives bytes as long as there are any; `nothing` is what is established before.
///
/// # Errors
/// None of its own: what is missing is a row of the table.
pub fn judge_files(
    glob: &str,
    nothing: Finding,
    read: impl Fn(&str, &mut dyn FnMut() -> Vec<u8>, &mut dyn FnMut(Notice)) -> Finding,
) -> Result<Verdict, Error> {
    let mut found = nothing;
    for file in evidence::artifacts(glob) {
        let report = read(&file.name(), &mut || file.read(CHUNK), &mut tell);
        found = found.join(report);
    }
    if !found.seen {
        let log = Log::open(Channel::Stdout);
        found = read("", &mut || log.chunk().unwrap_or_default(), &mut tell);
    }
    Ok(decide(&found, &evidence::ended(), &evidence::capture()))
}

fn read_channel<F: Format>(channel: Channel, mut also: impl FnMut(&[u8])) -> Finding {
    let log = Log::open(channel);
    let mut reading = Reading::<F>::new();
    for chunk in log.chunks() {
        also(&chunk);
        reading.feed(&chunk).into_iter().for_each(tell);
    }
    let (finding, rest) = reading.end();
    rest.into_iter().for_each(tell);
    finding
}

/// Passes a notice on to the host.
pub fn tell(notice: Notice) {
    match notice {
        Notice::Case(case) => host::report_case(&case),
        Notice::Progress(done, total) => host::progress(done, total),
    }
}
