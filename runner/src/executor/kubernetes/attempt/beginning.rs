//! Whether the first line that was read is the first that was written.
//!
//! Only the newest log file can be read. Had one been rotated away before the first reading, nothing in what is
//! left would show it. Two things prove the beginning: a line of our own that comes before the script's, and a
//! first line from before the moment at which the kubelet reported the start. Everything else is `unverified`.

use k8s_openapi::api::core::v1::Event;

use super::super::drain::Drained;
use super::super::manifest::MAIN;
use super::Life;
use crate::model::Completeness;

/// What may lie between the start, as the kubelet reports it, and a first line that proves the beginning:
/// too short for a log file to fill up and be rotated.
const AT_ONCE_NS: i128 = 20_000_000;

impl Life<'_> {
    /// Takes `complete` back where the beginning is not proven.
    pub(super) fn doubt_the_beginning(&self, drained: &mut Drained) {
        if drained.completeness != Completeness::Complete || drained.from_the_start {
            return;
        }
        let Some((seconds, nanos)) = drained.first else {
            // Nothing was ever printed that anybody could see: a rotated file would have left its successor empty.
            drained.completeness = Completeness::Unverified;
            "nothing was printed since the log was first read; what came before cannot be vouched for"
                .clone_into(&mut drained.note);
            return;
        };
        let first = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        let start = self.events.iter().filter_map(started_at).min();
        if start.is_none_or(|start| first - start > AT_ONCE_NS) {
            drained.completeness = Completeness::Unverified;
            "the log was first read a moment after the start: whether a file had been rotated by then cannot be \
             told"
                .clone_into(&mut drained.note);
        }
    }
}

/// When the kubelet says that it started the suite's container, in nanoseconds of the node's clock.
///
/// An event's times are whole seconds, but its name ends with the time of its making in hexadecimal nanoseconds
/// (client-go, `tools/record`: `"%v.%x", ref.Name, t.UnixNano()`).
fn started_at(event: &Event) -> Option<i128> {
    let of_main = event
        .involved_object
        .field_path
        .as_deref()
        .is_some_and(|path| path.contains(&format!("{{{MAIN}}}")));
    if event.reason.as_deref() != Some("Started") || !of_main {
        return None;
    }
    let (_, stamp) = event.metadata.name.as_deref()?.rsplit_once('.')?;
    i128::from_str_radix(stamp, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_name_says_its_nanoseconds() {
        let event = |reason: &str, path: &str| -> Event {
            serde_json::from_value(serde_json::json!({
                "metadata": {"name": "t-x-1-abc.18a2f3c4d5e6f708"},
                "involvedObject": {"fieldPath": path},
                "reason": reason,
            }))
            .expect("an event")
        };
        let main = "spec.containers{suite}";
        assert_eq!(
            started_at(&event("Started", main)),
            Some(0x18a2_f3c4_d5e6_f708)
        );
        assert_eq!(started_at(&event("Created", main)), None);
        assert_eq!(started_at(&event("Started", "spec.containers{db}")), None);
    }
}
