//! What would run: resolved, immutable, made without I/O.
//!
//! [`resolve`] turns a [`Pipeline`] and the command line into a [`Plan`]: defaults applied, matrix and
//! shards multiplied, variables replaced, filters and `needs` settled.
//!
//! [`Pipeline`]: crate::config::Pipeline

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::event::SuiteIndex;

mod kubernetes;
mod resolve;
mod select;
mod slug;
mod subset;

pub(crate) use kubernetes::ARCH_LABEL;
pub use kubernetes::{CaptureMode, Cluster, KubernetesSpec, SEALED_ARCHITECTURES, Toleration};
pub use resolve::resolve;
pub use select::{PlanError, Selection};

/// Everything a run needs to know before it starts.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The pipeline's name.
    pub pipeline: String,
    /// The pipeline's file, absolute.
    pub file: PathBuf,
    /// The folder the file is in; suites start there and `.tribunal/` lives there.
    pub root: PathBuf,
    /// Suites at once.
    pub jobs: usize,
    /// The cluster, when a suite runs on Kubernetes.
    pub cluster: Option<Cluster>,
    /// Whether the first failure cancels the rest.
    pub fail_fast: bool,
    /// The judges that the suites use, by name.
    pub judges: BTreeMap<String, JudgeSpec>,
    /// The suites, in the order of the file. `needs` point into this list.
    pub suites: Vec<Arc<Suite>>,
    /// Of those, the ones that no filter asked for: others need them. In rising order.
    pub added: Vec<SuiteIndex>,
    /// Reports to write.
    pub reports: Vec<ReportTarget>,
}

/// One suite, ready to run.
#[derive(Clone, Debug, Serialize)]
pub struct Suite {
    /// Its name with matrix values and shard: `unit[python=3.13,shard=1/4]`. Unique in a plan.
    pub name: String,
    /// The key under `[suites]`.
    pub base: String,
    /// A name for its directory: unique, at most 100 bytes of `[a-z0-9._-]`.
    pub slug: String,
    /// The judge's name; a key of [`Plan::judges`].
    pub judge: String,
    /// Where it runs.
    pub target: Target,
    /// What it runs.
    pub command: Command,
    /// The working directory, absolute.
    pub cwd: PathBuf,
    /// Variables set on top of tribunal's own environment, `TRIBUNAL_SHARD_INDEX` and
    /// `TRIBUNAL_SHARD_TOTAL` among them.
    pub env: BTreeMap<String, String>,
    /// For `--label` and reports.
    pub labels: BTreeMap<String, String>,
    /// Matrix values.
    pub matrix: BTreeMap<String, String>,
    /// Which shard, from 0 (`TRIBUNAL_SHARD_INDEX`), of how many (`TRIBUNAL_SHARD_TOTAL`).
    pub shard: Option<Shard>,
    /// Suites that must pass before this one starts.
    pub needs: Vec<SuiteIndex>,
    /// How long the program may run.
    #[serde(serialize_with = "millis")]
    pub timeout: Duration,
    /// Between TERM and KILL.
    #[serde(serialize_with = "millis")]
    pub grace: Duration,
    /// After the end: how long the rest of the output may take.
    #[serde(serialize_with = "millis")]
    pub drain_timeout: Duration,
    /// How often it may be tried again.
    pub retries: Retries,
    /// Globs, relative to `cwd`, of files to collect when it has ended.
    pub artifacts: Vec<String>,
    /// Globs, relative to [`Plan::root`], of its sources: `tribunal watch` runs it again when they change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub watch: Vec<String>,
    /// Whether `passed` may stand on incomplete output.
    pub accept_incomplete: bool,
    /// Whether a suite without tests passes.
    pub allow_empty: bool,
    /// Whether `unverified` output is `incomplete`.
    pub strict: bool,
}

/// Where a suite runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// As a process of this machine.
    Local,
    /// As a Job of a cluster.
    Kubernetes(Arc<KubernetesSpec>),
}

impl Target {
    /// The executor's name, as the journal and judges see it.
    pub fn executor(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Kubernetes(_) => "kubernetes",
        }
    }
}

/// What a suite runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// A program and its arguments, no shell. Never empty.
    Argv(Vec<String>),
    /// Text run by `sh -eu -c`.
    Script(String),
    /// What the image runs by itself; only on Kubernetes.
    Image,
}

impl Command {
    /// The argument vector that is really executed; empty for [`Self::Image`].
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Argv(argv) => argv.clone(),
            Self::Image => Vec::new(),
            Self::Script(text) => ["sh", "-eu", "-c", text].map(str::to_owned).to_vec(),
        }
    }

    /// One line for people.
    pub fn display(&self) -> String {
        match self {
            Self::Argv(argv) => argv.join(" "),
            Self::Image => "(the image's entrypoint)".to_owned(),
            Self::Script(text) => {
                let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                let first = lines.next().unwrap_or("").to_owned();
                if lines.next().is_some() {
                    format!("{first} …")
                } else {
                    first
                }
            }
        }
    }
}

/// Which part of a sharded suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shard {
    /// From 0.
    pub index: u32,
    /// How many there are.
    pub total: u32,
}

/// How often an attempt may be repeated, and how soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Retries {
    /// After faults that are not the suite's: lost, evicted, output gone.
    pub infra: u32,
    /// After the suite's own failure.
    pub failed: u32,
    /// Before the second attempt; doubled for each further one, at most 5 minutes.
    #[serde(serialize_with = "millis")]
    pub backoff: Duration,
}

/// A judge, as the pipeline declares it.
#[derive(Clone, Debug, Serialize)]
pub struct JudgeSpec {
    /// Where its WebAssembly comes from.
    pub source: JudgeSource,
    /// Expected SHA-256 of the file, in lower-case hex.
    pub sha256: Option<String>,
    /// Its `config` table.
    pub config: serde_json::Value,
    /// Its limits.
    pub limits: JudgeLimits,
}

/// Where a judge's WebAssembly comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgeSource {
    /// Shipped inside the binary, by this name.
    Builtin(String),
    /// A file, absolute.
    File(PathBuf),
}

/// What a judgement may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct JudgeLimits {
    /// Linear memory in bytes, all memories together.
    pub memory: u64,
    /// CPU time, guest and host functions together; waiting does not count.
    #[serde(serialize_with = "millis")]
    pub cpu: Duration,
}

impl Default for JudgeLimits {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            cpu: Duration::from_secs(30),
        }
    }
}

/// A report to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportTarget {
    /// Its format.
    pub format: ReportFormat,
    /// Where to, absolute.
    pub path: PathBuf,
}

/// Formats a run can be rendered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportFormat {
    /// `JUnit` XML.
    Junit,
    /// The run summary as JSON.
    Json,
    /// Every event, one JSON document a line.
    Jsonl,
    /// Common Test Report Format, JSON.
    Ctrf,
    /// Markdown, short enough for a comment.
    Markdown,
    /// Markdown appended to a file, as GitHub's step summary wants it.
    GithubSummary,
    /// One page for a browser.
    Html,
}

impl ReportFormat {
    /// Every format with its name, for messages and the command line.
    pub const ALL: [(&'static str, Self); 7] = [
        ("ctrf", Self::Ctrf),
        ("github-summary", Self::GithubSummary),
        ("html", Self::Html),
        ("json", Self::Json),
        ("jsonl", Self::Jsonl),
        ("junit", Self::Junit),
        ("markdown", Self::Markdown),
    ];
}

fn millis<S: serde::Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(crate::model::millis(*duration))
}

#[cfg(test)]
mod tests;
