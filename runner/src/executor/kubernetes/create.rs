//! Creates a Job so that a lost answer makes no second one.

use std::time::{Duration, Instant};

use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::PostParams;
use kube::core::Status;
use tokio::sync::Mutex;

use super::client::{REQUEST, chain};
use crate::model::EndState;

/// Between two creations of a run: a burst of a thousand suites must not throttle everybody else's.
const SPACING: Duration = Duration::from_millis(25);
const PAUSE_LEAST: Duration = Duration::from_millis(250);
const PAUSE_MOST: Duration = Duration::from_secs(10);

/// Spaces the creations of a run.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Option<tokio::time::Instant>>);

impl Pace {
    async fn turn(&self) {
        let mut next = self.0.lock().await;
        let now = tokio::time::Instant::now();
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + SPACING);
        drop(next);
        tokio::time::sleep_until(at).await;
    }
}

/// Creates `job`, or adopts the one that an earlier try of ours made.
///
/// Tried again on 429, 5xx, quota, timeouts and lost connections until `deadline`; `tell` hears why it waits.
pub(super) async fn create(
    api: &Api<Job>,
    job: &Job,
    pace: &Pace,
    deadline: Instant,
    mut tell: impl FnMut(String),
) -> Result<Job, EndState> {
    let name = job.metadata.name.clone().unwrap_or_default();
    let mut pause = PAUSE_LEAST;
    let mut denied = false;
    loop {
        pace.turn().await;
        let answer = tokio::time::timeout(REQUEST, api.create(&PostParams::default(), job)).await;
        let (why, after) = match answer {
            Ok(Ok(job)) => return Ok(job),
            Ok(Err(kube::Error::Api(status))) => match status.code {
                409 if status.reason == "AlreadyExists" => match adopt(api, job, &name).await {
                    Ok(found) => return Ok(found),
                    Err(Some(end)) => return Err(end),
                    Err(None) => ("the Job exists and cannot be read yet".to_owned(), None),
                },
                // A token may be renewed at the very moment.
                401 if !std::mem::replace(&mut denied, true) => {
                    ("the credentials are not accepted (401)".to_owned(), None)
                }
                _ => match refusal(&status, job.metadata.namespace.as_deref().unwrap_or("")) {
                    Refusal::Final(end) => return Err(end),
                    Refusal::Wait(why, after) => (why, after),
                },
            },
            Ok(Err(error)) => (
                format!("the API server does not answer: {}", chain(&error)),
                None,
            ),
            Err(_) => (
                "the API server has not answered within 30s".to_owned(),
                None,
            ),
        };
        if Instant::now() + pause >= deadline {
            return Err(EndState::StartFailed {
                reason: format!("the Job could not be created: {why}"),
                transient: true,
            });
        }
        tell(format!("creating the Job: {why}"));
        tokio::time::sleep(after.unwrap_or(pause)).await;
        pause = (pause * 2).min(PAUSE_MOST);
    }
}

/// The Job under our name: ours when it carries our identity.
async fn adopt(api: &Api<Job>, wanted: &Job, name: &str) -> Result<Job, Option<EndState>> {
    let Ok(Ok(found)) = tokio::time::timeout(REQUEST, api.get(name)).await else {
        return Err(None);
    };
    let ours = wanted
        .metadata
        .labels
        .iter()
        .flatten()
        .filter(|(key, _)| key.starts_with("tribunal.dev/"))
        .all(|(key, value)| {
            found
                .metadata
                .labels
                .as_ref()
                .and_then(|labels| labels.get(key))
                == Some(value)
        });
    if ours {
        Ok(found)
    } else {
        Err(Some(EndState::StartFailed {
            reason: format!(
                "a Job named {name} exists already and is not of this attempt; delete it or wait for its TTL"
            ),
            transient: false,
        }))
    }
}

enum Refusal {
    Final(EndState),
    Wait(String, Option<Duration>),
}

fn refusal(status: &Status, namespace: &str) -> Refusal {
    let after = status
        .details
        .as_ref()
        .map(|details| details.retry_after_seconds)
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Duration::from_secs(u64::from(seconds.min(60))));
    let message = &status.message;
    let last = |reason: String| {
        Refusal::Final(EndState::StartFailed {
            reason,
            transient: false,
        })
    };
    match status.code {
        429 => Refusal::Wait("the API server asks for patience (429)".to_owned(), after),
        403 if message.contains("exceeded quota") => {
            Refusal::Wait(format!("quota: {message}"), after)
        }
        403 if message.contains("is being terminated") => {
            last(format!("the namespace is being deleted: {message}"))
        }
        403 => last(format!(
            "not allowed: {message}; `tribunal doctor` lists what the credentials lack and prints the Role"
        )),
        401 => last(format!(
            "the cluster no longer accepts the credentials: {message}; log in again"
        )),
        404 => last(format!(
            "namespace \"{namespace}\" does not exist: {message}; create it or change kubernetes.namespace"
        )),
        400 | 422 => last(format!("the cluster refuses the Job: {message}")),
        code if code >= 500 || code == 408 || code == 409 => {
            Refusal::Wait(format!("the API server answers {code}: {message}"), after)
        }
        code => last(format!("the cluster refuses the Job ({code}): {message}")),
    }
}
