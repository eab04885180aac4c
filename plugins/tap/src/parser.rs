//! Reads TAP line by line: one document, or those that prove runs.

use std::borrow::Cow;

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::Details;
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::{CaseStatus, TestCase, label};

use crate::ids::Ids;
use crate::nested::Nested;
use crate::words::{self, Directive, Plan, Point};

/// Ids that are remembered; a stream with more tests is too long to judge.
const MOST_POINTS: u64 = 500_000;

/// One TAP document.
#[derive(Debug, Default)]
struct Document {
    begun: bool,
    plan: Option<u64>,
    /// Whether the plan came behind the points.
    trailing: bool,
    points: u64,
    ids: Ids,
}

/// The parser.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Parser {
    finding: Finding,
    document: Document,
    announced: u64,
    finished: u64,
    marker: Option<Fact>,
    /// prove: the file that runs, and whether its points are printed.
    file: Option<String>,
    prove: bool,
    result: bool,
    todo_passed: u64,
    bad: Option<(TestCase, Details)>,
    /// Inside a YAML block.
    yaml: bool,
    nested: Nested,
    /// `pragma +strict`: what is no TAP is a failure.
    strict: bool,
    /// The line before was `not`, all by itself: it belongs to the `ok` of this one.
    not: bool,
}

impl Format for Parser {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(&first) = line.plain.first() else {
            return;
        };
        // Indented: a subtest, a YAML block, or what a program prints. The point above says it all.
        if matches!(first, b' ' | b'\t') {
            self.indented(line);
            return;
        }
        self.yaml = false;
        let not = std::mem::replace(&mut self.not, line.plain.trim_ascii_end() == b"not");
        match first {
            b'o' | b'n' => {
                if let Some(mut point) = line.text().and_then(words::point) {
                    point.ok &= !not;
                    self.point(&point, line, book);
                    return;
                }
            }
            b'1' => {
                if let Some(plan) = line.text().and_then(words::plan) {
                    self.plan(&plan, line, book);
                    return;
                }
            }
            b'T' if line.plain.starts_with(b"TAP version ") => {
                self.version(line);
                return;
            }
            b'B' if line.plain.starts_with(b"Bail out!") => {
                self.finding.seen = true;
                let text = line.lossy();
                let why = text.trim_start_matches("Bail out!").trim();
                let text = format!("bailed out: {why}");
                self.finding.red.get_or_insert(Fact::at(line, text));
                return;
            }
            b'#' => {
                self.comment(line);
                return;
            }
            b'p' if line.plain.starts_with(b"pragma ") => {
                if let Some(pragmas) = line.text().and_then(|text| text.strip_prefix("pragma ")) {
                    self.pragmas(pragmas);
                }
                return;
            }
            b'}' if line.plain.trim_ascii_end() == b"}" => {
                if let Some(fact) = self.nested.close() {
                    self.finding.red.get_or_insert(fact);
                }
                return;
            }
            _ => {}
        }
        self.foreign(line, book);
    }

    fn end(mut self, book: &mut Book) -> Finding {
        self.tell(book);
        self.close();
        let mut finding = self.finding;
        finding.format = "TAP";
        finding.marker = self.marker;
        if self.prove && !self.result {
            finding.marker = None;
        }
        finding.announced = finding.seen.then_some(self.announced);
        finding.finished = Some(self.finished);
        if self.todo_passed > 0 {
            let count = self.todo_passed.to_string();
            finding.extra.push(label("todo-passed", count));
        }
        finding
    }
}

impl Parser {
    fn version(&mut self, line: &Line<'_>) {
        self.finding.seen = true;
        if self.document.begun {
            let text = "`TAP version` in the middle of a document";
            self.finding.red.get_or_insert(Fact::at(line, text));
        }
    }

    fn pragmas(&mut self, pragmas: &str) {
        for pragma in pragmas.split(',').map(str::trim) {
            match pragma {
                "+strict" => self.strict = true,
                "-strict" => self.strict = false,
                _ => {}
            }
        }
    }

