//! What vitest prints: ` RUN  v3.2.4`, files or tests, then a block of numbers that ends with `Duration`.

use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::{clip, leading_number, number, seconds};
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::{CaseStatus, label};

use crate::summary::{Numbers, numbers};

/// The longest title, in characters.
const TITLE: usize = 2_000;

/// A block that has begun.
#[derive(Debug)]
struct Block {
    files: Numbers,
    tests: Option<(Numbers, Fact)>,
    errors: Option<Fact>,
}

/// A run: from its ` RUN ` to its block.
#[derive(Debug, Default)]
struct Run {
    listed: bool,
    closed: Option<Numbers>,
    errored: u64,
}

/// The output being read.
#[derive(Debug, Default)]
pub struct Text {
    block: Option<Block>,
    run: Option<Run>,
    runs: u32,
    file: String,
    /// Groups that are open in the tree below a file: how far in, and the name.
    groups: Vec<(usize, String)>,
    /// Inside of what a test printed: `stdout | a.test.js > name`, until a blank line.
    quoting: bool,
    sum: Numbers,
    errored: u64,
    empty: bool,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    hint: Option<Fact>,
}

impl Format for Text {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(text) = line.text().filter(|_| !line.cut && line.terminated) else {
            return;
        };
        if self.block.is_some() && self.block_line(text, line) {
            return;
        }
        if let Some(rest) = text.strip_prefix(" Test Files  ") {
            self.block = numbers(rest).map(|files| Block {
                files,
                tests: None,
                errors: None,
            });
        } else if text.starts_with(" RUN  v") {
            self.begin(line);
        } else if text.starts_with("No test files found, exiting with code 0") {
            self.nothing(line);
        } else if text.starts_with("No test files found, exiting with code ") {
            self.hint = Some(Fact::at(line, "no test files found"));
        } else if text.starts_with("stdout | ") || text.starts_with("stderr | ") {
            self.quoting = true;
        } else if text.trim().is_empty() {
            self.quoting = false;
        } else if text.starts_with("ERROR: Coverage for ") {
            let fact = Fact::at(line, text.trim_start_matches("ERROR: ").trim_end());
            self.hint.get_or_insert(fact);
        } else if !self.quoting {
            self.item(text, line, book);
        }
    }

    fn end(mut self, book: &mut Book) -> Finding {
        self.leave();
        let mut finding = Finding {
            format: "vitest",
            seen: self.runs > 0 || self.marker.is_some(),
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            hint: self.hint,
            ..Finding::default()
        };
        if finding.marker.is_some() {
            let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
            let flaky = book.counts().flaky.min(short(self.sum.passed));
            let counts = &mut finding.counts;
            counts.passed = short(self.sum.passed) - flaky;
            counts.flaky = flaky;
            counts.failed = short(self.sum.failed);
            counts.skipped = short(self.sum.skipped);
            counts.errored = short(self.errored);
            finding.announced = Some(self.sum.total);
            finding.finished = Some(self.sum.sum());
            for (word, count) in self.sum.other {
                finding.extra.push(label(&word, count.to_string()));
            }
        }
        finding
    }
}

impl Text {
    fn begin(&mut self, line: &Line<'_>) {
        self.leave();
        if self.runs > 0 && self.marker.is_none() {
            let fact = Fact::at(line, "a run has no summary");
            self.unfinished.get_or_insert(fact);
        }
        self.runs += 1;
        self.marker = None;
        self.run = Some(Run::default());
        self.file.clear();
        self.quoting = false;
    }

