//! `--record RUN/SUITE`: makes a case of an attempt that was really made.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::super::Failure;
use super::case::{Expected, Facets, evidence, hear};
use crate::event::{AttemptRecord, EventKind, SuiteIntro};
use crate::plan::JudgeSpec;
use crate::plugin::Probe;
use crate::run::dir::RunDir;

/// Records the last attempt of a suite, with what the judge says of it now as the expected verdict.
pub(super) fn record(
    asked: &str,
    cases: &Path,
    probe: &Probe,
    spec: &JudgeSpec,
) -> Result<PathBuf, Failure> {
    let (run, suite) = asked.split_once('/').ok_or_else(|| {
        Failure::usage(format!("--record \"{asked}\" is not RUN/SUITE"))
            .hint("like --record latest/unit")
    })?;
    let root = super::super::super::project_root(None);
    let dir = RunDir::find(&root, run)?;
    let (record, intro) = find(&dir, suite)?;
    let name: String = suite
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    let folder = free(cases, name);
    let failed = |error: std::io::Error| Failure::refused("write the case", &folder, error);
    fs::create_dir_all(&folder).map_err(failed)?;
    let log = folder.join("output.log");
    let from = dir.path().join(&record.dir);
    if from.join("output.log").is_file() {
        fs::copy(from.join("output.log"), &log).map_err(failed)?;
        for artifact in &record.artifacts {
            let to = folder.join("artifacts").join(artifact);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(failed)?;
            }
            fs::copy(from.join("artifacts").join(artifact), &to).map_err(failed)?;
        }
    } else {
        // A suite that passed in silence has no directory.
        fs::write(&log, b"").map_err(failed)?;
    }
    let facets = Facets {
        pipeline: dir.intro()?.pipeline,
        suite: record.suite.clone(),
        attempt: record.attempt,
        executor: intro.executor,
        // A run keeps its command as one line for people only.
        command: Vec::new(),
        labels: intro.labels,
        config: spec.config.clone(),
        ended: record.termination.end.clone(),
        duration_ms: record.termination.duration_ms,
        completeness: record.capture.completeness,
    };
    write(&folder.join("evidence.json"), &facets)?;
    let evidence = evidence(&facets, &folder).map_err(Failure::errored)?;
    let heard = super::block_on(hear(probe, evidence))?;
    let expected = Expected::of(&heard.answer, &heard.cases);
    write(&folder.join("expected.json"), &expected)?;
    Ok(folder)
}

fn find(dir: &RunDir, suite: &str) -> Result<(AttemptRecord, SuiteIntro), Failure> {
    let mut intros: Vec<SuiteIntro> = Vec::new();
    let mut last = None;
    for event in dir.events()? {
        match event.kind {
            EventKind::RunStarted { suites, .. } => intros = suites,
            EventKind::AttemptFinished { record, .. } if record.suite == suite => {
                last = Some(*record);
            }
            _ => {}
        }
    }
    let intro = intros.iter().find(|intro| intro.name == suite);
    if let (Some(record), Some(intro)) = (last, intro) {
        return Ok((record, intro.clone()));
    }
    let names: Vec<_> = intros.iter().map(|intro| intro.name.as_str()).collect();
    let what = format!("no suite \"{suite}\" has a finished attempt in that run");
    Err(Failure::usage(what).hint(format!("there are: {}", names.join(", "))))
}

/// A folder that is not there yet.
fn free(cases: &Path, name: &str) -> PathBuf {
    let plain = cases.join(name);
    if !plain.exists() {
        return plain;
    }
    let numbered = (2_u32..).map(|n| cases.join(format!("{name}-{n}")));
    numbered
        .into_iter()
        .find(|path| !path.exists())
        .unwrap_or(plain)
}

/// Writes JSON for people to read and edit.
pub(super) fn write(path: &Path, value: &impl serde::Serialize) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::refused("write it", path, error);
    let mut text = serde_json::to_string_pretty(value).map_err(|error| failed(&error))?;
    text.push('\n');
    fs::write(path, text).map_err(|error| failed(&error))
}
