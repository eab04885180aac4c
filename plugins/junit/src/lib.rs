//! The judge `junit`: reads `JUnit` XML in every dialect, and believes its elements only.
//!
//! Attributes like `failures="0"` are never counted; they can only raise doubts. [`Parser`] reads
//! one report of any size in bounded memory, [`Tally`] puts the cases of all reports together.

mod builder;
mod case;
mod config;
mod judge;
mod parser;
mod read;
mod tally;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

pub use judge::Junit;
pub use parser::{Outcome, Parser};
pub use read::read;
pub use tally::{MOST_CASES, Tally};
pub use tribunal_judge_kit::xml::Malformed;
pub use verdict::{Report, Source, decide};
