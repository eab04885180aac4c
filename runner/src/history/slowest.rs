//! How long suites usually take, and whether that changes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::PastRun;

/// Fewer durations tell nothing that is usual.
const FEWEST: usize = 3;
/// A trend needs as many in each half.
const HALF: usize = 3;

/// How long a suite takes. Runs in which it did not pass say nothing about that.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slow {
    /// The suite's name.
    pub suite: String,
    /// In how many runs it passed.
    pub runs: usize,
    /// The middle duration of those, in milliseconds.
    pub median_ms: u64,
    /// The longest.
    pub longest_ms: u64,
    /// The last.
    pub last_ms: u64,
    /// By how many percent the newer half takes longer than the older; none with too few runs.
    pub trend_percent: Option<i64>,
}

/// Suites by their usual duration, the slowest first. `runs` are oldest first.
pub fn slowest(runs: &[PastRun]) -> Vec<Slow> {
    let mut suites: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for suite in runs.iter().flat_map(|run| &run.suites) {
        if suite.status.is_pass() {
            let durations = suites.entry(&suite.name).or_default();
            durations.push(suite.duration_ms);
        }
    }
    let mut rows: Vec<Slow> = suites
        .into_iter()
        .filter_map(|(name, durations)| {
            Some(Slow {
                suite: name.to_owned(),
                runs: durations.len(),
                median_ms: median(&durations)?,
                longest_ms: *durations.iter().max()?,
                last_ms: *durations.last()?,
                trend_percent: trend(&durations),
            })
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.median_ms));
    rows
}

/// How long a suite usually takes, in milliseconds; none where it did not pass often enough to tell.
pub fn usual_ms(runs: &[PastRun], suite: &str) -> Option<u64> {
    let durations: Vec<u64> = runs
        .iter()
        .filter_map(|run| run.suite(suite))
        .filter(|suite| suite.status.is_pass())
        .map(|suite| suite.duration_ms)
        .collect();
    median(&durations).filter(|_| durations.len() >= FEWEST)
}

fn median(durations: &[u64]) -> Option<u64> {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get((sorted.len() / 2).checked_sub(1)?)?;
    Some(lower.midpoint(upper))
}

fn trend(durations: &[u64]) -> Option<i64> {
    let (older, newer) = durations.split_at(durations.len() / 2);
    if older.len() < HALF {
        return None;
    }
    let (older, newer) = (median(older)?.max(1), median(newer)?);
    let percent = (i128::from(newer) - i128::from(older)) * 100 / i128::from(older);
    i64::try_from(percent).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_trend() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3]), Some(3));
        assert_eq!(median(&[1, 100, 3]), Some(3));
        assert_eq!(median(&[1, 3]), Some(2));
        assert_eq!(trend(&[1, 1, 1, 2, 2]), None);
        assert_eq!(trend(&[10, 10, 10, 15, 15, 15]), Some(50));
        assert_eq!(trend(&[10, 10, 10, 5, 5, 5]), Some(-50));
    }
}
