//! Reads what a `GoogleTest` program prints, line by line.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{Details, leading_number, number, place};
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::{CaseStatus, TestCase, label};

const OK: &str = "[       OK ] ";
const FAILED: &str = "[  FAILED  ] ";
const SKIPPED: &str = "[  SKIPPED ] ";
const PASSED: &str = "[  PASSED  ] ";

/// One `RUN_ALL_TESTS`, once per `--gtest_repeat`.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what was seen of the end, each by itself"
)]
struct Session {
    open: bool,
    /// Whether `[==========] … ran.` was seen.
    ran: bool,
    /// Whether `[  PASSED  ]` was seen after it.
    summed: bool,
    skipped: u32,
    skipped_listed: u32,
    disabled: u32,
    disabled_said: bool,
}

impl Session {
    /// Whether everything that comes last was printed.
    fn is_whole(&self) -> bool {
        self.summed
            && self.skipped == self.skipped_listed
            && (self.disabled == 0 || self.disabled_said)
    }
}

/// The parser.
#[derive(Debug, Default)]
pub struct Parser {
    finding: Finding,
    session: Session,
    running: Option<TestCase>,
    /// What the name before the last one was written into.
    spare: String,
    details: Details,
    announced: u64,
    finished: u64,
    brief: bool,
    sessions: u32,
    marker: Option<Fact>,
}

impl Format for Parser {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        if self.running.is_some() {
            self.inside(line, book);
            return;
        }
        match line.plain.first() {
            Some(b'[') => {
                if let Some(text) = line.text() {
                    self.bracket(text, line, book);
                }
            }
            Some(b' ') if self.session.ran => self.footer(line),
            _ if line.plain.ends_with(b": Failure") && self.may_fail() => {
                let text = format!("failure outside of tests: {}", line.lossy());
                self.finding.red.get_or_insert(Fact::at(line, text));
            }
            _ => {}
        }
    }

    fn end(mut self, book: &mut Book) -> Finding {
        if let Some(mut running) = self.running.take() {
            let text = format!("`{}` did not end", running.id);
            running.message = Some("did not end".to_owned());
            running.details = self.details.take();
            self.finding.unfinished.get_or_insert(Fact::of(text));
        }
        self.close();
        let mut finding = self.finding;
        finding.format = "GoogleTest";
        finding.seen = self.sessions > 0;
        finding.marker = self.marker;
        finding.announced = finding.seen.then_some(self.announced);
        finding.finished = Some(self.finished);
        if self.brief {
            let text = "from the summary: --gtest_brief lists no tests that passed";
            finding.extra.push(label("counts", text));
            finding.announced = Some(self.announced);
            finding.finished = Some(u64::from(book.done()));
        }
        finding
    }
}

impl Parser {
    fn may_fail(&self) -> bool {
        self.session.open
    }

    /// A line while a test runs: only its own result ends it.
    fn inside(&mut self, line: &Line<'_>, book: &mut Book) {
        if let Some((status, milliseconds, before)) = self.result(line) {
            self.ended(status, milliseconds, before, line, book);
            return;
        }
        let text = line.lossy();
        let reason = text
            .strip_suffix(": Failure")
            .or_else(|| text.strip_suffix(": Skipped"));
        if let Some(running) = &mut self.running {
            if let Some((file, at)) = reason.and_then(|_| place(&text)) {
                if running.file.is_none() {
                    running.file = Some(file.to_owned());
                    running.line = Some(at);
                }
            } else if running.message.is_none() && !self.details.is_empty() && !text.is_empty() {
                running.message = Some(tribunal_judge_kit::text::clip(text.trim(), 300));
            }
        }
        if reason.is_some() || !self.details.is_empty() {
            self.details.push(&text);
        }
    }

    fn ended(
        &mut self,
        status: CaseStatus,
        milliseconds: Option<f64>,
        before: &str,
        line: &Line<'_>,
        book: &mut Book,
    ) {
        let Some(mut done) = self.running.take() else {
            return;
        };
        self.session.skipped += u32::from(status == CaseStatus::Skipped);
        self.finished += 1;
        if status == CaseStatus::Passed {
            self.details.clear();
            book.tell(&done.id, status, line, |found| {
                found.duration_ms = milliseconds;
            });
            self.spare = done.id;
            return;
        }
        if !before.is_empty() {
            self.details.push(before);
        }
        done.status = status;
        done.duration_ms = milliseconds;
        done.details = self.details.take();
        book.add(done, line);
    }

