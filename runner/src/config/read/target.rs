//! A suite's executor: its Kubernetes table with `[kubernetes]` under it becomes a [`Target`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::cx::Cx;
use super::kubernetes::RawKubernetes;
use super::merge::Merged;
use super::suite::Text;
use crate::config::error::Problem;
use crate::plan::{CaptureMode, Command, KubernetesSpec, Target};

/// How long the cluster keeps an ended Job that tribunal could not delete.
const TTL: Duration = Duration::from_hours(1);
/// How long a suite may wait for its container.
const PROVISIONING: Duration = Duration::from_mins(10);
/// Bytes of output that wait in the pod for the runner.
const SPOOL_LIMIT: u64 = 256 << 20;
/// How long the pod waits for a runner that is away.
const HOLD: Duration = Duration::from_mins(5);

/// Where the suite runs; none when that cannot be said, which has been told then.
pub(super) fn of(cx: &mut Cx<'_>, suite: &Merged<'_>) -> Option<Target> {
    let Some(own) = &suite.own.kubernetes else {
        return Some(Target::Local);
    };
    fits(cx, suite);
    let base = suite.cluster;
    let Some(image) = own.image.as_ref().or(base.image.as_ref()) else {
        if !own.says_image && !base.says_image {
            cx.add(
                Problem::at(
                    "no-image",
                    own.span.clone(),
                    format!("suite \"{}\" does not say its image", suite.name.name),
                )
                .label("write image = \"registry/name:tag\"")
                .help("an image for all suites goes to [kubernetes]")
                .absence(),
            );
        }
        return None;
    };
    let text = |get: fn(&RawKubernetes) -> Option<&Text>| {
        get(own)
            .or_else(|| get(base))
            .map(|text| text.get_ref().clone())
    };
    let spec = KubernetesSpec {
        namespace: text(|raw| raw.namespace.as_ref()),
        image: image.get_ref().clone(),
        image_pull_policy: own
            .image_pull_policy
            .clone()
            .or_else(|| base.image_pull_policy.clone()),
        working_dir: text(|raw| raw.working_dir.as_ref()),
        service_account: text(|raw| raw.service_account.as_ref()),
        image_pull_secrets: own
            .image_pull_secrets
            .as_ref()
            .or(base.image_pull_secrets.as_ref())
            .map(|secrets| secrets.iter().map(|name| name.get_ref().clone()).collect())
            .unwrap_or_default(),
        requests: plain(&base.requests, &own.requests),
        limits: plain(&base.limits, &own.limits),
        node_selector: texts(&base.node_selector, &own.node_selector),
        tolerations: own
            .tolerations
            .as_ref()
            .or(base.tolerations.as_ref())
            .cloned()
            .unwrap_or_default(),
        labels: texts(&base.labels, &own.labels),
        annotations: texts(&base.annotations, &own.annotations),
        ttl: own.ttl.or(base.ttl).unwrap_or(TTL),
        provisioning_timeout: own
            .provisioning_timeout
            .or(base.provisioning_timeout)
            .unwrap_or(PROVISIONING),
        capture: own.capture.or(base.capture).unwrap_or(CaptureMode::Auto),
        spool_limit: own.spool_limit.or(base.spool_limit).unwrap_or(SPOOL_LIMIT),
        hold: own.hold.or(base.hold).unwrap_or(HOLD),
        pod: pods(base.pod.as_ref(), own.pod.as_ref()),
    };
    can_be_sealed(cx, suite, &spec);
    Some(Target::Kubernetes(Arc::new(spec)))
}

/// A capture that is demanded and cannot be is a mistake of the pipeline.
fn can_be_sealed(cx: &mut Cx<'_>, suite: &Merged<'_>, spec: &KubernetesSpec) {
    if spec.capture != CaptureMode::Sealed {
        return;
    }
    let command = match suite.command() {
        None => Command::Image,
        Some(_) => Command::Argv(Vec::new()),
    };
    let own = suite.own.kubernetes.as_ref();
    let at = own
        .filter(|own| own.capture.is_some())
        .unwrap_or(suite.cluster);
    if let Some(why) = spec.never_sealed(&command) {
        let problem = Problem::at(
            "never-sealed",
            at.capture_span.clone(),
            format!(
                "suite \"{}\" cannot be captured sealed: {why}",
                suite.name.name
            ),
        )
        .label("write \"auto\" or \"stream\"");
        cx.add(problem);
    }
}

/// Every text of the two tables that may hold variables.
pub(super) fn variables<'a>(suite: &Merged<'a>) -> Vec<&'a Text> {
    let Some(own) = &suite.own.kubernetes else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for raw in [suite.cluster, own] {
        all.extend(&raw.namespace);
        all.extend(&raw.image);
        all.extend(&raw.working_dir);
        for (_, value) in raw
            .node_selector
            .iter()
            .chain(&raw.labels)
            .chain(&raw.annotations)
        {
            all.push(value);
        }
    }
    all
}

/// What has no meaning in a pod.
fn fits(cx: &mut Cx<'_>, suite: &Merged<'_>) {
    if let Some(cwd) = &suite.own.cwd {
        let problem = Problem::at(
            "local-only",
            cwd.span(),
            format!(
                "suite \"{}\" runs in a container: cwd is a folder of this machine",
                suite.name.name
            ),
        )
        .label("write kubernetes.working_dir");
        cx.add(problem);
    }
    let globs = suite.pick(|raw| raw.artifacts.as_deref()).unwrap_or(&[]);
    let own = suite.own.kubernetes.as_ref();
    let mode = own.and_then(|own| own.capture).or(suite.cluster.capture);
    if let (Some(first), Some(CaptureMode::Stream)) = (globs.first(), mode) {
        let problem = Problem::at(
            "not-sealed",
            first.span(),
            format!(
                "suite \"{}\" runs in a container: its artifacts can be collected only where its capture is sealed",
                suite.name.name
            ),
        )
        .label("take it out, write artifacts = [] in the suite, or do not write capture = \"stream\"");
        cx.add(problem);
    }
}

fn plain(base: &[(String, String)], own: &[(String, String)]) -> BTreeMap<String, String> {
    base.iter().chain(own).cloned().collect()
}

fn texts(base: &[(String, Text)], own: &[(String, Text)]) -> BTreeMap<String, String> {
    base.iter()
        .chain(own)
        .map(|(key, value)| (key.clone(), value.get_ref().clone()))
        .collect()
}

/// The suite's partial pod spec over the one of all suites: tables deep, everything else replaced.
fn pods(base: Option<&serde_json::Value>, own: Option<&serde_json::Value>) -> serde_json::Value {
    fn over(base: &mut serde_json::Value, own: &serde_json::Value) {
        match (base, own) {
            (serde_json::Value::Object(base), serde_json::Value::Object(own)) => {
                for (key, value) in own {
                    over(
                        base.entry(key.clone()).or_insert(serde_json::Value::Null),
                        value,
                    );
                }
            }
            (base, own) => *base = own.clone(),
        }
    }
    let mut pod = base.cloned().unwrap_or_default();
    if let Some(own) = own {
        over(&mut pod, own);
    }
    pod
}
