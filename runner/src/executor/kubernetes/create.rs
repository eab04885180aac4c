//! Creates a Job so that a lost answer makes no second one.

use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::PostParams;
use kube::client::Body;
use kube::core::{Request, Status};
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
        let answer = tokio::time::timeout(REQUEST, post(api, job)).await;
        let (why, after) = match answer {
            Ok(Ok(Answer::Made(job))) => return Ok(*job),
            Ok(Ok(Answer::Refused(status, after))) => match status.code {
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
                    Refusal::Wait(why) => (why, after),
                },
            },
            Ok(Err(why)) => (format!("the API server does not answer: {why}"), None),
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

enum Answer {
    Made(Box<Job>),
    /// And after how long to ask again, where the server said it.
    Refused(Box<Status>, Option<Duration>),
}

/// Asks once. Not with [`Api::create`], which drops `Retry-After`: a server under pressure says it in that header
/// and nowhere else.
async fn post(api: &Api<Job>, job: &Job) -> Result<Answer, String> {
    let body = serde_json::to_vec(job).map_err(|error| error.to_string())?;
    let request = Request::new(api.resource_url()).create(&PostParams::default(), body);
    let request = request.map_err(|error| chain(&error))?.map(Body::from);
    let answer = api.clone().into_client().send(request).await;
    let (parts, body) = answer.map_err(|error| chain(&error))?.into_parts();
    let body = body.collect().await.map_err(|error| chain(&error))?;
    let bytes = body.to_bytes();
    if parts.status.is_success() {
        let job = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        return Ok(Answer::Made(Box::new(job)));
    }
    let mut status: Status = serde_json::from_slice(&bytes).unwrap_or_else(|_| Status {
        message: String::from_utf8_lossy(&bytes)
            .trim()
            .chars()
            .take(300)
            .collect(),
        ..Status::default()
    });
    status.code = parts.status.as_u16();
    let header = parts.headers.get(http::header::RETRY_AFTER);
    let after = header
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .or_else(|| Some(status.details.as_ref()?.retry_after_seconds))
        .filter(|seconds| *seconds > 0)
        .map(|seconds: u32| Duration::from_secs(u64::from(seconds.min(60))));
    Ok(Answer::Refused(Box::new(status), after))
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
    Wait(String),
}

fn refusal(status: &Status, namespace: &str) -> Refusal {
    let message = &status.message;
    let last = |reason: String| {
        Refusal::Final(EndState::StartFailed {
            reason,
            transient: false,
        })
    };
    match status.code {
        429 => Refusal::Wait("the API server asks for patience (429)".to_owned()),
        403 if message.contains("exceeded quota") => Refusal::Wait(format!("quota: {message}")),
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
            Refusal::Wait(format!("the API server answers {code}: {message}"))
        }
        code => last(format!("the cluster refuses the Job ({code}): {message}")),
    }
}