    /// Adds what the run that ends here came to.
    fn leave(&mut self) {
        let Some(run) = self.run.take() else {
            return;
        };
        let Some(tests) = run.closed else {
            return;
        };
        self.empty |= tests.passed + tests.failed == 0;
        if self.runs > 1 && self.empty {
            let fact = Fact::of("one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
        self.errored += run.errored;
        self.sum.passed += tests.passed;
        self.sum.failed += tests.failed;
        self.sum.skipped += tests.skipped;
        self.sum.total += tests.total;
        self.sum.other.extend(tests.other);
    }

    fn nothing(&mut self, line: &Line<'_>) {
        if self.run.as_ref().is_some_and(|run| run.listed) || self.marker.is_some() {
            let fact = Fact::at(line, "no test files found, although there were some");
            self.unfinished.get_or_insert(fact);
            return;
        }
        if let Some(run) = &mut self.run {
            run.closed = Some(Numbers::default());
        }
        self.marker = Some(Fact::at(line, "no test files found"));
    }

    /// Whether the line belongs to the block.
    fn block_line(&mut self, text: &str, line: &Line<'_>) -> bool {
        let Some(block) = &mut self.block else {
            return false;
        };
        // Names of obsolete snapshots, below their number.
        if text.starts_with("            ") {
            return true;
        }
        let Some((name, rest)) = text.trim_start().cut("  ") else {
            self.block = None;
            return false;
        };
        match name {
            "Tests" if block.tests.is_none() => {
                let Some(all) = numbers(rest) else {
                    self.block = None;
                    return false;
                };
                block.tests = Some((all, Fact::at(line, text.trim())));
            }
            "Errors" | "Type Errors" => {
                if leading_number(rest.trim()).is_some_and(|(count, _)| count > 0) {
                    let text = format!("{} outside of tests", rest.trim());
                    block.errors = Some(Fact::at(line, text));
                }
            }
            "Snapshots" | "Obsolete" | "Start at" | "Environment" => {}
            "Duration" => self.close(line),
            _ => {
                self.block = None;
                return false;
            }
        }
        true
    }

    fn close(&mut self, line: &Line<'_>) {
        let Some(block) = self.block.take() else {
            return;
        };
        let Some((tests, fact)) = block.tests else {
            return;
        };
        let Some(run) = &mut self.run else {
            // Somebody printed a block: of a run we know nothing, so it says nothing green.
            let text = "a summary stands outside of any run";
            self.unfinished.get_or_insert(Fact::at(line, text));
            return;
        };
        if run.closed.is_some() {
            let text = "one run has two summaries";
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        if tests.failed > 0 {
            let text = format!("{} failed", tests.failed);
            self.red.get_or_insert(Fact {
                text,
                ..fact.clone()
            });
        } else if block.files.failed > 0 {
            // The file itself: it did not load, or a hook failed.
            run.errored = block.files.failed;
            let text = format!("{} test files failed without a failing test", run.errored);
            self.red.get_or_insert(Fact {
                text,
                ..fact.clone()
            });
        }
        if let Some(errors) = block.errors {
            self.red.get_or_insert(errors);
        }
        if block.files.sum() != block.files.total {
            let (sum, total) = (block.files.sum(), block.files.total);
            let text = format!("{sum} of {total} test files ended");
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        run.closed = Some(tests);
        self.marker = Some(fact);
    }

    /// ` ✓ a.test.js > sum > adds 3ms`, ` ❯ a.test.js (3 tests | 1 failed) 12ms`, `   × sum > adds 5ms`.
    fn item(&mut self, text: &str, line: &Line<'_>, book: &mut Book) {
        let Some(run) = &mut self.run else {
            return;
        };
        let body = text.trim_start_matches(' ');
        let indent = text.len() - body.len();
        let Some((mark, rest)) = body.split_once(' ').filter(|_| indent > 0) else {
            return;
        };
        let status = match mark {
            "✓" | "√" => CaseStatus::Passed,
            "×" => CaseStatus::Failed,
            "↓" | "□" => CaseStatus::Skipped,
            "❯" => CaseStatus::Errored,
            _ => return,
        };
        let rest = rest.trim();
        if let Some(file) = file(rest) {
            run.listed = true;
            self.file = clip(file, 1_000);
            self.groups.clear();
            return;
        }
        self.groups.retain(|(outer, _)| *outer < indent);
        // `   ❯ bad (3)`, above the tests of the group.
        if let Some(group) = group(rest).filter(|_| indent > 1 && mark == "❯") {
            self.groups.push((indent, clip(group, 1_000)));
            return;
        }
        // Below its file, 1.x names a failed test by `❯` and with the file's name.
        let inner = rest.strip_prefix(self.file.as_str());
        let inner = inner.and_then(|rest| rest.strip_prefix(" > "));
        let inner = inner.filter(|_| indent > 1 && !self.file.is_empty());
        let status = match (status, inner) {
            (CaseStatus::Errored, Some(_)) => CaseStatus::Failed,
            (other, _) => other,
        };
        if run.closed.is_some() || status == CaseStatus::Errored {
            return;
        }
        // ` ✓ a.test.js > wobbles 12ms (retry x1) (repeat x2)`
        let title = inner.unwrap_or(rest);
        let (title, _) = without(title, " (repeat x");
        let (title, retried) = without(title, " (retry x");
        let (title, duration) = timed(title);
        let (file, title) = match title.cut(" > ").filter(|_| indent == 1) {
            Some((file, title)) => (file, title),
            None if self.file.is_empty() => return,
            None => (self.file.as_str(), title),
        };
        run.listed = true;
        let status = match status {
            CaseStatus::Passed if retried => CaseStatus::Flaky,
            other => other,
        };
        let title = title.strip_suffix(" [skipped]").unwrap_or(title);
        let joined = (!self.groups.is_empty()).then(|| {
            let outer = self.groups.iter().map(|(_, name)| name.as_str());
            outer.chain([title]).collect::<Vec<_>>().join(" > ")
        });
        let title = joined.as_deref().unwrap_or(title);
        let cut = (title.len() > TITLE).then(|| clip(title, TITLE));
        book.tell(cut.as_deref().unwrap_or(title), status, line, |found| {
            found.duration_ms = duration;
            found.file = Some(file.to_owned());
        });
    }
}

/// The path of `a.test.js (3 tests | 1 failed) 12ms`, with one or two blanks before the bracket.
fn file(text: &str) -> Option<&str> {
    // Most lines have no bracket at all.
    let (path, rest) = text.rfind('(').and_then(|_| text.last_cut(" ("))?;
    let (inside, _) = rest.split_once(')')?;
    let first = inside.parts(" | ").next()?;
    let (_, word) = leading_number(first)?;
    matches!(word, " test" | " tests").then_some(())?;
    (!path.has(" > ")).then(|| path.trim_end())
}

/// The name in `bad (3)`.
fn group(text: &str) -> Option<&str> {
    let (name, count) = text.strip_suffix(')')?.rsplit_once(" (")?;
    number(count).map(|_| name)
}

/// Takes a note like ` (retry x1)` off the end; whether it was there.
fn without<'a>(text: &'a str, note: &str) -> (&'a str, bool) {
    match text.last_cut(note) {
        Some((before, after)) if after.ends_with(')') => (before, true),
        _ => (text, false),
    }
}

/// Splits `title 12ms`.
fn timed(text: &str) -> (&str, Option<f64>) {
    let split = text.rsplit_once(' ').and_then(|(title, time)| {
        let ms = time.strip_suffix("ms").and_then(number);
        let long = || seconds(time.strip_suffix('s')?);
        #[expect(clippy::cast_precision_loss, reason = "a few digits")]
        let time = ms.map(|ms| ms as f64).or_else(long)?;
        Some((title.trim_end(), time))
    });
    match split {
        Some((title, time)) => (title, Some(time)),
        None => (text, None),
    }
}
