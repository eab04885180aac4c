//! What each suite came to in the runs before, from the folders beside the run's own.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::SuiteStatus;
use crate::run::dir::{INTRO, SUMMARY};

/// Runs looked back at.
const RUNS: usize = 10;
/// Folders that are looked into at most to find them; others may be of other pipelines.
const FOLDERS: usize = 60;

/// A suite in an earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Past {
    pub(super) run: String,
    pub(super) status: SuiteStatus,
}

#[derive(Deserialize)]
struct Intro {
    id: String,
    pipeline: String,
    started_at: String,
}

#[derive(Deserialize)]
struct Summary {
    suites: Vec<Suite>,
}

#[derive(Deserialize)]
struct Suite {
    name: String,
    status: SuiteStatus,
}

/// Returns for each suite's name what it came to, the newest last. Without readable runs before, nothing.
pub(super) fn of(run_dir: &Path) -> HashMap<String, Vec<Past>> {
    let mut past: HashMap<String, Vec<Past>> = HashMap::new();
    for (intro, folder) in runs_before(run_dir).into_iter().rev() {
        // One that was killed has no summary.
        let Some(summary) = read::<Summary>(&folder.join(SUMMARY)) else {
            continue;
        };
        for suite in summary.suites {
            past.entry(suite.name).or_default().push(Past {
                run: intro.id.clone(),
                status: suite.status,
            });
        }
    }
    past
}

/// The runs of the same pipeline before this one, the newest first.
fn runs_before(run_dir: &Path) -> Vec<(Intro, std::path::PathBuf)> {
    let Some(own) = read::<Intro>(&run_dir.join(INTRO)) else {
        return Vec::new();
    };
    let Some(entries) = run_dir.parent().and_then(|runs| fs::read_dir(runs).ok()) else {
        return Vec::new();
    };
    // Ids begin with day and minute: names tell roughly what was before.
    let minute = own.id.get(..13).unwrap_or("").to_owned();
    let mut names: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| entry.file_name().to_string_lossy().get(..13) <= Some(&minute))
        .map(|entry| entry.path())
        .collect();
    names.sort();
    let mut runs: Vec<_> = names
        .into_iter()
        .rev()
        .take(FOLDERS)
        .filter_map(|folder| Some((read::<Intro>(&folder.join(INTRO))?, folder)))
        .filter(|(intro, _)| intro.pipeline == own.pipeline && intro.started_at < own.started_at)
        .collect();
    runs.sort_by(|(a, _), (b, _)| b.started_at.cmp(&a.started_at));
    runs.truncate(RUNS);
    runs
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(runs: &Path, id: &str, pipeline: &str, second: u32, status: &str) {
        let folder = runs.join(id);
        fs::create_dir_all(&folder).expect("a folder");
        let intro = serde_json::json!({"id": id, "pipeline": pipeline,
            "started_at": format!("2026-11-22T15:32:{second:02}Z"), "more": 1});
        fs::write(folder.join(INTRO), intro.to_string()).expect("written");
        let summary =
            serde_json::json!({"suites": [{"name": "unit", "status": status, "attempts": 1}]});
        fs::write(folder.join(SUMMARY), summary.to_string()).expect("written");
    }

    #[test]
    fn runs_of_the_same_pipeline_before_this_one_are_found() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let runs = dir.path();
        store(runs, "20261122-1532-bbbb", "checkout", 1, "passed");
        store(runs, "20261122-1532-aaaa", "checkout", 2, "timed-out");
        store(runs, "20261122-1532-other", "other", 3, "failed");
        store(runs, "20261122-1532-this", "checkout", 4, "failed");
        store(runs, "20261122-1532-after", "checkout", 5, "flaky");
        store(runs, "20261122-1533-later", "checkout", 59, "flaky");
        fs::create_dir(runs.join("20261122-1500-empty")).expect("a folder");
        fs::write(runs.join("20261122-1501-file"), "no run").expect("written");
        let past = of(&runs.join("20261122-1532-this"));
        let unit: Vec<_> = past["unit"]
            .iter()
            .map(|one| (&*one.run, one.status))
            .collect();
        assert_eq!(
            unit,
            [
                ("20261122-1532-bbbb", SuiteStatus::Passed),
                ("20261122-1532-aaaa", SuiteStatus::TimedOut)
            ]
        );
        assert!(of(&runs.join("20261122-1500-empty")).is_empty());
        assert!(of(Path::new("")).is_empty());
    }
}
