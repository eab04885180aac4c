//! One package: its tests that run, and how it ended.

use std::collections::BTreeMap;

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::text::{Details, clip, place};
use tribunal_judge_kit::{Book, Line};
use tribunal_sdk::CaseStatus;

/// Tests of one package that may run at once; more are not kept.
const MOST_OPEN: usize = 100_000;
/// Names that are kept for their memory.
const MOST_SPARE: usize = 16;

/// A package that runs.
#[derive(Debug, Default)]
pub(crate) struct Package {
    /// Tests that started and did not end, with what they printed.
    pub(crate) open: BTreeMap<String, Details>,
    /// Tests that ended.
    pub(crate) ended: u64,
    /// Whether one of them failed.
    pub(crate) failed: bool,
    /// What the package itself printed last that may explain its end.
    pub(crate) said: Option<String>,
    /// Names that were used before: tests come and go by the million.
    spare: Vec<String>,
    /// Where ids are put together.
    id: String,
}

impl Package {
    /// A test starts.
    pub(crate) fn run(&mut self, test: &str) {
        if self.open.len() < MOST_OPEN {
            let mut name = self.spare.pop().unwrap_or_default();
            name.push_str(test);
            self.open.insert(name, Details::default());
        }
    }

    /// A test runs no more; returns what it printed, if it ran.
    pub(crate) fn stop(&mut self, test: &str) -> Option<Details> {
        if self.open.is_empty() {
            return None;
        }
        let (mut name, details) = self.open.remove_entry(test)?;
        if self.spare.len() < MOST_SPARE {
            name.clear();
            self.spare.push(name);
        }
        Some(details)
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        let (spare, id) = (
            std::mem::take(&mut self.spare),
            std::mem::take(&mut self.id),
        );
        *self = Self {
            spare,
            id,
            ..Self::default()
        };
    }

    /// A line that a test, or the package, printed.
    pub(crate) fn output(&mut self, test: Option<&str>, printed: &str) {
        let line = printed.trim_end_matches(['\n', '\r']);
        if line.starts_with("panic: ") || line.starts_with("FAIL\t") || line.starts_with("# ") {
            self.say(line);
        }
        if let Some(test) = test
            && !line.starts_with("=== ")
            && !line.trim_start().starts_with("--- ")
            && let Some(details) = self.open.get_mut(test)
        {
            details.push(line);
        }
    }

    /// Keeps the first panic, or else the last thing said.
    pub(crate) fn say(&mut self, text: &str) {
        let panics = |text: &str| text.starts_with("panic: ");
        if self.said.as_deref().is_none_or(|said| !panics(said)) {
            self.said = Some(clip(text, 300));
        }
    }

    /// A test ended.
    #[expect(
        clippy::too_many_arguments,
        reason = "all that a result line says, and where"
    )]
    pub(crate) fn end(
        &mut self,
        package: &str,
        test: &str,
        status: CaseStatus,
        milliseconds: Option<f64>,
        line: &Line<'_>,
        book: &mut Book,
    ) {
        let mut details = self.stop(test).unwrap_or_default();
        self.ended += 1;
        self.failed |= status == CaseStatus::Failed;
        if status == CaseStatus::Passed {
            self.id.clear();
            put_id(&mut self.id, package, test);
            book.tell(&self.id, status, line, |done| {
                done.duration_ms = milliseconds;
            });
            return;
        }
        let mut done = case(id(package, test), status);
        done.duration_ms = milliseconds;
        if let Some(text) = details.take() {
            let first = text.lines().find(|text| !text.trim().is_empty());
            if let Some(first) = first {
                let first = first.trim();
                if let Some((file, number)) = place(first) {
                    done.file = Some(file.to_owned());
                    done.line = Some(number);
                }
                done.message = Some(clip(message(first), 300));
            }
            done.details = Some(text);
        }
        book.add(done, line);
    }

    /// The package failed: what still ran has failed with it, and if no test did, the package did.
    pub(crate) fn fail(&mut self, package: &str, why: &str, line: &Line<'_>, book: &mut Book) {
        let said = self.said.clone();
        let message = said.as_deref().unwrap_or(why);
        for (test, mut details) in std::mem::take(&mut self.open) {
            let mut done = case(id(package, &test), CaseStatus::Failed);
            done.message = Some(message.to_owned());
            done.details = details.take();
            self.failed = true;
            self.ended += 1;
            book.add(done, line);
        }
        if !self.failed {
            let mut done = case(package, CaseStatus::Errored);
            done.message = Some(message.to_owned());
            book.add(done, line);
        }
    }
}

fn id(package: &str, test: &str) -> String {
    let mut id = String::new();
    put_id(&mut id, package, test);
    id
}

fn put_id(id: &mut String, package: &str, test: &str) {
    if !package.is_empty() {
        id.push_str(package);
        id.push('.');
    }
    id.push_str(test);
}

/// What stands behind `p_test.go:13: `.
fn message(text: &str) -> &str {
    match place(text) {
        Some(_) => text.splitn(3, ':').nth(2).unwrap_or(text).trim(),
        None => text,
    }
}
