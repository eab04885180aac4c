//! History over made-up runs: which are compared, what is new, what is flaky.

use super::*;
use crate::model::{CaptureSummary, Completeness, Counts, JudgeSummary, RunSummary, SuiteSummary};
use crate::run::source::SOURCE_VERSION;

fn case(id: &str, status: CaseStatus) -> Case {
    Case {
        id: id.to_owned(),
        status,
        duration_ms: None,
        message: Some("assert 1 == 2".to_owned()),
        details: None,
        file: None,
        line: None,
        extra: Vec::new(),
    }
}

fn suite(name: &str, status: SuiteStatus, failing: &[&str]) -> SuiteSummary {
    SuiteSummary {
        name: name.to_owned(),
        status,
        summary: status.word().to_lowercase(),
        reason: None,
        attempts: 1,
        duration_ms: 1000,
        capture: CaptureSummary {
            completeness: Completeness::Proven,
            bytes: 0,
            lines: 0,
        },
        counts: Counts::default(),
        judge: JudgeSummary {
            name: "pytest".to_owned(),
            digest: String::new(),
        },
        end: None,
        warnings: Vec::new(),
        failing: failing
            .iter()
            .map(|id| case(id, CaseStatus::Failed))
            .collect(),
        failing_omitted: 0,
        history: Vec::new(),
        dir: None,
    }
}

fn run(id: &str, commit: &str, branch: &str, suites: Vec<SuiteSummary>) -> PastRun {
    let summary = RunSummary {
        version: SUMMARY_VERSION,
        run: Some(id.to_owned()),
        pipeline: "p".to_owned(),
        status: RunStatus::of(suites.iter().map(|suite| suite.status)),
        started_at: "2026-11-22T15:32:00Z".to_owned(),
        duration_ms: 1000,
        cancelled_by: None,
        suites,
        warnings: Vec::new(),
    };
    let source = Source {
        version: SOURCE_VERSION,
        commit: Some(commit.to_owned()),
        branch: Some(branch.to_owned()),
        dirty: commit.is_empty(),
    };
    PastRun::new(id.to_owned(), Some(source), summary).expect("a time")
}

use SuiteStatus::{Cancelled, Errored, Failed, Flaky as IsFlaky, Passed, TimedOut};

fn told(changes: &[Change]) -> Vec<String> {
    let one = |change: &Change| {
        let case = change.case.as_ref().map_or("", |case| case.id.as_str());
        format!("{:?} {} {case} {}", change.kind, change.suite, change.since)
    };
    changes.iter().map(one).collect()
}

#[test]
fn each_suite_is_compared_with_the_last_run_in_which_it_was_decided() {
    let runs = [
        run("r1", "1", "main", vec![suite("unit", Passed, &[])]),
        run("r2", "1", "topic", vec![suite("unit", Failed, &["a"])]),
        run("r3", "1", "topic", vec![suite("unit", Errored, &[])]),
    ];
    let now = [PastSuite::of(&suite("unit", Failed, &["a", "b"]))];
    let on = |branch| Baselines {
        runs: &runs,
        branch: Some(branch),
    };
    assert_eq!(
        told(&changes(&on("topic"), &now)),
        ["Still unit a r2", "New unit b r2"]
    );
    assert_eq!(
        told(&changes(&on("main"), &now)),
        ["New unit a r1", "New unit b r1"]
    );
    // A branch without a run takes what there is.
    assert_eq!(told(&changes(&on("new"), &now)).len(), 2);
    assert!(changes(&on("main"), &[PastSuite::of(&suite("other", Failed, &[]))]).is_empty());
}

#[test]
fn what_cannot_be_known_is_not_said() {
    let of = |status, failing: &[&str]| PastSuite::of(&suite("unit", status, failing));
    let between = |a: &PastSuite, b: &PastSuite| told(&compare(a, b, "r"));
    // A suite that was cut short may not have come to the case that failed before.
    let (before, cut) = (of(Failed, &["a", "b"]), of(TimedOut, &["a"]));
    assert_eq!(between(&before, &cut), ["Still unit a r"]);
    // Of a hundred and more failures only a hundred are named.
    let mut many = before.clone();
    many.failing_omitted = 7;
    assert_eq!(
        between(&many, &of(Failed, &["c"])),
        ["Fixed unit a r", "Fixed unit b r"]
    );
    assert_eq!(
        between(&of(Failed, &["c"]), &many),
        ["New unit a r", "New unit b r"]
    );
    assert!(between(&before, &of(Cancelled, &[])).is_empty());
    assert!(between(&of(Errored, &[]), &of(Failed, &["a"])).is_empty());
    assert_eq!(
        between(&of(Passed, &[]), &of(Errored, &[])),
        ["New unit  r"]
    );
    assert_eq!(
        between(&before, &of(IsFlaky, &[])),
        ["Fixed unit a r", "Fixed unit b r"]
    );
}

#[test]
fn flaky_is_what_changes_without_a_change() {
    let pass = || suite("unit", Passed, &[]);
    let fail = || suite("unit", Failed, &["a"]);
    let of = |commits: &[(&str, bool)]| {
        let runs: Vec<PastRun> = commits
            .iter()
            .enumerate()
            .map(|(n, (commit, passed))| {
                let suite = if *passed { pass() } else { fail() };
                run(&format!("r{n}"), commit, "main", vec![suite])
            })
            .collect();
        flaky(&runs)
    };
    // Failing on one commit and passing on the next is a fix.
    let fixed = of(&[
        ("1", false),
        ("1", false),
        ("2", true),
        ("2", true),
        ("2", true),
    ]);
    assert!(fixed.rows.is_empty(), "{fixed:?}");
    let both = of(&[
        ("1", true),
        ("1", false),
        ("1", true),
        ("2", true),
        ("2", true),
    ]);
    let [row] = both.rows.as_slice() else {
        panic!("{both:?}")
    };
    assert_eq!((row.flaky, row.runs, row.last.as_str()), (1, 5, "r1"));
    assert_eq!(row.first_commit.as_deref(), Some("1"));
    // With changed files, nobody knows what was run.
    let dirty = of(&[("", true), ("", false), ("", true), ("", false), ("", true)]);
    assert!(dirty.rows.is_empty(), "{dirty:?}");
    let few = of(&[("1", true), ("1", false)]);
    assert_eq!(few.too_few, [("unit".to_owned(), 2)]);
    let broken = of(&[
        ("1", true),
        ("1", true),
        ("1", false),
        ("1", false),
        ("1", false),
    ]);
    assert_eq!((broken.rows.len(), broken.broken.len()), (0, 1));
}

#[test]
fn a_case_that_passed_when_repeated_is_flaky() {
    let mut retried = suite("web", IsFlaky, &[]);
    retried.history = vec![crate::model::AttemptSummary {
        attempt: 1,
        status: Failed,
        summary: "1 failed".to_owned(),
        duration_ms: 10,
        first_failure: Some(case("sso", CaseStatus::Failed)),
    }];
    let runs: Vec<PastRun> = (0..6)
        .map(|n| {
            let suite = if n % 2 == 0 {
                retried.clone()
            } else {
                suite("web", Passed, &[])
            };
            run(&format!("r{n}"), "", "main", vec![suite])
        })
        .collect();
    let found = flaky(&runs);
    let [row] = found.rows.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(row.case.as_ref().map(|case| case.id.as_str()), Some("sso"));
    assert_eq!(
        (row.flaky, row.runs, row.first.as_str(), row.last.as_str()),
        (3, 6, "r0", "r4")
    );
}
