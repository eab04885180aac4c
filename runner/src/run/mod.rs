//! Running a plan: one dispatcher, one task a suite, one journal.
//!
//! The [`dispatcher`](Dispatcher) is the only one who knows the whole run: it starts suites when a slot is
//! free and what they need has passed, numbers every event with the running totals, hears signals and
//! decides about cancelling. Suites only know themselves and tell it by messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::event::{Event, EventKind, JudgeIntro, SuiteIndex};
use crate::executor::{Cancel, Executor};
use crate::judge::Judge;
use crate::model::{RunSummary, SuiteSummary};
use crate::plan::Plan;

mod attempt;
pub(crate) mod cases;
pub mod dir;
mod dispatcher;
pub mod heartbeat;
pub mod journal;
pub mod prune;
pub mod rejudge;
pub mod signal;
pub mod source;
mod suite;
mod tally;

#[cfg(test)]
mod tests;

pub use dispatcher::Dispatcher;

/// What a run needs besides its plan.
pub struct Means {
    /// The run's directory.
    pub dir: dir::RunDir,
    /// The directory as people are shown it.
    pub shown_dir: String,
    /// The run's id.
    pub id: String,
    /// The judges of the plan, by name.
    pub judges: BTreeMap<String, Arc<dyn Judge>>,
    /// Where suites run that name no other place.
    pub local: Arc<dyn Executor>,
    /// Where suites run that name a cluster; `None` where no suite does.
    pub kubernetes: Option<Arc<dyn Executor>>,
    /// Takes every event, in order; must not block.
    pub events: Box<dyn FnMut(Event) + Send>,
    /// What happens outside of the run and belongs to it: judges that were reloaded. `None`: nothing does.
    pub news: Option<mpsc::UnboundedReceiver<EventKind>>,
    /// Signals to tribunal; `None` where nobody sends any.
    pub signals: Option<signal::Signals>,
}

/// How a run came back.
#[derive(Debug)]
pub enum RunEnd {
    /// Everything was run, or cancelled, to its end.
    Finished(Box<RunSummary>),
    /// Left at once by a third signal; suites may still be running.
    Abandoned {
        /// The signal's number.
        signal: i32,
    },
}

/// What a suite tells the dispatcher.
enum Message {
    /// Something happened that everybody may know.
    Event(EventKind),
    /// A case failed that no further attempt can mend.
    SawFailure(SuiteIndex),
    /// The suite has come to its end.
    Done(SuiteIndex, Box<SuiteSummary>),
}

/// The judges as the journal's first event names them.
fn introduced(judges: &BTreeMap<String, Arc<dyn Judge>>) -> Vec<JudgeIntro> {
    let one = |(name, judge): (&String, &Arc<dyn Judge>)| JudgeIntro {
        name: name.clone(),
        version: judge.version(),
        digest: judge.identity().digest,
    };
    judges.iter().map(one).collect()
}

/// Runs a plan to its end.
pub async fn run(plan: Arc<Plan>, means: Means) -> RunEnd {
    let (cancel, _) = watch::channel(Cancel::None);
    Dispatcher::new(plan, means, cancel).run().await
}

/// What comes next from outside; never, where nobody sends anything.
async fn next_of(news: &mut Option<mpsc::UnboundedReceiver<EventKind>>) -> Option<EventKind> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}

/// How long an executor may take to tidy up at the end of a run.
const CLOSING: std::time::Duration = std::time::Duration::from_secs(30);

/// Lets the executors remove what no attempt needs any more; what takes too long has a time to live.
async fn close(local: Arc<dyn Executor>, kubernetes: Option<Arc<dyn Executor>>) {
    for executor in [Some(local), kubernetes].into_iter().flatten() {
        tokio::time::timeout(CLOSING, executor.close()).await.ok();
    }
}
