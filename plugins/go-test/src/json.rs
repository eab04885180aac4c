//! The events of `go test -json`: one JSON object a line.

use std::borrow::Cow;

use serde::Deserialize;

/// An event of test2json, or of the build.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Event<'a> {
    #[serde(borrow)]
    pub(crate) action: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) package: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) test: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) output: Option<Cow<'a, str>>,
    /// Seconds.
    #[serde(default)]
    pub(crate) elapsed: Option<f64>,
    #[serde(borrow, default)]
    pub(crate) failed_build: Option<Cow<'a, str>>,
}

/// Whether a line looks like an event.
pub(crate) fn looks(line: &[u8]) -> bool {
    [
        b"{\"Time\":".as_slice(),
        b"{\"Action\":",
        b"{\"ImportPath\":",
        b"{\"Package\":",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}
