//! What changed between two runs: new failures, fixed ones, those that stay.

use serde::Serialize;

use super::{PastCase, PastRun, PastSuite};
use crate::model::SuiteStatus;

/// What became of a suite or a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It does not pass now, and did before.
    New,
    /// It does not pass now, and did not before.
    Still,
    /// It passes now, and did not before.
    Fixed,
}

/// One difference, or one failure that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What became of it.
    pub kind: Kind,
    /// The suite's name.
    pub suite: String,
    /// The case; none when the suite as a whole is meant.
    pub case: Option<PastCase>,
    /// What the suite came to then.
    pub before: SuiteStatus,
    /// What it came to now.
    pub after: SuiteStatus,
    /// The suite's line of the run in which it does not pass.
    pub summary: String,
    /// The id of the run it is compared with.
    pub since: String,
}

/// Where to look for what a suite came to before.
#[derive(Clone, Debug)]
pub struct Baselines<'a> {
    /// Earlier runs, oldest first.
    pub runs: &'a [PastRun],
    /// Runs of this branch are preferred; others are taken only where it has none.
    pub branch: Option<&'a str>,
}

impl<'a> Baselines<'a> {
    /// The newest of them in which the suite came to a verdict.
    pub fn of(&self, suite: &str) -> Option<(&'a PastRun, &'a PastSuite)> {
        let newest = |any: bool| {
            self.runs.iter().rev().find_map(|run| {
                let same = any || (self.branch.is_some() && run.branch() == self.branch);
                let suite = run
                    .suite(suite)
                    .filter(|suite| same && suite.is_decided())?;
                Some((run, suite))
            })
        };
        newest(false).or_else(|| newest(true))
    }
}

/// What changed in `now`, each suite against the newest run in which it came to a verdict.
pub fn changes(baselines: &Baselines<'_>, now: &[PastSuite]) -> Vec<Change> {
    let mut found = Vec::new();
    for suite in now {
        if let Some((run, before)) = baselines.of(&suite.name) {
            found.extend(compare(before, suite, &run.id));
        }
    }
    found
}

/// What changed in one suite. Says nothing where nothing can be said: a case that is not among those that
/// failed may be one of those that were only counted, or one that did not run.
pub fn compare(before: &PastSuite, now: &PastSuite, since: &str) -> Vec<Change> {
    let change = |kind: Kind, case: Option<&PastCase>| Change {
        kind,
        suite: now.name.clone(),
        case: case.cloned(),
        before: before.status,
        after: now.status,
        summary: if kind == Kind::Fixed {
            before.summary.clone()
        } else {
            now.summary.clone()
        },
        since: since.to_owned(),
    };
    let each = |kind: Kind, cases: &[PastCase]| -> Vec<Change> {
        if cases.is_empty() {
            vec![change(kind, None)]
        } else {
            cases.iter().map(|case| change(kind, Some(case))).collect()
        }
    };
    let says_nothing =
        |suite: &PastSuite| matches!(suite.status, SuiteStatus::Cancelled | SuiteStatus::Skipped);
    if says_nothing(now) || !before.is_decided() {
        return Vec::new();
    }
    match (before.status.is_pass(), now.status.is_pass()) {
        (true, true) => Vec::new(),
        (true, false) => each(Kind::New, &now.failing),
        (false, true) => each(Kind::Fixed, &before.failing),
        (false, false) if before.failing.is_empty() || now.failing.is_empty() => {
            vec![change(Kind::Still, None)]
        }
        (false, false) => {
            let has = |cases: &[PastCase], id: &str| cases.iter().any(|case| case.id == id);
            let mut found = Vec::new();
            for case in &now.failing {
                if has(&before.failing, &case.id) {
                    found.push(change(Kind::Still, Some(case)));
                } else if before.failing_omitted == 0 && before.status == SuiteStatus::Failed {
                    found.push(change(Kind::New, Some(case)));
                }
            }
            if now.failing_omitted == 0 && now.status == SuiteStatus::Failed {
                let gone = before.failing.iter().filter(|c| !has(&now.failing, &c.id));
                found.extend(gone.map(|case| change(Kind::Fixed, Some(case))));
            }
            found
        }
    }
}
