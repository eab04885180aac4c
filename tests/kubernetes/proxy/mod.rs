//! A proxy between tribunal and the real API server, for what no server does on demand.
//!
//! It knows what a request is for ([`Kind`]), and a [`Plan`] says which of them go wrong, and how ([`Fault`]).
//! tribunal speaks HTTP/1.1 to the API server, one request at a time a connection, so what GOAWAY is to HTTP/2 is
//! `Connection: close` here.
//!
//! What may go wrong with a log, a watch or an end, and where it is tested (paths without a folder: beside this
//! folder; `drain`, `diagnose`, `board`, `create`: in `runner/src/executor/kubernetes/`):
//!
//! | item | where |
//! |---|---|
//! | 204 unscheduled, 400 waiting, refusals sorted | `drain/api.rs`, `drain/tests/cases.rs` |
//! | clean or broken end while it runs | `faults.rs` (`End`, `Break`), `drain/tests/cases.rs` |
//! | kubelet text at the end of a body | `faults.rs` (`Says`), `drain/tests/cases.rs` |
//! | resuming: overlap, equal and non-monotonic times | `drain/tests/cases.rs`, `drain/tests/random.rs` |
//! | `sinceTime` floored | `drain/api.rs` |
//! | gap after rotation; last reading equal, later, shorter, torn | `drain/tests/` |
//! | invalid UTF-8, NUL, CR, long lines, no final newline, stamps at 16 KiB | `drain/tests/cases.rs`, `capture.rs` |
//! | 429 with Retry-After, 5xx, 401 once, lost answer | `faults.rs`, on create, follow, read, delete |
//! | 403 and 404 on logs | `faults.rs` |
//! | GOAWAY (`Connection: close`) | `faults.rs` (`Close`) |
//! | half-open socket: log, watch | `faults.rs` (`Stall`), `drain/tests/cases.rs` |
//! | watch: 410, duplicate, reordered, missing events, broken, ended | `faults.rs`; a missed deletion: `board.rs` |
//! | pod deleted, with and without a final state, exit 0 after it | `diagnose/tests.rs`, `ends.rs`, `drain/tests/cases.rs` |
//! | `active: 0` with more output, `FailureTarget`, uncounted pods, no `Complete` | `job.rs` |
//! | two pods for one Job; evicted, OOM with exit 0; 137/Error; sidecar 143 | `diagnose/tests.rs` |
//! | rotation, grace, evictions, OOM, fast Jobs | `kubelet.rs` |
//! | API server, kubelet, containerd killed | `restarts.rs` |
//! | all of it at random, by seed | `random.rs` |

mod body;
mod fault;
mod kind;

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;

pub(crate) use fault::Fault;
pub(crate) use kind::Kind;

use crate::rig::Cluster;

/// Says for a request of a kind, and the how manieth of that kind it is (from 1), what goes wrong.
pub(crate) type Plan = Box<dyn FnMut(Kind, u32) -> Option<Fault> + Send>;

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// A running proxy; ends with this.
pub(crate) struct Proxy {
    /// A kubeconfig that leads here.
    pub(crate) kubeconfig: PathBuf,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

struct Shared {
    since: std::time::Instant,
    client: Client,
    plan: Mutex<Plan>,
    seen: Mutex<Vec<Kind>>,
    done: Mutex<Vec<String>>,
    told: Mutex<Vec<(Kind, StatusCode, String)>>,
    open: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts one before `cluster`.
    pub(crate) fn start(cluster: &Cluster, plan: Plan) -> Self {
        let shared = Arc::new(Shared {
            since: std::time::Instant::now(),
            client: cluster.client.clone(),
            plan: Mutex::new(plan),
            seen: Mutex::default(),
            done: Mutex::default(),
            told: Mutex::default(),
            open: Arc::default(),
        });
        let listening = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = cluster.runtime.block_on(listening).expect("a port");
        let address = listener.local_addr().expect("bound");
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: proxy\n\
             contexts: [{{name: proxy, context: {{cluster: proxy, user: none, namespace: tribunal-test}}}}]\n\
             clusters: [{{name: proxy, cluster: {{server: \"http://{address}\"}}}}]\nusers: [{{name: none, user: {{}}}}]\n"
        );
        std::fs::write(&kubeconfig, text).expect("written");
        let serving = serve(listener, Arc::clone(&shared));
        Self {
            kubeconfig,
            shared,
            task: cluster.runtime.spawn(serving),
            _folder: folder,
        }
    }

    /// What went wrong so far, in words.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.shared.done.lock().expect("whole").clone()
    }

    /// The requests so far that the cluster answered: not those that it lost or could not serve.
    pub(crate) fn answered(&self) -> Vec<Kind> {
        let told = self.shared.told.lock().expect("whole");
        let answered = told
            .iter()
            .filter(|(_, status, _)| !status.is_server_error());
        answered.map(|(kind, ..)| *kind).collect()
    }

    /// Every answer so far, a line each: when (ms), to what, with which status.
    pub(crate) fn answers(&self) -> String {
        let told = self.shared.told.lock().expect("whole");
        let lines = told
            .iter()
            .map(|(kind, status, what)| format!("{what} {kind:?} {status}\n"));
        lines.collect()
    }

    /// Answers whose bodies are still being read.
    pub(crate) fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: tokio::net::TcpListener, shared: Arc<Shared>) {
    // Dropped, and so ended, with this.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.pass(request).await }
            });
            let serving = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            serving.await.ok();
        });
        while connections.try_join_next().is_some() {}
    }
}

