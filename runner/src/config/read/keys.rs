//! The schema has the keys that are read here, and no others.

use serde_json::Value;

use super::{KEEP_KEYS, KEYS, RUN_KEYS, judge, kubernetes, suite};
use crate::config::{BUILTIN_JUDGES, SCHEMA};
use crate::plan::ReportFormat;

#[test]
fn the_schema_names_the_keys_that_are_read() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let reports = ReportFormat::ALL.map(|(name, _)| name);
    let suite_kubernetes = "/definitions/suite/properties/kubernetes";
    let tolerations = format!("{suite_kubernetes}/properties/tolerations/items");
    let tables: [(&str, &[&str]); 12] = [
        ("", &KEYS),
        ("/properties/run", &RUN_KEYS),
        ("/properties/run/properties/keep", &KEEP_KEYS),
        ("/properties/report", &reports),
        ("/properties/kubernetes", &kubernetes::RUN_KEYS),
        ("/definitions/suite", &suite::KEYS),
        ("/definitions/suite/properties/retries", &suite::RETRY_KEYS),
        (suite_kubernetes, &kubernetes::KEYS),
        (&tolerations, &kubernetes::TOLERATION_KEYS),
        ("/definitions/judge", &judge::KEYS),
        ("/definitions/judge/properties/limits", &judge::LIMIT_KEYS),
        (
            "/properties/kubernetes/properties/resources",
            &["requests", "limits"],
        ),
    ];
    for (table, keys) in tables {
        let place = format!("{table}/properties");
        let properties = schema.pointer(&place).and_then(Value::as_object);
        let properties = properties.unwrap_or_else(|| panic!("no {place}"));
        let mut there: Vec<&str> = properties.keys().map(String::as_str).collect();
        let mut read = keys.to_vec();
        there.sort_unstable();
        read.sort_unstable();
        assert_eq!(there, read, "docs/schemas/pipeline.schema.json{place}");
        let closed = schema.pointer(&format!("{table}/additionalProperties"));
        assert_eq!(closed, Some(&Value::Bool(false)), "{table}");
    }
    let judges = &schema["definitions"]["judge"]["properties"]["builtin"]["enum"];
    assert_eq!(judges, &Value::from(BUILTIN_JUDGES.to_vec()));
}
