//! What passes and fails without a change of the source.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{PastCase, PastRun, PastSuite};

/// Fewer runs allow no statement.
pub const FEWEST: usize = 5;
/// What failed so many times in a row at the end is broken, not flaky.
const BROKEN: usize = 3;

/// A suite or a case that is flaky.
#[derive(Clone, Debug, Serialize)]
pub struct FlakyRow {
    /// The suite's name.
    pub suite: String,
    /// The case; none when only the suite is known.
    pub case: Option<PastCase>,
    /// Runs in which it was.
    pub flaky: usize,
    /// Runs in which the suite came to a verdict.
    pub runs: usize,
    /// The first of those runs, and its commit where that is known.
    pub first: String,
    /// The commit of the first.
    pub first_commit: Option<String>,
    /// The last of those runs.
    pub last: String,
    /// How it shows.
    pub signs: Vec<&'static str>,
}

/// What is flaky, and what cannot be called so.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Flaky {
    /// The most often flaky first.
    pub rows: Vec<FlakyRow>,
    /// Suites that showed a sign in fewer than [`FEWEST`] runs, with the number of those runs.
    pub too_few: Vec<(String, usize)>,
    /// Suites that showed a sign, but failed in each of the last three runs.
    pub broken: Vec<String>,
}

const RETRIED: &str = "passed after a failure in one run";
const BOTH: &str = "both results on one commit";

/// Looks for suites and cases that passed after a failure in one run, or that passed and failed on one and
/// the same commit without changed files. `runs` are oldest first.
pub fn flaky(runs: &[PastRun]) -> Flaky {
    let mut suites: BTreeMap<&str, Vec<(&PastRun, &PastSuite)>> = BTreeMap::new();
    for run in runs {
        for suite in run.suites.iter().filter(|suite| suite.is_decided()) {
            suites.entry(&suite.name).or_default().push((run, suite));
        }
    }
    let mut found = Flaky::default();
    for (name, runs) in suites {
        let rows = rows(name, &runs);
        if rows.is_empty() {
            continue;
        }
        let last_failed = runs.iter().rev().take(BROKEN);
        if runs.len() < FEWEST {
            found.too_few.push((name.to_owned(), runs.len()));
        } else if last_failed.filter(|(_, s)| s.status.is_failure()).count() == BROKEN {
            found.broken.push(name.to_owned());
        } else {
            found.rows.extend(rows);
        }
    }
    found
        .rows
        .sort_by(|a, b| (b.flaky * a.runs).cmp(&(a.flaky * b.runs)));
    found
}

/// The flaky cases of one suite, or the suite itself where no case is known.
fn rows(name: &str, runs: &[(&PastRun, &PastSuite)]) -> Vec<FlakyRow> {
    // By case: in which run, in the order of the runs, and by which sign.
    let mut signs: BTreeMap<Option<String>, Vec<(&PastRun, &'static str)>> = BTreeMap::new();
    let mut cases: BTreeMap<String, PastCase> = BTreeMap::new();
    for (run, suite) in runs {
        let mut seen = Vec::new();
        if suite.status == crate::model::SuiteStatus::Flaky {
            seen.extend(keys(&suite.flaky, &mut cases).map(|key| (key, RETRIED)));
        } else if suite.status.is_failure() {
            let failed = keys(&suite.failing, &mut cases);
            let both = failed.filter(|key| passed_elsewhere(run, key.as_deref(), runs));
            seen.extend(both.map(|key| (key, BOTH)));
        }
        for (key, sign) in seen {
            signs.entry(key).or_default().push((run, sign));
        }
    }
    let row = |(key, found): (Option<String>, Vec<(&PastRun, &'static str)>)| {
        let (first, last) = (found.first()?.0, found.last()?.0);
        let mut signs: Vec<&'static str> = found.iter().map(|(_, sign)| *sign).collect();
        signs.sort_unstable();
        signs.dedup();
        Some(FlakyRow {
            suite: name.to_owned(),
            case: key.and_then(|id| cases.get(&id).cloned()),
            flaky: found.len(),
            runs: runs.len(),
            first: first.id.clone(),
            first_commit: first.source.as_ref().and_then(|s| s.commit.clone()),
            last: last.id.clone(),
            signs,
        })
    };
    signs.into_iter().filter_map(row).collect()
}

/// The ids of cases, or none for the suite as a whole where there are no cases.
fn keys<'a>(
    found: &'a [PastCase],
    cases: &mut BTreeMap<String, PastCase>,
) -> impl Iterator<Item = Option<String>> + use<'a> {
    for case in found {
        cases.insert(case.id.clone(), case.clone());
    }
    let whole = found.is_empty().then_some(None);
    let each = found.iter().map(|case| Some(case.id.clone()));
    whole.into_iter().chain(each)
}

/// Whether what failed in `run` did not fail in another run of the same commit.
fn passed_elsewhere(run: &PastRun, case: Option<&str>, runs: &[(&PastRun, &PastSuite)]) -> bool {
    let Some(commit) = run.clean_commit() else {
        return false;
    };
    runs.iter().any(|(other, suite)| {
        other.clean_commit() == Some(commit)
            && match case {
                _ if suite.status.is_pass() => true,
                None => false,
                Some(id) => {
                    suite.status == crate::model::SuiteStatus::Failed
                        && !suite.failing.is_empty()
                        && suite.failing_omitted == 0
                        && !suite.failing.iter().any(|case| case.id == id)
                }
            }
    })
}
