//! The JSON that programs print: what its schema accepts is accepted, and what is refused is refused by both.

use serde_json::{Value, json};
use tribunal::judge::JudgeError;
use tribunal::plugin::VERDICT_SCHEMA;

use crate::adapting::program;
use crate::kit::{Bench, judge};

/// Why a printed text is no verdict; none when it is one, or an error in words.
async fn refusal(text: &str) -> Option<String> {
    let bench = Bench::new();
    let custom = bench.judge(&program(text, 0));
    match judge(custom.as_ref(), b"line\n").await.verdict {
        Err(JudgeError::Nonsense(why)) => Some(why),
        Ok(_) | Err(JudgeError::Declined(_)) => None,
        Err(other) => panic!("{text}: {other}"),
    }
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(VERDICT_SCHEMA).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

#[tokio::test]
async fn what_the_schema_of_verdicts_accepts_is_a_verdict() {
    let schema = schema();
    let whole = json!({
        "status": "failed", "summary": "1 of 5 failed",
        "counts": {"passed": 1, "failed": 1, "errored": 1, "skipped": 1, "flaky": 4_294_967_295_u32},
        "cases": [
            {"id": "a", "status": "passed"},
            {"id": "b", "status": "failed", "duration_ms": 1.5, "message": "no", "details": "a\nb",
             "file": "x.py", "line": 7, "extra": {"owner": "pay", "tries": 2}},
            {"id": "c", "status": "errored", "duration_ms": null, "message": null, "details": null,
             "file": null, "line": null},
            {"id": "d", "status": "skipped"},
            {"id": "e", "status": "flaky"},
        ],
        "extra": {"text": "x", "number": 1, "list": [1, {"a": null}]},
    });
    let mut documents = vec![
        whole,
        json!({"error": "no data"}),
        json!({"status": "passed", "error": "no"}),
    ];
    for status in ["passed", "failed", "errored", "skipped", "empty"] {
        documents.push(json!({"status": status}));
    }
    documents.push(json!({"status": "passed", "counts": {"passed": 1}, "cases": [], "extra": {}}));
    for document in documents {
        assert!(schema.is_valid(&document), "{document}");
        assert_eq!(refusal(&document.to_string()).await, None, "{document}");
    }
}

#[tokio::test]
async fn what_is_no_verdict_is_refused_by_schema_and_tribunal() {
    let schema = schema();
    let case = |case: Value| json!({"status": "failed", "cases": [case]});
    let documents = [
        json!({}),
        json!([]),
        json!("passed"),
        json!({"summary": "fine"}),
        json!({"status": "green"}),
        json!({"status": "Passed"}),
        json!({"status": "flaky"}),
        json!({"status": null}),
        json!({"status": "passed", "sumary": "fine"}),
        json!({"status": "passed", "summary": 3}),
        json!({"status": "passed", "counts": {"passed": -1}}),
        json!({"status": "passed", "counts": {"passed": 1.5}}),
        json!({"status": "passed", "counts": {"passed": 4_294_967_296_u64}}),
        json!({"status": "passed", "counts": {"total": 1}}),
        json!({"status": "passed", "extra": ["a"]}),
        json!({"status": "passed", "cases": {"a": "passed"}}),
        json!({"error": {"code": 3}}),
        case(json!({"id": "a"})),
        case(json!({"status": "failed"})),
        case(json!({"id": 3, "status": "failed"})),
        case(json!({"id": "a", "status": "empty"})),
        case(json!({"id": "a", "status": "failed", "line": -1})),
        case(json!({"id": "a", "status": "failed", "seconds": 3})),
    ];
    for document in documents {
        assert!(!schema.is_valid(&document), "{document}");
        let why = refusal(&document.to_string()).await;
        let why = why.unwrap_or_else(|| panic!("accepted: {document}"));
        assert!(why.contains("what it printed "), "{document}: {why}");
    }
}
