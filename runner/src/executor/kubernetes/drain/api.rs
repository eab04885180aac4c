//! The log API: one request, one body of bytes; every refusal sorted.

use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;

use super::super::client::{REQUEST, chain};
use super::gather::gathered;

/// A body: chunks until it ends, or an error in words.
pub(in super::super) type LogBody = Pin<Box<dyn Stream<Item = Result<Bytes, String>> + Send>>;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct LogRequest {
    /// Go on as the container writes.
    pub(super) follow: bool,
    /// Only records from this second on (seconds since the epoch; the API knows no finer).
    pub(super) since: Option<i64>,
    /// Only so many of the runtime's last lines.
    pub(super) tail: Option<u32>,
    /// Only so many bytes.
    pub(super) limit_bytes: Option<u32>,
}

/// Why there is no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum LogError {
    /// Nothing to read yet: 204 while unscheduled, 400 "is waiting to start".
    NotStarted,
    /// The pod, the container or its log is no more.
    Gone(String),
    /// The credentials do not suffice: no use in trying again.
    Forbidden(String),
    /// Worth trying again, after so long where the server said it.
    Transient(String, Option<Duration>),
}

/// Where a log comes from.
#[async_trait]
pub(in super::super) trait LogApi: Send + Sync {
    async fn open(&self, request: LogRequest) -> Result<LogBody, LogError>;
}

/// The log of one container of a cluster.
pub(in super::super) struct KubeLogs {
    client: Client,
    path: String,
}

impl KubeLogs {
    pub(in super::super) fn new(
        client: Client,
        namespace: &str,
        pod: &str,
        container: &str,
    ) -> Self {
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&timestamps=true"
        );
        Self { client, path }
    }

    fn uri(&self, request: LogRequest) -> String {
        let mut uri = self.path.clone();
        if request.follow {
            uri.push_str("&follow=true");
        }
        if let Some(tail) = request.tail {
            uri.push_str("&tailLines=");
            uri.push_str(&tail.to_string());
        }
        if let Some(limit) = request.limit_bytes {
            uri.push_str("&limitBytes=");
            uri.push_str(&limit.to_string());
        }
        // Whole seconds, made by ourselves: kube's own parameter rounds a half second up and would lose it.
        if let Some(at) = request
            .since
            .and_then(|since| jiff::Timestamp::from_second(since).ok())
        {
            uri.push_str("&sinceTime=");
            uri.push_str(&at.to_string());
        }
        uri
    }
}

#[async_trait]
impl LogApi for KubeLogs {
    async fn open(&self, request: LogRequest) -> Result<LogBody, LogError> {
        let again = |why: String| LogError::Transient(why, None);
        let built = Request::get(self.uri(request)).body(Body::empty());
        let built = built.map_err(|error| LogError::Forbidden(error.to_string()))?;
        // The headers of a log come at once; its body may take hours.
        let answer = tokio::time::timeout(REQUEST, self.client.send(built)).await;
        let answer = answer.map_err(|_| again("no answer within 30s".to_owned()))?;
        let answer = answer.map_err(|error| again(chain(&error)))?;
        match answer.status() {
            StatusCode::NO_CONTENT => Err(LogError::NotStarted),
            status if status.is_success() => {
                let body = answer.into_body().into_data_stream();
                Ok(gathered(body.map_err(|error| chain(&error)).boxed()))
            }
            _ => Err(refusal(answer).await),
        }
    }
}

async fn refusal(answer: Response<Body>) -> LogError {
    let status = answer.status();
    let after = answer
        .headers()
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(|seconds: u64| Duration::from_secs(seconds.min(60)));
    let body = tokio::time::timeout(REQUEST, answer.into_body().collect()).await;
    let bytes = body
        .ok()
        .and_then(Result::ok)
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let message = serde_json::from_slice::<serde_json::Value>(&bytes)
        .ok()
        .and_then(|status| Some(status.get("message")?.as_str()?.to_owned()))
        .unwrap_or_else(|| String::from_utf8_lossy(&bytes).chars().take(300).collect());
    classify(status.as_u16(), &message, after)
}

/// Sorts a refusal by status and words (draining.md, steps 9, 10, 20 and 26).
fn classify(status: u16, message: &str, after: Option<Duration>) -> LogError {
    let said = format!("{status}: {message}");
    match status {
        400 if message.contains("waiting to start") || message.contains("PodInitializing") => {
            LogError::NotStarted
        }
        400 if message.contains("not found")
            || message.contains("unable to retrieve container logs") =>
        {
            LogError::Gone(said)
        }
        404 => LogError::Gone(said),
        403 => LogError::Forbidden(said),
        _ => LogError::Transient(said, after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kube_rounds_half_a_second_up_and_we_do_not() {
        let at: jiff::Timestamp = "2026-01-01T00:00:10.7Z".parse().expect("a time");
        let params = kube::api::LogParams {
            since_time: Some(at),
            ..Default::default()
        };
        let theirs = kube::core::Request::new("/pods")
            .logs("p", &params)
            .expect("a request");
        assert!(
            theirs.uri().to_string().contains("00%3A00%3A11Z"),
            "{}",
            theirs.uri()
        );
        let second = at.as_second();
        let text = jiff::Timestamp::from_second(second)
            .expect("whole")
            .to_string();
        assert_eq!(text, "2026-01-01T00:00:10Z");
    }

    #[test]
    fn refusals_are_sorted_by_what_helps() {
        let waiting = "container \"c\" in pod \"p\" is waiting to start: ContainerCreating";
        assert_eq!(classify(400, waiting, None), LogError::NotStarted);
        assert!(matches!(
            classify(404, "pods \"p\" not found", None),
            LogError::Gone(_)
        ));
        assert!(matches!(classify(403, "no", None), LogError::Forbidden(_)));
        let after = Some(Duration::from_secs(3));
        assert_eq!(
            classify(429, "slow", after),
            LogError::Transient("429: slow".into(), after)
        );
        assert!(matches!(
            classify(500, "dial tcp", None),
            LogError::Transient(..)
        ));
    }
}
