//! A kubelet in memory: log files that rotate, followers that see only what a real one would, and faults.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use tokio::sync::watch;

use super::super::api::{LogApi, LogBody, LogError, LogRequest};
use super::super::sink::Sink;
use super::super::{ContainerPhase, Drained, Limits, drain};

/// The first line of a log that says so.
pub(super) const MARKER: &str = "it begins";
/// How often a follower looks for more.
const POLL: Duration = Duration::from_millis(20);

/// What happens to one request.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// None.
    Fine,
    /// It is refused.
    Refuse(LogError),
    /// The body ends after so many bytes, as if it were whole or with an error.
    Cut { after: usize, clean: bool },
    /// The body stands still for ever after so many bytes.
    Stall { after: usize },
}

/// A line as the runtime wrote it: when (nanoseconds) and what, line feed and all.
#[derive(Clone, Debug)]
struct Line {
    at: i64,
    content: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    /// Log files, oldest first; only the last can be opened.
    files: Vec<Vec<Line>>,
    truth: Vec<u8>,
    clock: i64,
    ended: bool,
    gone: bool,
    faults: VecDeque<Fault>,
    requests: Vec<LogRequest>,
    /// What the kubelet appends to a body that ends.
    last_words: Option<&'static str>,
}

/// The kubelet, shared by the one who writes and the one who reads.
#[derive(Clone, Debug)]
pub(super) struct Kubelet {
    state: Arc<Mutex<State>>,
    phase: Arc<watch::Sender<ContainerPhase>>,
}

