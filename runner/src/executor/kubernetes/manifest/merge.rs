//! Merges the pipeline's partial pod spec over ours.

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Map, Value};

use super::{MAIN, ManifestError};

/// `base` with `over` merged into it: maps deep, lists of named things by name, other lists replaced, null
/// removes. The result must be a pod spec without unknown keys and still have the suite's container.
pub(super) fn pod_spec(mut base: Value, over: &Value) -> Result<Value, ManifestError> {
    if !over.is_null() {
        merge(&mut base, over);
    }
    let typed: PodSpec = serde_json::from_value(base.clone())
        .map_err(|error| ManifestError(format!("`pod` does not fit a pod spec: {error}")))?;
    if !typed
        .containers
        .iter()
        .any(|container| container.name == MAIN)
    {
        return Err(ManifestError(format!(
            "`pod` must leave the container \"{MAIN}\" in place"
        )));
    }
    let kept = serde_json::to_value(&typed).unwrap_or_default();
    if let Some(lost) = lost("pod", &base, &kept) {
        return Err(ManifestError(format!(
            "{lost} is no key of a pod spec that this version knows"
        )));
    }
    Ok(base)
}

fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => merge_maps(base, over),
        (Value::Array(base), Value::Array(over)) if key_of(over).is_some() => {
            let key = key_of(over).unwrap_or("name");
            for entry in over {
                let same = base
                    .iter_mut()
                    .find(|known| known.get(key).is_some() && known.get(key) == entry.get(key));
                match same {
                    Some(known) => merge(known, entry),
                    None => base.push(entry.clone()),
                }
            }
        }
        (base, over) => *base = over.clone(),
    }
}

fn merge_maps(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        if value.is_null() {
            base.remove(key);
        } else if let Some(known) = base.get_mut(key) {
            merge(known, value);
        } else {
            base.insert(key.clone(), value.clone());
        }
    }
}

/// What names the entries of a list: Kubernetes' own merge keys for pods.
fn key_of(list: &[Value]) -> Option<&'static str> {
    ["mountPath", "name"]
        .into_iter()
        .find(|key| !list.is_empty() && list.iter().all(|entry| entry.get(key).is_some()))
}

/// The path of something in `from` that `to` does not have.
fn lost(path: &str, from: &Value, to: &Value) -> Option<String> {
    match (from, to) {
        (Value::Object(from), Value::Object(to)) => from.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match to.get(key) {
                Some(kept) => lost(&path, value, kept),
                // Empty things are left out when written.
                None if value.is_null() || value == &Value::Bool(false) => None,
                None if value.as_array().is_some_and(Vec::is_empty) => None,
                None if value.as_object().is_some_and(Map::is_empty) => None,
                None => Some(path),
            }
        }),
        (Value::Array(from), Value::Array(to)) => {
            let mut pairs = from.iter().zip(to).enumerate();
            pairs.find_map(|(at, (from, to))| lost(&format!("{path}[{at}]"), from, to))
        }
        _ => None,
    }
}
