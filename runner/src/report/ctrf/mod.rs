//! The run in the Common Test Report Format (<https://ctrf.io>), which comment bots and dashboards read.
//!
//! A test for each case. A suite that is not decided, or failed without a failing case, or whose judge counts
//! but names nothing, is a test `[suite]` of its own, so that no reader shows green.

use serde_json::{Map, Value, json};

use super::collected::{Collected, Suite};
use super::out::{Out, unfinished};
use super::terminal::clean;
use super::{Report, ReportError, words};
use crate::event::Event;
use crate::model::{Case, CaseStatus, RunSummary, SuiteStatus, SuiteSummary};

/// Writes a run as CTRF.
pub struct Ctrf {
    out: Out,
    run: Collected,
}

impl Ctrf {
    /// Makes a report that is written when the run has finished.
    pub fn new(out: Out) -> Self {
        Self {
            out,
            run: Collected::default(),
        }
    }
}

fn render(run: &Collected, summary: &RunSummary) -> Value {
    let nothing = Suite::default();
    let start = summary
        .started_at
        .parse::<jiff::Timestamp>()
        .map_or(0, jiff::Timestamp::as_millisecond);
    let mut tests = Vec::new();
    for (index, suite) in summary.suites.iter().enumerate() {
        let known = run.suites.get(index).unwrap_or(&nothing);
        tests.extend(of_suite(suite, known));
    }
    let count = |status: &str| tests.iter().filter(|t| t["status"] == status).count();
    let flaky = tests.iter().filter(|t| t["flaky"] == true).count();
    let duration = i64::try_from(summary.duration_ms).unwrap_or(i64::MAX);
    json!({
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "timestamp": summary.started_at,
        "generatedBy": "tribunal",
        "results": {
            "tool": { "name": "tribunal", "version": run.tribunal },
            "summary": {
                "tests": tests.len(),
                "passed": count("passed"),
                "failed": count("failed"),
                "skipped": count("skipped"),
                "pending": 0,
                "other": count("other"),
                "flaky": flaky,
                "suites": summary.suites.len(),
                "start": start,
                "stop": start.saturating_add(duration),
                "duration": duration,
                "extra": { "verdict": words::verdict(summary), "run": summary.run },
            },
            "environment": { "appName": summary.pipeline, "extra": {} },
            "tests": tests,
        },
    })
}

fn of_suite(summary: &SuiteSummary, known: &Suite) -> Vec<Value> {
    // A journal has every case; a judge may have reported only some, or the run was cut short.
    let cases = if known.cases.is_empty() {
        &summary.failing
    } else {
        &known.cases
    };
    let mut tests: Vec<Value> = cases.iter().map(|case| of_case(summary, case)).collect();
    let red = cases
        .iter()
        .any(|case| matches!(case.status, CaseStatus::Failed | CaseStatus::Errored));
    let needs_own = match summary.status {
        SuiteStatus::Passed => cases.is_empty(),
        SuiteStatus::Failed => !red,
        _ => true,
    };
    if needs_own {
        tests.push(whole(summary, known));
    }
    tests
}

fn of_case(suite: &SuiteSummary, case: &Case) -> Value {
    let (status, raw) = match case.status {
        CaseStatus::Passed => ("passed", "passed"),
        CaseStatus::Flaky => ("passed", "flaky"),
        CaseStatus::Failed => ("failed", "failed"),
        CaseStatus::Errored => ("failed", "errored"),
        CaseStatus::Skipped => ("skipped", "skipped"),
    };
    let mut test = test(
        &case.id,
        status,
        &suite.name,
        case.duration_ms.unwrap_or(0.0),
    );
    test.insert("rawStatus".into(), raw.into());
    test.insert("flaky".into(), (case.status == CaseStatus::Flaky).into());
    let cleaned = |raw: &Option<String>| raw.as_deref().map(|raw| clean::text(raw.as_bytes()));
    let fields = [
        ("message", cleaned(&case.message)),
        ("trace", cleaned(&case.details)),
        ("filePath", cleaned(&case.file)),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            test.insert(key.into(), value.into());
        }
    }
    if let Some(line) = case.line {
        test.insert("line".into(), line.into());
    }
    Value::Object(test)
}

/// The suite itself as a test.
fn whole(suite: &SuiteSummary, known: &Suite) -> Value {
    let status = match suite.status {
        SuiteStatus::Passed | SuiteStatus::Flaky => "passed",
        SuiteStatus::Skipped => "skipped",
        SuiteStatus::Cancelled => "other",
        _ => "failed",
    };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
    let duration = suite.duration_ms as f64;
    let mut test = test("[suite]", status, &suite.name, duration);
    let raw = words::status(suite.status).replace(' ', "-");
    test.insert("rawStatus".into(), raw.into());
    let why = clean::line(&words::why(suite)).into_owned();
    test.insert("message".into(), why.into());
    test.insert("flaky".into(), (suite.status == SuiteStatus::Flaky).into());
    if suite.attempts > 1 {
        let earlier: Vec<Value> = known
            .attempts
            .iter()
            .map(|attempt| {
                json!({
                    "attempt": attempt.attempt,
                    "status": if attempt.status.is_pass() { "passed" } else { "failed" },
                    "duration": attempt.duration_ms,
                    "message": clean::line(&attempt.summary),
                })
            })
            .collect();
        test.insert("retries".into(), (suite.attempts - 1).into());
        test.insert("retryAttempts".into(), earlier.into());
    }
    Value::Object(test)
}

fn test(name: &str, status: &str, suite: &str, duration: f64) -> Map<String, Value> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole milliseconds; the cast saturates"
    )]
    let duration = duration.max(0.0).round() as u64;
    let mut test = Map::new();
    test.insert("name".into(), clean::line(name).into());
    test.insert("status".into(), status.into());
    test.insert("duration".into(), duration.into());
    test.insert("suite".into(), json!([clean::line(suite)]));
    test
}

impl Report for Ctrf {
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        self.run.take(event);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let summary = self.run.summary.as_ref().ok_or_else(unfinished);
        summary
            .and_then(|summary| Ok(serde_json::to_vec_pretty(&render(&self.run, summary))?))
            .and_then(|mut text| {
                text.push(b'\n');
                self.out.write(&text)
            })
            .map_err(|source| self.out.error("CTRF", source))
    }
}

#[cfg(test)]
mod tests;