impl Shared {
    /// An error closes the connection without an answer.
    async fn pass(&self, request: Request<Incoming>) -> Result<Answer, io::Error> {
        let kind = Kind::of(&request);
        let fault = self.decide(kind);
        if let Some(fault) = &fault {
            let line = format!("{kind:?}: {fault:?}");
            self.done.lock().expect("whole").push(line);
        }
        if let Some(Fault::Refuse(status, after)) = fault {
            return Ok(refusal(status, after));
        }
        let what = format!("{} {}", self.since.elapsed().as_millis(), request.uri());
        let answer = self.ask(request).await.map_err(io::Error::other)?;
        let told = (kind, answer.status(), what);
        self.told.lock().expect("whole").push(told);
        match fault {
            Some(Fault::LoseAnswer) => Err(io::Error::other("lost")),
            fault => Ok(self.answer(answer, fault)),
        }
    }

    fn decide(&self, kind: Kind) -> Option<Fault> {
        let nth = {
            let mut seen = self.seen.lock().expect("whole");
            seen.push(kind);
            seen.iter().filter(|other| **other == kind).count()
        };
        let nth = u32::try_from(nth).unwrap_or(u32::MAX);
        (self.plan.lock().expect("whole"))(kind, nth)
    }

    async fn ask(&self, mut request: Request<Incoming>) -> Result<Response<Body>, String> {
        let upgrade = request.headers().contains_key(UPGRADE);
        let downstream = upgrade.then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?;
        let mut upstream = Request::builder().method(parts.method).uri(parts.uri);
        for (name, value) in &parts.headers {
            if ![HOST, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
                upstream = upstream.header(name, value);
            }
        }
        let upstream = upstream.body(Body::from(body.to_bytes().to_vec()));
        let upstream = upstream.map_err(|error| error.to_string())?;
        let mut answer = self
            .client
            .send(upstream)
            .await
            .map_err(|error| error.to_string())?;
        if let (Some(downstream), StatusCode::SWITCHING_PROTOCOLS) = (downstream, answer.status()) {
            let upstream = hyper::upgrade::on(&mut answer);
            #[expect(clippy::disallowed_methods, reason = "ends with either side")]
            let _task = tokio::spawn(async move {
                if let (Ok(down), Ok(up)) = (downstream.await, upstream.await) {
                    let (mut down, mut up) = (TokioIo::new(down), TokioIo::new(up));
                    tokio::io::copy_bidirectional(&mut down, &mut up).await.ok();
                }
            });
        }
        Ok(answer)
    }

    fn answer(&self, answer: Response<Body>, fault: Option<Fault>) -> Answer {
        let (mut parts, body) = answer.into_parts();
        if parts.status == StatusCode::SWITCHING_PROTOCOLS {
            return Response::from_parts(parts, empty());
        }
        parts.headers.remove(TRANSFER_ENCODING);
        if fault.is_some() {
            parts.headers.remove(CONTENT_LENGTH);
        }
        if matches!(fault, Some(Fault::Close)) {
            let close = HeaderValue::from_static("close");
            parts.headers.insert(CONNECTION, close);
        }
        let body = body::with(body, fault, Arc::clone(&self.open));
        Response::from_parts(parts, body)
    }
}

fn empty() -> UnsyncBoxBody<Bytes, io::Error> {
    let never = |never: Infallible| match never {};
    http_body_util::Empty::new().map_err(never).boxed_unsync()
}

fn refusal(status: u16, after: Option<u32>) -> Answer {
    let reason = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        _ => "InternalError",
    };
    let text = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "reason": reason,
        "message": format!("the proxy says {status}"),
    });
    // As a real server does it: no status, only the header.
    let text = match status {
        429 => "Too many requests, please try again later.\n".to_owned(),
        _ => text.to_string(),
    };
    let never = |never: Infallible| match never {};
    let body = http_body_util::Full::new(Bytes::from(text));
    let mut answer = Response::new(body.map_err(never).boxed_unsync());
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    let headers = answer.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    if let Some(after) = after {
        headers.insert("retry-after", HeaderValue::from(after));
    }
    answer
}
