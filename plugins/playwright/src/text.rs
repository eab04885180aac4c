//! What `list`, `line` and `dot` print: `Running 3 tests using 1 worker`, then at last the numbers.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::text::{clip, leading_number, number, place, seconds};
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::CaseStatus;

/// The numbers at the end: lines that stand together.
#[derive(Clone, Debug, Default)]
struct Epilogue {
    passed: u64,
    failed: u64,
    flaky: u64,
    skipped: u64,
    /// Broken off, or never begun.
    missing: u64,
    errors: u64,
    /// Whether the names below are those of failed (or flaky) tests.
    naming: Option<CaseStatus>,
    names: Vec<(String, CaseStatus)>,
    fact: Option<Fact>,
}

impl Epilogue {
    fn sum(&self) -> u64 {
        self.passed + self.failed + self.flaky + self.skipped + self.missing
    }
}

/// The output being read.
#[derive(Debug, Default)]
pub struct Text {
    /// What the run announced that is not ended yet.
    announced: Option<u64>,
    runs: u32,
    /// First attempts that the run listed.
    listed: u64,
    open: Option<Epilogue>,
    /// The run's last epilogue.
    last: Option<Epilogue>,
    sum: Epilogue,
    total: u64,
    empty: bool,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    hint: Option<Fact>,
}

/// The most names that one epilogue may list.
const NAMES: usize = 100_000;

impl Format for Text {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(text) = line.text().filter(|_| !line.cut && line.terminated) else {
            return;
        };
        if let Some(tests) = running(text) {
            self.leave(book, line);
            if self.runs > 0 && self.marker.is_none() {
                let fact = Fact::at(line, "a run has no summary");
                self.unfinished.get_or_insert(fact);
            }
            self.runs += 1;
            self.marker = None;
            self.announced = Some(tests);
            self.listed = 0;
            return;
        }
        if text.starts_with("Error: No tests found") {
            self.hint = Some(Fact::at(line, "no tests found"));
        }
        if self.announced.is_none() || self.epilogue(text, line) {
            return;
        }
        self.item(text, line, book);
    }

    fn end(mut self, book: &mut Book) -> Finding {
        self.leave(book, &Line::NOWHERE);
        let mut finding = Finding {
            format: "playwright",
            seen: self.runs > 0,
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            hint: self.hint,
            ..Finding::default()
        };
        if finding.marker.is_some() {
            let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
            let counts = &mut finding.counts;
            counts.passed = short(self.sum.passed);
            counts.failed = short(self.sum.failed);
            counts.flaky = short(self.sum.flaky);
            counts.skipped = short(self.sum.skipped);
            counts.errored = short(self.sum.errors);
            finding.announced = Some(self.total);
            finding.finished = Some(self.sum.sum() - self.sum.missing);
        }
        finding
    }
}

impl Text {
    /// Adds what the run that ends here came to.
    fn leave(&mut self, book: &mut Book, line: &Line<'_>) {
        let epilogue = self.open.take().or(self.last.take());
        let (Some(announced), Some(epilogue)) = (self.announced.take(), epilogue) else {
            return;
        };
        let sum = epilogue.sum();
        let ran = epilogue.passed + epilogue.failed + epilogue.flaky;
        let fact = epilogue.fact.clone().unwrap_or_default();
        let short = |text: String| Fact {
            text,
            ..fact.clone()
        };
        if sum != announced {
            let text = format!("{sum} of {announced} tests are in the summary");
            self.unfinished.get_or_insert(short(text));
        } else if self.listed > 0 && self.listed < ran {
            let text = format!("{ran} tests ran by the summary, {} are listed", self.listed);
            self.unfinished.get_or_insert(short(text));
        }
        self.empty |= ran == 0;
        if self.runs > 1 && self.empty {
            let text = "one of several runs ran no test".to_owned();
            self.unfinished.get_or_insert(short(text));
        }
        for (name, status) in epilogue.names {
            let mut found = case(name, status);
            let file = found.id.split(" › ").find(|part| !part.starts_with('['));
            found.file = file.map(str::to_owned);
            // A pass that was not expected is listed as `✓` before.
            book.again(found, line);
        }
        self.total += announced;
        self.sum.passed += epilogue.passed;
        self.sum.failed += epilogue.failed;
        self.sum.flaky += epilogue.flaky;
        self.sum.skipped += epilogue.skipped;
        self.sum.missing += epilogue.missing;
        self.sum.errors += epilogue.errors;
        self.marker = Some(fact);
    }

