//! What the page's script knows of the run, as one JSON document.

use std::collections::HashMap;

use serde::Serialize;

use super::cases::{Cases, Columns};
use super::logs::Plan;
use super::past::Past;
use crate::event::{AttemptRecord, JudgeIntro, SuiteIntro};
use crate::model::{RunSummary, SuiteSummary};
use crate::report::collected::Collected;
use crate::report::terminal::text;
use crate::report::words;

/// The whole document.
#[derive(Serialize)]
pub(super) struct Index<'a> {
    version: u32,
    tribunal: &'a str,
    run: &'a str,
    pipeline: &'a str,
    verdict: &'static str,
    suites: Vec<Suite<'a>>,
    logs: Vec<Log<'a>>,
    cases: Columns<'a>,
}

#[derive(Serialize)]
struct Suite<'a> {
    #[serde(flatten)]
    summary: &'a SuiteSummary,
    why: String,
    urgency: usize,
    problem: bool,
    again: String,
    intro: Option<&'a SuiteIntro>,
    records: Vec<Attempt<'a>>,
    /// What it came to in the runs before, the newest last.
    past: &'a [Past],
}

#[derive(Serialize)]
struct Attempt<'a> {
    #[serde(flatten)]
    record: &'a AttemptRecord,
    /// How it ended, in words.
    end: String,
    /// The version of the judge that decided. None where it is one that came during the run: its digest tells it.
    judge_version: Option<&'a str>,
}

#[derive(Serialize)]
struct Log<'a> {
    suite: usize,
    attempt: u32,
    bytes: u64,
    lines: u64,
    path: &'a str,
}

pub(super) fn of<'a>(
    run: &'a Collected,
    summary: &'a RunSummary,
    cases: &'a Cases,
    logs: &'a Plan,
    past: &'a HashMap<String, Vec<Past>>,
) -> Index<'a> {
    let suite = |(index, suite): (usize, &'a SuiteSummary)| Suite {
        summary: suite,
        why: words::why(suite),
        urgency: words::urgency(suite.status),
        problem: words::is_problem(suite.status),
        again: format!("tribunal run {}", text::shell(&suite.name)),
        intro: run.intros.get(index),
        records: run
            .suites
            .get(index)
            .map(|known| {
                let records = known.attempts.iter();
                records.map(|it| record(it, &run.judges)).collect()
            })
            .unwrap_or_default(),
        past: past.get(&suite.name).map_or(&[], Vec::as_slice),
    };
    Index {
        version: 1,
        tribunal: &run.tribunal,
        run: summary.run.as_deref().unwrap_or(""),
        pipeline: &summary.pipeline,
        verdict: words::verdict(summary),
        suites: summary.suites.iter().enumerate().map(suite).collect(),
        logs: logs
            .logs
            .iter()
            .map(|log| Log {
                suite: log.suite,
                attempt: log.attempt,
                bytes: log.bytes,
                lines: log.lines,
                path: &log.path,
            })
            .collect(),
        cases: cases.columns(),
    }
}

fn record<'a>(record: &'a AttemptRecord, judges: &'a [JudgeIntro]) -> Attempt<'a> {
    let (name, digest) = (&record.judge.name, &record.judge.digest);
    let judge = judges
        .iter()
        .find(|it| it.name == *name && it.digest == *digest && !it.version.is_empty());
    Attempt {
        record,
        judge_version: judge.map(|it| it.version.as_str()),
        end: record.termination.end.describe(),
    }
}
