//! The only word between running and showing.
//!
//! A leaf: imports nothing but `model`. Events are serialisable and versioned; `events.jsonl` is a
//! stream of them, and a recorded stream replays through every report. Each carries the running
//! totals, so a report never has to count.

use serde::{Deserialize, Serialize};

use crate::model::{
    CaptureReport, Case, JudgeSummary, RunSummary, SuiteStatus, SuiteSummary, Termination, Verdict,
};

/// Version of the journal's format. Kinds and fields are only added within a version.
pub const EVENT_VERSION: u32 = 1;

/// A suite's place in the plan, from 0; unique in a run.
pub type SuiteIndex = usize;

/// One thing that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since the run's start, by the monotonic clock.
    pub at_ms: u64,
    /// How far the run was when it happened.
    pub totals: Totals,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// How far a run is. `waiting + running + done == selected`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Suites in the plan.
    pub selected: u32,
    /// Suites under way.
    pub running: u32,
    /// Suites with a final status.
    pub done: u32,
    /// Of those, passed or flaky.
    pub passed: u32,
    /// Of those, failed, empty or timed out.
    pub failed: u32,
    /// Of those, errored or incomplete.
    pub undecided: u32,
    /// Of those, flaky.
    pub flaky: u32,
    /// Of those, skipped or cancelled.
    pub not_run: u32,
}

/// What a suite is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Waiting for a slot or for what it needs.
    Queued,
    /// Waiting for a machine, an image, a pod.
    Provisioning,
    /// Its program runs.
    Running,
    /// Its program has ended; the rest of its output is being read.
    Draining,
    /// The output is all there; the judge has the word.
    Judging,
}

/// A suite, as the journal's first event introduces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteIntro {
    /// Its name with matrix values and shard.
    pub name: String,
    /// The directory below `suites/` that holds its attempts.
    pub slug: String,
    /// The judge's name.
    pub judge: String,
    /// `local` or `kubernetes`.
    pub executor: String,
    /// What it runs, as one line for people.
    pub command: String,
    /// Its labels.
    #[serde(default)]
    pub labels: std::collections::BTreeMap<String, String>,
}

/// A judge, as the journal's first event introduces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeIntro {
    /// Its name in the pipeline.
    pub name: String,
    /// Its version, in its own words; may be empty.
    pub version: String,
    /// `sha256:` and the digest of its WebAssembly.
    pub digest: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// The first event.
    RunStarted {
        /// [`EVENT_VERSION`].
        version: u32,
        /// tribunal's own version.
        tribunal: String,
        /// The run's id.
        run: String,
        /// The run's directory, as shown to people.
        dir: String,
        /// The pipeline's name.
        pipeline: String,
        /// Start, RFC 3339 in UTC.
        started_at: String,
        /// Suites at once.
        jobs: u32,
        /// Every selected suite; [`SuiteIndex`] counts in here.
        suites: Vec<SuiteIntro>,
        /// Every judge of theirs, by name, as it is at the start.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        judges: Vec<JudgeIntro>,
    },
    /// A suite goes on to another phase of its life, or waits for another reason.
    PhaseChanged {
        /// Which suite.
        suite: SuiteIndex,
        /// Which attempt, from 1.
        attempt: u32,
        /// What it does now.
        phase: Phase,
        /// Why it waits, or where it runs; empty when there is nothing to say.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
    },
    /// A judge reported a case. The same id again replaces the earlier one.
    CaseReported {
        /// Which suite.
        suite: SuiteIndex,
        /// Which attempt, from 1.
        attempt: u32,
        /// The case.
        case: Case,
    },
    /// A judge was replaced by a new version while the attempt was live: the new one judges from the first
    /// byte, and what the old one reported of this attempt no longer counts.
    JudgementRestarted {
        /// Which suite.
        suite: SuiteIndex,
        /// Which attempt, from 1.
        attempt: u32,
        /// Who judges from here on.
        judge: JudgeSummary,
    },
    /// A new version of a judge is in force.
    JudgeReloaded {
        /// Its name in the pipeline.
        judge: String,
        /// The digest of the version before.
        from: String,
        /// The digest of the new one.
        to: String,
    },
    /// A judge said how far its suite is. May be dropped on the way to a slow report.
    Progress {
        /// Which suite.
        suite: SuiteIndex,
        /// Cases done.
        done: u32,
        /// Cases in all, where that is known.
        total: Option<u32>,
        /// Cases done that did not pass.
        failed: u32,
    },
    /// A judge said something.
    JudgeSaid {
        /// Which suite.
        suite: SuiteIndex,
        /// `debug`, `info`, `warn` or `error`.
        level: String,
        /// What; cleaned of control characters.
        message: String,
    },
    /// What an executor saw outside: a state of a Job, a pod, a container. For `show --debug`.
    Observed {
        /// Which suite.
        suite: SuiteIndex,
        /// Which attempt, from 1.
        attempt: u32,
        /// One line.
        what: String,
    },
    /// An attempt has ended and was judged.
    AttemptFinished {
        /// Which suite.
        suite: SuiteIndex,
        /// Its outcome in full; also the content of `attempt.json`.
        record: Box<AttemptRecord>,
        /// Set when another attempt follows: in how many milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_in_ms: Option<u64>,
    },
    /// A suite has its final status.
    SuiteFinished {
        /// Which suite.
        suite: SuiteIndex,
        /// Its outcome.
        summary: Box<SuiteSummary>,
    },
    /// The run is being cancelled; again at each stronger step.
    Cancelling {
        /// By what, like `SIGINT` or `fail-fast: unit failed`.
        reason: String,
        /// Whether processes are killed at once instead of being asked.
        kill: bool,
    },
    /// Something people should know that belongs to no suite.
    Warning {
        /// In a sentence.
        message: String,
    },
    /// The last event.
    RunFinished {
        /// Also the content of `summary.json`.
        summary: Box<RunSummary>,
    },
}

/// One attempt in full: the content of `attempt.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// [`EVENT_VERSION`].
    pub version: u32,
    /// The suite's name.
    pub suite: String,
    /// From 1.
    pub attempt: u32,
    /// What the attempt came to, after the host's floor.
    pub status: SuiteStatus,
    /// One line a person can act on.
    pub summary: String,
    /// The host's evidence, when the status is not the judge's word alone.
    #[serde(default)]
    pub reason: Option<String>,
    /// Things to know that do not change the status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Start, RFC 3339 in UTC.
    pub started_at: String,
    /// From start to verdict, in milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    pub termination: Termination,
    /// Its output.
    pub capture: CaptureReport,
    /// The judge.
    pub judge: JudgeSummary,
    /// The judge's answer; none when it gave none.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// Why the judge gave none, with its stderr and backtrace where it trapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_error: Option<String>,
    /// Cases that did not pass; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Case>,
    /// How many more there were.
    #[serde(default)]
    pub failing_omitted: u64,
    /// Collected artifacts, relative to `artifacts/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<String>,
    /// The attempt's directory, relative to the run's.
    pub dir: String,
}
