//! Reads what test programs of `cargo test` print, one after the other.

use std::collections::HashSet;

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::CaseStatus;

use crate::json::{self, Event};
use crate::session::Session;
use crate::words::{self, Declared};

/// The parser.
#[derive(Debug, Default)]
pub struct Parser {
    finding: Finding,
    session: Option<Session>,
    announced: u64,
    finished: u64,
    /// JSON: tests that started and did not end.
    open: HashSet<String>,
}

impl Format for Parser {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(&first) = line.plain.first() else {
            return;
        };
        if first == b'{' && json::looks(line.plain) {
            self.event(line.plain, line, book);
            return;
        }
        if self.session.as_ref().is_some_and(|session| session.json) {
            // Output without a line end may stand before an event.
            if line.plain.ends_with(b"}")
                && let Some(at) = memchr::memmem::rfind(line.plain, b"{ \"type\": ")
            {
                self.event(&line.plain[at..], line, book);
            }
            return;
        }
        let Some(text) = line.text() else {
            return;
        };
        match first {
            b'r' if line.terminated => {
                if let Some(count) = words::running(text) {
                    self.begin(count, line, book);
                    return;
                }
            }
            b't' if line.terminated => {
                if let Some(declared) = words::result(text) {
                    self.result(&declared, text, line, book);
                    return;
                }
            }
            b'e' => {
                if let Some(error) = text.strip_prefix("error: ") {
                    self.finding.hint.get_or_insert(Fact::at(line, error));
                }
            }
            _ => {}
        }
        if let Some(session) = &mut self.session
            && line.terminated
        {
            inside(session, text, line, book);
        }
    }

    fn end(mut self, book: &mut Book) -> Finding {
        if let Some(mut session) = self.session.take() {
            session.end_trace(book);
            let (done, all) = (session.done(), session.announced);
            let open = self.open.iter().min();
            let text = match open {
                Some(name) => format!("a test program did not end; `{name}` was running"),
                None => format!("a test program did not end: {done} of {all} tests ran"),
            };
            self.finding.unfinished.get_or_insert(Fact::of(text));
            self.finished = self.finished.saturating_add(session.done());
        }
        let mut finding = self.finding;
        finding.format = "cargo test";
        finding.seen |= self.announced > 0;
        if finding.seen {
            finding.announced = Some(self.announced);
            finding.finished = Some(self.finished);
        }
        finding
    }
}

/// A line of a test program that runs.
fn inside(session: &mut Session, text: &str, line: &Line<'_>, book: &mut Book) {
    if session.done() >= session.announced && session.pending.is_none() {
        session.trace(text, book);
        return;
    }
    // Output without a line end may stand before it: `half a line test b ... ok`.
    let glued = || {
        let at = memchr::memmem::rfind(text.as_bytes(), b"test ").unwrap_or(0);
        text.get(at..).and_then(words::outcome)
    };
    if let Some(found) = words::outcome(text).or_else(glued) {
        session.resolve(line, book);
        session.count(found.status, 1);
        book.tell(found.name, found.status, line, |done| {
            done.message = found.message.map(str::to_owned);
            done.duration_ms = found.milliseconds;
        });
    } else if let Some(name) = text.strip_suffix(" --- FAILED") {
        session.count(CaseStatus::Failed, 1);
        book.add(case(words::name(name), CaseStatus::Failed), line);
    } else if let Some((head, tail)) = text
        .strip_prefix("test ")
        .and_then(|rest| rest.cut(" ... "))
    {
        session.resolve(line, book);
        session.pending = Some((words::name(head).to_owned(), ends_in(tail)));
    } else if let Some((_, status)) = &mut session.pending {
        *status = ends_in(text).or(*status);
        if words::status(text).is_some() {
            session.resolve(line, book);
        }
    } else if let Some((passed, failed, ignored)) = words::dots(text) {
        for (status, count) in [
            (CaseStatus::Passed, passed),
            (CaseStatus::Failed, failed),
            (CaseStatus::Skipped, ignored),
        ] {
            session.count(status, u64::from(count));
            book.unnamed(status, count);
        }
    }
}

