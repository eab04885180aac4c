//! The end of a run: executors remove what no attempt needs any more.

use std::sync::Arc;
use std::time::Duration;

use crate::executor::Executor;

/// How long executors may take to tidy up.
const CLOSING: Duration = Duration::from_secs(30);

/// Lets them tidy up; what takes too long has a time to live.
pub(super) async fn close(executors: [Option<Arc<dyn Executor>>; 2]) {
    for executor in executors.into_iter().flatten() {
        tokio::time::timeout(CLOSING, executor.close()).await.ok();
    }
}
