//! The run loop with scripted executors and judges: deterministic, on a paused clock, no processes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::*;
use crate::capture::Stream;
use crate::event::AttemptRecord;
use crate::executor::AttemptContext;
use crate::judge::{Evidence, JudgeError, Notice};
use crate::model::SuiteStatus::{Cancelled, Errored, Failed, Flaky, Passed, Skipped};
use crate::model::{
    Case, CaseStatus, Completeness, EndState, JudgeSummary, RunStatus, SuiteStatus, Termination,
    Verdict, VerdictStatus,
};
use crate::plan::{Command, Retries, Suite, Target};

/// What each attempt of a suite does, by the suite's name; the last entry repeats.
type Script = HashMap<&'static str, Vec<Act>>;

#[derive(Clone)]
enum Act {
    Exit(i32),
    /// Ends only when it is cancelled; prints a failing case first.
    FailThenHang,
    Hang,
    End(EndState),
    Cut,
    Panic,
}

struct FakeExecutor {
    script: Script,
    running: Mutex<(usize, usize)>,
}

#[async_trait]
impl Executor for FakeExecutor {
    async fn execute(&self, suite: &Suite, mut cx: AttemptContext) -> Termination {
        let acts = &self.script[suite.base.as_str()];
        let act = acts[(cx.attempt as usize - 1).min(acts.len() - 1)].clone();
        {
            let mut running = self.running.lock().unwrap();
            running.0 += 1;
            running.1 = running.1.max(running.0);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut completeness = Completeness::Proven;
        let end = match act {
            Act::Exit(code) => EndState::Exited { code },
            Act::End(end) => end,
            Act::Cut => {
                completeness = Completeness::Cut;
                EndState::Exited { code: 0 }
            }
            Act::Panic => panic!("a bug"),
            Act::Hang | Act::FailThenHang => {
                if matches!(act, Act::FailThenHang) {
                    cx.output.write(Stream::Stdout, b"FAIL case\n");
                }
                let cancel = cx.cancel.wait_for(|cancel| cancel.level() > 0).await;
                EndState::Cancelled {
                    reason: cancel.unwrap().reason().to_owned(),
                }
            }
        };
        cx.output.finish(completeness, "");
        self.running.lock().unwrap().0 -= 1;
        Termination::new(end)
    }
}

/// Passes iff exit 0; a line `FAIL x` is a failing case, reported live.
struct FakeJudge;

#[async_trait]
impl Judge for FakeJudge {
    fn identity(&self) -> JudgeSummary {
        JudgeSummary {
            name: "fake".into(),
            digest: "sha256:0".into(),
        }
    }

