//! What a run came to: the content of `summary.json`, documented in `docs/formats.md`.

use serde::{Deserialize, Serialize};

use super::{Case, Completeness, Counts, EndState, RunStatus, SuiteStatus};

/// Version of the summary's format. Fields are only added within a version.
pub const SUMMARY_VERSION: u32 = 1;

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// [`SUMMARY_VERSION`].
    pub version: u32,
    /// The run's id; `None` for `tribunal judge`, which stores nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The pipeline's name.
    pub pipeline: String,
    /// What the suites add up to.
    pub status: RunStatus,
    /// Start of the run, RFC 3339 in UTC.
    pub started_at: String,
    /// Its duration in milliseconds.
    pub duration_ms: u64,
    /// The signal that cancelled it, as a number; none otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<i32>,
    /// Every selected suite, in the order of the plan.
    pub suites: Vec<SuiteSummary>,
    /// What people should know that belongs to no suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuiteSummary {
    /// Its name with matrix values and shard.
    pub name: String,
    /// What it came to.
    pub status: SuiteStatus,
    /// One line a person can act on.
    pub summary: String,
    /// Why it has this status, when it is not the judge's word alone: the host's evidence.
    #[serde(default)]
    pub reason: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// From the first start to the verdict, in milliseconds.
    pub duration_ms: u64,
    /// The last attempt's output.
    pub capture: CaptureSummary,
    /// The last attempt's counts; zeros for judges that do not count.
    pub counts: Counts,
    /// Who decided.
    pub judge: JudgeSummary,
    /// How the last attempt ended; none for suites that never started.
    #[serde(default)]
    pub end: Option<EndState>,
    /// Things to know that do not change the status: unverified output, leftover processes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Cases that did not pass, of the last attempt; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Case>,
    /// How many cases did not pass beyond those in `failing`.
    #[serde(default)]
    pub failing_omitted: u64,
    /// Every attempt, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<AttemptSummary>,
    /// The last attempt's directory, relative to the run's; none for suites that never started or left
    /// nothing to keep.
    #[serde(default)]
    pub dir: Option<String>,
}

/// One attempt, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptSummary {
    /// From 1.
    pub attempt: u32,
    /// What it came to.
    pub status: SuiteStatus,
    /// One line.
    pub summary: String,
    /// Its duration in milliseconds.
    pub duration_ms: u64,
    /// The first case that did not pass, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<Case>,
}

/// A suite's output, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureSummary {
    /// How much of it is there.
    pub completeness: Completeness,
    /// Bytes captured.
    pub bytes: u64,
    /// Line feeds captured.
    pub lines: u64,
}

/// A judge, as the verdict names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeSummary {
    /// Its name in the pipeline.
    pub name: String,
    /// `sha256:` and the digest of the WebAssembly that judged; empty when it never did.
    pub digest: String,
}

/// A digest for people: its first twelve hex digits.
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}
