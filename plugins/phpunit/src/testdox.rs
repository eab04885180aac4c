//! The list of `--testdox`: a class, and ` ✔ what it does` under it.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::text::{Details, clip, place};
use tribunal_judge_kit::{Book, Line};
use tribunal_sdk::{CaseStatus, TestCase};

/// The list so far.
#[derive(Debug, Default)]
pub(crate) struct Testdox {
    class: String,
    /// Whether the last line was blank: a class may follow.
    blank: bool,
    /// The last result, until its text has been read.
    held: Option<(TestCase, Details)>,
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
            let found = case(format!("{}: {}", self.class, clip(name, 1_000)), status);
            self.held = Some((found, Details::default()));
            return true;
        }
        if let Some(body) = text.trim_start().strip_prefix('│') {
            if let Some((held, details)) = &mut self.held {
                explain(held, details, body.trim());
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
        if let Some((mut held, mut details)) = self.held.take() {
            held.details = details.take();
            book.add(held, line);
        }
    }
}

/// ` ✔ Adds up`, perhaps behind something that a test printed.
fn result(text: &str) -> Option<(CaseStatus, &str)> {
    if text.is_ascii() {
        return None;
    }
    let at = text.find(['✔', '⚠', '☢', '✘', '↩', '∅'])?;
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
        .split_once(" [")
        .filter(|(_, time)| time.ends_with(" ms]"))
        .map_or(name, |(name, _)| name);
    Some((status, name.trim_end()))
}

/// `RuntimeException: text` is an error; what an assertion says is not.
fn explain(held: &mut TestCase, details: &mut Details, body: &str) {
    if body.is_empty() && details.is_empty() {
        return;
    }
    details.push(body);
    if let Some((file, line)) = place(body) {
        held.file.get_or_insert_with(|| file.to_owned());
        held.line.get_or_insert(line);
    } else if held.message.is_none() && !body.is_empty() {
        held.message = Some(clip(body, 300));
        let class = body.split_once(": ").map_or("", |(class, _)| class);
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '\\';
        let thrown = class.ends_with("Exception") || class.ends_with("Error");
        if held.status == CaseStatus::Failed && thrown && class.chars().all(word) {
            held.status = CaseStatus::Errored;
        }
    }
}
