//! What `pipeline.toml` declares, checked, with defaults applied; matrix and shards not yet multiplied.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::plan::{Cluster, Command, JudgeSpec, ReportTarget, Retries, Target};

/// Judges that ship inside the binary: names that need no entry under `[judges]`.
pub const BUILTIN_JUDGES: [&str; 17] = [
    "auto",
    "ctest",
    "ctrf",
    "exit-code",
    "go-test",
    "gtest",
    "jest",
    "junit",
    "libtest",
    "mocha",
    "nextest",
    "node-test",
    "playwright",
    "pytest",
    "tap",
    "trx",
    "vitest",
];

/// A valid pipeline. Names, `needs`, judges and variables are known to be right.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its `name`, or the name of the folder it is in.
    pub name: String,
    /// Its file; absolute when it was loaded from one.
    pub file: PathBuf,
    /// The folder the file is in.
    pub root: PathBuf,
    /// `run.jobs`: suites at once, at least 1. None: as many as there are cores.
    pub jobs: Option<usize>,
    /// `run.fail_fast`.
    pub fail_fast: bool,
    /// What `[judges]` declares, by name; built-ins only where it refines them.
    pub judges: BTreeMap<String, JudgeSpec>,
    /// What `[kubernetes]` says for the whole run.
    pub cluster: Cluster,
    /// The suites, in the order of the file; at least one.
    pub suites: Vec<SuiteConfig>,
    /// What `[report]` declares.
    pub reports: Vec<ReportTarget>,
}

/// One `[suites.NAME]`, with `[defaults]` applied.
///
/// `command`, `env`, `cwd`, `artifacts` and the texts of a Kubernetes target may hold `${matrix.…}` and `${shard.…}`.
#[derive(Clone, Debug)]
pub struct SuiteConfig {
    /// The key under `[suites]`.
    pub name: String,
    /// Where it runs.
    pub target: Target,
    /// What it runs.
    pub command: Command,
    /// A built-in judge or a key of [`Pipeline::judges`].
    pub judge: String,
    /// Names of other suites, without repetition and without cycles.
    pub needs: Vec<String>,
    /// Variables set for it.
    pub env: BTreeMap<String, String>,
    /// For `--label` and reports.
    pub labels: BTreeMap<String, String>,
    /// Names and values, both in the order of the file; no list is empty.
    pub matrix: Vec<(String, Vec<String>)>,
    /// Into how many parts it is cut, at least 1.
    pub shards: Option<u32>,
    /// Globs, relative to `cwd`.
    pub artifacts: Vec<String>,
    /// Relative to [`Pipeline::root`], or absolute.
    pub cwd: String,
    /// How long the program may run.
    pub timeout: Duration,
    /// Between TERM and KILL.
    pub grace: Duration,
    /// After the end: how long the rest of the output may take.
    pub drain_timeout: Duration,
    /// How often it may be tried again.
    pub retries: Retries,
    /// Whether `passed` may stand on incomplete output.
    pub accept_incomplete: bool,
    /// Whether a suite without tests passes.
    pub allow_empty: bool,
    /// Whether `unverified` output is `incomplete`.
    pub strict: bool,
}
