//! What earlier runs say: read from their directories, without a database.
//!
//! A run that cannot be read (damaged, of another version, none of ours) costs a warning and nothing else.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Case, CaseStatus, RunStatus, RunSummary, SUMMARY_VERSION, SuiteStatus};
use crate::run::dir::{self, DirError, RunDir, SUMMARY};
use crate::run::source::Source;

mod compare;
mod flaky;
mod past;
mod slowest;

pub use compare::{Baselines, Change, Kind, changes, compare};
pub use flaky::{FEWEST, Flaky, FlakyRow, flaky};
pub use past::Past;
pub use slowest::{Slow, slowest, usual_ms};

/// A larger summary is not read: a hundred thousand suites take a tenth of it.
const LARGEST: u64 = 256 << 20;

/// A run that has come to its end.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// Its id.
    pub id: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What its suites add up to.
    pub status: RunStatus,
    /// The state of the source, where it is known.
    pub source: Option<Source>,
    /// Every selected suite.
    pub suites: Vec<PastSuite>,
    by_name: HashMap<String, usize>,
}

/// A suite of it, without what history does not look at.
#[derive(Clone, Debug)]
pub struct PastSuite {
    /// Its name with matrix values and shard.
    pub name: String,
    /// What it came to.
    pub status: SuiteStatus,
    /// One line a person can act on.
    pub summary: String,
    /// Attempts made; 0 when it never started.
    pub attempts: u32,
    /// From the first start to the verdict, in milliseconds.
    pub duration_ms: u64,
    /// Cases that failed or could not be run, of the last attempt.
    pub failing: Vec<PastCase>,
    /// How many more did not pass.
    pub failing_omitted: u64,
    /// Cases that failed and then passed: of earlier attempts, or by the judge's word.
    pub flaky: Vec<PastCase>,
}

/// A case that did not pass, or not at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PastCase {
    /// The name a person would look up.
    pub id: String,
    /// The source file, as the test tool names it.
    pub file: Option<String>,
    /// The line in it, from 1.
    pub line: Option<u32>,
    /// One line: why.
    pub message: Option<String>,
}

impl PastRun {
    /// The suite of that name.
    pub fn suite(&self, name: &str) -> Option<&PastSuite> {
        self.suites.get(*self.by_name.get(name)?)
    }

    /// The branch, where it is known.
    pub fn branch(&self) -> Option<&str> {
        self.source.as_ref()?.branch.as_deref()
    }

    /// The commit, where it is known and no file differed from it.
    pub fn clean_commit(&self) -> Option<&str> {
        let source = self.source.as_ref().filter(|source| !source.dirty)?;
        source.commit.as_deref()
    }

    /// The end of the id, which is how people are shown it: `7f3k` of `20261122-1532-7f3k`.
    pub fn short(&self) -> &str {
        dir::short(&self.id)
    }

    /// What a summary says, of which history keeps a part.
    pub fn new(id: String, source: Option<Source>, summary: RunSummary) -> Result<Self, String> {
        let started_at = summary
            .started_at
            .parse()
            .map_err(|error| format!("started_at: {error}"))?;
        let suites: Vec<PastSuite> = summary.suites.iter().map(PastSuite::of).collect();
        Ok(Self {
            by_name: suites
                .iter()
                .enumerate()
                .map(|(index, suite)| (suite.name.clone(), index))
                .collect(),
            id,
            pipeline: summary.pipeline,
            started_at,
            duration_ms: summary.duration_ms,
            status: summary.status,
            source,
            suites,
        })
    }
}

impl PastSuite {
    /// What a suite's summary says, of which history keeps a part.
    pub fn of(suite: &crate::model::SuiteSummary) -> Self {
        let of = |wanted: fn(CaseStatus) -> bool| {
            let cases = suite.failing.iter().filter(move |c| wanted(c.status));
            cases.map(PastCase::of)
        };
        let earlier = suite
            .history
            .iter()
            .filter(|attempt| suite.status == SuiteStatus::Flaky && !attempt.status.is_pass())
            .filter_map(|attempt| attempt.first_failure.as_ref().map(PastCase::of));
        let mut flaky: Vec<PastCase> = Vec::new();
        for case in earlier.chain(of(|status| status == CaseStatus::Flaky)) {
            if !flaky.iter().any(|known| known.id == case.id) {
                flaky.push(case);
            }
        }
        Self {
            name: suite.name.clone(),
            status: suite.status,
            summary: suite.summary.clone(),
            attempts: suite.attempts,
            duration_ms: suite.duration_ms,
            failing: of(|status| matches!(status, CaseStatus::Failed | CaseStatus::Errored))
                .collect(),
            failing_omitted: suite.failing_omitted,
            flaky,
        }
    }

