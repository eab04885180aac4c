//! The evidence as a program gets it: `docs/schemas/evidence.schema.json`.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::judge::{Ended, Facts};
use crate::model::{Completeness, Condition, Container, EndState, Label};

/// The version of the format.
const VERSION: u32 = 1;
/// Artifacts that are listed.
const MAX_ARTIFACTS: usize = 1_000;

#[derive(Serialize)]
struct Evidence<'a> {
    version: u32,
    pipeline: &'a str,
    suite: &'a str,
    attempt: u32,
    executor: &'a str,
    command: &'a [String],
    labels: Map<String, Value>,
    config: Value,
    ended: &'a EndState,
    duration_ms: u64,
    capture: Capture<'a>,
    artifacts: Vec<Artifact<'a>>,
    containers: &'a [Container],
    conditions: &'a [Condition],
}

#[derive(Serialize)]
struct Capture<'a> {
    completeness: Completeness,
    bytes: u64,
    lines: u64,
    missing: u64,
    note: &'a str,
}

#[derive(Serialize)]
struct Artifact<'a> {
    name: &'a str,
    size: u64,
}

fn labels(labels: &[Label]) -> Map<String, Value> {
    let pair = |label: &Label| (label.key.clone(), Value::String(label.value.clone()));
    labels.iter().map(pair).collect()
}

/// The evidence as one line of JSON.
pub(super) fn json(facts: &Facts, ended: &Ended) -> String {
    let artifacts = ended.artifacts.iter().take(MAX_ARTIFACTS);
    let evidence = Evidence {
        version: VERSION,
        pipeline: &facts.pipeline,
        suite: &facts.suite,
        attempt: facts.attempt,
        executor: &facts.executor,
        command: &facts.command,
        labels: labels(&facts.labels),
        config: serde_json::from_str(&facts.config_json).unwrap_or_else(|_| Map::new().into()),
        ended: &ended.termination.end,
        duration_ms: ended.termination.duration_ms,
        capture: Capture {
            completeness: ended.capture.completeness,
            bytes: ended.capture.bytes,
            lines: ended.capture.lines,
            missing: ended.capture.missing(),
            note: &ended.capture.note,
        },
        artifacts: artifacts
            .map(|artifact| Artifact {
                name: &artifact.name,
                size: artifact.size,
            })
            .collect(),
        containers: &ended.termination.containers,
        conditions: &ended.termination.conditions,
    };
    // A NUL would end the variable; JSON writes it as \u0000.
    serde_json::to_string(&evidence).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CaptureReport, Termination};

    #[test]
    fn it_has_what_the_schema_lists_and_no_more() {
        let ended = Ended {
            termination: Termination::new(EndState::Exited { code: 3 }),
            capture: CaptureReport::nothing(Completeness::Proven, ""),
            artifacts: Vec::new(),
        };
        let facts = Facts {
            suite: "unit\0".to_owned(),
            ..Facts::default()
        };
        let text = json(&facts, &ended);
        assert!(!text.contains('\0'));
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            value["ended"],
            serde_json::json!({"kind": "exited", "code": 3})
        );
        let schema: Value = serde_json::from_str(crate::plugin::EVIDENCE_SCHEMA).expect("JSON");
        let keys = |value: &Value| -> Vec<String> {
            let mut keys: Vec<_> = value
                .as_object()
                .expect("a table")
                .keys()
                .cloned()
                .collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&value), keys(&schema["properties"]));
        assert_eq!(
            keys(&value["capture"]),
            keys(&schema["properties"]["capture"]["properties"])
        );
    }
}