    async fn judge(
        &self,
        mut evidence: Evidence,
        notices: mpsc::Sender<Notice>,
    ) -> Result<Verdict, JudgeError> {
        let mut reader = evidence.capture.reader(crate::capture::Channel::Combined);
        while let bytes = reader.read(1000).await.unwrap()
            && !bytes.is_empty()
        {
            if bytes.starts_with(b"FAIL") {
                let case = Case {
                    id: "case".into(),
                    status: CaseStatus::Failed,
                    duration_ms: None,
                    message: None,
                    details: None,
                    file: None,
                    line: None,
                    extra: Vec::new(),
                };
                notices.send(Notice::Cases(vec![case])).await.unwrap();
            }
        }
        let ended = evidence
            .ended
            .wait_for(Option::is_some)
            .await
            .unwrap()
            .clone()
            .unwrap();
        let passed = ended.termination.end == EndState::Exited { code: 0 };
        let status = if passed {
            VerdictStatus::Passed
        } else {
            VerdictStatus::Failed
        };
        let summary = ended.termination.end.describe();
        Ok(Verdict {
            status,
            summary,
            counts: None,
            extra: Vec::new(),
        })
    }
}

fn suite(name: &str, needs: &[usize], retries: (u32, u32)) -> Suite {
    Suite {
        name: name.into(),
        base: name.into(),
        slug: name.into(),
        judge: "fake".into(),
        target: Target::Local,
        command: Command::Argv(vec!["true".into()]),
        cwd: "/".into(),
        env: BTreeMap::new(),
        labels: BTreeMap::new(),
        matrix: BTreeMap::new(),
        shard: None,
        needs: needs.to_vec(),
        timeout: Duration::from_secs(9),
        grace: Duration::from_secs(1),
        drain_timeout: Duration::from_secs(1),
        retries: Retries {
            infra: retries.0,
            failed: retries.1,
            backoff: Duration::from_secs(2),
        },
        artifacts: Vec::new(),
        accept_incomplete: false,
        allow_empty: false,
        strict: false,
        watch: Vec::new(),
    }
}

struct Played {
    summary: RunSummary,
    events: Vec<Event>,
    most_at_once: usize,
}

impl Played {
    fn statuses(&self) -> Vec<SuiteStatus> {
        self.summary
            .suites
            .iter()
            .map(|suite| suite.status)
            .collect()
    }
}

fn play(suites: Vec<Suite>, script: Script, jobs: usize, fail_fast: bool) -> Played {
    let root = tempfile::tempdir().unwrap();
    let plan = Plan {
        pipeline: "p".into(),
        file: root.path().join("pipeline.toml"),
        root: root.path().to_owned(),
        jobs,
        cluster: None,
        fail_fast,
        judges: BTreeMap::new(),
        added: Vec::new(),
        suites: suites.into_iter().map(Arc::new).collect(),
        reports: Vec::new(),
    };
    let dir = dir::RunDir::create(root.path(), |id| dir::RunIntro {
        version: dir::DIR_VERSION,
        id,
        pipeline: "p".into(),
        file: plan.file.clone(),
        started_at: String::new(),
        tribunal: "0".into(),
        pid: 1,
        suites: 1,
    })
    .unwrap();
    let executor = Arc::new(FakeExecutor {
        script,
        running: Mutex::default(),
    });
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let means = Means {
        id: "id".into(),
        shown_dir: "shown".into(),
        dir,
        judges: BTreeMap::from([("fake".to_owned(), Arc::new(FakeJudge) as Arc<dyn Judge>)]),
        local: Arc::clone(&executor) as Arc<dyn Executor>,
        kubernetes: None,
        events: Box::new(move |event| sink.lock().unwrap().push(event)),
        signals: None,
        news: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let RunEnd::Finished(summary) = runtime.block_on(run(Arc::new(plan), means)) else {
        panic!("nobody sent a signal")
    };
    let most_at_once = executor.running.lock().unwrap().1;
    let events = events.lock().unwrap().clone();
    Played {
        summary: *summary,
        events,
        most_at_once,
    }
}

#[test]
fn suites_wait_for_what_they_need_and_are_skipped_when_it_fails() {
    let suites = vec![
        suite("build", &[], (0, 0)),
        suite("unit", &[0], (0, 0)),
        suite("lint", &[], (0, 0)),
        suite("after-lint", &[2, 0], (0, 0)),
        suite("last", &[3], (0, 0)),
    ];
    let script = Script::from([
        ("build", vec![Act::Exit(0)]),
        ("unit", vec![Act::Exit(0)]),
        ("lint", vec![Act::Exit(1)]),
    ]);
    let played = play(suites, script, 2, false);
    assert_eq!(
        played.statuses(),
        [Passed, Passed, Failed, Skipped, Skipped]
    );
    assert_eq!(played.summary.suites[3].summary, "needs lint, which failed");
    assert_eq!(played.summary.status, RunStatus::Failed);
    assert_eq!(played.most_at_once, 2);
    for event in &played.events {
        let t = event.totals;
        assert_eq!(
            t.done,
            t.passed + t.failed + t.undecided + t.not_run,
            "{event:?}"
        );
        assert!(t.running <= 2);
    }
}

#[test]
fn retries_tell_faults_of_the_suite_from_faults_of_the_place() {
    let lost = || {
        Act::End(EndState::Lost {
            reason: "node gone".into(),
        })
    };
    let suites = vec![
        suite("flaky", &[], (0, 2)),
        suite("hopeless", &[], (5, 1)),
        suite("moved", &[], (2, 0)),
        suite("gone", &[], (1, 0)),
        suite("cut", &[], (1, 0)),
    ];
    let script = Script::from([
        ("flaky", vec![Act::Exit(1), Act::Exit(0)]),
        ("hopeless", vec![Act::Exit(1)]),
        ("moved", vec![lost(), lost(), Act::Exit(0)]),
        ("gone", vec![lost()]),
        ("cut", vec![Act::Cut, Act::Exit(0)]),
    ]);
    let played = play(suites, script, 5, false);
    assert_eq!(played.statuses(), [Flaky, Failed, Passed, Errored, Passed]);
    let attempts: Vec<u32> = played
        .summary
        .suites
        .iter()
        .map(|suite| suite.attempts)
        .collect();
    assert_eq!(attempts, [2, 2, 3, 2, 2]);
    assert_eq!(
        played.summary.suites[0].summary,
        "passed on attempt 2 of 2: exit 0"
    );
    assert!(
        !played.summary.suites[2].warnings.is_empty(),
        "a repeated attempt is told"
    );
    let pauses: Vec<u64> = played
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::AttemptFinished {
                suite: 2,
                retry_in_ms,
                ..
            } => *retry_in_ms,
            _ => None,
        })
        .collect();
    assert_eq!(pauses, [2000, 4000]);
}

#[test]
fn fail_fast_acts_on_a_case_while_its_suite_still_runs() {
    let suites = vec![
        suite("bad", &[], (0, 0)),
        suite("long", &[], (0, 0)),
        suite("queued", &[], (0, 0)),
    ];
    let script = Script::from([("bad", vec![Act::FailThenHang]), ("long", vec![Act::Hang])]);
    let played = play(suites, script, 2, true);
    assert_eq!(played.statuses(), [Failed, Cancelled, Cancelled]);
    assert_eq!(played.summary.status, RunStatus::Failed);
    assert_eq!(played.summary.suites[2].attempts, 0);
}

#[test]
fn a_panic_costs_one_suite_its_verdict_and_no_other() {
    let suites = vec![suite("buggy", &[], (0, 0)), suite("fine", &[], (0, 0))];
    let script = Script::from([("buggy", vec![Act::Panic]), ("fine", vec![Act::Exit(0)])]);
    let played = play(suites, script, 1, false);
    assert_eq!(played.statuses(), [Errored, Passed]);
    assert_eq!(played.summary.warnings.len(), 1);
}

#[test]
fn every_attempt_leaves_its_record_and_the_journal_replays() {
    let script = Script::from([("one", vec![Act::Exit(1), Act::Exit(0)])]);
    let played = play(vec![suite("one", &[], (0, 1))], script, 1, false);
    let records: Vec<&AttemptRecord> = played
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::AttemptFinished { record, .. } => Some(&**record),
            _ => None,
        })
        .collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[1].dir, "suites/one/attempt-2");
    for event in &played.events {
        let line = serde_json::to_string(event).unwrap();
        assert_eq!(&serde_json::from_str::<Event>(&line).unwrap(), event);
    }
}
