//! A case: a folder with an output, the evidence beside it, and the verdict that is expected.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use crate::capture::Capture;
use crate::judge::{Artifact, Ended, Evidence, Facts, JudgeError, Notice, UNHEARD};
use crate::model::{
    CaptureReport, Case, CaseStatus, Completeness, Counts, EndState, Label, Termination, Verdict,
    VerdictStatus,
};
use crate::plugin::{Probe, Usage};

/// `evidence.json`: what a judge may know besides the output. Names as in the evidence of programs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facets {
    #[serde(default)]
    pub(super) pipeline: String,
    #[serde(default)]
    pub(super) suite: String,
    #[serde(default = "one")]
    pub(super) attempt: u32,
    #[serde(default = "file")]
    pub(super) executor: String,
    #[serde(default)]
    pub(super) command: Vec<String>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) config: serde_json::Value,
    pub(super) ended: EndState,
    #[serde(default)]
    pub(super) duration_ms: u64,
    #[serde(default = "complete")]
    pub(super) completeness: Completeness,
}

fn one() -> u32 {
    1
}

fn file() -> String {
    "file".to_owned()
}

fn complete() -> Completeness {
    Completeness::Complete
}

/// `expected.json`: what is left out is not compared.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<VerdictStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) counts: Option<Counts>,
    /// Status by id of the cases that did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failing: Option<BTreeMap<String, CaseStatus>>,
    /// Why there is no verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

impl Expected {
    /// What a judgement came to.
    pub(super) fn of(answer: &Result<Verdict, JudgeError>, cases: &[Case]) -> Self {
        let mut failing = BTreeMap::new();
        for case in cases {
            if matches!(case.status, CaseStatus::Passed | CaseStatus::Skipped) {
                failing.remove(&case.id);
            } else {
                failing.insert(case.id.clone(), case.status);
            }
        }
        match answer {
            Ok(verdict) => Self {
                status: Some(verdict.status),
                summary: Some(verdict.summary.clone()),
                counts: verdict.counts,
                failing: Some(failing),
                error: None,
            },
            Err(error) => Self {
                error: Some(error.to_string()),
                ..Self::default()
            },
        }
    }

    /// The lines in which `got` differs: `- expected`, `+ got`.
    pub(super) fn difference(&self, got: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut compare = |key: &str, expected: Option<String>, got: Option<String>| {
            if expected.is_some() && expected != got {
                let word = |text: Option<String>| text.unwrap_or_else(|| "nothing".to_owned());
                lines.push(format!("- {key}: {}", word(expected)));
                lines.push(format!("+ {key}: {}", word(got)));
            }
        };
        // Without any expectation of an error, an error differs from every verdict.
        let error = self.error.clone().or_else(|| {
            let surprise = got.error.is_some();
            surprise.then(|| "none".to_owned())
        });
        compare("error", error, got.error.clone());
        if got.error.is_none() {
            compare(
                "status",
                json(self.status.as_ref()),
                json(got.status.as_ref()),
            );
            compare(
                "summary",
                json(self.summary.as_ref()),
                json(got.summary.as_ref()),
            );
            compare(
                "counts",
                json(self.counts.as_ref()),
                json(got.counts.as_ref()),
            );
            compare(
                "failing",
                json(self.failing.as_ref()),
                json(got.failing.as_ref()),
            );
        }
        lines
    }
}

fn json<T: Serialize>(value: Option<&T>) -> Option<String> {
    serde_json::to_string(value?).ok()
}

/// A folder of `cases/`.
pub(super) struct CaseFolder {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) facets: Facets,
    pub(super) expected: Expected,
}

impl CaseFolder {
    /// Reads a folder.
    ///
    /// # Errors
    /// Which file is missing or wrong, and how.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = |name: &str| {
            let path = path.join(name);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let wrong = |name: &str, error: &dyn std::fmt::Display| {
            format!("{}: {error}", path.join(name).display())
        };
        let facets = serde_json::from_str(&text("evidence.json")?)
            .map_err(|error| wrong("evidence.json", &error))?;
        let expected = serde_json::from_str(&text("expected.json")?)
            .map_err(|error| wrong("expected.json", &error))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: name.into_owned(),
            path: path.to_owned(),
            facets,
            expected,
        })
    }

    pub(super) fn evidence(&self) -> Result<Evidence, String> {
        evidence(&self.facets, &self.path)
    }
}

