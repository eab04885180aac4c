//! The list of `--testdox`: a class, and ` ✔ what it does` under it.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{Details, clip, place};
use tribunal_judge_kit::{Book, Line};
use tribunal_sdk::CaseStatus;

/// The longest name, in characters.
const NAME: usize = 1_000;

/// A result whose text may follow.
#[derive(Debug)]
struct Held {
    id: String,
    status: CaseStatus,
    message: Option<String>,
    details: Details,
    place: Option<(String, u32)>,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            id: String::new(),
            status: CaseStatus::Passed,
            message: None,
            details: Details::default(),
            place: None,
        }
    }
}

/// The list so far.
#[derive(Debug, Default)]
pub(crate) struct Testdox {
    class: String,
    /// Whether the last line was blank: a class may follow.
    blank: bool,
    /// The last result, until its text has been read.
    held: Option<Held>,
    /// What an earlier id was written into.
    spare: String,
    /// How many results were listed.
    pub(crate) listed: u64,
    /// How many of them were skipped or incomplete.
    pub(crate) skipped: u64,
    /// Whether the results are being repeated.
    over: bool,
}

impl Testdox {
    /// Takes a line; returns whether it was one of the list's.
    pub(crate) fn line(&mut self, text: &str, line: &Line<'_>, book: &mut Book) -> bool {
        if self.over {
            return false;
        }
        if text.starts_with("Summary of non-successful tests:") {
            self.tell(line, book);
            self.over = true;
            return false;
        }
        // A test may have printed in front of the blank.
        if let Some((status, name)) = result(text).filter(|_| line.terminated) {
            self.tell(line, book);
            self.listed += 1;
            self.skipped += u64::from(status == CaseStatus::Skipped);
            let mut id = std::mem::take(&mut self.spare);
            id.clear();
            id.push_str(&self.class);
            id.push_str(": ");
            if name.len() <= NAME {
                id.push_str(name);
            } else {
                id.push_str(&clip(name, NAME));
            }
            self.held = Some(Held {
                id,
                status,
                ..Held::default()
            });
            return true;
        }
        if let Some(body) = text.trim_start().strip_prefix('│') {
            if let Some(held) = &mut self.held {
                held.explain(body.trim());
            }
            return true;
        }
        let blank = std::mem::replace(&mut self.blank, text.is_empty());
        if blank && !text.is_empty() && !text.starts_with(' ') {
            self.tell(line, book);
            // Every line of a log may be a class: no new string for each.
            self.class.clear();
            let end = text.len().min(500);
            let end = (0..=end)
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0);
            self.class
                .push_str(text.get(..end).unwrap_or_default().trim_end());
        }
        false
    }

    /// Passes the last result on.
    pub(crate) fn tell(&mut self, line: &Line<'_>, book: &mut Book) {
        if let Some(mut held) = self.held.take() {
            book.tell(&held.id, held.status, line, |found| {
                found.message = held.message.take();
                found.details = held.details.take();
                if let Some((file, number)) = held.place.take() {
                    (found.file, found.line) = (Some(file), Some(number));
                }
            });
            self.spare = held.id;
        }
    }
}

const MARKS: [char; 6] = ['✔', '⚠', '☢', '✘', '↩', '∅'];

/// ` ✔ Adds up`, perhaps behind something that a test printed.
fn result(text: &str) -> Option<(CaseStatus, &str)> {
    // Each of them begins with the same byte, as many other signs do.
    let at = memchr::memchr_iter(0xe2, text.as_bytes()).find(|at| {
        let mark = text.get(*at..).and_then(|rest| rest.chars().next());
        mark.is_some_and(|mark| MARKS.contains(&mark))
    })?;
    let (head, rest) = text.split_at_checked(at)?;
    let mark = rest.chars().next()?;
    let status = match mark {
        '✘' => CaseStatus::Failed,
        '↩' | '∅' => CaseStatus::Skipped,
        _ => CaseStatus::Passed,
    };
    let name = rest.strip_prefix(mark)?.strip_prefix(' ')?;
    head.ends_with(' ').then_some(())?;
    // `[0.12 ms]`, where PHPUnit is verbose.
    let name = name
        .cut(" [")
        .filter(|(_, time)| time.ends_with(" ms]"))
        .map_or(name, |(name, _)| name);
    Some((status, name.trim_end()))
}

impl Held {
    /// `RuntimeException: text` is an error; what an assertion says is not.
    fn explain(&mut self, body: &str) {
        if body.is_empty() && self.details.is_empty() {
            return;
        }
        self.details.push(body);
        if let Some((file, line)) = place(body) {
            self.place.get_or_insert_with(|| (file.to_owned(), line));
        } else if self.message.is_none() && !body.is_empty() {
            self.message = Some(clip(body, 300));
            let class = body.cut(": ").map_or("", |(class, _)| class);
            let word = |c: char| c.is_alphanumeric() || c == '_' || c == '\\';
            let thrown = class.ends_with("Exception") || class.ends_with("Error");
            if self.status == CaseStatus::Failed && thrown && class.chars().all(word) {
                self.status = CaseStatus::Errored;
            }
        }
    }
}
