//! Reads pytest's output as it comes: no host calls, bounded memory, nothing copied for most lines.

use tribunal_judge_kit::{Line, Lines};
use tribunal_sdk::{Capture, EndState, TestCase, Verdict};

use crate::cases::Book;
use crate::grammar::{Summary, Tally};
use crate::lines::{self, Found, Section};
use crate::session::Sessions;
use crate::verdict;

/// What is found on the way.
#[derive(Debug)]
pub enum Notice {
    /// A test case; a later one of the same id replaces it.
    Case(TestCase),
    /// How many tests are done, and how many there will be.
    Progress(u32, Option<u32>),
}

/// A parser at some place of the output.
#[derive(Debug, Default)]
pub struct Parser {
    splitter: Lines,
    reader: Reader,
}

/// Everything but the cutting into lines.
#[derive(Debug, Default)]
pub struct Reader {
    /// The sessions.
    pub sessions: Sessions,
    /// The cases.
    pub book: Book,
    /// The line with an `INTERNALERROR` that says most: the last one.
    pub internal: Option<String>,
    /// Whether pytest-cov's threshold was missed.
    pub coverage: bool,
    /// The first `ERROR: …` that pytest prints about its command line.
    pub usage: Option<String>,
    /// Why pytest says the interpreter died.
    pub fatal: Option<String>,
    /// Whether the output ends inside a line that may be a summary.
    pub torn: bool,
    /// Whether the output is UTF-16, so that no line of it can be read.
    pub utf16: bool,
    /// Lines read.
    pub lines: u64,
    sugar: Option<(Tally, (u64, u64))>,
    /// How far the tests are, and what was last said of it.
    progress: (u32, Option<u32>),
    told: (u32, Option<u32>),
}

impl Parser {
    /// Returns a parser at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes, and reports what they tell.
    pub fn feed(&mut self, bytes: &[u8], report: &mut impl FnMut(Notice)) {
        let reader = &mut self.reader;
        self.splitter.feed(bytes, |line| reader.line(line, report));
        reader.tell_progress(report);
    }

    /// Ends the stream and returns what was read.
    pub fn end(mut self, report: &mut impl FnMut(Notice)) -> Reader {
        let mut reader = self.reader;
        self.splitter.finish(|line| reader.line(line, report));
        reader.lines = self.splitter.count();
        reader.utf16 = self.splitter.utf16();
        reader.tell_progress(report);
        reader.end_sugar(None);
        reader.book.finish(&mut |case| report(Notice::Case(case)));
        reader
    }

    /// Ends the stream and decides.
    pub fn finish(
        self,
        end: &EndState,
        capture: &Capture,
        report: &mut impl FnMut(Notice),
    ) -> Verdict {
        verdict::decide(&self.end(report), end, capture)
    }
}

impl Reader {
    /// Takes from the other stream what explains an end: usage errors and crashes. Its summaries
    /// do not count.
    pub fn adopt(&mut self, other: Self) {
        self.usage = self.usage.take().or(other.usage);
        self.fatal = self.fatal.take().or(other.fatal);
        self.internal = self.internal.take().or(other.internal);
        self.coverage |= other.coverage;
        self.utf16 |= other.utf16;
        self.lines += other.lines;
    }

    fn line(&mut self, line: &Line<'_>, report: &mut impl FnMut(Notice)) {
        let plain = line.plain;
        // So short a line is none of pytest's; some programs print millions of them.
        let open = line.terminated && self.sugar.is_none();
        if plain.len() < 4 && open && self.in_section(Section::Other) {
            return;
        }
        if self.sugar.is_some() {
            self.sugar_line(plain, line);
        }
        let found = if line.cut {
            None
        } else {
            lines::classify(plain)
        };
        let Some(found) = found else {
            self.other_line(plain, line, report);
            return;
        };
        match found {
            // A line without its end may be the beginning of another one.
            Found::Summary(_) if !line.terminated => self.torn = true,
            Found::Summary(summary) => {
                let quote = line.lossy();
                if self
                    .sessions
                    .summary(summary, (line.number, line.offset), &quote)
                {
                    self.book.end_trace();
                }
            }
            Found::Header(fence) => self.sessions.header(fence),
            Found::Section(section, fence) => {
                self.book.end_trace();
                self.sessions.section(section, fence);
            }
            Found::Bang(text, fence) => self.sessions.bang(text, fence),
            // Behind the tests it is what one of them printed.
            Found::Expected(_) if !self.in_section(Section::Other) => {}
            Found::Expected(expected) => {
                let open = self.sessions.touch();
                open.expected = open.expected.or(Some(expected));
                self.progress(None);
            }
            Found::Internal => {
                self.internal = Some(line.lossy().chars().take(300).collect());
            }
            Found::Result(outcome, percent) => {
                if self.sessions.is_nested() {
                    return;
                }
                self.sessions.touch();
                self.book
                    .outcome(&outcome, &mut |case| report(Notice::Case(case)));
                self.progress(percent);
            }
            Found::Percent(percent) => {
                if self.in_section(Section::Other) {
                    self.sessions.touch();
                    self.progress(Some(percent));
                }
            }
            Found::Title(title) => {
                if self.in_section(Section::Failures) {
                    self.book.start_trace(title);
                }
            }
            Found::Coverage => self.coverage = true,
            Found::Sugar => self.sugar = Some((Tally::default(), (line.number, line.offset))),
        }
    }

