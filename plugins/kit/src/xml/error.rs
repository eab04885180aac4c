//! Why a report cannot be read to its end.

use std::fmt;

/// Why a report cannot be read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It ends in the middle.
    Truncated {
        /// Its length in bytes.
        at: u64,
    },
    /// It is not XML.
    At {
        /// What is wrong.
        what: &'static str,
        /// Where, from 1.
        line: u64,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { at } => write!(f, "truncated at byte {at}"),
            Self::At { what, line } => write!(f, "not well-formed at line {line}: {what}"),
        }
    }
}

impl std::error::Error for Malformed {}
