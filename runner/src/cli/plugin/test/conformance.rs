//! `--conformance`: what any judge must bear. It may say what it likes of these inputs, but it must answer, not say
//! `passed` of what cannot have passed, and say the same twice.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::case::{Expected, Facets, evidence, hear};
use crate::judge::JudgeError;
use crate::model::{Completeness, EndState, VerdictStatus};
use crate::plan::JudgeSpec;
use crate::plugin::{Cache, Probe, Problem};

/// An input and whether a pass would be absurd.
struct Input {
    name: String,
    log: Vec<u8>,
    ended: EndState,
    completeness: Completeness,
    never_passes: bool,
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn inputs() -> Vec<Input> {
    let exited = |code| EndState::Exited { code };
    let input = |name: &str, log: &[u8]| Input {
        name: name.to_owned(),
        log: log.to_vec(),
        ended: exited(0),
        completeness: Completeness::Complete,
        never_passes: false,
    };
    let line = "2026-01-01T00:00:00Z INFO  request 17 took 12 ms and all is well\n";
    let mut all = vec![
        input("an empty output", b""),
        input(
            "64 MiB of lines",
            line.repeat((64 << 20) / line.len()).as_bytes(),
        ),
        input("one line of 8 MiB", &vec![b'x'; 8 << 20]),
        input("a million empty lines", &vec![b'\n'; 1_000_000]),
        input(
            "invalid UTF-8",
            b"\xff\xfe\xc0\xaf ok\n\xe2\x82\nend\xf0\x9f",
        ),
        input("NULs", b"a\0b\0\0\nc\0\n"),
        input("CRLF", b"one\r\ntwo\r\n\r\nthree\r"),
        input(
            "control sequences",
            b"\x1b[31mred\x1b[0m\x1b]0;title\x07\n::set-output name=a::b\n",
        ),
        input("no line end", b"the last line has no end"),
    ];
    let ends = [
        ("exit 1", exited(1)),
        ("exit -1", exited(-1)),
        (
            "a signal",
            EndState::Signaled {
                signal: 11,
                name: "SIGSEGV".to_owned(),
                core_dumped: true,
            },
        ),
        ("a timeout", EndState::TimedOut { limit_ms: 1_500 }),
        (
            "no memory",
            EndState::OomKilled {
                limit: Some("512Mi".to_owned()),
                code: Some(137),
            },
        ),
        (
            "an eviction",
            EndState::Evicted {
                reason: "DiskPressure".to_owned(),
            },
        ),
        (
            "no start",
            EndState::StartFailed {
                reason: "not found".to_owned(),
                transient: false,
            },
        ),
        (
            "a cancel",
            EndState::Cancelled {
                reason: "SIGINT".to_owned(),
            },
        ),
        (
            "a lost end",
            EndState::Lost {
                reason: "node gone".to_owned(),
            },
        ),
        (
            "another end",
            EndState::Other {
                reason: "ünïcode \u{1f980}".to_owned(),
            },
        ),
    ];
    for (name, ended) in ends {
        let mut one = input(name, line.as_bytes());
        one.never_passes = !matches!(ended, EndState::Exited { .. });
        one.ended = ended;
        all.push(one);
    }
    for completeness in [
        Completeness::Gap,
        Completeness::Cut,
        Completeness::Unavailable,
    ] {
        let mut one = input(
            &format!("an output that is {}", completeness.word()),
            line.as_bytes(),
        );
        one.completeness = completeness;
        all.push(one);
    }
    all
}

/// What an input came to: its name, and what is wrong about it.
pub(super) type Finding = (String, Option<String>);

/// Runs all inputs. No artifacts are there in any of them.
pub(super) async fn run(
    probe: &Probe,
    spec: &JudgeSpec,
    scratch: &Path,
) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for input in inputs() {
        let log = scratch.join("output.log");
        fs::write(&log, &input.log).map_err(|error| format!("{}: {error}", log.display()))?;
        let facets = Facets {
            pipeline: "conformance".to_owned(),
            suite: "hostile".to_owned(),
            attempt: 1,
            executor: "file".to_owned(),
            command: vec!["true".to_owned()],
            labels: std::collections::BTreeMap::new(),
            config: spec.config.clone(),
            ended: input.ended.clone(),
            duration_ms: 5,
            completeness: input.completeness,
        };
        let mut twice = Vec::new();
        for _ in 0..2 {
            let heard = hear(probe, evidence(&facets, scratch)?).await;
            let comparable = Expected::of(&heard.answer, &heard.cases);
            twice.push((heard.answer, comparable));
        }
        let wrong = match (&twice[0], &twice[1]) {
            ((Err(error), _), _) if !matches!(error, JudgeError::Declined(_)) => {
                Some(error.to_string())
            }
            ((_, one), (_, other)) if one != other => {
                Some("it said something else the second time".to_owned())
            }
            ((Ok(verdict), _), _)
                if input.never_passes && verdict.status == VerdictStatus::Passed =>
            {
                Some("it said passed".to_owned())
            }
            _ => None,
        };
        findings.push((input.name, wrong));
    }
    Ok(findings)
}

/// Settings that nobody meant. A judge may refuse or ignore them, and must not break. Loading a judge has a runtime of
/// its own, so this is not for the inside of another.
pub(super) fn bad_configs(spec: &JudgeSpec, cache: &Cache) -> Vec<Finding> {
    let configs = [
        (
            "a setting that does not exist",
            json!({"no such setting": {"a": [1, null]}}),
        ),
        ("settings that are a list", json!([])),
        ("settings of 100 KB", json!({"x": "y".repeat(100_000)})),
    ];
    let configs = configs.into_iter();
    configs
        .map(|(name, config)| {
            let mut spec = spec.clone();
            spec.config = config;
            let wrong = match Probe::plain(&spec, cache) {
                Ok(_) | Err(Problem::Config(_)) => None,
                Err(problem) => Some(problem.to_string()),
            };
            (name.to_owned(), wrong)
        })
        .collect()
}
