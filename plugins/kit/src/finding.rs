//! What a parser established, in values that the truth table understands.

use tribunal_sdk::{Counts, Label};

/// Something the output says, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// What it means, in a few words without a full stop.
    pub text: String,
    /// The line's number, from 1; 0 when it is no line's.
    pub line: u64,
    /// The line's first byte, from the start of its stream.
    pub byte: u64,
    /// The line itself, clipped.
    pub quote: String,
    /// Where: empty for the output, else an artifact's path or `stderr`.
    pub source: String,
}

impl Fact {
    /// Returns a fact that rests on a line.
    pub fn at(line: &crate::Line<'_>, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            line: line.number,
            byte: line.offset,
            quote: crate::text::clip(line.lossy().trim_end(), 200),
            source: String::new(),
        }
    }

    /// Returns a fact that rests on no single line.
    pub fn of(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}

/// What a parser established. Everything the table needs beyond the end and the capture.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The format's name as people know it: `go test`.
    pub format: &'static str,
    /// Whether anything of the format was seen.
    pub seen: bool,
    /// How many cases ended how: counted from elements and events.
    pub counts: Counts,
    /// The format's final marker, the last one; `None` when it is missing.
    pub marker: Option<Fact>,
    /// Something red: a failing case, a summary that counts failures, an error outside of tests.
    pub red: Option<Fact>,
    /// What began and did not end, was announced and did not run, or was stopped early.
    pub unfinished: Option<Fact>,
    /// What cannot be read: the answer is `errored`.
    pub problem: Option<Fact>,
    /// How many tests were announced; balance is `Finding::finished` against it.
    pub announced: Option<u64>,
    /// How many of the announced tests ended, if that is not the sum of the counts.
    pub finished: Option<u64>,
    /// Why the exit code may not be zero although nothing is red.
    pub hint: Option<Fact>,
    /// Exit codes that this tool uses to say that no test ran.
    pub empty_codes: &'static [i32],
    /// Whether skipped tests alone make a run empty. True for almost all formats.
    pub skipped_is_ran: bool,
    /// What else people should know.
    pub warnings: Vec<String>,
    /// Further facts for the verdict, like categories that have no count of their own.
    pub extra: Vec<Label>,
    /// The first failing case: name and message.
    pub first_bad: Option<(String, Option<String>)>,
    /// Lines read.
    pub lines: u64,
}

impl Default for Finding {
    fn default() -> Self {
        Self {
            format: "",
            seen: false,
            counts: NOTHING,
            marker: None,
            red: None,
            unfinished: None,
            problem: None,
            announced: None,
            finished: None,
            hint: None,
            empty_codes: &[],
            skipped_is_ran: false,
            warnings: Vec::new(),
            extra: Vec::new(),
            first_bad: None,
            lines: 0,
        }
    }
}

impl Finding {
    /// Returns how many of the announced tests ended.
    pub fn finished(&self) -> u64 {
        self.finished.unwrap_or_else(|| total(&self.counts))
    }

    /// Says of all facts in which file or stream they are.
    pub fn place(&mut self, source: &str) {
        let facts = [
            &mut self.marker,
            &mut self.red,
            &mut self.unfinished,
            &mut self.problem,
            &mut self.hint,
        ];
        for fact in facts.into_iter().flatten() {
            source.clone_into(&mut fact.source);
        }
    }

    /// Returns what two streams or files say together: never greener than either.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let (mut one, other) = match (self.seen, other.seen) {
            (true, true) => return self.both(other),
            (false, true) => (other, self),
            _ => (self, other),
        };
        // Where the output says that nothing ran, that may be all the other one says.
        if total(&one.counts) == 0 && one.announced.is_none() {
            one.marker = one.marker.or(other.marker);
        }
        one.hint = one.hint.or(other.hint);
        one.red = one.red.or(other.red);
        one.problem = one.problem.or(other.problem);
        one.warnings.extend(other.warnings);
        one.lines += other.lines;
        one
    }

    fn both(mut self, other: Self) -> Self {
        let finished = (self.finished.is_some() || other.finished.is_some())
            .then(|| self.finished().saturating_add(other.finished()));
        self.finished = finished;
        self.announced = match (self.announced, other.announced) {
            (Some(one), Some(more)) => Some(one.saturating_add(more)),
            _ => None,
        };
        // A run that ran nothing is not made good by another.
        let whole = self.marker.is_some() && other.marker.is_some();
        let idle = |one: &Self| total(&one.counts) == u64::from(one.counts.skipped);
        if whole && idle(&self) != idle(&other) {
            let fact = Fact::of("one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
        self.counts = add(self.counts, other.counts);
        // Both were begun, so both must have ended.
        self.marker = other.marker.and(self.marker);
        self.red = self.red.or(other.red);
        self.unfinished = self.unfinished.or(other.unfinished);
        self.problem = self.problem.or(other.problem);
        self.hint = self.hint.or(other.hint);
        self.first_bad = self.first_bad.or(other.first_bad);
        self.warnings.extend(other.warnings);
        self.extra.extend(other.extra);
        self.lines += other.lines;
        self
    }
}

/// The runs that one output holds: a run that ran nothing is not made good by another.
#[derive(Debug, Default)]
pub struct Runs {
    count: u32,
    empty: bool,
}

impl Runs {
    /// Takes the end of a run, which ran nothing where `empty`; whether one of several now ran nothing.
    pub fn ended(&mut self, empty: bool) -> bool {
        self.count += 1;
        self.empty |= empty;
        self.count > 1 && self.empty
    }
}

/// No cases.
pub const NOTHING: Counts = Counts {
    passed: 0,
    failed: 0,
    errored: 0,
    skipped: 0,
    flaky: 0,
};

/// Returns how many cases there are.
pub fn total(counts: &Counts) -> u64 {
    let all = [
        counts.passed,
        counts.failed,
        counts.errored,
        counts.skipped,
        counts.flaky,
    ];
    all.into_iter().map(u64::from).sum()
}

fn add(one: Counts, more: Counts) -> Counts {
    Counts {
        passed: one.passed.saturating_add(more.passed),
        failed: one.failed.saturating_add(more.failed),
        errored: one.errored.saturating_add(more.errored),
        skipped: one.skipped.saturating_add(more.skipped),
        flaky: one.flaky.saturating_add(more.flaky),
    }
}
