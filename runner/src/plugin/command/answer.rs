//! A program's answer: `docs/schemas/verdict.schema.json`. Everything goes the way of the first tier from here.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::clean;
use super::super::convert::{refusal_in, verdict_in};
use super::super::host::bind::tribunal::judge::host::Host as _;
use super::super::host::bind::tribunal::judge::types as wit;
use super::super::limits::human_bytes;
use super::super::sandbox::State;
use super::MAX_ANSWER;
use crate::judge::JudgeError;
use crate::model::{CaseStatus, Verdict, VerdictStatus};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: Option<VerdictStatus>,
    summary: Option<String>,
    counts: Option<Counts>,
    #[serde(default)]
    cases: Vec<Case>,
    #[serde(default)]
    extra: Map<String, Value>,
    /// Why there can be no verdict, instead of one.
    error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Counts {
    passed: u32,
    failed: u32,
    errored: u32,
    skipped: u32,
    flaky: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    status: CaseStatus,
    duration_ms: Option<f64>,
    message: Option<String>,
    details: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    #[serde(default)]
    extra: Map<String, Value>,
}

/// Makes a verdict of what the program printed, and reports its cases.
///
/// # Errors
/// When it is no verdict, and as a judge of the first tier would.
pub(in super::super) async fn answer(state: &mut State) -> Result<Verdict, JudgeError> {
    let Some(program) = &state.program else {
        return Err(JudgeError::Nonsense("nothing was run".to_owned()));
    };
    if program.stdout.overflowed() {
        return Err(JudgeError::Limit {
            what: "answer".to_owned(),
            limit: human_bytes(MAX_ANSWER as u64),
        });
    }
    let bytes = program.stdout.take();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(JudgeError::Nonsense(
            "it printed nothing; a verdict as JSON is expected on standard output".to_owned(),
        ));
    }
    let answer: Answer = serde_json::from_slice(&bytes).map_err(|error| {
        let start = String::from_utf8_lossy(bytes.get(..80).unwrap_or(&bytes)).into_owned();
        JudgeError::Nonsense(clean::line(
            &format!("what it printed is no verdict: {error}; it begins with {start:?}"),
            600,
        ))
    })?;
    let (verdict, cases) = answer.parts()?;
    for case in cases {
        if let Err(error) = state.report_case(case) {
            return Err(super::super::trap::explain(&error, state));
        }
    }
    Ok(verdict_in(&verdict))
}

impl Answer {
    fn parts(self) -> Result<(wit::Verdict, Vec<wit::TestCase>), JudgeError> {
        if let Some(error) = self.error {
            let refusal = refusal_in(&wit::Error::Internal(error));
            return Err(JudgeError::Declined(refusal));
        }
        let Some(status) = self.status else {
            return Err(JudgeError::Nonsense(
                "what it printed has neither `status` nor `error`".to_owned(),
            ));
        };
        let verdict = wit::Verdict {
            status: match status {
                VerdictStatus::Passed => wit::Status::Passed,
                VerdictStatus::Failed => wit::Status::Failed,
                VerdictStatus::Errored => wit::Status::Errored,
                VerdictStatus::Skipped => wit::Status::Skipped,
                VerdictStatus::Empty => wit::Status::Empty,
            },
            summary: self.summary.unwrap_or_default(),
            counts: self.counts.map(|counts| wit::Counts {
                passed: counts.passed,
                failed: counts.failed,
                errored: counts.errored,
                skipped: counts.skipped,
                flaky: counts.flaky,
            }),
            extra: labels(self.extra),
        };
        Ok((verdict, self.cases.into_iter().map(Case::out).collect()))
    }
}

impl Case {
    fn out(self) -> wit::TestCase {
        wit::TestCase {
            id: self.id,
            status: match self.status {
                CaseStatus::Passed => wit::CaseStatus::Passed,
                CaseStatus::Failed => wit::CaseStatus::Failed,
                CaseStatus::Errored => wit::CaseStatus::Errored,
                CaseStatus::Skipped => wit::CaseStatus::Skipped,
                CaseStatus::Flaky => wit::CaseStatus::Flaky,
            },
            duration_ms: self.duration_ms,
            message: self.message,
            details: self.details,
            file: self.file,
            line: self.line,
            extra: labels(self.extra),
        }
    }
}

/// Values that are no text are written as JSON.
fn labels(table: Map<String, Value>) -> Vec<wit::Label> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let pairs = table.into_iter();
    pairs
        .map(|(key, value)| wit::Label {
            key,
            value: text(value),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Answer, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_misspelt_field_is_told() {
        let error = parse(r#"{"status": "passed", "sumary": "x"}"#).err();
        assert!(error.expect("an error").contains("unknown field `sumary`"));
        let error = parse(r#"{"status": "green"}"#).err();
        assert!(error.expect("an error").contains("unknown variant `green`"));
    }

    #[test]
    fn an_answer_is_a_verdict_or_an_error() {
        let neither = parse("{}").expect("JSON").parts();
        assert!(matches!(neither, Err(JudgeError::Nonsense(_))));
        let error = parse(r#"{"error": "no data"}"#).expect("JSON").parts();
        let Err(JudgeError::Declined(why)) = error else {
            panic!("declined");
        };
        assert_eq!(why, "the judge gave up: no data");
        let text = r#"{"status": "failed", "summary": "s", "extra": {"n": 3},
            "cases": [{"id": "a", "status": "flaky", "line": 7}]}"#;
        let (verdict, cases) = parse(text).expect("JSON").parts().expect("a verdict");
        assert_eq!(verdict.extra[0].value, "3");
        assert_eq!(cases[0].line, Some(7));
    }
}
