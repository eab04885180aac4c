//! The entries under `Failures:` and `Pending:`, held until the totals say that there are any.

use tribunal_judge_kit::text::{Details, clip, place};

/// How many entries are kept with their text.
const KEPT: usize = 2_000;
/// How many are kept at all.
const MOST: usize = 100_000;

/// An entry.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) message: Option<String>,
    pub(crate) details: Details,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    /// Whether the code that failed was shown, so that the reason follows.
    code: bool,
}

/// A list of entries.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    all: Vec<Entry>,
}

impl Entries {
    /// Begins an entry, unless there are too many.
    pub(crate) fn begin(&mut self, number: u64, name: &str) {
        if self.all.len() >= MOST {
            return;
        }
        // `FIXED` marks a pending example that passed.
        let name = name.strip_suffix(" FIXED").unwrap_or(name);
        self.all.push(Entry {
            number,
            name: clip(name, 1_000),
            ..Entry::default()
        });
    }

    /// Adds a line of the last entry.
    pub(crate) fn more(&mut self, text: &str) {
        if self.all.len() > KEPT {
            return;
        }
        let Some(entry) = self.all.last_mut() else {
            return;
        };
        let body = text.trim();
        if let Some(at) = body.strip_prefix("# ") {
            if entry.file.is_none()
                && let Some((file, line)) = place(at)
            {
                entry.file = Some(file.to_owned());
                entry.line = Some(line);
            } else if entry.message.is_none() {
                entry.message = Some(clip(at, 300));
            }
        } else if body.starts_with("Failure/Error:") {
            entry.code = true;
        } else if !body.is_empty() {
            match &mut entry.message {
                None => entry.message = Some(clip(body, 300)),
                // `ArgumentError:` is followed by what it says; `expected: 2` by `got: 1`.
                Some(message)
                    if message.ends_with(':') || (entry.code && body.starts_with("got:")) =>
                {
                    let gap = if message.ends_with(':') { " " } else { ", " };
                    let joined = format!("{message}{gap}{body}");
                    *message = clip(&joined, 300);
                }
                Some(_) => {}
            }
        }
        entry
            .details
            .push(text.strip_prefix("     ").unwrap_or(text));
    }

    /// Returns the last `count` entries, and forgets all.
    pub(crate) fn take(&mut self, count: u64) -> Vec<Entry> {
        let mut all = std::mem::take(&mut self.all);
        let extra = all
            .len()
            .saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
        all.drain(..extra);
        all
    }
}