fn ends_in(text: &str) -> Option<CaseStatus> {
    if text.ends_with("ok") {
        Some(CaseStatus::Passed)
    } else {
        text.ends_with("FAILED").then_some(CaseStatus::Failed)
    }
}

impl Parser {
    fn begin(&mut self, count: u64, line: &Line<'_>, book: &mut Book) {
        if let Some(mut session) = self.session.take() {
            session.resolve(line, book);
            // All its tests ended: this is what a failing one printed.
            if session.announced > 0 && session.done() >= session.announced {
                self.session = Some(session);
                return;
            }
            session.end_trace(book);
            self.finished = self.finished.saturating_add(session.done());
            let (done, all) = (session.done(), session.announced);
            let text = format!("a test program ended without a result: {done} of {all} tests ran");
            self.finding.unfinished.get_or_insert(Fact::at(line, text));
        }
        self.finding.seen = true;
        self.announced = self.announced.saturating_add(count);
        book.announce(self.announced);
        self.session = Some(Session::new(count));
    }

    fn result(&mut self, declared: &Declared, text: &str, line: &Line<'_>, book: &mut Book) {
        let Some(mut session) = self.session.take() else {
            let text = "a result that no test program belongs to";
            self.finding.problem.get_or_insert(Fact::at(line, text));
            return;
        };
        session.resolve(line, book);
        if !session.fits(declared) {
            if !declared.ok {
                self.finding.red.get_or_insert(Fact::at(line, text));
            }
            // Printed by a test, or lines are missing: the program's own result is still to come.
            self.session = Some(session);
            return;
        }
        session.end_trace(book);
        self.finished = self.finished.saturating_add(session.done());
        self.finding.marker = Some(Fact::at(line, text));
    }

    fn event(&mut self, bytes: &[u8], line: &Line<'_>, book: &mut Book) {
        let event: Event<'_> = match serde_json::from_slice(bytes) {
            Ok(event) => event,
            Err(error) => {
                if line.terminated {
                    let text = format!("an event is no JSON: {error}");
                    self.finding.problem.get_or_insert(Fact::at(line, text));
                }
                return;
            }
        };
        match (&*event.kind, &*event.event) {
            ("suite", "started") => {
                self.begin(event.test_count.unwrap_or(0), line, book);
                if let Some(session) = &mut self.session {
                    session.json = true;
                }
            }
            ("suite", word @ ("ok" | "failed")) => {
                let declared = Declared {
                    ok: word == "ok",
                    passed: event.passed,
                    failed: event.failed.saturating_sub(event.allowed_fail),
                    ignored: event.ignored,
                    measured: event.measured,
                };
                self.result(&declared, "the suite's last event", line, book);
            }
            ("test", "started") => {
                self.open.insert(event.name.into_owned());
            }
            ("test" | "bench", word) => self.ended(word, &event, line, book),
            _ => {}
        }
    }

    fn ended(&mut self, word: &str, event: &Event<'_>, line: &Line<'_>, book: &mut Book) {
        let status = match (word, &*event.kind) {
            ("ok" | "allowed_failure", _) | ("", "bench") => CaseStatus::Passed,
            ("failed", _) => CaseStatus::Failed,
            ("ignored", _) => CaseStatus::Skipped,
            // `timeout` only warns.
            _ => return,
        };
        self.open.remove(&*event.name);
        let Some(session) = &mut self.session else {
            let text = "a test's event that no test program belongs to";
            self.finding.problem.get_or_insert(Fact::at(line, text));
            return;
        };
        session.count(status, 1);
        let mut done = case(&*event.name, status);
        done.duration_ms = event.milliseconds();
        done.message = event.message.as_deref().map(str::to_owned);
        if status == CaseStatus::Failed {
            book.add(done, line);
            // Its output says why and where.
            if let Some(stdout) = &event.stdout {
                session.trace(&format!("---- {} stdout ----", event.name), book);
                stdout.lines().for_each(|text| session.trace(text, book));
                session.end_trace(book);
            }
        } else {
            book.add(done, line);
        }
    }
}
