//! Reads what PHPUnit prints, line by line.

use tribunal_judge_kit::book::{case, is_bad};
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::{CaseStatus, Counts, label};

use crate::entries::Entries;
use crate::letters::Letters;
use crate::teamcity::Teamcity;
use crate::testdox::Testdox;
use crate::words::{
    Totals, banner, heading, numbered, ok, progress, section, time, totals, trouble,
};

/// One run: up to its last line.
#[derive(Debug, Default)]
struct Run {
    letters: Letters,
    /// The count at the end of the last line of letters: how many of how many.
    counted: Option<(u64, u64)>,
    teamcity: Teamcity,
    testdox: Testdox,
    entries: Entries,
    /// `Time: …` was seen: only then an end can follow.
    timed: bool,
    /// `ERRORS!` and its like, or `OK, but …`: the numbers follow. Whether it is red.
    heading: Option<bool>,
}

/// The parser.
#[derive(Debug, Default)]
pub struct Parser {
    run: Run,
    runs: u32,
    empty: bool,
    seen: bool,
    counts: Sums,
    announced: Option<u64>,
    ended: u64,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    hint: Option<Fact>,
    others: Vec<String>,
    /// A run whose last line has not come yet: where it began.
    begun: Option<Fact>,
    /// The first number of its version.
    major: u64,
}

/// Passed, failed, errored, skipped.
type Sums = [u64; 4];

impl Format for Parser {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(text) = line.text().filter(|_| !line.cut) else {
            return;
        };
        let text = text.trim_end();
        let expected = self.run.heading.take();
        if let Some(red) = expected
            && line.terminated
            && let Some(totals) = totals(text)
        {
            self.close(&totals, red, line, book);
            return;
        }
        if expected.is_some() && self.run.timed {
            let fact = Fact::at(line, "the numbers do not follow on PHPUnit's last word");
            self.unfinished.get_or_insert(fact);
        }
        if line.terminated && self.last(text, line, book) {
            return;
        }
        self.other(text, line, book);
    }

    fn end(mut self, book: &mut Book) -> Finding {
        self.run.testdox.tell(&Line::NOWHERE, book);
        if let Some(open) = self.run.teamcity.open() {
            let fact = Fact::of(format!("{open} began and did not end"));
            self.unfinished.get_or_insert(fact);
        }
        for found in self.run.teamcity.rest() {
            book.add(found, &Line::NOWHERE);
        }
        if self.runs > 0 && self.run.testdox.listed > 0 {
            let fact =
                Fact::of("results are listed behind the last line, and no end follows on them");
            self.unfinished.get_or_insert(fact);
        }
        if self.runs > 0 && self.unfinished.is_none() {
            self.unfinished = self.begun.take();
        }
        let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let [passed, failed, errored, skipped] = self.counts.map(short);
        let mut finding = Finding {
            format: "PHPUnit",
            seen: self.seen,
            marker: self.marker,
            red: self.red,
            unfinished: self.unfinished,
            hint: self.hint,
            announced: self.announced.filter(|_| self.runs > 0),
            finished: Some(self.ended),
            empty_codes: &[1],
            ..Finding::default()
        };
        if self.runs > 0 {
            finding.counts = Counts {
                passed,
                failed,
                errored,
                skipped,
                flaky: 0,
            };
        } else if self.run.counted.is_some() || self.run.teamcity.on {
            finding.announced = self
                .run
                .counted
                .map(|(_, all)| all)
                .or(self.run.teamcity.announced);
            finding.finished = None;
        }
        for other in self.others {
            if let Some((word, count)) = other.cut(": ") {
                let word = word.to_lowercase().replace(' ', "-");
                finding.extra.push(label(&format!("phpunit.{word}"), count));
            }
        }
        finding
    }
}

impl Parser {
    /// Whether the line is the last one of a run, or the one before.
    fn last(&mut self, text: &str, line: &Line<'_>, book: &mut Book) -> bool {
        if !matches!(
            text.as_bytes().first(),
            Some(b'O' | b'E' | b'F' | b'W' | b'D' | b'N' | b'R')
        ) {
            return false;
        }
        // Behind the text of a failure there is no OK but what that text says.
        let may_be_green = self.run.timed && !self.run.entries.red();
        // PHPUnit says `OK, but …` where something was skipped: a plain OK is somebody else's.
        let all_ran = self.run.testdox.skipped == 0;
        if let Some(tests) = ok(text).filter(|_| may_be_green && all_ran) {
            let totals = Totals {
                tests,
                ..Totals::default()
            };
            self.close(&totals, false, line, book);
            return true;
        }
        match heading(text) {
            Some(false) if may_be_green => self.run.heading = Some(false),
            Some(true) => {
                self.run.heading = Some(true);
                if self.run.timed {
                    self.seen = true;
                    let text = text.trim_end_matches('!').to_lowercase();
                    self.red.get_or_insert(Fact::at(line, text));
                }
            }
            _ => return false,
        }
        true
    }