impl Kubelet {
    pub(super) fn new() -> Self {
        let state = State {
            files: vec![Vec::new()],
            clock: 1_767_225_600_000_000_000,
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            phase: Arc::new(watch::channel(ContainerPhase::Running).0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no reader panics")
    }

    /// One that has printed the marker.
    pub(super) fn marked() -> Self {
        let kubelet = Self::new();
        // Once on each stream.
        kubelet.raw(format!("{MARKER}\n").as_bytes());
        kubelet.raw(format!("{MARKER}\n").as_bytes());
        kubelet
    }

    pub(super) fn fault(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Writes what the sink has to get, `step` nanoseconds after the line before.
    pub(super) fn write_after(&self, step: i64, content: &[u8]) {
        self.lock().clock += step;
        self.raw(content);
        self.lock().truth.extend_from_slice(content);
    }

    pub(super) fn write(&self, content: impl AsRef<[u8]>) {
        self.write_after(1_000_003, content.as_ref());
    }

    pub(super) fn raw(&self, content: &[u8]) {
        let mut state = self.lock();
        let at = state.clock;
        let line = Line {
            at,
            content: content.to_vec(),
        };
        state.files.last_mut().expect("a file").push(line);
    }

    /// Writes lines with these numbers.
    pub(super) fn count(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.write(format!("line {number}\n"));
        }
    }

    pub(super) fn rotate(&self) {
        self.lock().files.push(Vec::new());
    }

    pub(super) fn end(&self) {
        self.end_after(0);
    }

    /// Ends it so many nanoseconds after its last line.
    pub(super) fn end_after(&self, step: i64) {
        let mut state = self.lock();
        state.ended = true;
        let at = Some((state.clock + step) / 1_000_000_000);
        self.phase.send_replace(ContainerPhase::Ended { at });
    }

    pub(super) fn vanish(&self, why: &str) {
        self.lock().gone = true;
        self.phase
            .send_replace(ContainerPhase::Gone(why.to_owned()));
    }

    pub(super) fn says(&self, words: &'static str) {
        self.lock().last_words = Some(words);
    }

    pub(super) fn truth(&self) -> Vec<u8> {
        self.lock().truth.clone()
    }

    pub(super) fn requests(&self) -> Vec<LogRequest> {
        self.lock().requests.clone()
    }

    /// Drains it; `marker`: whether the log begins with [`MARKER`].
    pub(super) async fn drain(&self, marker: bool) -> (Drained, Taken) {
        let mut taken = Taken::default();
        let marker = marker.then(|| MARKER.to_owned());
        let limits = Limits::new(Duration::from_secs(30));
        let drained = drain(self, self.phase.subscribe(), &mut taken, marker, &limits).await;
        (drained, taken)
    }
}

/// A line as the kubelet sends it: the rest of a torn one has no time of its own.
fn sent(line: &Line, torn: bool) -> Vec<u8> {
    if torn {
        return line.content.clone();
    }
    let at = jiff::Timestamp::from_nanosecond(i128::from(line.at)).expect("a time");
    let mut text = format!("{at:.9} ").into_bytes();
    text.extend_from_slice(&line.content);
    text
}

/// A follower or reader of one body.
struct Reader {
    kubelet: Kubelet,
    file: usize,
    line: usize,
    request: LogRequest,
    /// Lines from here on are not for this body.
    until: Option<usize>,
    fault: Fault,
    bytes: usize,
    torn: bool,
    over: bool,
}

impl Reader {
    /// The next chunk, in the way of the kubelet's `ReadLogs`.
    async fn next(&mut self) -> Option<Result<Bytes, String>> {
        if self.over {
            return None;
        }
        loop {
            if let Some(chunk) = self.line() {
                return self.spoil(chunk).await;
            }
            let (newest, ended, gone, words) = {
                let state = self.kubelet.lock();
                (
                    state.files.len() - 1,
                    state.ended,
                    state.gone,
                    state.last_words,
                )
            };
            // At the end of its file it first asks whether the container runs: if not, what a rotation has
            // opened meanwhile is never looked at.
            if !self.request.follow || ended || gone {
                self.over = true;
                return words.map(|words| Ok(Bytes::from_static(words.as_bytes())));
            }
            if newest > self.file {
                (self.file, self.line) = (newest, 0);
            } else {
                tokio::time::sleep(POLL).await;
            }
        }
    }

    fn line(&mut self) -> Option<Vec<u8>> {
        let state = self.kubelet.lock();
        let file = state.files.get(self.file)?;
        loop {
            let line = file.get(self.line)?;
            if self.until.is_some_and(|until| self.line >= until) {
                return None;
            }
            self.line += 1;
            let since = self.request.since.map(|second| second * 1_000_000_000);
            if since.is_none_or(|since| line.at >= since) {
                let torn = std::mem::replace(&mut self.torn, !line.content.ends_with(b"\n"));
                return Some(sent(line, torn));
            }
        }
    }

    async fn spoil(&mut self, mut chunk: Vec<u8>) -> Option<Result<Bytes, String>> {
        let limit = self
            .request
            .limit_bytes
            .and_then(|limit| usize::try_from(limit).ok());
        if let Some(limit) = limit
            && self.bytes + chunk.len() >= limit
        {
            chunk.truncate(limit - self.bytes);
            self.over = true;
        }
        let (after, clean) = match self.fault {
            Fault::Cut { after, clean } => (after, Some(clean)),
            Fault::Stall { after } => (after, None),
            _ => (usize::MAX, None),
        };
        if self.bytes + chunk.len() > after {
            if self.bytes < after {
                chunk.truncate(after - self.bytes);
                self.bytes = after;
                return Some(Ok(chunk.into()));
            }
            return match clean {
                Some(true) => None,
                Some(false) => {
                    self.over = true;
                    Some(Err("connection reset".to_owned()))
                }
                None => std::future::pending().await,
            };
        }
        self.bytes += chunk.len();
        Some(Ok(chunk.into()))
    }
}

#[async_trait]
impl LogApi for Kubelet {
    async fn open(&self, request: LogRequest) -> Result<LogBody, LogError> {
        tokio::time::sleep(Duration::from_millis(3)).await;
        let mut state = self.lock();
        state.requests.push(request);
        let fault = state.faults.pop_front().unwrap_or(Fault::Fine);
        if let Fault::Refuse(error) = fault {
            return Err(error);
        }
        if state.gone {
            return Err(LogError::Gone("404: pods \"p\" not found".to_owned()));
        }
        let file = state.files.len() - 1;
        let len = state.files.last().map_or(0, Vec::len);
        let tail = request.tail.and_then(|tail| usize::try_from(tail).ok());
        let reader = Reader {
            kubelet: self.clone(),
            file,
            line: tail.map_or(0, |tail| len.saturating_sub(tail)),
            until: (!request.follow).then_some(len),
            request,
            fault,
            bytes: 0,
            torn: false,
            over: false,
        };
        drop(state);
        let chunks = stream::unfold(reader, async |mut reader| {
            let chunk = reader.next().await?;
            Some((chunk, reader))
        });
        Ok(Box::pin(chunks))
    }
}

/// What a sink was given.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    pub(super) gaps: Vec<(usize, String)>,
    pub(super) reconnects: u32,
}

impl Sink for Taken {
    fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn gap(&mut self, _: Option<u64>, reason: String) {
        self.gaps.push((self.bytes.len(), reason));
    }

    fn reconnected(&mut self) {
        self.reconnects += 1;
    }
}
