//! The test cases, as they become known: each is reported once, and again only when more is known.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasherDefault;

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::names::{AsIs, hash};
use tribunal_sdk::{CaseStatus, TestCase, label};

use crate::lines::{Outcome, Word};

/// Cases that are told apart; the host takes no more.
const MAX_CASES: usize = 200_000;
/// Tracebacks that are kept.
const MAX_TRACES: usize = 2_000;
/// Bytes of one traceback that are kept.
const MAX_TRACE_BYTES: usize = 8_192;

#[derive(Clone, Debug, Default)]
struct Known {
    status: Option<CaseStatus>,
    reruns: u32,
    has_message: bool,
}

/// One traceback of the sections `FAILURES` and `ERRORS`.
#[derive(Clone, Debug, Default)]
struct Trace {
    title: String,
    text: String,
    error: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    used: bool,
}

/// All cases of a stream.
#[derive(Debug, Default)]
pub struct Book {
    /// By the id's hash.
    known: HashMap<u64, Known, BuildHasherDefault<AsIs>>,
    traces: Vec<Trace>,
    tracing: bool,
    /// Results seen so far, without repetitions.
    pub done: u32,
}

impl Book {
    /// How many cases have each status: a lower bound when there is no summary.
    pub fn tally(&self) -> tribunal_sdk::Counts {
        let mut counts = tribunal_sdk::Counts {
            passed: 0,
            failed: 0,
            errored: 0,
            skipped: 0,
            flaky: 0,
        };
        for status in self.known.values().filter_map(|known| known.status) {
            match status {
                CaseStatus::Passed => counts.passed += 1,
                CaseStatus::Failed => counts.failed += 1,
                CaseStatus::Errored => counts.errored += 1,
                CaseStatus::Skipped => counts.skipped += 1,
                CaseStatus::Flaky => counts.flaky += 1,
            }
        }
        counts
    }

    /// Whether a test is listed that failed and did not pass later.
    pub fn is_red(&self) -> bool {
        let mut statuses = self.known.values().filter_map(|known| known.status);
        statuses.any(|status| matches!(status, CaseStatus::Failed | CaseStatus::Errored))
    }

    /// A section of pytest's begins: the traceback before it is over.
    pub fn end_trace(&mut self) {
        self.tracing = false;
    }

    /// A traceback begins.
    pub fn start_trace(&mut self, title: &str) {
        self.tracing = self.traces.len() < MAX_TRACES;
        if self.tracing {
            self.traces.push(Trace {
                title: subject(title).to_owned(),
                ..Trace::default()
            });
        }
    }

    /// A line of a traceback.
    pub fn trace_line(&mut self, line: &[u8]) {
        let Some(trace) = self.traces.last_mut().filter(|_| self.tracing) else {
            return;
        };
        if trace.error.is_none() && line.starts_with(b"E ") {
            trace.error = Some(one_line(&String::from_utf8_lossy(&line[1..])));
        }
        if let Some((file, number)) = crate::lines::place(line)
            && trace.file.is_none()
        {
            trace.file = Some(file.to_owned());
            trace.line = Some(number);
        }
        if trace.text.len() + line.len() < MAX_TRACE_BYTES {
            trace.text.push_str(&String::from_utf8_lossy(line));
            trace.text.push('\n');
        }
    }

    /// A line of the short summary. Before 5.4 no dash parts the reason of `XPASS` from its id: the
    /// id is then the longest one that is known.
    pub fn listed(&mut self, mut outcome: Outcome<'_>, report: &mut impl FnMut(TestCase)) {
        if outcome.note.is_none() && !self.known.contains_key(&hash(outcome.id)) {
            let ends = outcome
                .id
                .rmatch_indices(' ')
                .map(|(at, _)| outcome.id.split_at(at));
            let known = ends
                .into_iter()
                .find(|(id, _)| self.known.contains_key(&hash(id)));
            if let Some((id, note)) = known {
                outcome.id = id;
                outcome.note = Some(note.trim());
            }
        }
        self.outcome(&outcome, report);
    }

