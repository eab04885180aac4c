//! Tests of the HTML report that need no browser; the others are in `tests/page/`.

use super::super::recorded;
use super::*;

/// The page of a run with its outputs in a folder.
fn page(events: &[Event], limit: u64, logs: Logs) -> String {
    let dir = tempfile::tempdir().expect("a temporary folder");
    recorded::write_outputs(dir.path(), events);
    let path = dir.path().join("report.html");
    let mut report = Html::new(path.clone(), Some(dir.path().to_owned())).budget(limit, logs);
    for event in events {
        report.on_event(event).expect("takes in the event");
    }
    report.finish().expect("writes");
    fs::read_to_string(path).expect("a page")
}

/// What is readable without script and data.
fn readable(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").expect("a style");
    let (_, body) = rest.split_once("</style>").expect("its end");
    let (body, _) = body.split_once("<script>").expect("the script");
    let hidden = |line: &&str| !line.contains("Content-Security") && !line.starts_with("<script ");
    let lines: Vec<&str> = before.lines().chain(body.lines()).filter(hidden).collect();
    lines.join("\n")
}

#[test]
fn without_a_script_it_tells_what_counts() {
    insta::assert_snapshot!(readable(&page(&recorded::events(), LIMIT, Logs::Problems)));
}

#[test]
fn the_same_run_makes_the_same_bytes() {
    let [one, two] = [(); 2].map(|()| page(&recorded::troubles(), LIMIT, Logs::All));
    assert!(one == two);
}

#[test]
fn what_a_suite_printed_is_never_markup() {
    let mut events = recorded::troubles();
    let hostile = "</script></pre><img src=x onerror=alert(1)>";
    for event in &mut events {
        if let EventKind::RunFinished { summary } = &mut event.kind {
            for suite in &mut summary.suites {
                suite.name.push_str(hostile);
                suite.summary.push_str(hostile);
                for case in &mut suite.failing {
                    case.id.push_str(hostile);
                    case.details = Some(hostile.into());
                }
            }
        }
    }
    let page = page(&events, LIMIT, Logs::All);
    assert!(!page.contains("<img"));
    assert!(page.contains("&lt;/pre&gt;&lt;img src=x"));
}

#[test]
fn what_does_not_fit_is_named() {
    let none = page(&recorded::events(), LIMIT, Logs::None);
    assert!(none.contains("outputs are not asked for"), "{none}");
    assert!(!none.contains("data-log=0"));
    let small = page(&recorded::events(), 1, Logs::All);
    assert!(small.contains("the page has reached its limit"));
    assert!(page(&recorded::events(), LIMIT, Logs::Problems).contains("the suite passed"));
    assert!(!page(&recorded::events(), LIMIT, Logs::All).contains("id=\"omitted\""));
}

#[test]
fn the_version_of_the_judge_that_decided_is_told() {
    let mut run = Collected::default();
    let mut events = recorded::events();
    for event in &mut events {
        // Between the first suite and the others the judge was replaced.
        if let EventKind::AttemptFinished { suite, record, .. } = &mut event.kind
            && *suite > 0
        {
            record.judge.digest = "sha256:new".into();
        }
        run.take(event);
    }
    let summary = run.summary.as_deref().expect("an end");
    let (cases, past) = (Cases::default(), std::collections::HashMap::new());
    let logs = logs::Plan::make(Path::new(""), &run, summary);
    let index = index::of(&run, summary, &cases, &logs, &past);
    let index = serde_json::to_value(&index).expect("it is JSON");
    let version = |suite: usize| &index["suites"][suite]["records"][0]["judge_version"];
    assert_eq!(version(0), "1.2.0");
    assert!(version(1).is_null(), "{}", version(1));
}
