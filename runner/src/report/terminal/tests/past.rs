//! The recap with earlier runs: what is new, what is fixed, what took another time than usual.

use super::*;
use crate::history::{Past, PastRun};
use crate::model::{RunSummary, SuiteStatus};
use crate::run::source::{SOURCE_VERSION, Source};

/// The recorded run as it was before: `unit` had one failure less, `e2e` passed, `docs` failed.
fn earlier(n: usize) -> PastRun {
    let mut summary: RunSummary = recorded::summary();
    for suite in &mut summary.suites {
        suite.duration_ms /= 3;
        match suite.name.as_str() {
            "unit" => suite.failing.truncate(1),
            "e2e" | "load" => suite.status = SuiteStatus::Passed,
            "docs" => suite.status = SuiteStatus::Failed,
            "web" if !n.is_multiple_of(4) => suite.status = SuiteStatus::Passed,
            _ => {}
        }
    }
    let source = Source {
        version: SOURCE_VERSION,
        commit: Some("6a1c".to_owned()),
        branch: Some("main".to_owned()),
        dirty: false,
    };
    let id = if n == 8 {
        "20261121-0900-6a1c".to_owned()
    } else {
        format!("20261120-090{n}-abcd")
    };
    PastRun::new(id, Some(source), summary).expect("a time")
}

fn past() -> Past {
    Past {
        runs: (0..9).map(earlier).collect(),
        branch: Some("main".to_owned()),
    }
}

#[test]
fn the_recap_compares_with_earlier_runs() {
    let text = plain(&recorded::events(), |settings| {
        settings.past = Some(Arc::new(past()));
    });
    let (_, recap) = text.split_once("=== FAILED").expect("a recap");
    for words in [
        "\nnew since run 6a1c: unit test_rounding[eu-1], e2e, load\n",
        "\nfixed since run 6a1c: docs\n",
        "\nslowest: api 3m26s (usually 1m08s), load 2m03s (usually 41s), e2e 1m52s (usually 37s)\n",
        "test_sso, passed on attempt 2 of 3 (4th time in 10 runs)\n",
    ] {
        assert!(recap.contains(words), "{words:?} is missing in\n{recap}");
    }
}

#[test]
fn what_is_slower_than_usual_is_said_while_it_runs() {
    let text = plain(&recorded::events(), |settings| {
        settings.past = Some(Arc::new(past()));
    });
    // e2e usually takes 37 s, load 41 s; without earlier runs it would be a minute for all.
    for line in [
        "SLOW       e2e    1m15s (usually 37s)\n",
        "SLOW       load   1m22s (usually 41s)\n",
    ] {
        assert_eq!(
            text.matches(line).count(),
            1,
            "{line:?} is missing in\n{text}"
        );
    }
    let quiet = plain(&recorded::events(), |s| s.verbosity = Verbosity::Quiet);
    assert!(!quiet.contains("SLOW"), "{quiet}");
}

#[test]
fn the_region_says_what_is_slow_and_how_long_it_takes() {
    let show = |to_ms: u64| {
        live(80, to_ms, |settings| {
            settings.past = Some(Arc::new(past()));
        })
        .0
    };
    let early = show(20_000);
    assert!(early.contains("waiting   20s, about 1m left"), "{early}");
    let late = show(85_000);
    assert!(late.contains("  e2e      slow          1m24s"), "{late}");
}

#[test]
fn without_a_change_nothing_is_said() {
    let same = PastRun::new("20261121-0900-6a1c".to_owned(), None, recorded::summary());
    let runs = vec![same.expect("a time")];
    let past = Past { runs, branch: None };
    let with = plain(&recorded::events(), |settings| {
        settings.past = Some(Arc::new(past));
    });
    let without = plain(&recorded::events(), |_| {});
    let with = with.replace(" (2nd time in 2 runs)", "");
    assert_eq!(with, without);
}
