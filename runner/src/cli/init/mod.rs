//! `tribunal init`: looks what tests there are, and writes a pipeline that runs them.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, print};
use crate::config::{Pipeline, SCHEMA, clean};
use crate::model::ExitStatus;
use crate::report::terminal::text::plural;

mod below;
mod ci;
mod detect;
mod javascript;
mod write;

/// Where the schema is put for editors; `.tribunal/` is not for version control.
const SCHEMA_PATH: &str = ".tribunal/pipeline.schema.json";

/// Looks what tests there are and writes a pipeline.toml that runs them.
///
/// Asks nothing, runs nothing, and never replaces a file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal init                 looks around and writes pipeline.toml
  tribunal init --print         only prints it
  tribunal init --ci github     also writes .github/workflows/tests.yml

It looks three folders deep, and knows pytest, go test, cargo test, nextest, vitest, jest, mocha, node --test, Playwright, ctest, RSpec, PHPUnit, \
Maven, Gradle, bats, prove and Makefiles. What it does not know, it leaves to you: a suite is a command and a judge.

Exit codes: 0 written, 2 a file is there already or cannot be written")]
pub(super) struct InitArgs {
    /// The folder to look into.
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// Print the pipeline instead of writing it.
    #[arg(long)]
    print: bool,
    /// Also add a job for this CI system.
    #[arg(long, value_enum, value_name = "NAME")]
    ci: Option<ci::System>,
}

/// A suite that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    /// By what: a file, and the tool in it.
    by: String,
    /// The name it gets.
    suite: String,
    /// What it runs.
    runs: Runs,
    judge: &'static str,
    artifacts: Vec<String>,
    env: Vec<(&'static str, &'static str)>,
    needs: Option<String>,
    /// The folder it runs in, where it is not the pipeline's.
    cwd: Option<String>,
    /// What to know, as comments above it.
    notes: Vec<String>,
    /// What is missing on this machine, with the cure.
    missing: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Runs {
    Command(Vec<String>),
    Script(String),
}

impl Found {
    fn new(by: &str, suite: &str, judge: &'static str, command: &[&str]) -> Self {
        Self {
            by: by.to_owned(),
            suite: suite.to_owned(),
            runs: Runs::Command(command.iter().map(|&word| word.to_owned()).collect()),
            judge,
            artifacts: Vec::new(),
            env: Vec::new(),
            needs: None,
            cwd: None,
            notes: Vec::new(),
            missing: None,
        }
    }

    fn artifacts(mut self, glob: &str) -> Self {
        self.artifacts.push(glob.to_owned());
        self
    }

    fn note(mut self, note: &str) -> Self {
        self.notes.push(note.to_owned());
        self
    }

    fn missing_unless(mut self, there: bool, cure: &str) -> Self {
        if !there {
            self.missing = Some(cure.to_owned());
        }
        self
    }
}

pub(super) fn init(args: &InitArgs) -> Result<ExitStatus, Failure> {
    let folder = &args.folder;
    if !folder.is_dir() {
        return Err(Failure::usage("it is no folder")
            .at(folder)
            .hint("name the one with your tests"));
    }
    let found = below::look(folder);
    let text = write::pipeline(
        &name(folder),
        &found,
        &detect::junit_reports(folder),
        args.ci.is_some(),
    );
    if let Err(error) = Pipeline::parse(&text, "pipeline.toml") {
        // Better no file than a wrong one.
        return Err(Failure::errored("what was found makes no valid pipeline")
            .hint("this is a bug in tribunal; write it by hand, as below, and tell us")
            .and(error.into()));
    }
    if args.print {
        print(text.as_bytes())?;
        return Ok(ExitStatus::Passed);
    }
    let file = folder.join("pipeline.toml");
    let had_pipeline = file.symlink_metadata().is_ok();
    if had_pipeline && args.ci.is_none() {
        return Err(Failure::usage("it is there already and stays as it is")
            .at(&plain(&file))
            .hint("`tribunal init --print` shows what would be written"));
    }
    let mut said = String::new();
    if had_pipeline {
        said.push_str("kept   pipeline.toml, which was there\n");
    } else {
        said.push_str(&table(&found));
        create(&file, &text)?;
        create_schema(folder)?;
        let suites = plural(found.len().max(1) as u64, "suite");
        said.extend([format!("wrote  {} ({suites})\n", shown(&file))]);
    }
    if let Some(system) = args.ci {
        said.push_str(&ci::add(folder, system)?);
        if had_pipeline {
            said.push_str(ci::note(&fs::read_to_string(&file).unwrap_or_default()));
        }
    }
    for found in &found {
        if let Some(missing) = found.missing.as_ref().filter(|_| !had_pipeline) {
            let place = found.cwd.as_ref();
            let place = place.map_or_else(String::new, |cwd| format!("in {}: ", clean(cwd, 100)));
            said.extend([format!(
                "first  {place}{missing}, or suite {} cannot run\n",
                found.suite
            )]);
        }
    }
    let next = if folder == Path::new(".") {
        "tribunal run".to_owned()
    } else {
        let file = file.to_string_lossy();
        format!(
            "tribunal run --pipeline {}",
            crate::report::terminal::text::shell(&file)
        )
    };
    said.extend([format!("next   {next}\n")]);
    print(said.as_bytes())?;
    Ok(ExitStatus::Passed)
}

/// A line for each suite: by what it was found, its name, its judge.
fn table(found: &[Found]) -> String {
    if found.is_empty() {
        return "found  no tests that I know; the suite in the file is an example\n".to_owned();
    }
    let rows: Vec<[String; 4]> = found
        .iter()
        .map(|found| {
            [
                "found".to_owned(),
                clean(&found.by, 100),
                format!("suites.{}", found.suite),
                format!("judge {}", found.judge),
            ]
        })
        .collect();
    super::table::table(&rows, &[])
}

fn name(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_default();
    let name = absolute.file_name().unwrap_or_default().to_string_lossy();
    let name = clean(&name, 100);
    if name.trim().is_empty() {
        "tests".to_owned()
    } else {
        name
    }
}

fn shown(path: &Path) -> String {
    clean(&plain(path).to_string_lossy(), 300)
}

/// A path as people write it.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// Writes a file that is not there.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let failure = if error.kind() == ErrorKind::AlreadyExists {
            Failure::usage("it is there already and stays as it is")
        } else {
            Failure::usage(format!("cannot write it: {error}"))
        };
        failure.at(&plain(path))
    })
}

/// Puts the schema where the first line of the pipeline says. It is ours, and replaced.
fn create_schema(folder: &Path) -> Result<(), Failure> {
    crate::run::dir::prepare(folder)?;
    let path = folder.join(SCHEMA_PATH);
    fs::write(&path, SCHEMA)
        .map_err(|error| Failure::usage(format!("cannot write it: {error}")).at(&plain(&path)))
}

#[cfg(test)]
mod tests;