    fn result<'a>(&self, line: &Line<'a>) -> Option<(CaseStatus, Option<f64>, &'a str)> {
        if !line.terminated {
            return None;
        }
        let running = self.running.as_ref()?;
        // Cheap for what a test prints: a result ends in `ms)` or in the test's name, or, without times and of a test
        // with a parameter, in that: `[  FAILED  ] Nums/P.Even/0, where GetParam() = 3`.
        let ends = line.plain.ends_with(b" ms)") || line.plain.ends_with(running.id.as_bytes());
        if !ends && !line.text().is_some_and(|text| text.has(FAILED)) {
            return None;
        }
        let text = line.text()?;
        if let Some(milliseconds) = passed(text, &running.id) {
            return Some((CaseStatus::Passed, Some(milliseconds), ""));
        }
        [
            (OK, CaseStatus::Passed),
            (FAILED, CaseStatus::Failed),
            (SKIPPED, CaseStatus::Skipped),
        ]
        .into_iter()
        .find_map(|(word, status)| {
            let (before, rest) = text.rsplit_once(word)?;
            let rest = rest.strip_prefix(running.id.as_str())?;
            let fine = rest.is_empty() || rest.starts_with(" (") || rest.starts_with(", where ");
            fine.then_some(())?;
            let time = rest
                .strip_suffix(" ms)")
                .and_then(|rest| rest.rsplit_once('('))
                .and_then(|(_, time)| number(time));
            #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53")]
            Some((status, time.map(|time| time as f64), before))
        })
    }

    fn bracket(&mut self, text: &str, line: &Line<'_>, book: &mut Book) {
        if let Some(name) = text.strip_prefix("[ RUN      ] ") {
            if self.session.open && line.terminated {
                let mut id = std::mem::take(&mut self.spare);
                id.clear();
                id.push_str(name);
                self.running = Some(case(id, CaseStatus::Failed));
            }
        } else if let Some(rest) = text.strip_prefix("[==========] ") {
            self.fence(rest, line, book);
        } else if let Some(name) = text.strip_prefix("[ DISABLED ] ") {
            if self.session.open {
                self.session.disabled += 1;
                let mut off = case(name, CaseStatus::Skipped);
                off.message = Some("disabled".to_owned());
                book.add(off, line);
            }
        } else if let Some(rest) = text.strip_prefix(PASSED) {
            self.passed(rest, line, book);
        } else if let Some(rest) = text.strip_prefix(SKIPPED) {
            let listed = self.session.ran && line.terminated && !rest.has("listed below");
            self.session.skipped_listed += u32::from(listed);
        } else if let Some(rest) = text.strip_prefix(FAILED) {
            self.failed(rest, line, book);
        }
    }

    /// `Running 4 tests from 2 test suites.` and `4 tests from 2 test suites ran. (3 ms total)`.
    fn fence(&mut self, rest: &str, line: &Line<'_>, book: &mut Book) {
        if !line.terminated {
            return;
        }
        if let Some(rest) = rest.strip_prefix("Running ") {
            let Some((count, _)) = leading_number(rest) else {
                return;
            };
            if self.brief {
                let text = "a summary that no run of tests belongs to came before";
                self.finding.problem.get_or_insert(Fact::at(line, text));
            }
            self.close();
            self.sessions += 1;
            self.session.open = true;
            self.announced = self.announced.saturating_add(count);
            book.announce(self.announced);
            return;
        }
        let Some((count, rest)) = leading_number(rest) else {
            return;
        };
        if !rest.has(" ran.") {
            return;
        }
        if !self.session.open {
            // --gtest_brief prints no beginning.
            if self.sessions > 0 && !self.brief {
                let text = "a second summary that no run of tests belongs to";
                self.finding.problem.get_or_insert(Fact::at(line, text));
                return;
            }
            self.brief = true;
            self.sessions += 1;
            self.announced = self.announced.saturating_add(count);
            self.session.open = true;
        }
        self.session.ran = true;
    }

    fn passed(&mut self, rest: &str, line: &Line<'_>, book: &mut Book) {
        let Some((count, _)) = leading_number(rest) else {
            return;
        };
        if !self.session.ran || !line.terminated || self.session.summed {
            return;
        }
        self.session.summed = true;
        self.marker = Some(Fact::at(line, format!("{count} passed")));
        if self.brief {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            book.unnamed(CaseStatus::Passed, count);
        }
    }

    fn failed(&mut self, rest: &str, line: &Line<'_>, book: &mut Book) {
        if rest.has("listed below") || self.session.summed {
            let declared = leading_number(rest).is_none_or(|(count, _)| count > 0);
            if declared && self.session.open {
                let text = format!("GoogleTest says: {}", rest.trim());
                self.finding.red.get_or_insert(Fact::at(line, text));
            }
        } else if let Some((name, _)) = rest.last_cut(" (") {
            // --gtest_brief: a result without a beginning.
            self.finished += 1;
            book.add(case(name, CaseStatus::Failed), line);
        }
    }

    /// ` 1 FAILED TEST`, `  YOU HAVE 1 DISABLED TEST`.
    fn footer(&mut self, line: &Line<'_>) {
        let Some(text) = line.text() else { return };
        let text = text.trim();
        if text.starts_with("YOU HAVE ") && line.terminated {
            self.session.disabled_said = true;
        } else if let Some((count, rest)) = leading_number(text)
            && rest.starts_with(" FAILED TEST")
            && count > 0
        {
            self.finding.red.get_or_insert(Fact::at(line, text));
        }
    }

    fn close(&mut self) {
        let session = std::mem::take(&mut self.session);
        if session.open && !session.is_whole() {
            let text = "the summary of a GoogleTest program is missing or cut short";
            self.finding.unfinished.get_or_insert(Fact::of(text));
            if self.sessions <= 1 {
                self.marker = None;
            }
        }
    }
}

/// `[       OK ] Green.One (0 ms)`, and nothing else: what almost all results are.
fn passed(text: &str, id: &str) -> Option<f64> {
    let rest = text.strip_prefix(OK)?.strip_prefix(id)?;
    let time = rest.strip_prefix(" (")?.strip_suffix(" ms)")?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53")]
    Some(number(time)? as f64)
}