    fn plan(&mut self, plan: &Plan<'_>, line: &Line<'_>, book: &mut Book) {
        if !line.terminated {
            return;
        }
        self.finding.seen = true;
        let document = &mut self.document;
        document.begun = true;
        if document.plan.is_some() {
            self.finding
                .red
                .get_or_insert(Fact::at(line, "more than one plan"));
            return;
        }
        document.plan = Some(plan.last);
        document.trailing = document.points > 0;
        if document.points > plan.last || document.ids.most > plan.last {
            let text = format!("more tests than the plan of {}", plan.last);
            self.finding.red.get_or_insert(Fact::at(line, text));
        }
        self.announced = self.announced.saturating_add(plan.last);
        book.announce(self.announced);
        let text = match plan.skip {
            Some(why) => format!("the plan: all skipped: {why}"),
            None => "the plan".to_owned(),
        };
        self.marker = Some(Fact::at(line, text));
    }

    fn point(&mut self, point: &Point<'_>, line: &Line<'_>, book: &mut Book) {
        // prove's own word on a file, behind its points.
        let bare = point.id.is_none() && point.name.is_empty() && point.directive.is_none();
        if self.prove && bare && point.ok {
            self.close();
            return;
        }
        if !line.terminated {
            return;
        }
        self.finding.seen = true;
        self.tell(book);
        if let Some(fact) = self.nested.point(point, line) {
            self.finding.red.get_or_insert(fact);
        }
        let document = &mut self.document;
        document.begun = true;
        document.points += 1;
        self.finished += 1;
        let id = point.id.unwrap_or(document.points);
        let wrong = if document.trailing {
            Some("a test point behind the plan".to_owned())
        } else if document.points > MOST_POINTS {
            Some(format!("more than {MOST_POINTS} test points"))
        } else if document.plan.is_some_and(|last| id > last) || id == 0 {
            Some(format!("test {id} is not in the plan"))
        } else if !document.ids.insert(id) {
            Some(format!("test {id} comes twice"))
        } else {
            None
        };
        if let Some(text) = wrong {
            self.finding.red.get_or_insert(Fact::at(line, text));
        }
        let name = match (point.name, &self.file) {
            ("", None) => Cow::Owned(format!("test {id}")),
            ("", Some(file)) => Cow::Owned(format!("{file} test {id}")),
            (name, None) => Cow::Borrowed(name),
            (name, Some(file)) => Cow::Owned(format!("{file} {name}")),
        };
        let status = match (point.ok, point.directive) {
            (_, Some((Directive::Skip, _))) | (false, Some((Directive::Todo, _))) => {
                CaseStatus::Skipped
            }
            (true, Some((Directive::Todo, _))) => {
                self.todo_passed += 1;
                CaseStatus::Passed
            }
            (true, None) => CaseStatus::Passed,
            (false, None) => CaseStatus::Failed,
        };
        let reason = point.directive.map(|(_, why)| why);
        let reason = reason.filter(|why| !why.is_empty());
        if status == CaseStatus::Failed {
            let mut bad = case(&*name, status);
            bad.message = reason.map(str::to_owned);
            self.bad = Some((bad, Details::default()));
        }
        book.tell(&name, status, line, |done| {
            done.message = reason.map(str::to_owned);
        });
    }

    fn indented(&mut self, line: &Line<'_>) {
        if !self.yaml {
            self.nested.indented(line);
        }
        if self.bad.is_none() {
            match line.plain.trim_ascii() {
                b"---" => self.yaml = true,
                b"..." => self.yaml = false,
                _ => {}
            }
            return;
        }
        let text = line.lossy();
        let trimmed = text.trim();
        if trimmed == "---" {
            self.yaml = true;
        } else if trimmed == "..." {
            self.yaml = false;
        } else if self.yaml
            && let Some((case, _)) = &mut self.bad
            && let Some((key, value)) = trimmed.cut(": ")
        {
            let value = value.trim_matches(['\'', '"']);
            match key {
                "message" | "error" => case.message = Some(value.to_owned()),
                "file" => case.file = Some(value.to_owned()),
                "line" => case.line = value.parse().ok(),
                "duration_ms" => case.duration_ms = value.parse().ok(),
                _ => {}
            }
        }
        if let Some((_, details)) = &mut self.bad {
            details.push(text.trim_end());
        }
    }

