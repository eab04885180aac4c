//! Brings the program into a namespace: one `ConfigMap` for the run and an architecture, and nothing that stays.
//!
//! The `ConfigMap` is deleted at the end of the run. Should the runner die before, the cluster does it: its owner is
//! a Job of no pods, complete at once, which its time to live removes, and the `ConfigMap` with it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::super::client::{REQUEST, chain};
use super::super::manifest::{self, MANAGED_BY, RUN_LABEL};
use super::SEALS;

/// How long the `ConfigMap` outlives a runner that died.
const TTL: Duration = Duration::from_hours(6);
const PAUSE_LEAST: Duration = Duration::from_millis(250);
const PAUSE_MOST: Duration = Duration::from_secs(5);
const DELETE_TRIES: u32 = 5;

/// The `ConfigMaps` of a run in one namespace.
pub(in super::super) struct Delivery {
    jobs: Api<Job>,
    maps: Api<ConfigMap>,
    run: String,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    /// The owner's uid, and when its time to live began.
    owner: Option<(String, Instant)>,
    renewed: Option<Instant>,
    /// Names, by architecture.
    maps: BTreeMap<String, String>,
}

/// Why the program is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Undelivered {
    pub(in super::super) reason: String,
    /// Whether another try could help.
    pub(in super::super) transient: bool,
}

impl Delivery {
    pub(in super::super) fn new(client: &Client, namespace: &str, run: &str) -> Self {
        Self {
            jobs: Api::namespaced(client.clone(), namespace),
            maps: Api::namespaced(client.clone(), namespace),
            run: run.to_owned(),
            made: Mutex::default(),
        }
    }

    /// The name of the `ConfigMap` for `arch`, which is there when this returns.
    pub(in super::super) async fn ensure(
        &self,
        arch: &str,
        image: &str,
        deadline: Instant,
    ) -> Result<String, Undelivered> {
        let mut made = self.made.lock().await;
        self.renew(&mut made).await;
        if let Some(name) = made.maps.get(arch) {
            return Ok(name.clone());
        }
        let program = SEALS.iter().find(|(known, _)| *known == arch);
        let Some((_, program)) = program else {
            return Err(Undelivered {
                reason: format!("this build has no seal for {arch}"),
                transient: false,
            });
        };
        let owner = if let Some((uid, _)) = &made.owner {
            uid.clone()
        } else {
            let job = owner(&self.run, image);
            let job: Job = serde_json::from_value(job).map_err(|error| Undelivered {
                reason: error.to_string(),
                transient: false,
            })?;
            let job = create(&self.jobs, &job, deadline).await?;
            let uid = job.uid().unwrap_or_default();
            made.owner = Some((uid.clone(), Instant::now()));
            uid
        };
        let name = format!("{}-{arch}", name(&self.run));
        let mut map: ConfigMap = serde_json::from_value(json!({
            "metadata": {
                "name": name,
                "labels": labels(&self.run),
                "ownerReferences": [{
                    "apiVersion": "batch/v1", "kind": "Job", "name": self::name(&self.run), "uid": owner,
                }],
            },
            "immutable": true,
        }))
        .map_err(|error| Undelivered {
            reason: error.to_string(),
            transient: false,
        })?;
        let bytes = k8s_openapi::ByteString(program.to_vec());
        map.binary_data = Some(BTreeMap::from([("seal".to_owned(), bytes)]));
        create(&self.maps, &map, deadline).await?;
        made.maps.insert(arch.to_owned(), name.clone());
        Ok(name)
    }

    /// Lengthens the owner's time to live while the run goes on.
    async fn renew(&self, made: &mut Made) {
        let Some((_, begun)) = made.owner else { return };
        if made.renewed.unwrap_or(begun).elapsed() < TTL / 2 {
            return;
        }
        let seconds = (begun.elapsed() + TTL).as_secs();
        let patch = json!({"spec": {"ttlSecondsAfterFinished": seconds}});
        let (name, params, patch) = (
            name(&self.run),
            PatchParams::default(),
            Patch::Merge(&patch),
        );
        let patching = self.jobs.patch(&name, &params, &patch);
        if matches!(tokio::time::timeout(REQUEST, patching).await, Ok(Ok(_))) {
            made.renewed = Some(Instant::now());
        }
    }

