//! What stands under `There was 1 failure:` and its like, held until the last line says that it is so.

use tribunal_judge_kit::text::{Details, clip, place};
use tribunal_sdk::CaseStatus;

/// How many entries are kept with their text, and how many at all.
const KEPT: usize = 2_000;
const MOST: usize = 100_000;

/// An entry.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// What the section is about: `failure`.
    kind: String,
    pub(crate) name: String,
    pub(crate) message: Option<String>,
    pub(crate) details: Details,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
}

impl Entry {
    /// Returns what this makes of the test; `None` for remarks about a test that passed.
    pub(crate) fn status(&self) -> Option<CaseStatus> {
        match self.kind.as_str() {
            "error" | "PHPUnit error" => Some(CaseStatus::Errored),
            "failure" => Some(CaseStatus::Failed),
            "skipped test" | "skipped test suite" | "incomplete test" => Some(CaseStatus::Skipped),
            _ => None,
        }
    }
}

/// All entries of a run.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    kind: Option<String>,
    red: bool,
    all: Vec<Entry>,
}

impl Entries {
    /// Begins a section.
    pub(crate) fn section(&mut self, kind: &str) {
        self.kind = Some(clip(kind, 60));
        self.red |= matches!(kind, "error" | "PHPUnit error" | "failure");
    }

    /// Whether there was a section of errors or failures.
    pub(crate) fn red(&self) -> bool {
        self.red
    }

    /// Whether a section has begun.
    pub(crate) fn open(&self) -> bool {
        self.kind.is_some()
    }

    /// Begins an entry.
    pub(crate) fn begin(&mut self, name: &str) {
        if self.all.len() < MOST
            && let Some(kind) = &self.kind
        {
            self.all.push(Entry {
                kind: kind.clone(),
                name: clip(name, 1_000),
                ..Entry::default()
            });
        }
    }

    /// Adds a line to the last entry.
    pub(crate) fn more(&mut self, text: &str) {
        if self.all.len() > KEPT {
            return;
        }
        let Some(entry) = self.all.last_mut() else {
            return;
        };
        let body = text.trim();
        if body.is_empty() && entry.message.is_none() || body == "--" {
            return;
        }
        match place(body) {
            Some((file, line)) if entry.file.is_none() => {
                entry.file = Some(file.to_owned());
                entry.line = Some(line);
            }
            None if entry.message.is_none() => entry.message = Some(clip(body, 300)),
            _ => {}
        }
        entry.details.push(text);
    }

    /// Returns all entries.
    pub(crate) fn take(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.all)
    }
}
