//! The suite's own container.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{MAIN, Order, job_name, marker_of};
use crate::plan::{Command, KubernetesSpec};

/// The container in which the suite runs.
pub(super) fn suite(order: &Order<'_>) -> Value {
    let Order { suite, spec, .. } = order;
    let mut main = Map::new();
    main.insert("name".into(), json!(MAIN));
    main.insert("image".into(), json!(spec.image));
    let mut argv = suite.command.argv();
    if let (Command::Script(text), Some(last), None) =
        (&suite.command, argv.last_mut(), order.sealing)
    {
        // On the script's first line, so that the shell's line numbers stay.
        // On both streams: the runtime copies each by itself, and either may be in the log first.
        *last = format!("{}{text}", super::beginning(&marker_of(&job_name(order))));
    }
    if let Some(sealing) = order.sealing {
        argv = super::sealed::command(order, sealing, argv);
        main.insert("volumeMounts".into(), super::sealed::mounts());
    }
    if !argv.is_empty() {
        let argv: Vec<String> = argv.iter().map(|text| literal(text)).collect();
        main.insert("command".into(), json!(argv));
    }
    main.insert("env".into(), env(order));
    if let Some(dir) = &spec.working_dir {
        main.insert("workingDir".into(), json!(dir));
    }
    if let Some(policy) = &spec.image_pull_policy {
        main.insert("imagePullPolicy".into(), json!(policy));
    }
    if let Some(resources) = resources(spec) {
        main.insert("resources".into(), resources);
    }
    main.insert(
        "terminationMessagePolicy".into(),
        // The seal's word must come from nowhere else.
        json!(match order.sealing {
            Some(_) => "File",
            None => "FallbackToLogsOnError",
        }),
    );
    main.insert(
        "securityContext".into(),
        json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}),
    );
    Value::Object(main)
}

fn env(order: &Order<'_>) -> Value {
    let suite = order.suite;
    let mut env: BTreeMap<&str, &str> = BTreeMap::from([
        ("TRIBUNAL", "1"),
        ("TRIBUNAL_EXECUTOR", "kubernetes"),
        ("TRIBUNAL_RUN_ID", order.run),
        ("TRIBUNAL_SUITE", &suite.name),
    ]);
    let attempt = order.attempt.to_string();
    env.insert("TRIBUNAL_ATTEMPT", &attempt);
    env.extend(
        suite
            .env
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    );
    env.iter()
        .map(|(name, value)| json!({"name": name, "value": literal(value)}))
        .collect()
}

fn resources(spec: &KubernetesSpec) -> Option<Value> {
    let mut resources = Map::new();
    for (key, list) in [("requests", &spec.requests), ("limits", &spec.limits)] {
        if !list.is_empty() {
            resources.insert(key.into(), json!(list));
        }
    }
    (!resources.is_empty()).then_some(Value::Object(resources))
}

/// A text that Kubernetes leaves as it is: `$(NAME)` and `$$` in commands and variables are its own syntax, and
/// what the pipeline says is meant literally.
/// <https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>
pub(super) fn literal(text: &str) -> String {
    if text.contains("$(") || text.contains("$$") {
        text.replace('$', "$$")
    } else {
        text.to_owned()
    }
}
