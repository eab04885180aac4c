//! Follows a log while its container runs. The end of a body concludes nothing.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::watch;
use tokio::time::Instant;

use super::api::{LogApi, LogBody, LogError, LogRequest};
use super::body::Body;
use super::record::Lines;
use super::sink::Sink;
use super::track::{Track, gap};
use super::{ContainerPhase, Limits};

const PAUSE_LEAST: Duration = Duration::from_millis(400);
const PAUSE_MOST: Duration = Duration::from_secs(10);

/// How the follower was left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// When the end of the container was seen.
    pub(super) ended: Instant,
    /// Whether it was left for lack of time, with more to come.
    pub(super) behind: bool,
    /// How its last body ended.
    pub(super) eof: Eof,
    /// When the container ended by the node's clock, in seconds since the epoch.
    pub(super) finished: Option<i64>,
}

impl Left {
    /// Whether it read its file to the end, whatever was opened meanwhile: a follower asks whether the container runs
    /// when it is there, and looks no further where not. Its last line may be half of one, which a rotation tears.
    pub(super) fn read_its_file(&self) -> bool {
        self.eof == Eof::AfterTheEnd && !self.behind
    }
}

/// How a follower's body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Eof {
    /// Not cleanly, or there was none.
    No,
    /// Cleanly, and the container's end was not known yet.
    Early,
    /// Cleanly, after the container's end.
    AfterTheEnd,
}

/// Reads until the container has ended and the follower is silent, closed or out of time.
pub(super) async fn follow(
    api: &dyn LogApi,
    phase: &mut watch::Receiver<ContainerPhase>,
    sink: &mut dyn Sink,
    log: &mut Track,
    limits: &Limits,
) -> Left {
    let mut pause = PAUSE_LEAST;
    let mut whole = false;
    let mut opened = false;
    let mut eof = Eof::No;
    while !phase.borrow_and_update().is_over() {
        let since = log.last.filter(|_| !whole).map(|(second, _)| second - 1);
        let opening = api.open(LogRequest {
            follow: true,
            since,
            ..LogRequest::default()
        });
        let answer = tokio::select! {
            answer = opening => answer,
            () = over(phase) => break,
        };
        let mut wait = pause;
        match answer {
            Ok(body) => {
                if opened {
                    sink.reconnected();
                }
                opened = true;
                let before = log.count;
                let (retry_whole, left) =
                    read(body, since.is_none(), phase, sink, log, limits).await;
                match left {
                    Ok(left) => return left,
                    Err(running) => eof = running,
                }
                if log.count > before {
                    pause = PAUSE_LEAST;
                    wait = pause;
                }
                whole = retry_whole;
                if whole {
                    continue;
                }
            }
            Err(LogError::NotStarted) => wait = PAUSE_LEAST,
            Err(LogError::Transient(_, Some(after))) => wait = after,
            Err(LogError::Transient(..) | LogError::Gone(_) | LogError::Forbidden(_)) => {}
        }
        tokio::select! {
            () = over(phase) => break,
            () = tokio::time::sleep(wait.mul_f64(jitter())) => {}
        }
        pause = (pause * 2).min(PAUSE_MOST);
    }
    Left {
        ended: Instant::now(),
        behind: false,
        eof,
        finished: None,
    }
}

/// Between 0.75 and 1.25, so that a hundred followers do not come back at once.
fn jitter() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    let byte = RandomState::new().hash_one(0_u8).to_le_bytes()[0];
    0.75 + f64::from(byte) / 510.0
}

async fn over(phase: &mut watch::Receiver<ContainerPhase>) {
    if phase.wait_for(ContainerPhase::is_over).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Reads one body; `true`: it could not be joined, and the whole file is to be asked for. And how it
/// was left: for good, where the container's end was seen meanwhile.
async fn read(
    mut stream: LogBody,
    whole: bool,
    phase: &mut watch::Receiver<ContainerPhase>,
    sink: &mut dyn Sink,
    log: &mut Track,
    limits: &Limits,
) -> (bool, Result<Left, Eof>) {
    let (mut lines, mut out) = (Lines::default(), Vec::new());
    let mut body = Body::new(log, whole);
    let mut ended: Option<Instant> = None;
    let mut behind = false;
    let mut clean = false;
    let mut heard = Instant::now();
    loop {
        // The last sixth of the time belongs to the readings after this one.
        let (idle, last) = match ended {
            Some(ended) => {
                let last = ended + limits.drain_timeout.mul_f64(5.0 / 6.0);
                (heard + limits.idle_ended, Some(last))
            }
            None => (heard + limits.idle_running, None),
        };
        let until = last.map_or(idle, |last| idle.min(last));
        let chunk = tokio::select! {
            // First of all, so that a stream that never pauses cannot outrun its time.
            biased;
            () = tokio::time::sleep_until(until) => {
                behind = until < idle;
                break;
            }
            () = over(phase), if ended.is_none() => {
                ended = Some(Instant::now());
                heard = Instant::now();
                continue;
            }
            chunk = stream.next() => chunk,
        };
        let Some(Ok(chunk)) = chunk else {
            clean = chunk.is_none();
            break;
        };
        heard = Instant::now();
        lines.push(&chunk, |line| body.line(log, line, &mut out));
        log.check_beginning(sink);
        if !out.is_empty() {
            sink.bytes(&out);
            out.clear();
        }
        if body.is_failed() {
            if !whole {
                return (true, left(ended, false, false));
            }
            // The whole file does not have what was read before: it was rotated away.
            let reason = if body.differs() {
                "the log file's content has changed since it was read"
            } else {
                "the log file was rotated while no stream was open; lines before this one are missing"
            };
            gap(log, sink, reason.to_owned());
            body.accept();
            // This chunk's records were dropped while searching: read the file once more, as new.
            log.forget();
            return (true, left(ended, false, false));
        }
    }
    let body = body.end(log, lines.rest(), false, &mut out);
    log.check_beginning(sink);
    if !out.is_empty() {
        sink.bytes(&out);
    }
    if body.goes_on() {
        log.tear(lines.rest());
    }
    let clean = clean && body.is_joined();
    (false, left(ended, behind, clean))
}

fn left(ended: Option<Instant>, behind: bool, clean: bool) -> Result<Left, Eof> {
    match ended {
        Some(ended) => Ok(Left {
            ended,
            behind,
            eof: if clean { Eof::AfterTheEnd } else { Eof::No },
            finished: None,
        }),
        None if clean => Err(Eof::Early),
        None => Err(Eof::No),
    }
}
