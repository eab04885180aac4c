//! TOML to [`Pipeline`], every mistake with its place. The only room that names `toml`.
//!
//! The document is parsed with spans and then read key by key ([`reader`]), collecting mistakes instead of
//! stopping at the first. What stands here is checked as far as the file alone tells; whether a judge's file
//! is there, or a program, is found out when something runs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use crate::plan::{Command, JudgeLimits, JudgeSource, JudgeSpec, ReportTarget, Retries};

mod cycles;
mod document;
mod problem;
mod reader;
mod render;
mod suite;
mod value;

pub use problem::{ConfigError, Problem};

/// The judges inside the binary.
pub const BUILTIN_JUDGES: [&str; 3] = ["exit-code", "junit", "pytest"];
/// A larger file is no pipeline.
const LARGEST: u64 = 8 << 20;

/// What `pipeline.toml` declares.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// Its file, absolute.
    pub file: PathBuf,
    /// The folder the file is in.
    pub root: PathBuf,
    /// Suites at once, if it says so.
    pub jobs: Option<usize>,
    /// Whether the first failure cancels the rest.
    pub fail_fast: bool,
    /// What `[judges]` declares.
    pub custom_judges: BTreeMap<String, JudgeSpec>,
    /// Its suites in the order of the file, defaults applied.
    pub suites: Vec<SuiteDecl>,
    /// Reports it wants.
    pub reports: Vec<ReportTarget>,
}

/// A suite as declared: not multiplied yet, variables not replaced.
#[derive(Clone, Debug)]
pub struct SuiteDecl {
    /// Its key.
    pub name: String,
    /// Where that stands in the file.
    pub name_span: Range<usize>,
    /// What it runs.
    pub command: Command,
    /// Its judge's name.
    pub judge: String,
    /// What it needs, with the places.
    pub needs: Vec<(String, Range<usize>)>,
    /// Variables.
    pub env: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Axes in the order of the file.
    pub matrix: Vec<(String, Vec<String>)>,
    /// How many parts.
    pub shards: Option<u32>,
    /// Globs of files to collect.
    pub artifacts: Vec<String>,
    /// Where it runs, absolute.
    pub cwd: PathBuf,
    /// How long it may run.
    pub timeout: Duration,
    /// Between TERM and KILL.
    pub grace: Duration,
    /// How long the rest of its output may take.
    pub drain_timeout: Duration,
    /// How often it may be tried again.
    pub retries: Retries,
    /// See [`crate::plan::Suite`].
    pub accept_incomplete: bool,
    /// See [`crate::plan::Suite`].
    pub allow_empty: bool,
    /// See [`crate::plan::Suite`].
    pub strict: bool,
}

impl Pipeline {
    /// Reads a file.
    ///
    /// # Errors
    /// Every mistake in it, or why it cannot be read.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |why: &str, help: &str| {
            ConfigError::unreadable(path.to_owned(), why.to_owned(), help.to_owned())
        };
        let found = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => unreadable("there is no such file", MISSING),
            _ => unreadable(&error.to_string(), "check the path and its permissions"),
        })?;
        if found.is_dir() {
            return Err(unreadable(
                "is a directory",
                "name the file in it: --pipeline DIR/pipeline.toml",
            ));
        }
        if found.len() > LARGEST {
            let why = format!("has {} bytes, a pipeline at most {LARGEST}", found.len());
            return Err(unreadable(&why, "this is probably not a pipeline"));
        }
        let bytes = fs::read(path)
            .map_err(|error| unreadable(&error.to_string(), "check the file's permissions"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = memchr::memchr_iter(b'\n', &error.as_bytes()[..valid]).count() + 1;
            let why = format!("is not UTF-8 (byte {valid}, line {line})");
            unreadable(&why, "save it as UTF-8; is it a pipeline at all?")
        })?;
        if text.trim().is_empty() {
            return Err(unreadable("is empty", MISSING));
        }
        Self::parse(text, path)
    }

    /// Reads a text as if it stood in `file`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(text: String, file: &Path) -> Result<Self, ConfigError> {
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let root = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        let mut problems = problem::Problems::default();
        let (document, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            problems.add(
                "syntax",
                span,
                error.message().trim().replace('\n', "; "),
                "",
            );
        }
        // What a broken document still says would only be blamed for the break.
        let pipeline = if problems.is_empty() {
            document::read(document.get_ref(), &absolute, &root, &mut problems)
        } else {
            None
        };
        match pipeline {
            Some(pipeline) => Ok(pipeline),
            None => Err(ConfigError {
                file: file.to_owned(),
                text,
                problems: problems.sorted(),
                unreadable: None,
            }),
        }
    }

    /// Every judge a suite may name: the built-in ones and those of `[judges]`, which may hide them.
    pub fn judges(&self) -> BTreeMap<String, JudgeSpec> {
        let builtin = |name: &str| JudgeSpec {
            source: JudgeSource::Builtin(name.to_owned()),
            sha256: None,
            config: serde_json::json!({}),
            limits: JudgeLimits::default(),
        };
        let mut judges: BTreeMap<String, JudgeSpec> = BUILTIN_JUDGES
            .iter()
            .map(|name| ((*name).to_owned(), builtin(name)))
            .collect();
        judges.extend(self.custom_judges.clone());
        judges
    }
}

const MISSING: &str = "\
name another with --pipeline FILE, or write one:
    version = 1
    [suites.unit]
    command = [\"pytest\", \"-q\"]
    judge = \"pytest\"";

#[cfg(test)]
mod tests;
