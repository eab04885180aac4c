//! `tribunal check`: is the pipeline valid?

use std::path::PathBuf;

use clap::Args;

use super::{Failure, options, print};
use crate::model::ExitStatus;
use crate::plan::{self, Selection};

/// Checks a pipeline and tells every mistake at once; runs nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal check
  tribunal check --pipeline ci/pipeline.toml
  tribunal check --concise      one line a mistake, for editors")]
pub(super) struct CheckArgs {
    /// The pipeline's file.
    #[arg(long, value_name = "FILE", default_value = "pipeline.toml")]
    pipeline: PathBuf,
    /// One line a mistake: FILE:LINE:COLUMN: what is wrong.
    #[arg(long)]
    concise: bool,
}

pub(super) fn check(args: &CheckArgs) -> Result<ExitStatus, Failure> {
    let pipeline = if args.concise {
        crate::config::Pipeline::load(&args.pipeline)
            .map_err(|error| Failure::rendered(format!("{}\n", error.render_concise())))?
    } else {
        options::load(&args.pipeline)?
    };
    let plan = plan::resolve(
        &pipeline,
        &Selection {
            cores: 1,
            ..Selection::default()
        },
    )?;
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let (suites, judges) = (plan.suites.len(), plan.judges.len());
    print(
        format!(
            "{}: {suites} suite{}, {judges} judge{}: ok\n",
            args.pipeline.display(),
            plural(suites),
            plural(judges)
        )
        .as_bytes(),
    )?;
    Ok(ExitStatus::Passed)
}
