//! Connects reports to the host, and to the text that stands beside them.

use super::beginnings::Beginnings;
use super::{Documents, Report};
use crate::{Fact, Finding, Notice};

/// Reads both streams as text and standard output and the collected `*.json` files for reports, and
/// decides: a report counts, the text beside it may only make it worse.
///
/// # Errors
/// None of its own: what is missing is a row of the table.
pub fn judge<F: crate::Format, R: Report>() -> Result<tribunal_sdk::Verdict, tribunal_sdk::Error> {
    use tribunal_sdk::{Channel, Log, evidence};
    let mut beginnings = Beginnings::default();
    let text = crate::shell::read_beside::<F>(|chunk| beginnings.look(chunk));
    let tell = |notices: Vec<Notice>| notices.into_iter().for_each(crate::shell::tell);
    let mut documents = Documents::<R>::new();
    // Nearly all outputs are text alone.
    if beginnings.any {
        let log = Log::open(Channel::Stdout);
        for chunk in log.chunks() {
            tell(documents.feed(&chunk));
        }
    }
    let (mut reports, rest) = documents.end();
    tell(rest);
    for file in evidence::artifacts("**/*.json") {
        let mut documents = Documents::<R>::new();
        loop {
            let bytes = file.read(crate::shell::CHUNK);
            if bytes.is_empty() {
                break;
            }
            tell(documents.feed(&bytes));
        }
        let (mut report, rest) = documents.end();
        tell(rest);
        report.place(&file.name());
        reports = reports.join(report);
    }
    let finding = prefer(reports, text);
    Ok(crate::decide(
        &finding,
        &evidence::ended(),
        &evidence::capture(),
    ))
}

/// Returns what a report and the text beside it say together: the report counts if there is one, and
/// the text may only make it worse.
#[must_use]
pub fn prefer(mut reports: Finding, text: Finding) -> Finding {
    if !reports.seen {
        return text;
    }
    let said = text.finished();
    let ran = |one: &Finding| u64::from(one.counts.passed) + u64::from(one.counts.flaky);
    let said_ran = ran(&text);
    reports.lines = text.lines;
    reports.red = reports.red.or(text.red);
    reports.hint = reports.hint.or(text.hint);
    reports.problem = reports.problem.or(text.problem);
    reports.warnings.extend(text.warnings);
    if text.seen {
        reports.unfinished = reports.unfinished.or(text.unfinished);
        if text.marker.is_none() {
            let fact = Fact::of("the text beside the report has no summary");
            reports.unfinished.get_or_insert(fact);
        } else if said != reports.finished() {
            let has = reports.finished();
            let fact = Fact::of(format!(
                "the report has {has} tests, the summary beside it {said}"
            ));
            reports.unfinished.get_or_insert(fact);
        } else if said_ran != ran(&reports) {
            let has = ran(&reports);
            let fact = Fact::of(format!(
                "by the report {has} tests passed, by the summary beside it {said_ran}"
            ));
            reports.unfinished.get_or_insert(fact);
        }
    }
    reports
}

/// A judge of text and reports as a function of bytes, for tests.
#[cfg(feature = "testing")]
pub fn subject<F: crate::Format, R: Report>(
    input: &crate::testing::Input<'_>,
) -> crate::testing::Judged {
    let mut cases = std::collections::BTreeMap::new();
    let mut tell = |notices: Vec<Notice>| {
        for notice in notices {
            if let Notice::Case(case) = notice {
                cases.insert(case.id.clone(), case);
            }
        }
    };
    let mut text = |bytes: &[u8]| {
        let mut reading = crate::Reading::<F>::new();
        for chunk in bytes.chunks(input.chunk) {
            tell(reading.feed(chunk));
        }
        let (finding, rest) = reading.end();
        tell(rest);
        finding
    };
    let words = text(input.stdout).join(text(input.stderr));
    let mut report = |bytes: &[u8]| {
        let mut documents = Documents::<R>::new();
        for chunk in bytes.chunks(input.chunk) {
            tell(documents.feed(chunk));
        }
        let (finding, rest) = documents.end();
        tell(rest);
        finding
    };
    let mut reports = report(input.stdout);
    for (_, bytes) in input.artifacts {
        reports = reports.join(report(bytes));
    }
    let verdict = crate::decide(&prefer(reports, words), input.end, input.capture);
    crate::testing::Judged { verdict, cases }
}
