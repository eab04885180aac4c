//! Why a report cannot be read to its end.

use std::fmt;

use crate::Fact;

/// Why a report cannot be read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It ends in the middle.
    Truncated {
        /// Its length in bytes.
        at: u64,
        /// Its last line, from 1.
        line: u64,
    },
    /// It is not XML.
    At {
        /// What is wrong.
        what: &'static str,
        /// The line, and its first byte.
        place: Place,
        /// The beginning of that line, with its line feed where it is short.
        quote: Vec<u8>,
    },
}

/// Where in a report something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The byte, from 0; in UTF-8 where the report is in something else.
    pub byte: u64,
}

impl Malformed {
    /// Returns what is wrong, and where.
    pub fn fact(&self) -> Fact {
        let (text, place, quote) = match self {
            Self::Truncated { at, line } => {
                let place = Place {
                    line: *line,
                    byte: *at,
                };
                ("truncated".to_owned(), place, "(the end)".to_owned())
            }
            Self::At { what, place, quote } => {
                let quote = String::from_utf8_lossy(quote).trim_end().to_owned();
                (format!("not well-formed: {what}"), *place, quote)
            }
        };
        place.fact(text, quote)
    }
}

impl Place {
    /// Returns a fact that rests on what stands here.
    pub fn fact(self, text: impl Into<String>, quote: impl Into<String>) -> Fact {
        Fact {
            line: self.line,
            byte: self.byte,
            quote: quote.into(),
            ..Fact::of(text)
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { at, line } => write!(f, "truncated at line {line}, byte {at}"),
            Self::At { what, place, .. } => {
                let Place { line, byte } = place;
                write!(f, "not well-formed at line {line}, byte {byte}: {what}")
            }
        }
    }
}

impl std::error::Error for Malformed {}
