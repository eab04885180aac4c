//! `tribunal runs`: the stored runs, which of them go, and how they travel.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{Failure, print_json, print_lines, project_root};
use crate::model::{ExitStatus, RunStatus, human_ms};
use crate::run::dir::{self, RunDir, RunIntro};
use crate::run::heartbeat;

mod carry;
mod prune;

pub(super) use prune::prune_quietly;

/// Lists the stored runs, the newest last; removes old ones; exports and imports one as a file.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  tribunal runs
  tribunal runs --format json | jq '.[-1].id'
  tribunal runs prune --dry-run                what would go: beyond 100 runs, 30 days or 1 GB
  tribunal runs export latest -o run.tar.gz    one file, to be looked at elsewhere
  tribunal runs import run.tar.gz              and there it is a run like any other"
)]
pub(super) struct RunsArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
    /// How to print them.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum What {
    Prune(prune::PruneArgs),
    Export(carry::ExportArgs),
    Import(carry::ImportArgs),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    intro: RunIntro,
    /// None for a run that has not come to its end.
    status: Option<RunStatus>,
    duration_ms: Option<u64>,
    /// Whether it goes on: its process is there, or its heartbeat is fresh.
    alive: bool,
}

pub(super) fn runs(args: &RunsArgs) -> Result<ExitStatus, Failure> {
    match &args.what {
        Some(What::Prune(args)) => prune::prune(args),
        Some(What::Export(args)) => carry::export(args),
        Some(What::Import(args)) => carry::import(args),
        None => list(args),
    }
}

fn list(args: &RunsArgs) -> Result<ExitStatus, Failure> {
    let root = project_root(args.pipeline.as_ref());
    let mut rows = Vec::new();
    let mut unreadable = Vec::new();
    for id in dir::ids(&root)? {
        match RunDir::find(&root, &id)
            .and_then(|dir| Ok((dir.intro()?, dir.summary(), heartbeat::age(&dir))))
        {
            Ok((intro, summary, age)) => rows.push(Row {
                alive: summary.is_none()
                    && !heartbeat::is_lost(crate::os::is_alive(intro.pid), age),
                status: summary.as_ref().map(|summary| summary.status),
                duration_ms: summary.map(|summary| summary.duration_ms),
                intro,
            }),
            Err(error) => unreadable.push(format!("{id}  {error}\n")),
        }
    }
    if matches!(args.format, Format::Json) {
        print_json(&rows)?;
        return Ok(ExitStatus::Passed);
    }
    let mut text: String = rows.iter().map(line).collect();
    text.extend(unreadable);
    if text.is_empty() {
        text = format!(
            "no runs in {}; `tribunal run` makes one\n",
            dir::runs_dir(&root).display()
        );
    }
    print_lines(&text)?;
    Ok(ExitStatus::Passed)
}

fn line(row: &Row) -> String {
    let status = match row.status {
        Some(RunStatus::Passed) => "passed",
        Some(RunStatus::Failed) => "failed",
        Some(RunStatus::Errored) => "errored",
        Some(RunStatus::Cancelled) => "cancelled",
        Some(RunStatus::Empty) => "empty",
        None if row.alive => "running",
        None => "lost",
    };
    let took = row.duration_ms.map_or_else(|| "-".to_owned(), human_ms);
    let RunIntro {
        id,
        pipeline,
        suites,
        started_at,
        ..
    } = &row.intro;
    let started: String = started_at.chars().take(19).collect();
    let noun = if *suites == 1 { "suite " } else { "suites" };
    format!("{id}  {status:<9} {took:>8}  {suites:>5} {noun}  {started}Z  {pipeline}\n")
}
