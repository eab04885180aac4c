//! What the built-in judges share, and no judge itself.
//!
//! A judge of a text format is a [`Format`]: it is given lines, puts test cases into a [`Book`], and at
//! the end says what it established as a [`Finding`]. [`shell::judge`] connects it to the host, and the
//! [`table`] decides: one truth table for all formats, of which no judge has a version of its own.

pub mod ansi;
pub mod book;
pub mod find;
pub mod finding;
pub mod flat;
#[cfg(feature = "json")]
pub mod json;
pub mod lines;
pub mod names;
pub mod shell;
pub mod table;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod titles;
pub mod verdict;
pub mod xml;

pub use book::{Book, Notice};
pub use finding::{Fact, Finding, Runs};
pub use lines::{Line, Lines};
pub use shell::{Format, Reading};
pub use table::{Colour, Count, Facts, Row, rule};
pub use verdict::decide;