    /// Whether it came to a verdict of its own: what errored, was cancelled or skipped says nothing.
    pub fn is_decided(&self) -> bool {
        self.status.is_pass() || self.status.is_failure()
    }
}

impl PastCase {
    fn of(case: &Case) -> Self {
        Self {
            id: case.id.clone(),
            file: case.file.clone(),
            line: case.line,
            message: case.message.clone(),
        }
    }
}

/// Which runs are wanted.
#[derive(Clone, Debug, Default)]
pub struct Want {
    /// At most so many, the newest.
    pub last: Option<usize>,
    /// Begun at this moment or later.
    pub since: Option<Timestamp>,
    /// Begun before this run, which is left out.
    pub before: Option<String>,
    /// Of this pipeline; by default that of the newest run.
    pub pipeline: Option<String>,
    /// Of this branch.
    pub branch: Option<String>,
}

/// The runs that were wanted, and what could not be read.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Oldest first.
    pub runs: Vec<PastRun>,
    /// A sentence for each directory that was left out because it cannot be read.
    pub warnings: Vec<String>,
    /// Runs without a summary: still going on, or killed.
    pub unfinished: usize,
    /// Runs of other pipelines.
    pub others: usize,
}

/// Reads the runs below a pipeline's folder, the newest first, until there are enough.
pub fn load(root: &Path, want: &Want) -> Result<History, DirError> {
    let mut history = History::default();
    let ids = dir::ids(root)?;
    foreign(root, &ids, &mut history.warnings);
    let mut pipeline = want.pipeline.clone();
    let mut wanted = want.before.is_none();
    for id in ids.iter().rev() {
        if !wanted {
            wanted = want.before.as_ref() == Some(id);
            continue;
        }
        if want.last.is_some_and(|last| history.runs.len() >= last) {
            break;
        }
        match read(root, id) {
            Err(why) => history.warnings.push(why),
            Ok(None) => history.unfinished += 1,
            Ok(Some(run)) => {
                if want.since.is_some_and(|since| run.started_at < since) {
                    break;
                }
                if *pipeline.get_or_insert_with(|| run.pipeline.clone()) != run.pipeline {
                    history.others += 1;
                } else if want.branch.is_none() || want.branch.as_deref() == run.branch() {
                    history.runs.push(run);
                }
            }
        }
    }
    history.runs.reverse();
    Ok(history)
}

/// Reads one run. None when it has not come to its end; a sentence when it cannot be read.
pub fn read(root: &Path, id: &str) -> Result<Option<PastRun>, String> {
    #[derive(Deserialize)]
    struct Probe {
        version: u32,
    }
    let dir = RunDir::find(root, id).map_err(|error| error.to_string())?;
    let path = dir.path().join(SUMMARY);
    let say = |why: &str| format!("{}: {why}", path.display());
    // Not followed and not waited for, whatever lies there.
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(say(&error.to_string())),
        Ok(found) if !found.is_file() => return Err(say("is no file")),
        Ok(found) if found.len() > LARGEST => return Err(say("is too large to be a summary")),
        Ok(_) => {}
    }
    let text = fs::read(&path).map_err(|error| say(&error.to_string()))?;
    let damaged = |error: serde_json::Error| say(&format!("is damaged: {error}"));
    let probe: Probe = serde_json::from_slice(&text).map_err(damaged)?;
    if probe.version != SUMMARY_VERSION {
        let found = probe.version;
        return Err(say(&format!(
            "is of version {found}, this tribunal reads version {SUMMARY_VERSION}"
        )));
    }
    let summary: RunSummary = serde_json::from_slice(&text).map_err(damaged)?;
    PastRun::new(id.to_owned(), Source::of(&dir), summary)
        .map(Some)
        .map_err(|why| say(&format!("is damaged: {why}")))
}

/// Names folders that lie among the runs and are none.
fn foreign(root: &Path, ids: &[String], warnings: &mut Vec<String>) {
    let runs = dir::runs_dir(root);
    let Ok(entries) = fs::read_dir(&runs) else {
        return;
    };
    let mut strangers: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !ids.contains(name))
        .collect();
    strangers.sort();
    warnings.extend(strangers.into_iter().map(|name| {
        let path = runs.join(name);
        format!("{}: is no run: it has no run.json", path.display())
    }));
}

#[cfg(test)]
mod tests;
