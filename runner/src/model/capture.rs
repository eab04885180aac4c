//! What is known about the completeness of an attempt's output.

use serde::{Deserialize, Serialize};

/// How much of the output is there, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completeness {
    /// The writer's own count and digest match, or a local pipe was read to its end.
    Proven,
    /// Never rotated, and the last read after the end agrees with what was streamed.
    Complete,
    /// The end is there, the middle cannot be vouched for.
    Unverified,
    /// Bytes are missing, and it is known where.
    Gap,
    /// The drain deadline passed before the output ended.
    Cut,
    /// There is no output to be had.
    Unavailable,
}

impl Completeness {
    /// Whether a verdict of `passed` may rest on it without the suite's `accept_incomplete`.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Proven | Self::Complete | Self::Unverified)
    }

    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Complete => "complete",
            Self::Unverified => "unverified",
            Self::Gap => "gap",
            Self::Cut => "cut",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Bytes that are known to be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Offset in the captured log at which they should have stood.
    pub at: u64,
    /// How many; `None` when that is not known.
    pub bytes: Option<u64>,
    /// Why.
    pub reason: String,
}

/// The captured output when it had ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureReport {
    /// How much of it is there.
    pub completeness: Completeness,
    /// Bytes in `output.log`.
    pub bytes: u64,
    /// Line feeds in `output.log`.
    pub lines: u64,
    /// Bytes that came from standard output.
    pub stdout_bytes: u64,
    /// Bytes that came from standard error.
    pub stderr_bytes: u64,
    /// Known holes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// How often a stream had to be opened again.
    #[serde(default)]
    pub reconnects: u32,
    /// What happened, in a sentence; empty when nothing did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl CaptureReport {
    /// The report of an attempt that wrote nothing because it never ran.
    pub fn nothing(completeness: Completeness, note: impl Into<String>) -> Self {
        Self {
            completeness,
            bytes: 0,
            lines: 0,
            stdout_bytes: 0,
            stderr_bytes: 0,
            gaps: Vec::new(),
            reconnects: 0,
            note: note.into(),
        }
    }

    /// Bytes known to be missing, where the number is known.
    pub fn missing(&self) -> u64 {
        self.gaps.iter().filter_map(|gap| gap.bytes).sum()
    }
}
