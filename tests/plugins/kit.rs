//! What the tests share: judges around a few lines of WebAssembly, and evidence for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tribunal::capture::{self, Stream, Writer};
use tribunal::judge::{Artifact, Ended, Evidence, Facts, Judge, JudgeError, Notice};
use tribunal::model::{CaptureReport, Completeness, EndState, Termination, Verdict};
use tribunal::plan::{JudgeLimits, JudgeSource, JudgeSpec};
use tribunal::plugin::{Cache, Problem, Registry};

const SHELL: &str = include_str!("shell.wat");
const DESCRIBE: &str = r#"(func (export "describe") (result i32) (i32.const 1024))"#;
const VALIDATE: &str =
    r#"(func (export "validate") (param i32 i32) (result i32) (i32.const 1100))"#;
const JUDGE: &str = r#"(func (export "judge") (result i32) (i32.const 2048))"#;

/// The text of a judge whose core module has `core` in it; what it does not export has a harmless default.
pub(crate) fn text(core: &str) -> String {
    let defaults = [
        ("describe", DESCRIBE),
        ("validate", VALIDATE),
        ("judge", JUDGE),
    ];
    let missing = defaults
        .into_iter()
        .filter(|(name, _)| !core.contains(&format!("(export \"{name}\")")));
    let missing: Vec<_> = missing.map(|(_, default)| default).collect();
    let core = format!("{core}\n{}", missing.join("\n"));
    SHELL.replace(";; CORE", &core).replace("PAGES", "32")
}

/// A judge's bytes.
pub(crate) fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("WebAssembly text")
}

/// A judge that does `body`, which leaves a pointer to its answer.
pub(crate) fn judging(body: &str) -> Vec<u8> {
    wasm(&text(&format!(
        "(func (export \"judge\") (result i32) (local $i i32) (local $l i32) {body})"
    )))
}

/// Judges in a directory of their own, with a cache beside them.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { dir }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A judge's declaration, for a file with these bytes.
    pub(crate) fn spec(&self, bytes: &[u8]) -> JudgeSpec {
        let file = self.path().join("judge.wasm");
        fs::write(&file, bytes).expect("written");
        JudgeSpec {
            source: JudgeSource::File(file),
            sha256: None,
            config: serde_json::Value::Null,
            limits: JudgeLimits::default(),
        }
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::at(self.path().join("cache"))
    }

    pub(crate) fn load_spec(&self, spec: JudgeSpec) -> Result<Registry, Problem> {
        let specs = BTreeMap::from([("custom".to_owned(), spec)]);
        Registry::load_with(&specs, self.cache())
            .map_err(|mut errors| errors.pop().expect("an error").problem)
    }

    pub(crate) fn load(&self, bytes: &[u8]) -> Result<Registry, Problem> {
        self.load_spec(self.spec(bytes))
    }

    /// Why a judge of these bytes is refused, as people read it.
    pub(crate) fn refusal(&self, bytes: &[u8]) -> String {
        let loaded = self.load(bytes);
        loaded.err().expect("a refusal").to_string()
    }

    pub(crate) fn judge(&self, bytes: &[u8]) -> Arc<dyn Judge> {
        let registry = self.load(bytes).expect("a judge");
        registry.get("custom").expect("this judge")
    }
}

/// An attempt under way.
pub(crate) struct Attempt {
    dir: TempDir,
    pub(crate) output: Writer,
    pub(crate) ended: watch::Sender<Option<Arc<Ended>>>,
    pub(crate) evidence: Evidence,
}

impl Attempt {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (output, capture) = capture::create(dir.path());
        let (ended, receiver) = watch::channel(None);
        let evidence = Evidence {
            facts: Arc::new(Facts {
                pipeline: "shop".to_owned(),
                suite: "unit".to_owned(),
                attempt: 1,
                executor: "local".to_owned(),
                ..Facts::default()
            }),
            capture,
            ended: receiver,
        };
        Self {
            dir,
            output,
            ended,
            evidence,
        }
    }

    /// Ends it with exit code 0; returns the evidence.
    pub(crate) fn finish(mut self, log: &[u8], artifacts: Vec<Artifact>) -> (Evidence, TempDir) {
        self.output.write(Stream::Stdout, log);
        let report: CaptureReport = self.output.finish(Completeness::Proven, "");
        let ended = Ended {
            termination: Termination::new(EndState::Exited { code: 0 }),
            capture: report,
            artifacts,
        };
        self.ended.send_replace(Some(Arc::new(ended)));
        (self.evidence, self.dir)
    }
}

/// What a judgement came to.
pub(crate) struct Outcome {
    pub(crate) verdict: Result<Verdict, JudgeError>,
    pub(crate) notices: Vec<Notice>,
}

impl Outcome {
    pub(crate) fn error(&self) -> &JudgeError {
        self.verdict.as_ref().expect_err("no verdict")
    }
}

/// Judges a finished attempt with this output; gives up after a minute.
pub(crate) async fn judge(judge: &dyn Judge, log: &[u8]) -> Outcome {
    let (evidence, _dir) = Attempt::new().finish(log, Vec::new());
    judge_evidence(judge, evidence).await
}

pub(crate) async fn judge_evidence(judge: &dyn Judge, evidence: Evidence) -> Outcome {
    let (sender, mut receiver) = mpsc::channel(16);
    let listening = async {
        let mut notices = Vec::new();
        while let Some(notice) = receiver.recv().await {
            notices.push(notice);
        }
        notices
    };
    let both = async { tokio::join!(judge.judge(evidence, sender), listening) };
    let (verdict, notices) = tokio::time::timeout(Duration::from_mins(1), both)
        .await
        .expect("an answer");
    Outcome { verdict, notices }
}

/// Judges an empty log with a judge of these bytes.
pub(crate) async fn outcome(bytes: &[u8]) -> Outcome {
    let bench = Bench::new();
    judge(bench.judge(bytes).as_ref(), b"").await
}

/// How many cases the notices tell of.
pub(crate) fn cases(notices: &[Notice]) -> usize {
    let of = |notice: &Notice| match notice {
        Notice::Cases(cases) => cases.len(),
        _ => 0,
    };
    notices.iter().map(of).sum()
}
