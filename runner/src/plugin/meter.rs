//! CPU time of a judgement: what it computes counts, what it waits does not.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The budget is used up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OverBudget;

/// Runs `future` until it is done or has used `budget` of CPU time, and drops it then. Adds what it used to
/// `used`.
///
/// What a thread does inside `poll` is the judge's code and the host functions it calls, and no waiting;
/// so a judge that spins on a cheap host call is caught, and one that waits for an hour is not.
///
/// # Errors
/// [`OverBudget`]; at the latest one turn (about 10 ms) after it was used up.
pub(super) async fn metered<F: Future>(
    future: F,
    budget: Duration,
    used: &mut Duration,
) -> Result<F::Output, OverBudget> {
    let mut future = Box::pin(future);
    poll_fn(move |cx| {
        let before = thread_cpu();
        let polled = future.as_mut().poll(cx);
        *used += thread_cpu().saturating_sub(before);
        match polled {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending if *used > budget => Poll::Ready(Err(OverBudget)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_is_free_and_computing_is_not() {
        let waits = tokio::time::sleep(Duration::from_millis(60));
        let mut used = Duration::ZERO;
        assert_eq!(
            metered(waits, Duration::from_millis(20), &mut used).await,
            Ok(())
        );
        let spins = async {
            loop {
                tokio::task::yield_now().await;
            }
        };
        let ended: Result<(), _> = metered(spins, Duration::from_millis(20), &mut used).await;
        assert_eq!(ended, Err(OverBudget));
        assert!(used > Duration::from_millis(20));
    }
}
