//! The readings after the end: what the log really holds.

use futures::StreamExt as _;
use tokio::time::Instant;

use super::api::{LogApi, LogError, LogRequest};
use super::record::Lines;
use super::sink::Sink;
use super::track::{Body, Track, gap};
use super::{Drained, Limits};
use crate::model::Completeness;

/// Readings of an unsettled log; more only while it grows.
const READINGS: u32 = 20;

/// Reads the log as it is now, without following, until two readings agree.
pub(super) async fn reconcile(
    api: &dyn LogApi,
    gone: Option<String>,
    sink: &mut dyn Sink,
    log: &mut Track,
    limits: &Limits,
    deadline: Instant,
) -> Drained {
    let mut pause = limits.settle;
    let mut trouble = String::new();
    let mut rotated = false;
    let mut short = false;
    let mut doubt = false;
    let mut confirmed_from: Option<u64> = None;
    let mut readings = 0;
    loop {
        // The second reading is cheap where nothing but the tail can be new.
        let since = match (confirmed_from, log.last, short || doubt) {
            (Some(_), Some((second, _)), false) => Some(second - 1),
            _ => None,
        };
        let before = log.count;
        let reading = read(api, since, confirmed_from.is_some(), sink, log);
        match tokio::time::timeout_at(deadline, reading).await {
            Err(_) => return cut(sink, log, "the log was still being read"),
            Ok(Ok((body, grew))) => {
                readings += 1;
                // A reading from the last second on that does not show what is known proves nothing.
                doubt = since.is_some() && !body.is_joined();
                rotated |= body.rotated;
                short = body.is_short();
                if body.differs {
                    let reason = "what was streamed differs from the log file: lines are missing or out of order above";
                    gap(log, sink, reason.to_owned());
                    return drained(log, Completeness::Gap, "");
                }
                if (confirmed_from == Some(before) && !grew && !doubt) || readings > READINGS {
                    break;
                }
                confirmed_from = Some(log.count);
                pause = limits.settle;
            }
            Ok(Err(LogError::Gone(why))) => {
                let why = gone
                    .as_ref()
                    .map_or_else(|| why.clone(), |gone| format!("{gone} ({why})"));
                return vanished(sink, log, &why);
            }
            Ok(Err(LogError::Forbidden(why))) => return vanished(sink, log, &why),
            Ok(Err(LogError::NotStarted)) => {
                "the log API says that it has not started".clone_into(&mut trouble)
            }
            Ok(Err(LogError::Transient(why, after))) => {
                trouble = why;
                pause = after.unwrap_or((pause * 2).min(std::time::Duration::from_secs(5)));
            }
        }
        if Instant::now() + pause >= deadline {
            return cut(sink, log, &trouble);
        }
        tokio::time::sleep(pause).await;
    }
    let completeness = match (log.gap, rotated, short) {
        (true, _, _) => Completeness::Gap,
        (_, true, _) | (_, _, true) => Completeness::Unverified,
        _ => Completeness::Complete,
    };
    let note = match (rotated, short) {
        (true, _) => "the log file was rotated: its end is there, its middle cannot be vouched for",
        (_, true) => "the log file is shorter now than what was streamed from it",
        _ => "",
    };
    drained(log, completeness, note)
}

fn drained(log: &Track, completeness: Completeness, note: &str) -> Drained {
    let note = match (&log.said, note.is_empty()) {
        (Some(said), true) => format!("the kubelet said: {said}"),
        (Some(said), false) => format!("{note}; the kubelet said: {said}"),
        (None, _) => note.to_owned(),
    };
    // Words of the kubelet that stand in a log which is whole need no note.
    let note = if completeness == Completeness::Complete {
        String::new()
    } else {
        note
    };
    Drained { completeness, note }
}

fn cut(sink: &mut dyn Sink, log: &Track, why: &str) -> Drained {
    if log.count == 0 {
        return drained(log, Completeness::Unavailable, why);
    }
    let why = format!("the drain deadline passed before the end of the log was seen: {why}");
    let (_, drained) = (sink, drained(log, Completeness::Cut, &why));
    drained
}

fn vanished(sink: &mut dyn Sink, log: &mut Track, why: &str) -> Drained {
    if log.count == 0 {
        return drained(
            log,
            Completeness::Unavailable,
            &format!("no log could be read: {why}"),
        );
    }
    gap(
        log,
        sink,
        format!("the log could not be read to its end: {why}"),
    );
    drained(log, Completeness::Gap, "")
}

/// One reading without following; takes what is new.
async fn read(
    api: &dyn LogApi,
    since: Option<i64>,
    confirming: bool,
    sink: &mut dyn Sink,
    log: &mut Track,
) -> Result<(Body, bool), LogError> {
    let before = log.count;
    let mut stream = api
        .open(LogRequest {
            follow: false,
            since,
        })
        .await?;
    let (mut lines, mut out) = (Lines::default(), Vec::new());
    let mut body = Body::new(log, since.is_none());
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|why| LogError::Transient(why, None))?;
        lines.push(&chunk, |line| body.line(log, line, &mut out));
        if !out.is_empty() {
            sink.bytes(&out);
            out.clear();
        }
        if body.is_failed() && !body.differs && since.is_none() {
            let reason = "the log file was rotated and no longer has what was streamed last; lines before this one are missing";
            gap(log, sink, reason.to_owned());
            log.forget();
            return Err(LogError::Transient(
                "rotated".to_owned(),
                Some(std::time::Duration::ZERO),
            ));
        }
    }
    // An unterminated line is the last one only when a second reading shows no more.
    let grew = log.count > before;
    let body = body.end(log, lines.rest(), confirming && !grew, &mut out);
    if !out.is_empty() {
        sink.bytes(&out);
    }
    Ok((body, grew))
}
