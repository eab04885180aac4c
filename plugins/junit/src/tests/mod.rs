//! What the whole judge makes of reports, without a host around it.

mod bombs;
mod decisions;
mod producers;
mod properties;
mod quirks;
mod table;
mod tally;

use tribunal_judge_kit::table::NOTHING_MISSING;
use tribunal_sdk::{CaseStatus, EndState, Status, TestCase, Verdict};

use crate::{Report, Source, Tally, decide, read};

/// What came of it: the verdict, the cases by id (the last report of an id counts), the warnings.
struct Judged {
    verdict: Verdict,
    cases: Vec<TestCase>,
    warnings: Vec<String>,
}

impl Judged {
    fn status(&self) -> Status {
        self.verdict.status
    }

    fn summary(&self) -> &str {
        &self.verdict.summary
    }

    /// Passed, failed, errored, skipped, flaky.
    fn counts(&self) -> [u32; 5] {
        let counts = self.verdict.counts.expect("counts");
        [
            counts.passed,
            counts.failed,
            counts.errored,
            counts.skipped,
            counts.flaky,
        ]
    }

    fn case(&self, id: &str) -> &TestCase {
        let found = self.cases.iter().find(|case| case.id == id);
        found.unwrap_or_else(|| panic!("no case {id:?} in {:?}", self.ids()))
    }

    fn ids(&self) -> Vec<&str> {
        self.cases.iter().map(|case| case.id.as_str()).collect()
    }

    fn statuses(&self) -> Vec<CaseStatus> {
        self.cases.iter().map(|case| case.status).collect()
    }
}

/// Judges files, each read in chunks of `step` bytes.
fn judge_in(files: &[(&str, &[u8])], source: Source, end: &EndState, step: usize) -> Judged {
    let mut tally = Tally::default();
    let mut cases: Vec<TestCase> = Vec::new();
    let mut reports: Vec<Report> = Vec::new();
    for (name, bytes) in files {
        let mut chunks = bytes.chunks(step);
        let next = || chunks.next().unwrap_or_default().to_vec();
        let each = |case: &TestCase| match cases.iter_mut().find(|old| old.id == case.id) {
            Some(old) => old.clone_from(case),
            None => cases.push(case.clone()),
        };
        reports.push(read((*name).to_owned(), source, next, &mut tally, each));
    }
    let verdict = decide(end, &reports, &tally, &NOTHING_MISSING).expect("a verdict");
    let warnings = reports.iter().filter_map(Report::warning).collect();
    Judged {
        verdict,
        cases,
        warnings,
    }
}

/// Judges one collected file after exit 0, in odd chunks.
fn judge(xml: &str) -> Judged {
    judge_bytes(xml.as_bytes())
}

fn judge_bytes(bytes: &[u8]) -> Judged {
    judge_in(
        &[("r.xml", bytes)],
        Source::Collected,
        &EndState::Exited(0),
        7,
    )
}

/// Judges the output of a program after exit 0.
fn judge_output(text: &str) -> Judged {
    judge_in(
        &[("the output", text.as_bytes())],
        Source::Output,
        &EndState::Exited(0),
        11,
    )
}