    /// A result. Calls `report` when it says something new.
    pub fn outcome(&mut self, outcome: &Outcome<'_>, report: &mut impl FnMut(TestCase)) {
        let id = match outcome.subtest {
            Some(subtest) => Cow::Owned(format!("{} {subtest}", outcome.id)),
            None => Cow::Borrowed(outcome.id),
        };
        let full = self.known.len() >= MAX_CASES;
        let known = match self.known.entry(hash(&id)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if full => return,
            Entry::Vacant(place) => place.insert(Known::default()),
        };
        let mut status = match outcome.word {
            Word::Passed => CaseStatus::Passed,
            Word::Failed => CaseStatus::Failed,
            Word::Error => CaseStatus::Errored,
            Word::Skipped => CaseStatus::Skipped,
            Word::Rerun => {
                known.reruns += 1;
                // The short summary names repetitions after the result.
                if known.status != Some(CaseStatus::Passed) {
                    return;
                }
                CaseStatus::Flaky
            }
        };
        if status == CaseStatus::Passed && known.reruns > 0 {
            status = CaseStatus::Flaky;
        }
        // A failure in tear-down comes after the test's own result; the worse one stays.
        if worse(known.status, status) {
            status = known.status.unwrap_or(status);
        }
        let trace = match status {
            CaseStatus::Failed | CaseStatus::Errored => find(&mut self.traces, outcome.id),
            _ => None,
        };
        let error = trace.as_ref().and_then(|trace| trace.error.as_deref());
        let message = whole_message(outcome.note, error);
        let fresh = known.status.is_none();
        if known.status == Some(status) && (message.is_none() || known.has_message) {
            return;
        }
        self.done += u32::from(fresh);
        known.status = Some(status);
        known.has_message |= message.is_some();
        let path = id.cut("::").map_or(&*id, |(path, _)| path);
        report(TestCase {
            file: trace
                .as_ref()
                .and_then(|trace| trace.file.clone())
                .or_else(|| Some(path.to_owned())),
            line: trace.as_ref().and_then(|trace| trace.line),
            details: trace.map(|trace| trace.text.clone()),
            status,
            duration_ms: None,
            message,
            extra: match known.reruns {
                0 => Vec::new(),
                reruns => vec![label("reruns", reruns.to_string())],
            },
            id: id.into_owned(),
        });
    }

    /// Reports what only a traceback tells: pytest before 5.4 prints no short summary.
    pub fn finish(&mut self, report: &mut impl FnMut(TestCase)) {
        let traces = std::mem::take(&mut self.traces);
        for trace in traces.iter().filter(|trace| !trace.used) {
            let file = trace.file.clone().unwrap_or_default();
            let id = format!("{file}::{}", node_path(&trace.title));
            let listed = self
                .known
                .get(&hash(&id))
                .is_some_and(|known| known.status.is_some());
            if file.is_empty() || listed || self.known.len() >= MAX_CASES {
                continue;
            }
            let status = CaseStatus::Failed;
            self.known.insert(
                hash(&id),
                Known {
                    status: Some(status),
                    reruns: 0,
                    has_message: true,
                },
            );
            report(TestCase {
                id,
                status,
                duration_ms: None,
                message: trace.error.clone(),
                details: Some(trace.text.clone()),
                file: Some(file),
                line: trace.line,
                extra: Vec::new(),
            });
        }
    }
}

/// The summary's message, or the traceback's where the terminal was too narrow for it: pytest ends what it
/// cuts with three dots.
fn whole_message(note: Option<&str>, error: Option<&str>) -> Option<String> {
    let cut = note.and_then(|note| note.trim_end().strip_suffix("..."));
    match (note, cut, error) {
        (_, Some(stem), Some(error)) if error.starts_with(stem.trim()) => Some(one_line(error)),
        (Some(note), _, _) => Some(one_line(note)),
        (None, _, error) => error.map(one_line),
    }
}

/// Whether what is known must not give way to the new status.
fn worse(known: Option<CaseStatus>, new: CaseStatus) -> bool {
    matches!(known, Some(CaseStatus::Failed | CaseStatus::Errored))
        && matches!(new, CaseStatus::Skipped)
        || (known == Some(CaseStatus::Failed) && new == CaseStatus::Errored)
}

/// Returns the traceback of a node id.
fn find<'a>(traces: &'a mut [Trace], id: &str) -> Option<&'a Trace> {
    let name = id.cut("::").map_or(id, |(_, name)| name);
    let trace = traces
        .iter_mut()
        .find(|trace| !trace.used && (is_title(&trace.title, name) || trace.title == id))?;
    trace.used = true;
    Some(trace)
}

/// Whether `TestA.test_b[1]` is the title for `TestA::test_b[1]`.
fn is_title(title: &str, name: &str) -> bool {
    let (title, title_rest) = title.split_at(title.find('[').unwrap_or(title.len()));
    let (name, name_rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    title_rest == name_rest && title.split('.').eq(name.split("::"))
}

fn node_path(title: &str) -> String {
    let (head, rest) = title.split_at(title.find('[').unwrap_or(title.len()));
    format!("{}{rest}", head.replace('.', "::"))
}

/// Returns what a traceback's title is about: `ERROR at setup of test_x` is about `test_x`.
fn subject(title: &str) -> &str {
    [
        "ERROR at setup of ",
        "ERROR at teardown of ",
        "ERROR collecting ",
    ]
    .iter()
    .find_map(|prefix| title.strip_prefix(prefix))
    .unwrap_or(title)
}

fn one_line(text: &str) -> String {
    text.trim().chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_pytest_cut_is_taken_from_the_traceback() {
        let whole = |note, error| whole_message(note, error).unwrap_or_default();
        let error = "AssertionError: assert Decimal('17.9') == 18";
        assert_eq!(
            whole(Some("AssertionError: assert De..."), Some(error)),
            error
        );
        assert_eq!(whole(Some("..."), Some(error)), error);
        assert_eq!(
            whole(Some("wait for it..."), Some("assert 1")),
            "wait for it..."
        );
        assert_eq!(whole(Some("assert 1"), Some(error)), "assert 1");
        assert_eq!(whole(None, Some(error)), error);
        assert_eq!(whole_message(None, None), None);
    }
}
