//! What the end of a run says about earlier ones.

use super::{Baselines, Change, PastRun, PastSuite, changes, usual_ms};
use crate::model::{RunSummary, SuiteStatus};

/// The earlier runs of a pipeline, as far as the recap needs them.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Oldest first.
    pub runs: Vec<PastRun>,
    /// The branch of the run that is compared with them.
    pub branch: Option<String>,
}

impl Past {
    /// So many earlier runs are looked at.
    pub const RUNS: usize = 10;

    /// What changed in a run.
    pub fn changes(&self, summary: &RunSummary) -> Vec<Change> {
        let baselines = Baselines {
            runs: &self.runs,
            branch: self.branch.as_deref(),
        };
        let now: Vec<PastSuite> = summary.suites.iter().map(PastSuite::of).collect();
        changes(&baselines, &now)
    }

    /// How long a suite usually takes, in milliseconds; none where it did not pass often enough to tell.
    pub fn usual_ms(&self, suite: &str) -> Option<u64> {
        usual_ms(&self.runs, suite)
    }

    /// How long a suite usually takes, where it took another time now: half as long again or more, or half as
    /// long or less, and a second at least. In milliseconds.
    pub fn unusual(&self, suite: &str, duration_ms: u64) -> Option<u64> {
        let usual = self.usual_ms(suite)?;
        let longer = duration_ms >= usual.saturating_add(usual / 2);
        let shorter = duration_ms <= usual / 2;
        (duration_ms.abs_diff(usual) >= 1000 && (longer || shorter)).then_some(usual)
    }

    /// In how many of how many earlier runs a suite was flaky.
    pub fn flaky(&self, suite: &str) -> (usize, usize) {
        let decided = self.runs.iter().filter_map(|run| run.suite(suite));
        let decided = decided.filter(|suite| suite.is_decided());
        decided.fold((0, 0), |(flaky, all), suite| {
            (
                flaky + usize::from(suite.status == SuiteStatus::Flaky),
                all + 1,
            )
        })
    }
}
