//! What a judge decided.

use serde::{Deserialize, Serialize};

/// A free-form fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What became of one test case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseStatus {
    /// It ran and held.
    Passed,
    /// It ran and did not hold.
    Failed,
    /// It could not be run.
    Errored,
    /// It was not to be run.
    Skipped,
    /// It passed after it had failed.
    Flaky,
}

/// One test case, as a judge reported it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The name a person would look up.
    pub id: String,
    /// What became of it.
    pub status: CaseStatus,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// One line: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// All that is known, in lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// The source file, as the test tool names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Further facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<Label>,
}

/// How many test cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Cases that held.
    pub passed: u32,
    /// Cases that did not.
    pub failed: u32,
    /// Cases that could not be run.
    pub errored: u32,
    /// Cases that were not to be run.
    pub skipped: u32,
    /// Cases that passed after they had failed.
    pub flaky: u32,
}

impl Counts {
    /// All cases together.
    pub fn total(&self) -> u64 {
        [
            self.passed,
            self.failed,
            self.errored,
            self.skipped,
            self.flaky,
        ]
        .into_iter()
        .map(u64::from)
        .sum()
    }

    /// Counts one more case.
    pub fn add(&mut self, status: CaseStatus) {
        let slot = match status {
            CaseStatus::Passed => &mut self.passed,
            CaseStatus::Failed => &mut self.failed,
            CaseStatus::Errored => &mut self.errored,
            CaseStatus::Skipped => &mut self.skipped,
            CaseStatus::Flaky => &mut self.flaky,
        };
        *slot = slot.saturating_add(1);
    }
}

/// What the judge decides; the host's floor (`judge::floor`) may lower it to a [`SuiteStatus`].
///
/// [`SuiteStatus`]: super::SuiteStatus
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictStatus {
    /// Positive evidence: tests ran, and none failed.
    Passed,
    /// The suite's own fault.
    Failed,
    /// The evidence does not allow a decision.
    Errored,
    /// The suite says of itself that it was not to run.
    Skipped,
    /// No test ran.
    Empty,
}

/// A judge's answer. Cases are reported as they are found, not in here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The decision.
    pub status: VerdictStatus,
    /// One line a person can act on, like `2 of 412 failed`.
    pub summary: String,
    /// Counts, for judges that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Further facts, like a `reason`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<Label>,
}
