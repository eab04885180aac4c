//! Reads one report from any source of bytes into the tally.

use tribunal_sdk::TestCase;

use crate::builder::Piece;
use crate::parser::Parser;
use crate::tally::Tally;
use crate::verdict::{Report, Source};

/// Reads a report to its end. `next` gives its bytes and nothing at the end; `each` gets every case
/// as soon as it is known, and again when a later attempt changes it.
pub fn read(
    name: String,
    source: Source,
    mut next: impl FnMut() -> Vec<u8>,
    tally: &mut Tally,
    mut each: impl FnMut(&TestCase),
) -> Report {
    let mut parser = Parser::new();
    tally.report.clear();
    if source != Source::Output {
        tally.report.push_str(&name);
    }
    loop {
        let chunk = next();
        if chunk.is_empty() {
            break;
        }
        parser.feed(&chunk);
        take(&mut parser, tally, &mut each);
    }
    let outcome = parser.finish();
    take(&mut parser, tally, &mut each);
    tally.end_document();
    Report {
        name,
        outcome,
        source,
    }
}

fn take(parser: &mut Parser, tally: &mut Tally, each: &mut impl FnMut(&TestCase)) {
    for piece in parser.take() {
        match piece {
            Piece::End => tally.end_document(),
            Piece::Suite { each_is_a_test } => tally.end_suite(*each_is_a_test),
            Piece::Case(found) => {
                if tally.add(found) {
                    each(&found.case);
                }
            }
        }
    }
}
