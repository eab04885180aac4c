//! What RSpec's formatters `progress` and `documentation` print.
//!
//! An `exit` inside an example does not keep RSpec from printing a green summary, in which that example is
//! counted too. So the examples that ended are counted by their marks or lines, and must be as many.

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::text::plural;
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::CaseStatus;

use crate::failures::Entries;
use crate::listing::Listing;
use crate::marks::Marks;
use crate::words::{Totals, finished, left_while_loading, numbered, outside, totals};

/// Which part of a run's output the lines belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Examples,
    Failures,
    Pending,
    Profile,
}

/// One run: up to its totals.
#[derive(Debug, Default)]
struct Run {
    part: Part,
    marks: Marks,
    listing: Listing,
    failures: Entries,
    pending: Entries,
    outside: Vec<String>,
    /// The last line was `Finished in …`; whether it was RSpec's own, with the time for loading.
    finished: Option<bool>,
}

/// The output being read.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not exclude each other"
)]
pub struct Text {
    run: Run,
    runs: u32,
    empty: bool,
    announced: u64,
    ended: u64,
    marker: Option<Fact>,
    red: Option<Fact>,
    unfinished: Option<Fact>,
    hint: Option<Fact>,
    left: bool,
    /// `Randomized with seed 1`: printed before and after the run.
    seed: Option<String>,
    owed: Option<String>,
    /// Whether any run of this output had marks or a list.
    shaped: bool,
    /// A run that had neither: another formatter.
    shapeless: Option<Fact>,
    from_totals: bool,
    warnings: Vec<String>,
}

impl Format for Text {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let finished = self.run.finished.take();
        // The points in RSpec's times are no marks.
        if self.run.part == Part::Examples && !line.plain.starts_with(b"Finished in ") {
            self.run.marks.line(line.plain);
        }
        let Some(text) = line.text().filter(|_| !line.cut) else {
            return;
        };
        if finished.is_some()
            && line.terminated
            && let Some(totals) = totals(text)
        {
            self.close(totals, line, book);
            return;
        }
        if finished == Some(true) {
            let fact = Fact::at(line, "the totals do not follow on `Finished in`");
            self.unfinished.get_or_insert(fact);
        }
        match text.as_bytes().first() {
            Some(b'F' | b'P' | b'T' | b'R' | b'A' | b'W') if self.word(text, line) => {}
            _ => self.other(text, line, book),
        }
    }

    fn end(mut self, book: &mut Book) -> Finding {
        self.run.listing.tell(book);
        let mut unfinished = self.unfinished;
        if self.runs > 0 && self.run.listing.on && self.run.listing.examples > 0 {
            let fact =
                Fact::of("examples are listed behind the totals, and no totals follow on them");
            unfinished.get_or_insert(fact);
        }
        // Totals without a result in front of them are what any program can print.
        unfinished = unfinished.or(self.shapeless);
        let broken = unfinished.is_some();
        let mut finding = Finding {
            format: "RSpec",
            seen: self.runs > 0 || self.left || self.run.listing.on || unfinished.is_some(),
            marker: self.marker.filter(|_| self.owed.is_none()),
            red: self.red,
            unfinished,
            hint: self.hint,
            announced: (self.runs > 0).then_some(self.announced),
            finished: (self.runs > 0).then_some(self.ended),
            // Something that did not come to its end is not empty.
            empty_codes: if broken { &[] } else { &[1] },
            warnings: self.warnings,
            ..Finding::default()
        };
        if self.from_totals {
            let text =
                "passed examples are not listed: their number is that of the marks or totals";
            finding.extra.push(tribunal_sdk::label("counts", text));
        }
        finding
    }
}

impl Text {
    /// Whether the line is one of RSpec's own that begin a part or say something by themselves.
    fn word(&mut self, text: &str, line: &Line<'_>) -> bool {
        if finished(text) {
            self.run.finished = line.terminated.then(|| text.has("(files took "));
        } else if text == "Failures:" {
            self.run.part = Part::Failures;
        } else if text == "Pending:" || text.starts_with("Pending: (") {
            self.run.part = Part::Pending;
        } else if text.starts_with("Top ") && text.has(" slowest example") {
            self.run.part = Part::Profile;
        } else if text.starts_with("Randomized with seed ") {
            if self.owed.as_deref() != Some(text) {
                self.seed = Some(text.to_owned());
            } else if line.terminated {
                self.owed = None;
            }
        } else if let Some(name) = outside(text) {
            if left_while_loading(text) {
                // After an exit there are no totals.
                self.left = true;
                let fact = Fact::at(line, "a file ended the process while it was loaded");
                self.red.get_or_insert(fact);
            }
            self.hint.get_or_insert_with(|| Fact::at(line, name));
            self.run.listing.pause();
            if self.run.outside.len() < 1_000 {
                self.run.outside.push(name.to_owned());
            }
        } else if text.starts_with("RSpec is shutting down and will print the summary report") {
            let fact = Fact::at(line, "RSpec was interrupted");
            self.red.get_or_insert(fact);
        } else {
            return false;
        }
        true
    }

