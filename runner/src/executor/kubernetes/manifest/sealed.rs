//! What a sealed pod has on top: the keeper beside the suite, the program, the spool between them.

use serde_json::{Value, json};

use super::container::literal;
use super::{ARCH_LABEL, Order};
use crate::executor::kubernetes::sealed::{KEEPER, PORT, Sealing};
use crate::model::millis;

const PROGRAM: &str = "/tribunal-seal/seal";
const SPOOL: &str = "/tribunal-spool";
/// Where the kubelet reads a container's last word.
const TERMINATION_LOG: &str = "/dev/termination-log";
/// Bytes of the spool's folder on top of the spool itself: what is written while room is made.
const HEADROOM: u64 = 32 << 20;
/// Seconds on top of what the seal itself enforces before the kubelet kills.
const MARGIN: u64 = 15;

/// The main container's command: the suite's `argv` under the seal.
pub(super) fn command(order: &Order<'_>, _: &Sealing, argv: Vec<String>) -> Vec<String> {
    let suite = order.suite;
    let seconds = |duration| format!("{}", std::time::Duration::as_secs_f64(&duration));
    let mut command: Vec<String> = [PROGRAM, "run", "--spool", SPOOL]
        .map(str::to_owned)
        .to_vec();
    command.extend(["--grace".to_owned(), seconds(suite.grace)]);
    command.extend(["--drain".to_owned(), seconds(suite.drain_timeout)]);
    command.extend(["--termination-log", TERMINATION_LOG].map(str::to_owned));
    for glob in &suite.artifacts {
        command.extend(["--artifact".to_owned(), glob.clone()]);
    }
    command.push("--".to_owned());
    command.extend(argv);
    command
}

/// Where both containers find the program and the spool.
pub(super) fn mounts() -> Value {
    json!([
        {"name": "tribunal-seal", "mountPath": "/tribunal-seal", "readOnly": true},
        {"name": "tribunal-spool", "mountPath": SPOOL},
    ])
}

/// Adds the keeper and the volumes; chooses nodes that can run the program.
pub(super) fn add(pod: &mut Value, order: &Order<'_>, sealing: &Sealing) {
    let Order { suite, spec, .. } = order;
    let hold = spec.hold.as_secs_f64();
    let limit = spec.spool_limit.to_string();
    let command: Vec<String> = [
        PROGRAM,
        "guard",
        "--spool",
        SPOOL,
        "--port",
        &PORT.to_string(),
        "--token",
        &sealing.token,
        "--spool-limit",
        &limit,
        "--hold",
        &hold.to_string(),
    ]
    .map(literal)
    .to_vec();
    let mut keeper = json!({
        "name": KEEPER,
        "image": spec.image,
        "command": command,
        "volumeMounts": mounts(),
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": limit},
            "limits": {"memory": "64Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
    });
    let Some(pod) = pod.as_object_mut() else {
        return;
    };
    if let (Some(policy), Some(keeper)) = (&spec.image_pull_policy, keeper.as_object_mut()) {
        keeper.insert("imagePullPolicy".into(), json!(policy));
    }
    // Behind the suite's container, which is what other tools show first. Not a native sidecar: the kubelet would start
    // the suite only after it has seen that one run, and it looks once a second.
    if let Some(containers) = pod.get_mut("containers").and_then(Value::as_array_mut) {
        containers.push(keeper);
    }
    pod.insert(
        "volumes".into(),
        json!([
            {"name": "tribunal-seal", "configMap": {"name": sealing.config_map, "defaultMode": 0o555}},
            {"name": "tribunal-spool", "emptyDir": {"sizeLimit": (spec.spool_limit + HEADROOM).to_string()}},
        ]),
    );
    // The kubelet asks both to end at once; the keeper stays until the seal is gone, and for `hold` or until the runner has all.
    let seconds = |duration| millis(duration).div_ceil(1000);
    let grace = seconds(suite.grace) + seconds(suite.drain_timeout) + seconds(spec.hold) + MARGIN;
    pod.insert("terminationGracePeriodSeconds".into(), json!(grace));
    let mut nodes = spec.node_selector.clone();
    nodes.insert("kubernetes.io/os".to_owned(), "linux".to_owned());
    nodes
        .entry(ARCH_LABEL.to_owned())
        .or_insert_with(|| sealing.arch.clone());
    pod.insert("nodeSelector".into(), json!(nodes));
}
