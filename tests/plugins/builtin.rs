//! The built-in judges, as they are inside the binary.

use std::collections::BTreeMap;
use std::sync::Arc;

use tribunal::judge::Ended;
use tribunal::model::{EndState, Termination, VerdictStatus};
use tribunal::plan::{JudgeLimits, JudgeSource, JudgeSpec};
use tribunal::plugin::{Registry, builtin_names};

use crate::kit::{Attempt, Bench, judge_evidence};

fn spec(name: &str) -> JudgeSpec {
    JudgeSpec {
        source: JudgeSource::Builtin(name.to_owned()),
        sha256: None,
        config: serde_json::Value::Null,
        limits: JudgeLimits::default(),
    }
}

#[test]
fn every_built_in_judge_loads_and_says_what_it_is() {
    let specs: BTreeMap<_, _> = builtin_names()
        .map(|name| (name.to_owned(), spec(name)))
        .collect();
    assert!(specs.contains_key("exit-code"));
    let registry = Registry::load_with(&specs, Bench::new().cache()).expect("all load");
    for name in builtin_names() {
        let info = registry.info(name).expect("loaded");
        assert_eq!(info.name, name);
        assert!(!info.description.is_empty());
        let digest = registry.get(name).expect("loaded").identity().digest;
        assert_eq!(digest.len(), "sha256:".len() + 64);
    }
}

#[tokio::test]
async fn exit_code_believes_the_exit_code() {
    let specs = BTreeMap::from([("exit-code".to_owned(), spec("exit-code"))]);
    let registry = Registry::load_with(&specs, Bench::new().cache()).expect("loads");
    let judge = registry.get("exit-code").expect("loaded");
    for (code, expected) in [(0, VerdictStatus::Passed), (3, VerdictStatus::Failed)] {
        let attempt = Attempt::new();
        let ended = attempt.ended.clone();
        let (evidence, _dir) = attempt.finish(b"whatever\n", Vec::new());
        let before = ended.borrow().clone().expect("ended");
        ended.send_replace(Some(Arc::new(Ended {
            termination: Termination::new(EndState::Exited { code }),
            ..Ended::clone(&before)
        })));
        let outcome = judge_evidence(judge.as_ref(), evidence).await;
        let verdict = outcome.verdict.expect("a verdict");
        assert_eq!(verdict.status, expected);
        assert!(
            verdict.summary.contains(&code.to_string()),
            "{}",
            verdict.summary
        );
    }
}

#[test]
fn exit_code_takes_no_config() {
    let mut strict = spec("exit-code");
    strict.config = serde_json::json!({"minimum": 85});
    let specs = BTreeMap::from([("mine".to_owned(), strict)]);
    let errors = Registry::load_with(&specs, Bench::new().cache())
        .err()
        .expect("refused");
    let text = errors[0].to_string();
    assert!(
        text.contains("judge `mine`: its config is not valid: "),
        "{text}"
    );
}
