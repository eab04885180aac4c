//! The words everything else is said in: how an attempt ended, what was captured, what was decided.
//!
//! A leaf: plain data, serialisable, no I/O, imports none of its neighbours. These types are what
//! the journal, `attempt.json` and `summary.json` are made of, so a change here is a change of a
//! documented format (see `docs/formats.md`).

mod capture;
mod status;
mod summary;
mod termination;
mod verdict;

pub use capture::{CaptureReport, Completeness, Gap};
pub use status::{ExitStatus, RunStatus, SuiteStatus};
pub use summary::{
    AttemptSummary, CaptureSummary, JudgeSummary, RunSummary, SUMMARY_VERSION, SuiteSummary,
    short_digest,
};
pub use termination::{Condition, Container, EndState, Leftover, Termination};
pub(crate) use termination::{human_ms, millis};
pub use verdict::{Case, CaseStatus, Counts, Label, Verdict, VerdictStatus};
