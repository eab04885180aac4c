//! What a CI system takes from elsewhere than the log: GitHub's summary and outputs, Azure's summary, Buildkite's
//! annotation. None of them decides anything, so a failure is told and changes no exit code.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::command;
use super::system::{Surroundings, System};
use crate::model::{RunStatus, RunSummary, SuiteStatus};
use crate::report::markdown::{self, STEP_SUMMARY};
use crate::report::terminal::clean;
use crate::report::{exit_status, file, words};

/// GitHub refuses a step's summary as a whole from 1 MiB on; other commands of the step may have written to it.
const WHOLE_SUMMARY: u64 = 1_000 << 10;
/// The least that is worth adding to a summary.
const LEAST: u64 = 2 << 10;
/// How long Buildkite's agent may take to hand over an annotation.
const AGENT: Duration = Duration::from_secs(30);

/// Where to put them.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    pub(super) surroundings: Surroundings,
    /// The run's directory, as it is and as it is shown.
    pub(super) run_dir: PathBuf,
    pub(super) shown_dir: String,
}

/// Writes them all; returns lines for the log: commands that name what was written, and what failed.
pub(super) fn write(system: System, files: &Files, summary: &RunSummary) -> String {
    let mut log = String::new();
    let mut failed = |what: &str, result: io::Result<()>| {
        if let Err(error) = result {
            let _infallible = writeln!(log, "warning: cannot write {what}: {error}");
        }
    };
    if let Some(path) = &files.surroundings.summary {
        failed("the step's summary", add_summary(path, summary));
    }
    if let Some(path) = &files.surroundings.output {
        failed(
            "the step's outputs",
            append(path, outputs(files, summary).as_bytes()),
        );
    }
    match system {
        System::Azure => {
            let path = files.run_dir.join("summary.md");
            let text = markdown::render(summary, STEP_SUMMARY);
            match file::replace(&path, text.as_bytes()) {
                Ok(()) => log.push_str(&command::azure(
                    "task.uploadsummary",
                    &[],
                    &path.to_string_lossy(),
                )),
                error => failed("the summary", error),
            }
        }
        System::Buildkite => failed("the annotation", annotate(files, summary)),
        _ => {}
    }
    log
}

fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(bytes)
}

/// Adds the run to the step's summary, as far as there is room.
fn add_summary(path: &Path, summary: &RunSummary) -> io::Result<()> {
    let there = fs::metadata(path).map_or(0, |known| known.len());
    let room = WHOLE_SUMMARY.saturating_sub(there).min(STEP_SUMMARY as u64);
    if room < LEAST {
        return Err(io::Error::other(format!(
            "{} holds {there} bytes already, and GitHub refuses it from 1 MiB on",
            path.display()
        )));
    }
    let room = usize::try_from(room).unwrap_or(STEP_SUMMARY);
    append(path, markdown::render(summary, room).as_bytes())
}

/// What later steps can ask for: `steps.<id>.outputs.status` and the like.
fn outputs(files: &Files, summary: &RunSummary) -> String {
    let status = match summary.status {
        _ if summary.cancelled_by.is_some() => "cancelled",
        RunStatus::Passed => "passed",
        RunStatus::Failed => "failed",
        RunStatus::Errored => "undecided",
        RunStatus::Empty => "empty",
        RunStatus::Cancelled => "cancelled",
    };
    let count = |wanted: fn(SuiteStatus) -> bool| {
        summary
            .suites
            .iter()
            .filter(|suite| wanted(suite.status))
            .count()
    };
    let run = clean::line(summary.run.as_deref().unwrap_or_default());
    format!(
        "status={status}\nexit-code={}\nfailed={}\nundecided={}\nrun={run}\nrun-dir={}\n",
        exit_status(summary) as u8,
        count(SuiteStatus::is_failure),
        count(SuiteStatus::is_undecided),
        clean::line(&files.shown_dir)
    )
}

/// Hands the summary to Buildkite's agent, where there is one and something is to be looked at.
fn annotate(files: &Files, summary: &RunSummary) -> io::Result<()> {
    let style = match words::verdict(summary) {
        "PASS" if summary.suites.iter().all(|suite| suite.warnings.is_empty()) => return Ok(()),
        "PASS" => "warning",
        _ => "error",
    };
    let Some(agent) = agent() else {
        return Ok(());
    };
    let job = files.surroundings.job.as_deref().unwrap_or("job");
    let context = format!("tribunal-{}", clean::line(job));
    let mut child = Command::new(agent)
        .args(["annotate", "--style", style, "--context", &context])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let body = markdown::render(summary, STEP_SUMMARY);
    if let Some(mut input) = child.stdin.take() {
        // An agent that reads nothing must not hold up the end of the run; one that refuses says so by its code.
        let feeding = thread::spawn(move || input.write_all(body.as_bytes()));
        let ended = wait(&mut child);
        drop(feeding);
        return ended;
    }
    wait(&mut child)
}

fn wait(child: &mut Child) -> io::Result<()> {
    let deadline = Instant::now() + AGENT;
    loop {
        if let Some(status) = child.try_wait()? {
            let said = child.stderr.take().map(io::read_to_string);
            let said = said.and_then(Result::ok).unwrap_or_default();
            let last = said.lines().last().unwrap_or_default();
            let told =
                || io::Error::other(format!("buildkite-agent: {status}: {}", clean::line(last)));
            return if status.success() {
                Ok(())
            } else {
                Err(told())
            };
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!(
                "buildkite-agent took longer than {} s",
                AGENT.as_secs()
            )));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Buildkite's agent on `PATH`.
fn agent() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("buildkite-agent"))
        .find(|program| program.is_file())
}
