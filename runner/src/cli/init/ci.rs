//! The job of a CI system that runs the pipeline. The files are those of `examples/ci/`.

use std::path::Path;

use clap::ValueEnum;

use super::{Failure, create};

/// A CI system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum System {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// Woodpecker CI
    Woodpecker,
    /// Buildkite
    Buildkite,
    /// Azure Pipelines
    Azure,
    /// Forgejo Actions
    Forgejo,
}

impl System {
    /// Where its job goes, and the job.
    fn job(self) -> (&'static str, &'static str) {
        let (path, text) = match self {
            Self::Github => (
                ".github/workflows/tests.yml",
                include_str!("../../../../examples/ci/github-actions.yml"),
            ),
            Self::Gitlab => (
                ".gitlab-ci.yml",
                include_str!("../../../../examples/ci/gitlab-ci.yml"),
            ),
            Self::Woodpecker => (
                ".woodpecker/tests.yml",
                include_str!("../../../../examples/ci/woodpecker.yml"),
            ),
            Self::Buildkite => (
                ".buildkite/pipeline.yml",
                include_str!("../../../../examples/ci/buildkite.yml"),
            ),
            Self::Azure => (
                "azure-pipelines.yml",
                include_str!("../../../../examples/ci/azure-pipelines.yml"),
            ),
            Self::Forgejo => (
                ".forgejo/workflows/tests.yml",
                include_str!("../../../../examples/ci/forgejo-actions.yml"),
            ),
        };
        // The first line says where an example goes; what has arrived need not say it.
        let job = text
            .split_once('\n')
            .filter(|(first, _)| first.starts_with("# Goes to "))
            .map_or(text, |(_, rest)| rest);
        (path, job)
    }
}

/// What a pipeline that was there before the job lacks, which takes its reports from `out/`.
pub(super) fn note(pipeline: &str) -> &'static str {
    let says = |start: &str| {
        pipeline
            .lines()
            .any(|line| line.trim_start().starts_with(start))
    };
    if says("[report]") || says("report.") || says("report =") {
        "check  [report] of pipeline.toml: the job takes out/junit.xml and out/report.html\n"
    } else {
        "first  add to pipeline.toml, for the job takes its reports from out/:\n       [report]\n       \
         junit = \"out/junit.xml\"\n       html = \"out/report.html\"\n"
    }
}

/// Writes the job and says so. A file that is there stays as it is, and the job is printed to be put in by hand.
pub(super) fn add(folder: &Path, system: System) -> Result<String, Failure> {
    let (name, text) = system.job();
    let path = folder.join(name);
    if path.symlink_metadata().is_ok() {
        return Ok(format!(
            "kept   {name}, which was there; this is the job for it:\n\n{text}\n"
        ));
    }
    if let Some(above) = path.parent() {
        std::fs::create_dir_all(above)
            .map_err(|error| Failure::usage(format!("cannot make it: {error}")).at(above))?;
    }
    create(&path, text)?;
    Ok(format!(
        "wrote  {name} (its image or runner must have tribunal)\n"
    ))
}
