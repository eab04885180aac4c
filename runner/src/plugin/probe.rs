//! Looking at a judge without a run: what it is, and what a judgement costs.

use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use wasmparser::Encoding;

use super::cache::{Cache, Content};
use super::convert::JudgeInfo;
use super::error::Problem;
use super::judgement::{Linked, Loaded, Usage};
use super::load::{self, Surface, Tier};
use super::sandbox::Subject;
use super::{adapt, hex, registry};
use crate::judge::{Evidence, JudgeError, Notice};
use crate::model::Verdict;
use crate::plan::JudgeSpec;

/// A judge that is loaded to be looked at.
pub struct Probe {
    loaded: Loaded,
    /// How long it took from the file to an answer to `describe`.
    pub took: Duration,
}

impl Probe {
    /// Loads a judge whose instructions are counted, which costs it a tenth of its speed.
    ///
    /// # Errors
    /// As `run` would refuse it.
    pub fn counting(spec: &JudgeSpec, cache: &Cache) -> Result<Self, Problem> {
        let start = Instant::now();
        let loaded = registry::load_counting(spec, cache)?;
        let took = start.elapsed();
        Ok(Self { loaded, took })
    }

    /// Loads a judge as `run` does.
    ///
    /// # Errors
    /// As `run` would refuse it.
    pub fn plain(spec: &JudgeSpec, cache: &Cache) -> Result<Self, Problem> {
        let start = Instant::now();
        let loaded = registry::load_plain(spec, cache)?;
        let took = start.elapsed();
        Ok(Self { loaded, took })
    }

    /// What it says about itself.
    pub fn info(&self) -> &JudgeInfo {
        &self.loaded.info
    }

    /// `sha256:` and the digest of its file.
    pub fn digest(&self) -> &str {
        &self.loaded.code.digest
    }

    /// Whether it is a program (the second tier).
    pub fn is_program(&self) -> bool {
        matches!(self.loaded.code.pre, Linked::Program(_))
    }

    /// Judges, and says what that used.
    pub async fn judge(
        &self,
        evidence: Evidence,
        notices: mpsc::Sender<Notice>,
    ) -> (Result<Verdict, JudgeError>, Usage) {
        self.loaded.judge(Subject::new(evidence, notices)).await
    }
}

/// What can be said of a file without running anything in it.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// `component`, or `core module` that is adapted.
    pub format: &'static str,
    /// `judge` (the contract) or `program` (standard input to JSON).
    pub tier: &'static str,
    /// Bytes of the file.
    pub size: u64,
    /// Its digest in lower-case hexadecimal.
    pub sha256: String,
    /// What it imports, sorted.
    pub imports: Vec<String>,
    /// What it exports, sorted.
    pub exports: Vec<String>,
    /// Whether compiled code is in the cache.
    pub cached: bool,
}

/// Looks into a file.
///
/// # Errors
/// When it can be no judge.
pub fn inspect(path: &Path, cache: &Cache) -> Result<Inspection, Problem> {
    let bytes = load::read(path)?;
    let format = match load::check_header(&bytes)? {
        Encoding::Component => "component",
        Encoding::Module => "core module, adapted",
    };
    let component = load::prepare(&bytes)?;
    let Surface {
        mut imports,
        mut exports,
    } = Surface::of(&component)?;
    imports.sort();
    exports.sort();
    let tier = match Tier::of(exports.iter().map(String::as_str)) {
        Some(Tier::Program) => "program",
        _ => "judge",
    };
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    Ok(Inspection {
        format,
        tier,
        size: bytes.len() as u64,
        sha256: hex(&digest),
        imports,
        exports,
        cached: cache.holds(super::engine::engine()?, &Content::of(&bytes)),
    })
}

/// Makes a component of a core module's file.
///
/// # Errors
/// When it is none, or can be no judge.
pub fn componentize(path: &Path) -> Result<Vec<u8>, Problem> {
    let bytes = load::read(path)?;
    match load::check_header(&bytes)? {
        Encoding::Module => adapt::componentize(&bytes),
        Encoding::Component => Err(Problem::NotAComponent(
            "it is a component already; use it as it is".to_owned(),
        )),
    }
}
