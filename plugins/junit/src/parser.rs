//! The streaming parser: bytes of one report in, test cases out.

use crate::builder::{Builder, Declared, Piece, foreign_report};
use tribunal_judge_kit::xml::{Malformed, Reading};

/// Reads one report, or the output of a program that holds reports between other lines.
///
/// Memory is bounded by the size of a chunk and by what is kept of each case.
#[derive(Debug, Default)]
pub struct Parser {
    reading: Reading<Builder>,
}

/// What a report was, when it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How many `JUnit` documents were found.
    pub documents: u64,
    /// Why it could not be read to its end.
    pub malformed: Option<Malformed>,
    /// The first root element that is not `JUnit`'s, preferably one of a known test report.
    pub other_root: Option<String>,
    /// What that is, if it is another tool's test report.
    pub foreign: Option<&'static str>,
    /// Its length in bytes.
    pub bytes: u64,
    pub(crate) declared: Declared,
}

impl Parser {
    /// Returns a parser at the beginning of a report.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes. After the first mistake in a report the rest of it is only counted.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.reading.feed(chunk);
    }

    /// Returns what was found since the last call.
    pub(crate) fn take(&mut self) -> &mut [Piece] {
        self.reading.sink.take()
    }

    /// The report has ended. What is left is still to be taken.
    pub fn finish(&mut self) -> Outcome {
        let malformed = self.reading.finish();
        let builder = &self.reading.sink;
        let other_root = builder.other_root.clone();
        Outcome {
            documents: builder.documents,
            malformed,
            foreign: other_root.as_deref().and_then(foreign_report),
            other_root,
            bytes: self.reading.bytes(),
            declared: builder.declared.clone(),
        }
    }
}
