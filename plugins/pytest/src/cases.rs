//! The test cases, as they become known: each is reported once, and again only when more is known.

use std::collections::BTreeMap;

use tribunal_sdk::{CaseStatus, TestCase, label};

use crate::lines::{Outcome, Word};

/// Cases that are told apart; the host takes no more.
const MAX_CASES: usize = 200_000;
/// Tracebacks that are kept.
const MAX_TRACES: usize = 2_000;
/// Bytes of one traceback that are kept.
const MAX_TRACE_BYTES: usize = 8_192;

#[derive(Clone, Debug)]
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
    known: BTreeMap<String, Known>,
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

    /// A result. Calls `report` when it says something new.
    pub fn outcome(&mut self, outcome: &Outcome<'_>, report: &mut impl FnMut(TestCase)) {
        let id = match outcome.subtest {
            Some(subtest) => format!("{} {subtest}", outcome.id),
            None => outcome.id.to_owned(),
        };
        if self.known.len() >= MAX_CASES && !self.known.contains_key(&id) {
            return;
        }
        let known = self.known.entry(id.clone()).or_insert(Known {
            status: None,
            reruns: 0,
            has_message: false,
        });
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
        let message = outcome
            .note
            .map(one_line)
            .or_else(|| trace.as_ref().and_then(|trace| trace.error.clone()));
        let fresh = known.status.is_none();
        if known.status == Some(status) && (message.is_none() || known.has_message) {
            return;
        }
        self.done += u32::from(fresh);
        known.status = Some(status);
        known.has_message |= message.is_some();
        let path = id.split_once("::").map_or(id.as_str(), |(path, _)| path);
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
            id,
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
                .get(&id)
                .is_some_and(|known| known.status.is_some());
            if file.is_empty() || listed || self.known.len() >= MAX_CASES {
                continue;
            }
            let status = CaseStatus::Failed;
            self.known.insert(
                id.clone(),
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

/// Whether what is known must not give way to the new status.
fn worse(known: Option<CaseStatus>, new: CaseStatus) -> bool {
    matches!(known, Some(CaseStatus::Failed | CaseStatus::Errored))
        && matches!(new, CaseStatus::Skipped)
        || (known == Some(CaseStatus::Failed) && new == CaseStatus::Errored)
}

/// Returns the traceback of a node id.
fn find<'a>(traces: &'a mut [Trace], id: &str) -> Option<&'a Trace> {
    let name = id.split_once("::").map_or(id, |(_, name)| name);
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
