//! `tribunal report`: renders a stored run in a format for people or programs elsewhere.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::options::CiChoice;
use super::{Failure, options, print, project_root, run};
use crate::model::ExitStatus;
use crate::report::ci::guard;
use crate::report::ctrf::Ctrf;
use crate::report::html::{self, Html};
use crate::report::json::Json;
use crate::report::jsonl::Jsonl;
use crate::report::markdown::{self, Markdown};
use crate::report::{Out, Report};
use crate::run::dir::RunDir;

/// Renders a stored run: one HTML page, Markdown for a comment, or a format that other tools read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal report html                          a page of the newest run, in its folder
  tribunal report html 20261122-1532 -o r.html  of the run whose id begins like that
  tribunal report markdown                      a comment for a pull request, at most 65,000 bytes
  tribunal report github-summary -o \"$GITHUB_STEP_SUMMARY\"
                                                added at the end of the file, at most 900 KiB
  tribunal report ctrf -o ctrf.json             Common Test Report Format
  tribunal report jsonl | jq .event             every event, a line each

The exit code says whether it could be rendered, not how the run ended.")]
pub(super) struct ReportArgs {
    /// What to make of it.
    format: Format,
    /// The run: its id, the beginning of it, or a run's folder.
    #[arg(default_value = "latest")]
    run: String,
    /// The file [default: standard output; for html: report.html in the run's folder].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// MiB that an HTML page may have; what does not fit is named in it.
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=1024))]
    html_limit: u64,
    /// The outputs in an HTML page.
    #[arg(long, value_enum, default_value_t = Logs::Problems)]
    html_logs: Logs,
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One page for a browser, without network.
    Html,
    /// Short enough for a comment.
    Markdown,
    /// Markdown, added at the end of the file.
    GithubSummary,
    /// Common Test Report Format.
    Ctrf,
    /// XML as `JUnit` writes it.
    #[value(help = "JUnit XML")]
    Junit,
    /// The summary.
    Json,
    /// Every event.
    Jsonl,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Logs {
    /// Of suites that did not pass or are flaky.
    Problems,
    /// Of all, as far as the limit reaches.
    All,
    /// Of none.
    None,
}

pub(super) fn report(args: &ReportArgs) -> Result<ExitStatus, Failure> {
    let dir = RunDir::find(&project_root(args.pipeline.as_ref()), &args.run)?;
    let mut report = make(args, &dir)?;
    let mut result = Ok(());
    dir.each_event(|event| {
        if result.is_ok() {
            result = report.on_event(&event);
        }
    })?;
    match result.and_then(|()| report.finish()) {
        // The reader has gone away: `| head`.
        Err(error) if error.source.kind() == std::io::ErrorKind::BrokenPipe => {
            return Ok(ExitStatus::Passed);
        }
        finished => finished.map_err(Failure::errored)?,
    }
    if args.format == Format::Html {
        let path = html_path(args, &dir);
        print(format!("{}\n", path.display()).as_bytes())?;
    } else if let Some(path) = &args.output {
        options::complain(&format!("wrote {}", path.display()));
    }
    Ok(ExitStatus::Passed)
}

fn html_path(args: &ReportArgs, dir: &RunDir) -> PathBuf {
    let within = || dir.path().join("report.html");
    args.output.clone().unwrap_or_else(within)
}

fn make(args: &ReportArgs, dir: &RunDir) -> Result<Box<dyn Report>, Failure> {
    let run_dir = Some(dir.path().to_owned());
    // What goes to standard output may be read by a CI system.
    let stdout = || -> Box<dyn Write + Send> {
        let out = std::io::stdout();
        match args.format {
            Format::Json | Format::Jsonl | Format::Ctrf => Box::new(guard::Document::json(out)),
            Format::Junit => Box::new(guard::Document::xml(out)),
            Format::Html | Format::Markdown | Format::GithubSummary if options::is_read_by_ci() => {
                Box::new(guard::Guarded::new(out))
            }
            Format::Html | Format::Markdown | Format::GithubSummary => Box::new(out),
        }
    };
    let out = match &args.output {
        Some(path) if args.format == Format::GithubSummary => Out::Append(path.clone()),
        Some(path) => Out::File(path.clone()),
        None => Out::Writer(stdout()),
    };
    Ok(match args.format {
        Format::Html => {
            let logs = match args.html_logs {
                Logs::Problems => html::Logs::Problems,
                Logs::All => html::Logs::All,
                Logs::None => html::Logs::None,
            };
            let page = Html::new(html_path(args, dir), run_dir);
            Box::new(page.budget(args.html_limit << 20, logs))
        }
        Format::Markdown => Box::new(Markdown::new(out, markdown::COMMENT)),
        Format::GithubSummary => Box::new(Markdown::new(out, markdown::STEP_SUMMARY)),
        Format::Ctrf => Box::new(Ctrf::new(out)),
        Format::Junit => Box::new(run::junit(out, run_dir, CiChoice::Auto)),
        Format::Json => Box::new(Json::new(out)),
        Format::Jsonl => Box::new(match &args.output {
            Some(path) => Jsonl::to_file(path).map_err(Failure::errored)?,
            None => Jsonl::to_writer(stdout()),
        }),
    })
}