    fn other(&mut self, text: &str, line: &Line<'_>, book: &mut Book) {
        let run = &mut self.run;
        if run.timed {
            if let Some(kind) = section(text) {
                run.entries.section(kind);
                return;
            }
            if run.entries.open() {
                match numbered(text) {
                    Some(name) => run.entries.begin(name),
                    None => run.entries.more(text),
                }
                return;
            }
        }
        if let Some(major) = banner(text) {
            self.major = major;
            self.seen = true;
            self.begun = Some(Fact::at(line, "a run of PHPUnit began and did not end"));
            return;
        }
        match text.as_bytes().first() {
            Some(b'T') if time(text) => {
                run.testdox.tell(line, book);
                run.timed = line.terminated;
                return;
            }
            Some(b'N') if text == "No tests executed!" && line.terminated => {
                self.close(&Totals::default(), false, line, book);
                return;
            }
            Some(b'P' | b'F' | b'C' | b'T' | b'U' | b'A') if trouble(text) => {
                self.hint.get_or_insert_with(|| Fact::at(line, text));
            }
            _ => {}
        }
        if run.teamcity.line(text, line, book) {
            self.seen = true;
            if let Some(announced) = run.teamcity.announced {
                book.announce(announced);
            }
            return;
        }
        if run.testdox.line(text, line, book) || run.timed {
            return;
        }
        if let Some((letters, done, all)) = progress(text).filter(|_| line.terminated) {
            run.letters.line(letters, true);
            if run.counted.is_none() {
                book.announce(all);
            }
            run.counted = Some((done, all));
        } else if !header(text) {
            run.letters.line(text, false);
        }
    }

    /// Takes the last line of a run.
    fn close(&mut self, totals: &Totals, red: bool, line: &Line<'_>, book: &mut Book) {
        let mut run = std::mem::take(&mut self.run);
        run.testdox.tell(line, book);
        self.seen = true;
        self.begun = None;
        self.runs += 1;
        self.marker = Some(Fact::at(line, "the last line"));
        self.balance(totals, &run, line);
        let bad = totals.errors + totals.failures;
        // Nothing but a warning: it did not run.
        let warned = if (1..10).contains(&self.major) {
            totals.warnings
        } else {
            0
        };
        if bad > 0 {
            let text = format!("{bad} of {} tests failed", totals.tests);
            self.red.get_or_insert(Fact::at(line, text));
        }
        let failed = bad - totals.errors;
        let sure = bad + warned == 0;
        let by_events = run.teamcity.on && run.teamcity.ended == totals.tests;
        let passed = match run.letters.passed(totals.tests) {
            Some(passed) if sure => passed,
            _ if sure && by_events => run.teamcity.ended - run.teamcity.skipped,
            _ => totals.tests.saturating_sub(bad + totals.skipped + warned),
        };
        let new = [passed, failed, totals.errors, totals.skipped];
        for (sum, more) in self.counts.iter_mut().zip(new) {
            *sum += more;
        }
        for other in &totals.others {
            if self.others.len() < 50 {
                self.others.push(other.clone());
            }
        }
        if !totals.others.is_empty() && !red {
            let text = format!("PHPUnit counts {}", totals.others.join(", ").to_lowercase());
            self.hint.get_or_insert(Fact::at(line, text));
        }
        tell(&mut run, red, line, book);
        self.empty |= passed + bad == 0;
        if self.runs > 1 && self.empty {
            let fact = Fact::at(line, "one of several runs ran no test");
            self.unfinished.get_or_insert(fact);
        }
    }

    /// Compares the tests that the last line counts with those that were announced or listed.
    fn balance(&mut self, totals: &Totals, run: &Run, line: &Line<'_>) {
        let tests = totals.tests;
        self.ended += tests;
        let listed = run.testdox.listed;
        let announced = if let Some((done, all)) = run.counted {
            // The count of the last line of letters is that of all tests only when it is whole.
            (done == tests || tests < all).then_some(all)
        } else {
            run.teamcity.announced
        };
        // Of the first run that does not say, the sum says nothing either.
        self.announced = match (self.runs, self.announced, announced) {
            (1, _, first) => first,
            (_, Some(sum), Some(more)) => Some(sum + more),
            _ => None,
        };
        let seen = if run.teamcity.on {
            (!run.teamcity.partial).then_some(run.teamcity.ended)
        } else if run.counted.is_none() && listed > 0 {
            Some(listed)
        } else if run.counted.is_none() && run.letters.possible > 0 && run.letters.possible < tests
        {
            Some(run.letters.possible)
        } else {
            None
        };
        if let Some(seen) = seen.filter(|seen| *seen < tests && announced != Some(tests)) {
            let text =
                format!("the last line counts {tests} tests, and {seen} are seen to have ended");
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        if run.counted.is_none() && !run.teamcity.on && listed > tests {
            let text = format!("the last line counts {tests} tests, and {listed} are listed");
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
        let fits = |(done, all): &(u64, u64)| (*done..=*all).contains(&tests);
        if let Some((done, all)) = run.counted.filter(|counted| !fits(counted)) {
            let text = format!("{done} of {all} tests had ended, and the last line counts {tests}");
            self.unfinished.get_or_insert(Fact::at(line, text));
        }
    }
}

/// Whether a line stands above the results: its letters are none.
fn header(text: &str) -> bool {
    let mut words = [
        "Runtime:",
        "Configuration:",
        "Random Seed:",
        "Random seed:",
        "Warning:",
    ]
    .iter();
    words.any(|word| text.starts_with(word))
}

/// Tells the tests that are listed with a reason; with `--testdox` they were told before.
fn tell(run: &mut Run, red: bool, line: &Line<'_>, book: &mut Book) {
    let events = run.teamcity.on;
    let mut any_bad = false;
    for mut entry in run.entries.take() {
        let Some(status) = entry.status() else {
            continue;
        };
        if (events && !is_bad(status)) || (!events && run.testdox.listed > 0) {
            continue;
        }
        any_bad |= is_bad(status);
        let event = run.teamcity.take(&entry.name);
        let mut found = event.unwrap_or_else(|| case(entry.name, status));
        found.status = status;
        found.message = entry.message.or(found.message);
        found.details = entry.details.take().or(found.details);
        found.file = entry.file.or(found.file);
        found.line = entry.line.or(found.line);
        book.add(found, line);
    }
    for mut found in run.teamcity.rest() {
        // Red for TeamCity, and not for PHPUnit: risky.
        if !red || any_bad {
            found.status = CaseStatus::Passed;
        }
        book.add(found, line);
    }
}
