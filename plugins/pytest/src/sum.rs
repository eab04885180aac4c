//! Adds up the sessions of a stream, and says what is odd about them.

use crate::grammar::Tally;
use crate::parser::Reader;
use crate::session::Closed;

/// What all summaries of a stream come to.
pub struct Sum<'a> {
    /// The numbers of the sessions that count.
    pub tally: Tally,
    /// The last of those that count.
    pub last: &'a Closed,
    /// Tests that should have run, where every session says so.
    pub expected: Option<u64>,
    /// Whether anything anywhere is red.
    pub red: bool,
    /// Whether an outer session ran no test.
    pub empty: bool,
    /// Whether there are more lines that look like summaries.
    pub ambiguous: bool,
    /// The text of a `!!!` line of an outer session.
    pub bang: Option<&'a str>,
    /// The last percentage, where it is below 100.
    pub stopped_at: Option<u8>,
}

/// Returns that sum; `None` when the stream has no summary.
pub fn sum(reader: &Reader) -> Option<Sum<'_>> {
    let closed = &reader.sessions.closed;
    let top = || closed.iter().filter(|closed| !closed.nested);
    let evident = top().any(Closed::has_evidence);
    let headed = top().any(|closed| closed.open.header);
    // The lines that belong to a session; a lone line is one only where there is nothing better.
    let mut owned: Vec<&Closed> = if headed {
        top().filter(|closed| closed.open.header).collect()
    } else if evident {
        top().filter(|closed| closed.has_evidence()).collect()
    } else {
        top().collect()
    };
    if !evident {
        owned.drain(..owned.len().saturating_sub(1));
    }
    let last = *owned.last()?;
    let mut tally = Tally::default();
    let mut expected = Some(0_u64);
    for session in &owned {
        tally.add(&session.summary.tally);
        expected = expected.zip(session.open.expected).map(|(sum, more)| {
            let gone = more.deselected.max(session.summary.tally.deselected);
            sum + u64::from(more.items.saturating_sub(gone)) + u64::from(more.modules_skipped)
        });
    }
    Some(Sum {
        // Never the greener one: every summary anywhere must be green, every outer one not empty, and no test
        // may be listed as failed.
        red: closed.iter().any(|closed| closed.summary.tally.is_red()) || reader.book.is_red(),
        empty: top().any(|closed| closed.summary.tally.is_empty()),
        ambiguous: closed.len() > owned.len() || reader.sessions.foreign,
        bang: top().find_map(|closed| closed.open.bang.as_deref()),
        stopped_at: last.open.percent.filter(|&percent| percent < 100),
        tally,
        last,
        expected,
    })
}
