//! What earlier runs let expect of this one: which suites are slow, and how long it still takes.

use std::collections::BTreeSet;

use crate::event::SuiteIndex;
use crate::history::Past;

/// A suite is slow when it takes so many times as long as usual, and no sooner than this.
const TIMES: u64 = 2;
const LEAST_MS: u64 = 10_000;
/// From here on a suite is slow of which nobody knows what is usual.
const UNKNOWN_MS: u64 = 60_000;

/// What is expected of the suites of a run.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// How long each suite usually takes, in milliseconds; empty when there are no earlier runs.
    usual: Vec<Option<u64>>,
    /// What is taken for those nobody knows: the middle of the others.
    middle_ms: u64,
    /// Suites that have not started, by what they are expected to take, and all of that together.
    waiting: BTreeSet<(u64, SuiteIndex)>,
    waiting_ms: u64,
    /// Suites at once.
    jobs: u64,
}

impl Expected {
    /// Asks earlier runs. With fewer than half of the suites known there, nothing is said about the end.
    pub(super) fn new<'a>(past: &Past, names: impl Iterator<Item = &'a str>, jobs: u32) -> Self {
        let usual: Vec<Option<u64>> = names.map(|name| past.usual_ms(name)).collect();
        let mut known: Vec<u64> = usual.iter().copied().flatten().collect();
        known.sort_unstable();
        let mut expected = Self {
            middle_ms: known.get(known.len() / 2).copied().unwrap_or(0),
            jobs: u64::from(jobs).max(1),
            usual,
            ..Self::default()
        };
        if 2 * known.len() >= expected.usual.len() {
            expected.waiting = (0..expected.usual.len())
                .map(|suite| (expected.takes(suite), suite))
                .collect();
            expected.waiting_ms = expected.waiting.iter().map(|(ms, _)| ms).sum();
        } else {
            expected.middle_ms = 0;
        }
        expected
    }

    fn takes(&self, suite: SuiteIndex) -> u64 {
        self.usual(suite).unwrap_or(self.middle_ms)
    }

    /// How long a suite usually takes, in milliseconds, where that is known.
    pub(super) fn usual(&self, suite: SuiteIndex) -> Option<u64> {
        self.usual.get(suite).copied().flatten()
    }

    /// A suite has left the queue, or come to its end without that.
    pub(super) fn begun(&mut self, suite: SuiteIndex) {
        let takes = self.takes(suite);
        if self.waiting.remove(&(takes, suite)) {
            self.waiting_ms -= takes;
        }
    }

    /// After how many milliseconds a suite is slow.
    pub(super) fn slow_from(&self, suite: SuiteIndex) -> u64 {
        let usual = self.usual(suite);
        usual.map_or(UNKNOWN_MS, |usual| {
            usual.saturating_mul(TIMES).max(LEAST_MS)
        })
    }

    /// How long the run still takes, in milliseconds, given how long each running suite has taken. None where
    /// nobody knows: too few suites were seen before, or all that run have taken longer than they do.
    pub(super) fn left(&self, running: impl Iterator<Item = (SuiteIndex, u64)>) -> Option<u64> {
        if self.middle_ms == 0 {
            return None;
        }
        let (mut count, mut sum, mut longest) = (0, self.waiting_ms, 0);
        for (suite, took) in running {
            let left = self.takes(suite).saturating_sub(took);
            (count, sum, longest) = (count + 1, sum + left, left.max(longest));
        }
        let waits = self.waiting.last().map_or(0, |(ms, _)| *ms);
        // Suites of a cluster are not among the jobs of this machine.
        let shared = sum / self.jobs.max(count);
        Some(shared.max(longest).max(waits)).filter(|left| *left > 0)
    }
}

/// A time that nobody knows exactly: `10s`, `3m`, `1h05m`.
pub(super) fn about(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    match seconds {
        0..=50 => format!("{}s", seconds.div_ceil(10) * 10),
        51..3600 => format!("{}m", ((seconds + 30) / 60).max(1)),
        _ => {
            let minutes = (seconds + 150) / 300 * 5;
            format!("{}h{:02}m", minutes / 60, minutes % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(usual: &[Option<u64>], jobs: u64) -> Expected {
        let mut expected = Expected {
            usual: usual.to_vec(),
            middle_ms: 20_000,
            jobs,
            ..Expected::default()
        };
        expected.waiting = (0..usual.len())
            .map(|suite| (expected.takes(suite), suite))
            .collect();
        expected.waiting_ms = expected.waiting.iter().map(|(ms, _)| ms).sum();
        expected
    }

    #[test]
    fn what_is_left_is_shared_out_and_never_less_than_the_longest() {
        let mut all = expected(&[Some(60_000), Some(20_000), None, Some(20_000)], 2);
        let left =
            |all: &Expected, running: &[(SuiteIndex, u64)]| all.left(running.iter().copied());
        // Two at once, 120 s together.
        assert_eq!(left(&all, &[]), Some(60_000));
        all.begun(0);
        all.begun(1);
        all.begun(1);
        assert_eq!(left(&all, &[(0, 10_000), (1, 10_000)]), Some(50_000));
        all.begun(2);
        all.begun(3);
        assert_eq!(left(&all, &[(2, 0), (3, 5_000)]), Some(20_000));
        // Longer than usual: nobody knows.
        assert_eq!(left(&all, &[(2, 90_000)]), None);
        assert_eq!(left(&Expected::default(), &[(0, 1)]), None);
    }

    #[test]
    fn slow_is_twice_the_usual_and_worth_a_word() {
        let all = expected(&[Some(60_000), Some(300), None], 2);
        let from = [0, 1, 2, 9].map(|suite| all.slow_from(suite));
        assert_eq!(from, [120_000, 10_000, 60_000, 60_000]);
    }

    #[test]
    fn times_are_rounded_as_people_do() {
        let times = [1, 10_000, 10_001, 50_000, 51_000, 89_000, 91_000, 3_900_000];
        assert_eq!(
            times.map(about),
            ["10s", "10s", "20s", "50s", "1m", "1m", "2m", "1h05m"]
        );
    }
}
