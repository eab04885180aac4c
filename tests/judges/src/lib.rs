//! Every judge of a format as a function of bytes, and its recorded runs.

use std::collections::BTreeMap;

use tribunal_judge_junit as junit;
use tribunal_judge_kit::json;
use tribunal_judge_kit::testing::{Fixture, Input, Judged, Subject, files, fixtures, flat, text};
use tribunal_judge_kit::{Row, verdict::explain};
use tribunal_judge_pytest as pytest;
use tribunal_sdk::{Status, Verdict};

/// A judge.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Its name, which is that of its fixtures too.
    pub name: &'static str,
    /// The judge.
    pub subject: Subject,
}

impl Format {
    /// Returns its recorded runs.
    pub fn fixtures(&self) -> Vec<Fixture> {
        if self.name == "junit" {
            flat(self.name)
        } else {
            fixtures(self.name)
        }
    }
}

/// Every judge that has recorded runs, by name. `auto` only chooses among them, and `exit-code` reads nothing.
pub const FORMATS: &[Format] = &[
    of("ctest", text::<tribunal_judge_ctest::Parser>),
    of("ctrf", judge_ctrf),
    of("go-test", text::<tribunal_judge_go_test::Parser>),
    of("gtest", text::<tribunal_judge_gtest::Parser>),
    of(
        "jest",
        json::subject::<tribunal_judge_jest::Text, tribunal_judge_jest::Json>,
    ),
    of("junit", judge_junit),
    of("libtest", text::<tribunal_judge_libtest::Parser>),
    of(
        "mocha",
        json::subject::<tribunal_judge_mocha::Text, tribunal_judge_mocha::Json>,
    ),
    of("nextest", text::<tribunal_judge_nextest::Parser>),
    of("node-test", text::<tribunal_judge_node_test::Parser>),
    of("phpunit", text::<tribunal_judge_phpunit::Parser>),
    of(
        "playwright",
        json::subject::<tribunal_judge_playwright::Text, tribunal_judge_playwright::Json>,
    ),
    of("pytest", judge_pytest),
    of(
        "rspec",
        json::subject::<tribunal_judge_rspec::Text, tribunal_judge_rspec::Json>,
    ),
    of("tap", text::<tribunal_judge_tap::Parser>),
    of("trx", judge_trx),
    of(
        "vitest",
        json::subject::<tribunal_judge_vitest::Text, tribunal_judge_vitest::Json>,
    ),
];

const fn of(name: &'static str, subject: Subject) -> Format {
    Format { name, subject }
}

fn judge_ctrf(input: &Input<'_>) -> Judged {
    use tribunal_judge_ctrf::{nothing, read};
    files(input, nothing(), read)
}

fn judge_trx(input: &Input<'_>) -> Judged {
    use tribunal_judge_trx::{nothing, read};
    files(input, nothing(), read)
}

fn judge_pytest(input: &Input<'_>) -> Judged {
    let mut cases = BTreeMap::new();
    let mut report = |notice| {
        if let pytest::parser::Notice::Case(case) = notice {
            cases.insert(case.id.clone(), case);
        }
    };
    let mut read = |bytes: &[u8]| {
        let mut parser = pytest::parser::Parser::new();
        for chunk in bytes.chunks(input.chunk) {
            parser.feed(chunk, &mut report);
        }
        parser.end(&mut report)
    };
    let (out, err) = (read(input.stdout), read(input.stderr));
    let verdict =
        pytest::verdict::decide(&pytest::verdict::join(out, err), input.end, input.capture);
    Judged { verdict, cases }
}

/// The reports among the artifacts, or else the output.
fn judge_junit(input: &Input<'_>) -> Judged {
    let mut cases = BTreeMap::new();
    let mut tally = junit::Tally::default();
    let mut read = |name: &str, source, bytes: &[u8]| {
        let mut chunks = bytes.chunks(input.chunk);
        let next = || chunks.next().unwrap_or_default().to_vec();
        junit::read(name.to_owned(), source, next, &mut tally, |case| {
            cases.insert(case.id.clone(), case.clone());
        })
    };
    let mut reports: Vec<_> = input
        .artifacts
        .iter()
        .map(|(name, bytes)| read(name, junit::Source::Collected, bytes))
        .collect();
    if reports.is_empty() {
        reports.push(read("the output", junit::Source::Output, input.stdout));
    }
    let verdict =
        junit::decide(input.end, &reports, &tally, input.capture).unwrap_or_else(|error| Verdict {
            status: Status::Errored,
            summary: format!("{error:?}"),
            counts: None,
            extra: explain(Row::Lost, None),
        });
    Judged { verdict, cases }
}
