//! Runs attempts as processes of this machine.
//!
//! Each attempt is driven by one blocking thread: straight-line code around one `poll(2)` over both
//! output pipes, the program's pidfd and a wake-up for cancelling. See `attempt` for the life it leads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::{AttemptContext, Cancel, Executor};
use crate::model::{Completeness, EndState, Termination};
use crate::os::Waker;
use crate::plan::Suite;

mod attempt;
mod explain;
mod group;
mod pipes;
mod start;

use start::Job;

/// Runs attempts as processes of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalExecutor;

#[async_trait]
impl Executor for LocalExecutor {
    async fn execute(&self, suite: &Suite, cx: AttemptContext) -> Termination {
        let job = Job::new(suite, &cx.run, cx.attempt);
        let waker = match make_waker().await {
            Ok(waker) => Arc::new(waker),
            Err(error) => {
                let reason = explain::no_resources(&error);
                cx.output.finish(Completeness::Unavailable, reason.clone());
                let transient = true;
                return Termination::new(EndState::StartFailed { reason, transient });
            }
        };
        let wish = Wish {
            waker: Arc::clone(&waker),
            cancel: cx.cancel.clone(),
            abandoned: Arc::default(),
        };
        let mut bond = Bond {
            wish: Some(wish.clone()),
        };
        let (output, phase) = (cx.output, cx.phase);
        let mut driver =
            tokio::task::spawn_blocking(move || attempt::run(&job, output, wish, &phase));
        let mut cancel = cx.cancel;
        let mut listening = true;
        let termination = loop {
            tokio::select! {
                biased;
                done = &mut driver => break done,
                changed = cancel.changed(), if listening => {
                    listening = changed.is_ok();
                    if listening {
                        waker.wake();
                    }
                }
            }
        };
        bond.wish = None;
        termination.unwrap_or_else(|error| {
            let reason =
                format!("the thread that drove it ended early ({error}); please report this");
            Termination::new(EndState::Lost { reason })
        })
    }
}

/// Descriptors may be short for a moment when many suites start at once.
async fn make_waker() -> std::io::Result<Waker> {
    let mut pause = start::FIRST_PAUSE;
    for _ in 1..start::TRIES {
        if let Ok(waker) = Waker::new() {
            return Ok(waker);
        }
        tokio::time::sleep(pause).await;
        pause *= start::PAUSE_FACTOR;
    }
    Waker::new()
}

/// What the outside wishes, as the driving thread sees it.
#[derive(Clone, Debug)]
struct Wish {
    waker: Arc<Waker>,
    cancel: watch::Receiver<Cancel>,
    /// Nobody waits for the answer any more.
    abandoned: Arc<AtomicBool>,
}

impl Wish {
    /// How strongly the attempt is to be cancelled by now.
    fn now(&self) -> Cancel {
        if self.abandoned.load(Ordering::Acquire) {
            return Cancel::Kill("the run was abandoned".to_owned());
        }
        self.cancel.borrow().clone()
    }

    /// Sleeps, at most until cancelled.
    fn sleep(&self, time: Duration) {
        crate::os::wait_readable([Some(self.waker.fd())], Some(time));
    }
}

/// Kills the attempt when the future that waits for it is dropped.
struct Bond {
    wish: Option<Wish>,
}

impl Drop for Bond {
    fn drop(&mut self) {
        if let Some(wish) = &self.wish {
            wish.abandoned.store(true, Ordering::Release);
            wish.waker.wake();
        }
    }
}