    /// A line that is nothing by itself: it may be part of a section.
    fn other_line(&mut self, plain: &[u8], line: &Line<'_>, report: &mut impl FnMut(Notice)) {
        let section = self.sessions.current().section;
        match section {
            Section::Failures => self.book.trace_line(plain),
            Section::Short if !self.sessions.is_nested() => {
                if let Some(outcome) = lines::short(plain) {
                    self.book
                        .listed(outcome, &mut |case| report(Notice::Case(case)));
                }
            }
            _ => {}
        }
        // `x: error: ` and what is wrong.
        if self.usage.is_none() && plain.len() > 10 {
            self.usage = usage_error(plain);
        }
        if self.fatal.is_none() && plain.starts_with(b"Fatal Python error: ") {
            self.fatal = Some(quote(&plain[20..]));
        }
        if !line.terminated {
            self.torn |= plain.first() == Some(&b'=');
            self.half_a_line(plain);
        }
    }

    /// Half a line behind a summary, `test_a.py ..` or `test_a.py::test_b `: tests were running
    /// again.
    fn half_a_line(&mut self, plain: &[u8]) {
        if plain.ends_with(b" ") && memchr::memmem::find(plain, b".py::").is_some() {
            self.sessions.touch();
            return;
        }
        let start = memchr::memrchr(b' ', plain).map_or(0, |at| at + 1);
        let dots = &plain[start..];
        let path = plain[..start].trim_ascii_end();
        let running = !dots.is_empty() && dots.iter().all(|byte| b".FEsxXRfpu,".contains(byte));
        if running && (path.is_empty() || path.ends_with(b".py")) {
            self.sessions.touch();
        }
    }

    fn in_section(&mut self, section: Section) -> bool {
        self.sessions.current().section == section
    }

    fn progress(&mut self, percent: Option<u8>) {
        let done = self.book.done;
        let open = self.sessions.current();
        open.percent = percent.or(open.percent);
        let total = open
            .expected
            .map(|expected| expected.items.saturating_sub(expected.deselected));
        let by_percent = match (total, percent) {
            (Some(total), Some(percent)) => u64::from(total) * u64::from(percent) / 100,
            _ => 0,
        };
        let by_percent = u32::try_from(by_percent).unwrap_or(u32::MAX);
        self.progress = (done.max(by_percent), total);
    }

    /// Says how far the tests are: once for all lines that came together.
    fn tell_progress(&mut self, report: &mut impl FnMut(Notice)) {
        if self.progress != self.told {
            self.told = self.progress;
            report(Notice::Progress(self.told.0, self.told.1));
        }
    }

    fn sugar_line(&mut self, plain: &[u8], line: &Line<'_>) {
        let Some((tally, _)) = &mut self.sugar else {
            return;
        };
        match lines::sugar(plain) {
            Some((count, word)) if line.terminated => {
                let word = if word == "error" { "errors" } else { word };
                if tally.put(count, word).is_none() {
                    self.sugar = None;
                }
            }
            Some(_) => self.torn = true,
            // The list of failures stands between the counts.
            None if plain.starts_with(b"         - ") => {}
            None => self.end_sugar(Some(line)),
        }
    }

    /// The summary of pytest-sugar has no end mark: it is whole if another line follows, or if its
    /// numbers reach those of `collected N items`.
    fn end_sugar(&mut self, next: Option<&Line<'_>>) {
        let Some((tally, number)) = self.sugar.take() else {
            return;
        };
        let balanced = self.sessions.current().expected.is_some_and(|expected| {
            let gone = expected.deselected.max(tally.deselected);
            tally.finished() >= u64::from(expected.items.saturating_sub(gone))
        });
        if !balanced && !tally.is_red() && next.is_none_or(|line| !line.terminated) {
            self.torn = true;
            return;
        }
        let summary = Summary { tally, fence: None };
        self.sessions
            .summary(summary, number, "Results (pytest-sugar)");
    }
}

/// `ERROR: file not found: x`, or argparse's `pytest: error: unrecognized arguments: x`; not the
/// `ERROR: usage: …` before it.
fn usage_error(plain: &[u8]) -> Option<String> {
    if let Some(text) = plain.strip_prefix(b"ERROR: ") {
        return (!text.starts_with(b"usage: ")).then(|| quote(text));
    }
    let program = memchr::memchr(b' ', &plain[..plain.len().min(64)])?;
    let text = plain[program..].strip_prefix(b" error: ")?;
    plain[..program].ends_with(b":").then(|| quote(text))
}

fn quote(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .trim()
        .chars()
        .take(300)
        .collect()
}
