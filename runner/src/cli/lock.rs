//! `tribunal lock` writes down which bytes the pipeline's own judges are; `run --locked` demands them.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::{Failure, options, print};
use crate::config::lock::{self, Digests};
use crate::model::ExitStatus;
use crate::plan::{JudgeSource, JudgeSpec, Plan};
use crate::report::terminal::text::plural;

/// Writes tribunal.lock: the digests of the pipeline's own judges.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal lock             after a judge was built or updated on purpose
  tribunal run --locked     then accepts these bytes alone, and reloads none while it runs

The file lies beside the pipeline and belongs into version control. Each judge is loaded and asked first:
one that cannot be used is not locked.")]
pub(super) struct LockArgs {
    /// The pipeline's file.
    #[arg(long, value_name = "FILE", default_value = options::PIPELINE)]
    pipeline: PathBuf,
}

pub(super) fn lock(args: &LockArgs) -> Result<ExitStatus, Failure> {
    let pipeline = options::load(&args.pipeline)?;
    let mut own = pipeline.judges.clone();
    own.retain(|_, spec| is_own(spec));
    let registry = options::load_judges(&own)?;
    let digests: Digests = registry
        .judges()
        .into_iter()
        .map(|(name, judge)| {
            let digest = judge.identity().digest;
            let hex = digest.strip_prefix("sha256:").unwrap_or(&digest).to_owned();
            (name, hex)
        })
        .collect();
    let path = lock::path(&pipeline.root);
    let beside = path.with_extension("lock.tmp");
    std::fs::write(&beside, lock::render(&digests))
        .and_then(|()| std::fs::rename(&beside, &path))
        .map_err(|error| Failure::refused("write it", &path, error))?;
    let mut text = String::new();
    for (name, digest) in &digests {
        writeln!(text, "{name}  sha256:{digest}").unwrap_or_default();
    }
    let count = plural(digests.len() as u64, "judge");
    writeln!(text, "{count} in {}", path.display()).unwrap_or_default();
    print(text.as_bytes())?;
    Ok(ExitStatus::Passed)
}

fn is_own(spec: &JudgeSpec) -> bool {
    matches!(spec.source, JudgeSource::File(_))
}

/// Makes a plan accept the locked bytes of its judges alone.
///
/// # Errors
/// When there is no lock, or it does not speak of a judge, or of other bytes than the pipeline pins.
pub(super) fn demand(plan: &mut Plan) -> Result<(), Failure> {
    if !plan.judges.values().any(is_own) {
        return Ok(());
    }
    let digests = lock::read(&plan.root).map_err(|error| {
        Failure::usage(format!("--locked: {error}"))
            .at(error.path())
            .hint("`tribunal lock` writes it")
            .nothing_was_run()
    })?;
    let path = lock::path(&plan.root);
    let mut problems = Vec::new();
    for (name, spec) in &mut plan.judges {
        let JudgeSource::File(file) = &spec.source else {
            continue;
        };
        let Some(locked) = digests.get(name) else {
            problems.push(wrong(name, "it is not in the lock").at(&path));
            continue;
        };
        if let Some(pin) = spec.sha256.as_ref().filter(|pin| *pin != locked) {
            let what = format!("the pipeline pins {pin}, and the lock has {locked}");
            problems.push(wrong(name, &what).at(&path));
        }
        // Asked here for the better message; what is compiled is held against the same digest again.
        match crate::plugin::digest_of(file) {
            Ok(found) if found != *locked => {
                let what = format!("its sha256 is {found}, and the lock has {locked}");
                problems.push(wrong(name, &what).at(file));
            }
            // A file that cannot be read is told of when it is loaded.
            _ => {}
        }
        spec.sha256 = Some(locked.clone());
    }
    match Failure::all(problems) {
        None => Ok(()),
        Some(failure) => Err(failure
            .hint("look at what changed; if it is meant, `tribunal lock` writes it down")
            .nothing_was_run()),
    }
}

fn wrong(judge: &str, what: &str) -> Failure {
    Failure::usage(format!("--locked: judge \"{judge}\": {what}"))
}
