//! `tribunal runs export` and `import`: a run as one file.

use std::path::PathBuf;

use clap::Args;

use super::super::{Failure, options, print, project_root};
use crate::archive::{self, Limits};
use crate::config::clean;
use crate::model::ExitStatus;
use crate::report::terminal::text::{bytes, plural};
use crate::run::dir::RunDir;

/// Writes a run to one file: a gzipped tar with the digest of everything in it.
///
/// It has the journal, all outputs and all artifacts. The same run makes the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal runs export latest -o run.tar.gz
  tribunal runs export 7f3k                  to 20261122-1532-7f3k.tar.gz

`tar tzf FILE` shows what is in it; `tribunal runs import FILE` makes it a run again.")]
pub(in super::super) struct ExportArgs {
    /// The run: its id, the beginning or the end of it, `latest`, or a run's folder.
    run: String,
    /// The file [default: the run's id and .tar.gz].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file when it is there.
    #[arg(long)]
    force: bool,
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

/// Makes an exported run one of the runs here: to show, to explain, to judge again.
///
/// Every length and digest is checked, paths that lead out of the run are refused, and so is what holds more than
/// `--max-size`. What is wrong leaves nothing behind.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal runs import run.tar.gz && tribunal show 7f3k
  gh run download -n tribunal && tribunal runs import *.tar.gz")]
pub(in super::super) struct ImportArgs {
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Bytes that a run may hold when it is unpacked.
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = crate::config::parse_size)]
    max_size: u64,
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

pub(super) fn export(args: &ExportArgs) -> Result<ExitStatus, Failure> {
    let dir = RunDir::find(&project_root(args.pipeline.as_ref()), &args.run)?;
    let default = || Ok::<_, Failure>(PathBuf::from(format!("{}.tar.gz", dir.intro()?.id)));
    let path = args.output.clone().map_or_else(default, Ok)?;
    let done = archive::export(&dir, &path, args.force)?;
    for left in &done.left_out {
        let left = clean(left, 300);
        options::complain(&format!(
            "warning: left out: {left} is neither file nor folder"
        ));
    }
    let files = plural(done.files as u64, "file");
    let text = format!(
        "run {} in {}: {files}, {} in {}\n",
        done.run,
        path.display(),
        bytes(done.bytes),
        bytes(done.archive_bytes)
    );
    print(text.as_bytes())?;
    Ok(ExitStatus::Passed)
}

pub(super) fn import(args: &ImportArgs) -> Result<ExitStatus, Failure> {
    let root = project_root(args.pipeline.as_ref());
    let limits = Limits {
        bytes: args.max_size,
        ..Limits::default()
    };
    for file in &args.files {
        let done = archive::import(&root, file, limits)?;
        let files = plural(done.files as u64, "file");
        let text = format!(
            "run {}: {files}, {}, every digest right; tribunal show {}\n",
            done.run,
            bytes(done.bytes),
            done.run
        );
        print(text.as_bytes())?;
    }
    Ok(ExitStatus::Passed)
}
