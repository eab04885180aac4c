//! `tribunal runs prune`: removes old runs and says what that freed.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::super::{Failure, options, print, print_json, project_root};
use super::Format;
use crate::config::{Keep, clean};
use crate::model::ExitStatus;
use crate::report::terminal::text::{bytes, plural};
use crate::run::prune::{self, Pruning};

/// Removes old runs: what is beyond the newest 100, older than 30 days, or beyond 1 GB.
///
/// The limits are the pipeline's `[run.keep]`, and these options come before it. The newest run stays in any case,
/// and so do a run that goes on and one that cannot be read. Links are removed, never followed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal runs prune --dry-run      what would go
  tribunal runs prune --runs 10      keep the newest ten
  tribunal runs prune --size 200MB   keep as many of the newest as fit into 200 MB

In pipeline.toml:
  [run.keep]
  runs = 100
  days = 30
  size = \"1GB\"
  auto = true        # do it at the end of every run

Exit codes: 0 done, 2 the pipeline or an option is wrong and nothing was removed, 3 something could not be removed")]
pub(in super::super) struct PruneArgs {
    /// Keep at most so many runs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
    /// Keep runs begun at most so many days ago.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: Option<u32>,
    /// Keep as many runs as hold so much together, like 1GB or 512MiB.
    #[arg(long, value_name = "SIZE", value_parser = crate::config::parse_size)]
    size: Option<u64>,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    dry_run: bool,
    freed_bytes: u64,
    #[serde(flatten)]
    pruning: &'a Pruning,
    /// What could not be removed, each with the reason.
    failed: &'a [String],
}

pub(super) fn prune(args: &PruneArgs) -> Result<ExitStatus, Failure> {
    let root = project_root(args.pipeline.as_ref());
    let mut keep = configured(&root, args.pipeline.as_deref())?;
    keep.runs = args.runs.unwrap_or(keep.runs);
    keep.days = args.days.unwrap_or(keep.days);
    keep.bytes = args.size.unwrap_or(keep.bytes);
    let pruning = prune::plan(&root, &keep, Timestamp::now())?;
    let mut failed = Vec::new();
    let mut freed = 0;
    if !args.dry_run {
        failed.extend(prune::finish_removals(&root).err().map(|e| e.to_string()));
    }
    for run in &pruning.leaving {
        match (!args.dry_run).then(|| prune::remove(&root, &run.id)) {
            None | Some(Ok(())) => freed += run.bytes,
            Some(Err(error)) => failed.push(format!("{}: {error}", run.id)),
        }
    }
    if matches!(args.format, Format::Json) {
        print_json(&Report {
            version: 1,
            dry_run: args.dry_run,
            freed_bytes: freed,
            pruning: &pruning,
            failed: &failed,
        })?;
    } else {
        print(told(&pruning, args.dry_run, freed, failed.len()).as_bytes())?;
        for alone in &pruning.left_alone {
            options::complain(&format!("note: left alone: {}", clean(alone, 300)));
        }
        for failure in &failed {
            Failure::errored(format!("cannot remove {}", clean(failure, 300))).say();
        }
    }
    Ok(if failed.is_empty() {
        ExitStatus::Passed
    } else {
        ExitStatus::Errored
    })
}

/// What the pipeline says; a pipeline that is wrong removes nothing.
fn configured(root: &Path, pipeline: Option<&Path>) -> Result<Keep, Failure> {
    let default = root.join("pipeline.toml");
    let file = pipeline.unwrap_or(&default);
    if pipeline.is_none() && !file.is_file() {
        return Ok(Keep::default());
    }
    Ok(options::load(file)?.keep)
}

fn told(pruning: &Pruning, dry_run: bool, freed: u64, failed: usize) -> String {
    let verb = if dry_run { "would go" } else { "gone" };
    let mut text = String::new();
    for run in &pruning.leaving {
        let size = bytes(run.bytes);
        text.extend([format!("{verb}  {}  {size:>9}  {}\n", run.id, run.why)]);
    }
    let gone = (pruning.leaving.len() - failed.min(pruning.leaving.len())) as u64;
    let kept = plural(pruning.kept as u64, "run");
    let (freeing, stay) = if dry_run {
        ("would free", "would stay")
    } else {
        ("freed", "stay")
    };
    text.extend([format!(
        "{kept}, {} {stay}; {} {freeing} {}\n",
        bytes(pruning.kept_bytes),
        plural(gone, "run"),
        bytes(freed)
    )]);
    text
}

/// Prunes at the end of a run: says so in a line, and is no reason to fail.
pub(in super::super) fn prune_quietly(root: &Path, keep: &Keep) {
    let pruning = match prune::plan(root, keep, Timestamp::now()) {
        Ok(pruning) => pruning,
        Err(error) => return options::complain(&format!("warning: old runs stay: {error}")),
    };
    let (mut gone, mut freed) = (0_u64, 0);
    if let Err(error) = prune::finish_removals(root) {
        options::complain(&format!(
            "warning: a removed run left files behind: {error}"
        ));
    }
    for run in &pruning.leaving {
        match prune::remove(root, &run.id) {
            Ok(()) => (gone, freed) = (gone + 1, freed + run.bytes),
            Err(error) => {
                options::complain(&format!("warning: cannot remove run {}: {error}", run.id));
            }
        }
    }
    if gone > 0 {
        let (runs, freed) = (plural(gone, "old run"), bytes(freed));
        options::complain(&format!("note: removed {runs} by run.keep, {freed} freed"));
    }
}