    /// Deletes everything; what cannot be deleted has its time to live.
    pub(in super::super) async fn clear(&self) {
        let mut made = self.made.lock().await;
        for name in std::mem::take(&mut made.maps).into_values() {
            delete(&self.maps, &name).await;
        }
        if made.owner.take().is_some() {
            delete(&self.jobs, &name(&self.run)).await;
        }
    }
}

fn name(run: &str) -> String {
    let hash = Sha256::digest(run.as_bytes());
    let hash = crate::plugin::hex(hash.get(..8).unwrap_or_default());
    format!("tribunal-seal-{hash}")
}

fn labels(run: &str) -> Value {
    json!({RUN_LABEL: manifest::label_value(run), MANAGED_BY: "tribunal"})
}

/// A Job of no pods. `image` is never pulled; it is one that policies of the namespace let pass.
fn owner(run: &str, image: &str) -> Value {
    let container = json!({
        "name": "none", "image": image,
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1m", "memory": "1Mi"}},
    });
    json!({
        "metadata": {"name": name(run), "labels": labels(run)},
        "spec": {
            "completions": 0,
            "parallelism": 0,
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": TTL.as_secs(),
            "template": {
                "metadata": {"labels": labels(run)},
                "spec": {
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": false,
                    "securityContext": {
                        "runAsNonRoot": true, "runAsUser": 65_532, "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [container],
                },
            },
        },
    })
}

/// Creates an object, or takes the one that an earlier try of ours made: the name is this run's alone.
async fn create<K>(api: &Api<K>, object: &K, deadline: Instant) -> Result<K, Undelivered>
where
    K: kube::Resource<DynamicType = ()>
        + Clone
        + serde::Serialize
        + serde::de::DeserializeOwned
        + std::fmt::Debug,
{
    let kind = K::kind(&()).to_string();
    let name = object.name_any();
    let mut pause = PAUSE_LEAST;
    loop {
        let params = PostParams::default();
        let creating = api.create(&params, object);
        let why = match tokio::time::timeout(REQUEST, creating).await {
            Ok(Ok(made)) => return Ok(made),
            Ok(Err(kube::Error::Api(status))) => match status.code {
                409 if status.reason == "AlreadyExists" => {
                    match tokio::time::timeout(REQUEST, api.get(&name)).await {
                        Ok(Ok(found)) => return Ok(found),
                        // Nothing of a ConfigMap is needed but its name, and reading it may not be allowed.
                        Ok(Err(kube::Error::Api(status))) if status.code == 403 => {
                            return Ok(object.clone());
                        }
                        _ => format!("{kind} {name} exists and cannot be read"),
                    }
                }
                429 | 409 | 408 | 500.. => {
                    format!("the API server answers {}: {}", status.code, status.message)
                }
                _ => {
                    return Err(Undelivered {
                        reason: format!("the {kind} with the seal was refused: {}", status.message),
                        transient: false,
                    });
                }
            },
            Ok(Err(error)) => format!("the API server does not answer: {}", chain(&error)),
            Err(_) => "the API server has not answered within 30s".to_owned(),
        };
        if Instant::now() + pause >= deadline {
            return Err(Undelivered {
                reason: format!("the {kind} with the seal could not be made: {why}"),
                transient: true,
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MOST);
    }
}

async fn delete<K>(api: &Api<K>, name: &str)
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    for tries in 0..DELETE_TRIES {
        let params = DeleteParams::background();
        let deleting = api.delete(name, &params);
        match tokio::time::timeout(Duration::from_secs(5), deleting).await {
            Ok(Ok(_)) => return,
            Ok(Err(kube::Error::Api(status))) if matches!(status.code, 403 | 404) => return,
            _ => tokio::time::sleep(Duration::from_millis(200 << tries)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_a_job_that_the_cluster_takes_and_that_has_no_pods() {
        let job: Job = serde_json::from_value(owner("run", "i")).expect("a Job");
        let spec = job.spec.expect("a spec");
        assert_eq!((spec.completions, spec.parallelism), (Some(0), Some(0)));
        assert!(spec.ttl_seconds_after_finished.is_some());
    }

    #[test]
    fn programs_fit_into_a_config_map() {
        for arch in crate::plan::SEALED_ARCHITECTURES {
            let (_, bytes) = SEALS.iter().find(|(known, _)| *known == arch).expect(arch);
            assert!(
                bytes.starts_with(b"\x7fELF") && bytes.len() < 1_000_000,
                "{arch}"
            );
        }
    }
}
