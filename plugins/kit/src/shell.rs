//! Connects a format to the host: both streams, cases as they come, the table's verdict.

use tribunal_sdk::{Channel, Error, Log, Verdict, evidence, host};

use crate::book::{Book, Notice};
use crate::finding::Finding;
use crate::lines::{Line, Lines};
use crate::verdict::decide;

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
        book.sum(&mut finding);
        (finding, book.take())
    }
}

/// Reads both streams of the suite, each for itself: interleaved, one may cut the other's lines in two.
pub fn read<F: Format>() -> Finding {
    let out = read_channel::<F>(Channel::Stdout);
    let mut err = read_channel::<F>(Channel::Stderr);
    for fact in [
        &mut err.marker,
        &mut err.red,
        &mut err.unfinished,
        &mut err.problem,
        &mut err.hint,
    ]
    .into_iter()
    .flatten()
    {
        "stderr".clone_into(&mut fact.source);
    }
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

fn read_channel<F: Format>(channel: Channel) -> Finding {
    let log = Log::open(channel);
    let mut reading = Reading::<F>::new();
    for chunk in log.chunks() {
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