    /// Whether the line belongs to the numbers at the end.
    fn epilogue(&mut self, text: &str, line: &Line<'_>) -> bool {
        if let Some(open) = &mut self.open
            && let Some(name) = text.strip_prefix("    ")
            && let Some(status) = open.naming
        {
            if open.names.len() < NAMES {
                open.names
                    .push((id(name.trim_end_matches(['─', ' '])), status));
            }
            return true;
        }
        let Some((count, words)) = numbers(text) else {
            self.last = self.open.take().or(self.last.take());
            return false;
        };
        let fact = Fact::at(line, text.trim());
        let open = self.open.get_or_insert_default();
        open.naming = None;
        match words {
            "passed" => open.passed = count,
            "failed" => {
                open.failed = count;
                open.naming = Some(CaseStatus::Failed);
            }
            "flaky" => {
                open.flaky = count;
                open.naming = Some(CaseStatus::Flaky);
            }
            "skipped" => open.skipped = count,
            "interrupted" | "did not run" => open.missing += count,
            _ => open.errors += count,
        }
        open.fact = Some(fact.clone());
        match words {
            "failed" | "error" => {
                self.red.get_or_insert(fact);
            }
            "interrupted" | "did not run" => {
                self.unfinished.get_or_insert(fact);
            }
            _ => {}
        }
        true
    }

    /// `  ✓  3 [web] › sum.spec.js:3:3 › sum › adds (15ms)`; a `✘` may be what was expected.
    fn item(&mut self, text: &str, line: &Line<'_>, book: &mut Book) {
        let Some((mark, rest)) = text.trim_start().split_once(' ') else {
            return;
        };
        let status = match mark {
            "✓" | "ok" => Some(CaseStatus::Passed),
            "-" => Some(CaseStatus::Skipped),
            "✘" | "x" => None,
            _ => return,
        };
        let Some((_, name)) = leading_number(rest.trim_start()) else {
            return;
        };
        let Some(name) = name.strip_prefix(' ').filter(|name| name.contains(" › ")) else {
            return;
        };
        let (name, duration) = timed(name.trim_end());
        if name.ends_with(')') && name.contains(" (retry #") {
            return;
        }
        self.listed += 1;
        if let Some(status) = status {
            let mut found = case(id(name), status);
            found.duration_ms = duration;
            book.add(found, line);
        }
    }
}

/// The number of `Running 3 tests using 1 worker`.
fn running(text: &str) -> Option<u64> {
    let (count, rest) = leading_number(text.strip_prefix("Running ")?)?;
    let rest = rest.strip_prefix(" test")?;
    let rest = rest.strip_prefix('s').unwrap_or(rest);
    rest.starts_with(" using ").then_some(count)
}

/// One of the numbers: `  2 failed`, `  3 passed (1.2s)`, `  1 error was not a part of any test…`.
fn numbers(text: &str) -> Option<(u64, &str)> {
    let body = text.strip_prefix("  ")?;
    let body = body.trim_end();
    if body.starts_with("Timed out waiting ") && body.ends_with(" for the entire test run") {
        return Some((1, "error"));
    }
    let (count, words) = body.split_once(' ')?;
    let count = number(count)?;
    let known = ["failed", "flaky", "skipped", "interrupted", "did not run"];
    if known.contains(&words) {
        return Some((count, words));
    }
    if words == "passed" || words.starts_with("passed (") && words.ends_with(')') {
        return Some((count, "passed"));
    }
    let outside = [" not a part of any test"];
    let outside = outside.iter().any(|part| words.contains(part));
    (outside && words.starts_with("error")).then_some((count, "error"))
}

/// Leaves out line and column: `sum.spec.js:3:3 › sum › adds`.
fn id(name: &str) -> String {
    let parts: Vec<&str> = name.trim_start().split(" › ").collect();
    let mut out = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        match place(part).filter(|_| at < 2 && out.iter().all(|one: &&str| one.starts_with('['))) {
            Some((file, _)) => out.push(file),
            None => out.push(part),
        }
    }
    clip(&out.join(" › "), 2_000)
}

/// Splits `name (15ms)` or `name (1.2s)`.
fn timed(text: &str) -> (&str, Option<f64>) {
    let split = text.rsplit_once(" (").and_then(|(name, time)| {
        let time = time.strip_suffix(')')?;
        let ms = time.strip_suffix("ms").and_then(seconds);
        let long = || seconds(time.strip_suffix('s')?);
        Some((name, ms.map(|ms| ms / 1_000.0).or_else(long)?))
    });
    match split {
        Some((name, time)) => (name, Some(time)),
        None => (text, None),
    }
}
