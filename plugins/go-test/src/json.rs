//! The events of `go test -json`: one JSON object a line.

use std::borrow::Cow;

use serde::Deserialize;
use tribunal_judge_kit::flat::{Value, members};
use tribunal_judge_kit::text::decimal;

/// An event of test2json, or of the build.
#[derive(Debug, Default, Deserialize)]
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

/// Reads an event as test2json writes it; `None` for one that serde has to look at.
pub(crate) fn quick(line: &str) -> Option<Event<'_>> {
    let mut event = Event::default();
    let (mut action, mut package) = (None, None);
    members(line, |name, value| match name {
        // Twice the same would be an error.
        "Action" => action.replace(value.plain()?).is_none().then_some(()),
        "Package" => package.replace(value.plain()?).is_none().then_some(()),
        "Test" => event.test.replace(value.text()?).is_none().then_some(()),
        "Output" => event
            .output
            .replace(line_of(value)?)
            .is_none()
            .then_some(()),
        "Elapsed" => match value {
            Value::Number(number) => {
                let elapsed = decimal(number)?;
                event.elapsed.replace(elapsed).is_none().then_some(())
            }
            Value::Text(..) => None,
        },
        "FailedBuild" => None,
        _ => Some(()),
    })?;
    event.action = Cow::Borrowed(action?);
    event.package = Cow::Borrowed(package.unwrap_or_default());
    Some(event)
}

/// Most output is a line whose end is its only escape. Who reads it does without that end.
fn line_of(value: Value<'_>) -> Option<Cow<'_, str>> {
    if let Value::Text(raw, true) = value
        && let Some(body) = raw.strip_suffix("\\n")
        && !body.contains('\\')
    {
        return Some(Cow::Borrowed(body));
    }
    value.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_way_reads_what_serde_reads() {
        for line in [
            r#"{"Time":"2026-01-01T00:00:00Z","Action":"start","Package":"m/a"}"#,
            r#"{"Action":"pass","Package":"m","Test":"TestA/\u003cb\u003e","Elapsed":0.014}"#,
            r#"{"Action":"pass","Elapsed":12}"#,
        ] {
            let (quick, slow) = (quick(line), serde_json::from_str::<Event<'_>>(line));
            let (quick, slow) = (quick.expect("an event"), slow.expect("an event"));
            assert_eq!(format!("{quick:?}"), format!("{slow:?}"), "{line}");
        }
        let line = r#"{"Action":"output","Output":"a \"b\"\n"}"#;
        assert_eq!(
            quick(line).and_then(|it| it.output).as_deref(),
            Some("a \"b\"\n")
        );
        let line = r#"{"Action":"output","Output":"ok\n"}"#;
        assert_eq!(quick(line).and_then(|it| it.output).as_deref(), Some("ok"));
        for line in [
            r#"{"Package":"m"}"#,
            r#"{"Action":"a","Action":"b"}"#,
            r#"{"Action":"a","Package":"m","Package":"n"}"#,
            r#"{"Action":"a","Elapsed":"1"}"#,
            r#"{"Action":"a","Test":null}"#,
        ] {
            assert!(quick(line).is_none(), "{line}");
        }
    }
}
