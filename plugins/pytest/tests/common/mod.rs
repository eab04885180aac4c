//! Reads the recorded runs and judges bytes.
#![expect(dead_code, reason = "each test binary uses a part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use tribunal_judge_pytest::parser::{Notice, Parser};
use tribunal_judge_pytest::verdict;
use tribunal_sdk::{Capture, Completeness, EndState, Signal, TestCase, Verdict};

/// What a scenario says must come out.
#[derive(Debug, Deserialize)]
pub(crate) struct Expect {
    pub(crate) status: String,
    pub(crate) end: End,
    pub(crate) counts: Option<Counts>,
    pub(crate) cases: Option<usize>,
}

/// An exit code or a signal's name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum End {
    Code(i32),
    Signal(String),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) errored: u32,
    pub(crate) skipped: u32,
    pub(crate) flaky: u32,
}

/// One recorded run.
pub(crate) struct Fixture {
    /// `version/scenario`.
    pub(crate) name: String,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) expect: Expect,
}

impl std::fmt::Debug for Fixture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Fixture {
    pub(crate) fn end(&self) -> EndState {
        match &self.expect.end {
            End::Code(code) => EndState::Exited(*code),
            End::Signal(name) => EndState::Signaled(Signal {
                number: 9,
                name: name.clone(),
                core_dumped: false,
            }),
        }
    }
}

/// All recorded runs.
pub(crate) fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pytest");
    let mut out = Vec::new();
    for entry in fs::read_dir(root).expect("the fixtures") {
        let folder = entry.expect("an entry").path();
        let Ok(index) = fs::read(folder.join("expect.json")) else {
            continue;
        };
        let version = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let index: BTreeMap<String, Expect> =
            serde_json::from_slice(&index).expect("a valid expect.json");
        for (name, expect) in index {
            let read = |kind: &str| fs::read(folder.join(format!("{name}.{kind}")));
            out.push(Fixture {
                stdout: read("stdout").expect("stdout"),
                stderr: read("stderr").unwrap_or_default(),
                name: format!("{version}/{name}"),
                expect,
            });
        }
    }
    out.sort_by(|one, other| one.name.cmp(&other.name));
    out
}

/// A verdict with its cases: the last report of each id.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) cases: BTreeMap<String, TestCase>,
    /// How often a case was reported without any change.
    pub(crate) repeated: usize,
}

/// A capture with nothing missing.
pub(crate) fn whole() -> Capture {
    Capture {
        completeness: Completeness::Proven,
        bytes: 0.0,
        lines: 0.0,
        missing: 0.0,
        note: String::new(),
    }
}

pub(crate) fn judge(stdout: &[u8], stderr: &[u8], end: &EndState) -> Judged {
    judge_chunked(stdout, stderr, end, 65_536)
}

/// Does what the judge's shell does, on bytes.
pub(crate) fn judge_chunked(stdout: &[u8], stderr: &[u8], end: &EndState, size: usize) -> Judged {
    let mut cases: BTreeMap<String, TestCase> = BTreeMap::new();
    let mut repeated = 0;
    let mut report = |notice| {
        if let Notice::Case(case) = notice
            && let Some(before) = cases.insert(case.id.clone(), case.clone())
        {
            repeated += usize::from(before == case);
        }
    };
    let mut read = |bytes: &[u8]| {
        let mut parser = Parser::new();
        for chunk in bytes.chunks(size) {
            parser.feed(chunk, &mut report);
        }
        parser.end(&mut report)
    };
    let (out, err) = (read(stdout), read(stderr));
    let verdict = verdict::decide(&verdict::join(out, err), end, &whole());
    Judged {
        verdict,
        cases,
        repeated,
    }
}