    fn comment(&mut self, line: &Line<'_>) {
        let text = line.lossy();
        let text = text.trim_start_matches('#').trim();
        if let Some((case, details)) = &mut self.bad {
            if case.message.is_none() && !text.is_empty() && !text.starts_with("Failed test") {
                case.message = Some(tribunal_judge_kit::text::clip(text, 300));
            }
            if let Some(rest) = text.last_cut(" line ")
                && let Some((_, file)) = rest.0.last_cut("at ")
            {
                case.file = Some(file.trim_matches('\'').to_owned());
                case.line = rest.1.trim_end_matches(['.', ')']).parse().ok();
            }
            details.push(text);
        }
        // `# Looks like you failed 1 test of 3.`, bats' `# bats warning: Executed 3 instead of …`.
        if text.starts_with("Looks like ") || text.starts_with("bats warning: ") {
            self.finding.hint.get_or_insert(Fact::at(line, text));
        }
    }

    /// A line that is no TAP: prove's, or anyone's.
    fn foreign(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(text) = line.text() else { return };
        if self.strict && !self.prove && !text.trim().is_empty() {
            let text = format!("no TAP, behind `pragma +strict`: {text}");
            self.finding.red.get_or_insert(Fact::at(line, text));
        }
        // prove, behind a test's `Bail out!`, which it need not print; with -j the file before it is `ok`.
        if text.starts_with("FAILED--Further testing stopped") {
            self.finding.seen = true;
            self.finding.red.get_or_insert(Fact::at(line, text));
        } else if let Some(result) = text.strip_prefix("Result: ") {
            if line.terminated && self.prove {
                self.result = true;
                self.finding.seen = true;
                self.marker = Some(Fact::at(line, "prove's result"));
                if result == "FAIL" {
                    self.finding
                        .red
                        .get_or_insert(Fact::at(line, "prove: FAIL"));
                }
            }
        } else if let Some((file, word)) = words::file(text) {
            if line.terminated
                && (std::path::Path::new(file)
                    .extension()
                    .is_some_and(|end| end == "t")
                    || self.prove)
            {
                self.file(file, word, line, book);
            }
        } else if self.prove && (text.starts_with("Failed ") || text.starts_with("Dubious")) {
            self.finding.red.get_or_insert(Fact::at(line, text));
            // Without -v its points are not printed: the file is the case.
            if let Some(file) = self.file.take()
                && !self.document.begun
            {
                let mut done = case(file, CaseStatus::Failed);
                done.message = Some(text.to_owned());
                self.announced += 1;
                self.finished += 1;
                book.add(done, line);
            }
            self.close();
        } else if let Some((_, details)) = &mut self.bad {
            details.push(text);
        }
    }

    fn file(&mut self, file: &str, word: &str, line: &Line<'_>, book: &mut Book) {
        self.tell(book);
        self.close();
        self.prove = true;
        self.finding.seen = true;
        self.file = Some(file.to_owned());
        let status = match word {
            // -v: its points follow.
            "" => return,
            "ok" => CaseStatus::Passed,
            // --timer: `ok  128 ms ( 0.00 usr …)`.
            _ if word.starts_with("ok ") && word.ends_with(" CPU)") => CaseStatus::Passed,
            _ if word.starts_with("skipped") => CaseStatus::Skipped,
            _ => CaseStatus::Failed,
        };
        let mut done = case(file, status);
        if status != CaseStatus::Passed {
            done.message = Some(word.to_owned());
        }
        self.announced += 1;
        self.finished += 1;
        book.add(done, line);
    }

    fn tell(&mut self, book: &mut Book) {
        if let Some((mut case, mut details)) = self.bad.take() {
            case.details = details.take();
            if case.details.is_some() && book.status(&case.id) == Some(CaseStatus::Failed) {
                book.enrich(case);
            }
        }
    }

    /// A document ends.
    fn close(&mut self) {
        let document = std::mem::take(&mut self.document);
        if !document.begun {
            return;
        }
        match document.plan {
            None => {
                let text = format!("there is no plan, after {} tests", document.points);
                self.finding.unfinished.get_or_insert(Fact::of(text));
            }
            Some(plan) if document.points < plan => {
                let text = format!("{} of {plan} tests ran", document.points);
                self.finding.unfinished.get_or_insert(Fact::of(text));
            }
            Some(_) => {}
        }
    }
}
