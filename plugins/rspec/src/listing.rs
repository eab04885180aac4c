//! The examples that the documentation format lists: groups and names, told apart by their indentation.

use std::collections::HashMap;

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::clip;
use tribunal_judge_kit::titles::Titles;
use tribunal_judge_kit::{Book, Line};
use tribunal_sdk::CaseStatus;

use crate::words::{Said, item};

/// The longest name, in characters.
const NAME: usize = 1_000;

/// A line of the list that may still turn out to be a group.
#[derive(Debug)]
struct Held {
    indent: usize,
    text: String,
    number: u64,
    offset: u64,
}

/// The list so far.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not exclude each other"
)]
pub(crate) struct Listing {
    /// A line that stands behind a blank one: a group, if something indented follows.
    title: Option<String>,
    blank: bool,
    /// Inside the text of an error outside of examples, which ends with a backtrace and a blank line.
    paused: bool,
    trace: bool,
    /// Whether this is the documentation format.
    pub(crate) on: bool,
    groups: Titles,
    held: Option<Held>,
    /// What an earlier line was written into.
    spare: String,
    /// Where ids are put together.
    id: String,
    /// How many examples were listed.
    pub(crate) examples: u64,
    /// Lines that may be examples too: something was printed in front of their indentation.
    pub(crate) blurred: u64,
    /// Ids of failed ones, by the number behind `FAILED`.
    failed: HashMap<u64, String>,
}

impl Listing {
    /// Takes a line; `may_begin` says whether the format can still be this one.
    pub(crate) fn line(&mut self, text: &str, may_begin: bool, line: &Line<'_>, book: &mut Book) {
        let body = text.trim_start_matches(' ');
        let indent = text.len() - body.len();
        if self.paused {
            self.paused = !(body.is_empty() && self.trace);
            self.trace = text.starts_with("# ");
        }
        if body.is_empty() {
            self.blank = true;
            return;
        }
        if self.paused {
            return;
        }
        let blank = std::mem::take(&mut self.blank);
        if indent == 0 {
            self.blurred += u64::from(self.on && text.has("  "));
            // `config:` and what is indented below it is something that a test printed.
            if blank && !text.ends_with(':') {
                self.tell(book);
                self.title = Some(clip(text, 500));
                self.groups.clear();
            }
            return;
        }
        if !indent.is_multiple_of(2) || !line.terminated {
            return;
        }
        if !self.on {
            self.on = may_begin && indent == 2 && self.title.is_some();
        }
        let deepest = self.held.as_ref().map_or_else(
            || self.groups.deepest().map_or(2, |at| at + 2),
            |held| held.indent + 2,
        );
        if !self.on || indent > deepest {
            return;
        }
        if self.held.as_ref().is_some_and(|held| held.indent < indent) {
            if let Some(group) = self.held.take() {
                self.groups.open(group.indent, &group.text, usize::MAX);
                self.spare = group.text;
            }
        } else {
            self.tell(book);
        }
        self.groups.close(indent);
        let body = body.trim_end();
        let mut text = std::mem::take(&mut self.spare);
        text.clear();
        if body.len() <= NAME {
            text.push_str(body);
        } else {
            text.push_str(&clip(body, NAME));
        }
        self.held = Some(Held {
            indent,
            text,
            number: line.number,
            offset: line.offset,
        });
    }

    /// Takes over a group of which nothing was listed yet.
    pub(crate) fn inherit(&mut self, other: &mut Self) {
        if !other.on {
            self.title = other.title.take();
        }
    }

    /// The text of an error outside of examples follows.
    pub(crate) fn pause(&mut self) {
        self.paused = true;
        self.trace = false;
    }

    /// Ends the list: what is held was an example.
    pub(crate) fn tell(&mut self, book: &mut Book) {
        let Some(held) = self.held.take() else {
            return;
        };
        let (name, said) = item(&held.text);
        let id = &mut self.id;
        id.clear();
        id.push_str(self.title.as_deref().unwrap_or_default());
        for part in self.groups.iter().chain([name]) {
            // As RSpec joins them.
            if !id.is_empty() && !part.starts_with(['#', '.']) && !part.starts_with("::") {
                id.push(' ');
            }
            id.push_str(part);
        }
        let status = match said {
            Said::Failed(_) => CaseStatus::Failed,
            Said::Pending(_) => CaseStatus::Skipped,
            Said::Nothing => CaseStatus::Passed,
        };
        let place = Line::new(held.text.as_bytes(), held.number, held.offset);
        self.examples += 1;
        book.tell(id, status, &place, |found| {
            if let Said::Pending(why) = said {
                found.message = Some(why.to_owned());
            }
        });
        if let (Said::Failed(number), Some(id)) = (said, book.newest()) {
            self.failed.insert(number, id.to_owned());
        }
        self.spare = held.text;
    }

    /// Returns the id of the failure with this number.
    pub(crate) fn failed(&self, number: u64) -> Option<&String> {
        self.failed.get(&number)
    }
}
