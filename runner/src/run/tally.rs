//! The running totals every event carries.

use crate::event::Totals;
use crate::model::SuiteStatus;

/// Counts a suite's final status in.
pub(super) fn count(totals: &mut Totals, status: SuiteStatus) {
    totals.done += 1;
    match status {
        SuiteStatus::Passed => totals.passed += 1,
        SuiteStatus::Flaky => {
            totals.passed += 1;
            totals.flaky += 1;
        }
        SuiteStatus::Failed | SuiteStatus::Empty | SuiteStatus::TimedOut => totals.failed += 1,
        SuiteStatus::Errored | SuiteStatus::Incomplete => totals.undecided += 1,
        SuiteStatus::Cancelled | SuiteStatus::Skipped => totals.not_run += 1,
    }
}
