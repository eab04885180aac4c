//! Old and new verdicts side by side, for `rejudge` and `watch`.

use std::fmt::Write as _;

use crate::config::clean;
use crate::model::{SuiteSummary, short_digest};

/// Cases told of one suite.
const CASES: usize = 10;
/// The longest part of a line that a judge decides on.
const LONGEST: usize = 200;

/// A suite whose verdict is another than before, in a few lines.
pub(super) fn difference(old: &SuiteSummary, new: &SuiteSummary) -> String {
    let mut text = format!("CHANGED  {}\n", clean(&new.name, LONGEST));
    for (when, summary) in [("was", old), ("now", new)] {
        let digest = short_digest(&summary.judge.digest);
        let line = format!(
            "    {when}  {:<10}  {}  [{} {digest}]",
            summary.status.word(),
            clean(&summary.summary, LONGEST),
            clean(&summary.judge.name, LONGEST),
        );
        writeln!(text, "{}", line.trim_end()).unwrap_or_default();
        if let Some(reason) = &summary.reason {
            writeln!(text, "         {}", clean(reason, LONGEST)).unwrap_or_default();
        }
    }
    let only = |here: &SuiteSummary, there: &SuiteSummary| -> Vec<String> {
        here.failing
            .iter()
            .filter(|case| there.failing.iter().all(|other| other.id != case.id))
            .map(|case| clean(&case.id, LONGEST))
            .collect()
    };
    for (mark, ids) in [("-", only(old, new)), ("+", only(new, old))] {
        for id in ids.iter().take(CASES) {
            writeln!(text, "    {mark} failing: {id}").unwrap_or_default();
        }
        if let Some(more @ 1..) = ids.len().checked_sub(CASES) {
            writeln!(text, "    {mark} and {more} more").unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Case, CaseStatus, SuiteStatus};
    use crate::run::rejudge::differs;

    fn summary(status: SuiteStatus, line: &str, digest: &str, failing: &[&str]) -> SuiteSummary {
        let case = |id: &&str| Case {
            id: (*id).to_owned(),
            status: CaseStatus::Failed,
            duration_ms: None,
            message: None,
            details: None,
            file: None,
            line: None,
            extra: Vec::new(),
        };
        let text = serde_json::json!({
            "name": "unit", "status": status, "summary": line, "attempts": 1, "duration_ms": 1,
            "capture": {"completeness": "proven", "bytes": 1, "lines": 1},
            "counts": {"passed": 0, "failed": 0, "errored": 0, "skipped": 0, "flaky": 0},
            "judge": {"name": "mine", "digest": digest},
        });
        let mut summary: SuiteSummary = serde_json::from_value(text).expect("a summary");
        summary.failing = failing.iter().map(case).collect();
        summary
    }

    #[test]
    fn old_and_new_stand_one_above_the_other() {
        let old = summary(
            SuiteStatus::Failed,
            "2 of 9 failed",
            "sha256:00112233445566778899",
            &["a", "b\u{1b}[31m"],
        );
        let new = summary(
            SuiteStatus::Passed,
            "9 cases",
            "sha256:ffeeddccbbaa99887766",
            &[],
        );
        assert!(differs(&old, &new));
        insta::assert_snapshot!(difference(&old, &new), @r"
        CHANGED  unit
            was  FAILED      2 of 9 failed  [mine 001122334455]
            now  PASSED      9 cases  [mine ffeeddccbbaa]
            - failing: a
            - failing: b\u{1b}[31m
        ");
        let same = summary(SuiteStatus::Passed, "9 cases", "sha256:other", &[]);
        assert!(!differs(&new, &same), "another judge that says the same");
    }
}