/// Evidence of a finished attempt whose output and artifacts are in `folder`.
pub(super) fn evidence(facets: &Facets, folder: &Path) -> Result<Evidence, String> {
    let log = folder.join("output.log");
    let fault = |error: std::io::Error| format!("{}: {error}", log.display());
    let mut report = CaptureReport::nothing(facets.completeness, "");
    (report.bytes, report.lines) = measure(&log).map_err(fault)?;
    report.stdout_bytes = report.bytes;
    let capture = Capture::of_file(log.clone(), report.clone()).map_err(fault)?;
    let mut termination = Termination::new(facets.ended.clone());
    termination.duration_ms = facets.duration_ms;
    let ended = Ended {
        termination,
        capture: report,
        artifacts: artifacts(&folder.join("artifacts")),
    };
    let (sender, receiver) = watch::channel(None);
    sender.send_replace(Some(Arc::new(ended)));
    let label = |(key, value): (&String, &String)| Label {
        key: key.clone(),
        value: value.clone(),
    };
    Ok(Evidence {
        facts: Arc::new(Facts {
            pipeline: facets.pipeline.clone(),
            suite: facets.suite.clone(),
            attempt: facets.attempt,
            executor: facets.executor.clone(),
            command: facets.command.clone(),
            labels: facets.labels.iter().map(label).collect(),
            config_json: if facets.config.is_null() {
                "{}".to_owned()
            } else {
                facets.config.to_string()
            },
        }),
        capture,
        ended: receiver,
    })
}

/// Bytes and line feeds.
fn measure(path: &Path) -> std::io::Result<(u64, u64)> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0; 256 << 10]);
    let (mut bytes, mut lines) = (0, 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, lines)),
            n => {
                bytes += n as u64;
                lines += memchr::memchr_iter(b'\n', &buffer[..n]).count() as u64;
            }
        }
    }
}

fn artifacts(folder: &Path) -> Vec<Artifact> {
    let walked = walkdir::WalkDir::new(folder).sort_by_file_name();
    let files = walked
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file());
    files
        .filter_map(|entry| {
            let name = entry.path().strip_prefix(folder).ok()?;
            Some(Artifact {
                name: name.to_string_lossy().into_owned(),
                path: entry.path().to_owned(),
                size: entry.metadata().ok()?.len(),
            })
        })
        .collect()
}

/// What a judgement came to, and what it cost.
pub(super) struct Heard {
    pub(super) answer: Result<Verdict, JudgeError>,
    pub(super) cases: Vec<Case>,
    pub(super) usage: Usage,
}

/// Judges, keeping every case.
pub(super) async fn hear(probe: &Probe, evidence: Evidence) -> Heard {
    let (sender, mut notices) = mpsc::channel(UNHEARD);
    let listening = async {
        let mut cases = Vec::new();
        while let Some(notice) = notices.recv().await {
            if let Notice::Cases(more) = notice {
                cases.extend(more);
            }
        }
        cases
    };
    let ((answer, usage), cases) = tokio::join!(probe.judge(evidence, sender), listening);
    Heard {
        answer,
        cases,
        usage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_expected_is_compared() {
        let got = Expected {
            status: Some(VerdictStatus::Failed),
            summary: Some("1 of 2 failed".to_owned()),
            ..Expected::default()
        };
        let mut expected = Expected {
            status: Some(VerdictStatus::Failed),
            ..Expected::default()
        };
        assert_eq!(expected.difference(&got), Vec::<String>::new());
        expected.summary = Some("2 of 2 failed".to_owned());
        let lines = expected.difference(&got);
        assert_eq!(
            lines,
            [
                "- summary: \"2 of 2 failed\"",
                "+ summary: \"1 of 2 failed\""
            ]
        );
    }

    #[test]
    fn an_error_differs_from_every_verdict() {
        let got = Expected {
            error: Some("it crashed".to_owned()),
            ..Expected::default()
        };
        assert_eq!(
            Expected::default().difference(&got),
            ["- error: none", "+ error: it crashed"]
        );
        assert!(got.difference(&got).is_empty());
    }
}