    fn other(&mut self, text: &str, line: &Line<'_>, book: &mut Book) {
        let run = &mut self.run;
        let entries = match run.part {
            Part::Examples => {
                // Marks come first where there are any; then a list is something that a test printed.
                run.listing.line(text, !run.marks.clean, line, book);
                return;
            }
            Part::Profile => return,
            Part::Failures => &mut run.failures,
            Part::Pending => &mut run.pending,
        };
        match numbered(text) {
            Some((number, name)) => entries.begin(number, name),
            None => entries.more(text),
        }
    }

    /// Takes the totals: the run's end.
    fn close(&mut self, totals: Totals, line: &Line<'_>, book: &mut Book) {
        let mut run = std::mem::take(&mut self.run);
        run.listing.tell(book);
        // A group that was begun goes on behind totals that one of its own tests printed.
        self.run.listing.inherit(&mut run.listing);
        self.runs += 1;
        self.owed = self.seed.take();
        self.marker = Some(Fact::at(line, "the totals"));
        let ended = self.balance(&totals, &run, line);
        self.announced += totals.examples + totals.errors;
        self.ended += ended + totals.errors;
        if totals.failures > 0 || totals.errors > 0 {
            let text = match totals.failures {
                0 => plural(totals.errors, "error") + " outside of examples",
                failures => plural(failures, "failure"),
            };
            self.red.get_or_insert(Fact::at(line, text));
        }
        tell_outside(&run, totals.errors, line, book);
        let listed = run.listing.on && run.listing.examples > 0;
        if listed {
            enrich(&mut run, totals.failures, book);
        } else {
            self.from_totals |= ended > totals.failures + totals.pending;
            tell_entries(&mut run, &totals, ended, line, book);
        }
        self.empty |= totals.examples == totals.pending;
        if self.runs > 1 && self.empty {
            let fact = Fact::at(line, "one of several runs ran no example");
            self.unfinished.get_or_insert(fact);
        }
    }

    /// Returns how many examples ended, of those that the totals count.
    fn balance(&mut self, totals: &Totals, run: &Run, line: &Line<'_>) -> u64 {
        let all = totals.examples;
        if all == 0 {
            return 0;
        }
        let (bad, pending) = (totals.failures > 0, totals.pending > 0);
        let marks = run.marks.certain(bad, pending);
        let (certain, possible) = if run.listing.on {
            let listed = run.listing.examples;
            (listed, listed + run.listing.blurred)
        } else {
            (marks, run.marks.possible(bad, pending))
        };
        let shaped = certain > 0 || run.marks.clean || run.listing.on;
        self.shaped |= shaped;
        if certain >= all {
            return all;
        }
        // An example that ended the process is the one without a mark; more than one are missing only
        // where tests print into the marks.
        if certain + 1 == all || (shaped && possible < all) {
            let text = format!(
                "{} began and {certain} are seen to have ended (exact with --format json)",
                plural(all, "example")
            );
            self.unfinished.get_or_insert(Fact::at(line, text));
            return certain;
        }
        if shaped || possible >= all {
            let text = format!(
                "tests print into the list of results: {certain} of {all} results stand clear of it"
            );
            self.warnings.push(text);
        } else {
            let text = format!("{} of which no result is seen", plural(all, "example"));
            self.shapeless.get_or_insert(Fact::at(line, text));
        }
        all
    }
}

fn tell_outside(run: &Run, errors: u64, line: &Line<'_>, book: &mut Book) {
    let count = usize::try_from(errors).unwrap_or(usize::MAX);
    let skip = run.outside.len().saturating_sub(count);
    let named = run.outside.iter().skip(skip);
    let mut told = 0;
    for name in named {
        book.add(case(name.as_str(), CaseStatus::Errored), line);
        told += 1;
    }
    let rest = u32::try_from(errors - told).unwrap_or(u32::MAX);
    book.unnamed(CaseStatus::Errored, rest);
}

/// The progress format: failed and pending examples are listed, the others are not.
fn tell_entries(run: &mut Run, totals: &Totals, ended: u64, line: &Line<'_>, book: &mut Book) {
    let short = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let mut told = 0;
    for (status, entries, count) in [
        (CaseStatus::Failed, &mut run.failures, totals.failures),
        (CaseStatus::Skipped, &mut run.pending, totals.pending),
    ] {
        let listed = entries.take(count);
        book.unnamed(status, short(count - listed.len() as u64));
        told += count;
        for mut entry in listed {
            let mut found = case(entry.name, status);
            found.message = entry.message;
            found.details = entry
                .details
                .take()
                .filter(|_| status == CaseStatus::Failed);
            found.file = entry.file;
            found.line = entry.line;
            book.add(found, line);
        }
    }
    book.unnamed(CaseStatus::Passed, short(ended.saturating_sub(told)));
}

/// The documentation format: what failed was told already, why comes later.
fn enrich(run: &mut Run, failures: u64, book: &mut Book) {
    for mut entry in run.failures.take(failures) {
        let Some(id) = run.listing.failed(entry.number) else {
            continue;
        };
        let mut more = case(id.as_str(), CaseStatus::Failed);
        more.message = entry.message;
        more.details = entry.details.take();
        more.file = entry.file;
        more.line = entry.line;
        book.enrich(more);
    }
}
