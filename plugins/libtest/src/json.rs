//! The events of `--format json`: one JSON object a line.

use std::borrow::Cow;

use serde::Deserialize;

/// An event.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the key's own name")]
pub(crate) struct Event<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) event: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) name: Cow<'a, str>,
    #[serde(default)]
    pub(crate) test_count: Option<u64>,
    #[serde(default)]
    pub(crate) passed: u64,
    #[serde(default)]
    pub(crate) failed: u64,
    #[serde(default)]
    pub(crate) allowed_fail: u64,
    #[serde(default)]
    pub(crate) ignored: u64,
    #[serde(default)]
    pub(crate) measured: u64,
    #[serde(borrow, default)]
    pub(crate) stdout: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) message: Option<Cow<'a, str>>,
    /// Seconds: a number, or in old versions a string like `0.1s`.
    #[serde(default)]
    exec_time: Option<serde_json::Value>,
}

impl Event<'_> {
    pub(crate) fn milliseconds(&self) -> Option<f64> {
        match self.exec_time.as_ref()? {
            serde_json::Value::Number(seconds) => seconds.as_f64().map(|value| value * 1_000.0),
            serde_json::Value::String(text) => {
                tribunal_judge_kit::text::seconds(text.strip_suffix('s')?)
            }
            _ => None,
        }
    }
}

/// Whether a line looks like one of libtest's events.
pub(crate) fn looks(line: &[u8]) -> bool {
    line.starts_with(b"{ \"type\": ") || line.starts_with(b"{\"type\":")
}
