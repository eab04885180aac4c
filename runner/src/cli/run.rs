//! `tribunal run`: runs the pipeline.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::options::{CiChoice, Format, LookArgs, ReportArg, SelectArgs};
use super::{Failure, options};
use crate::executor::Executor;
use crate::executor::kubernetes::{self, KubernetesExecutor};
use crate::executor::local::LocalExecutor;
use crate::model::ExitStatus;
use crate::plan::{Plan, ReportFormat, ReportTarget};
use crate::report::ci::{Ci, Places, Surroundings, System, guard};
use crate::report::ctrf::Ctrf;
use crate::report::html::Html;
use crate::report::json::Json;
use crate::report::jsonl::Jsonl;
use crate::report::junit::{Junit, split};
use crate::report::markdown::{self, Markdown};
use crate::report::terminal::{Mode, Terminal};
use crate::report::{self, Feed, Out, Report, ci, terminal};
use crate::run::dir::{DIR_VERSION, RunDir, RunIntro};
use crate::run::heartbeat::Heartbeat;
use crate::run::journal::Journal;
use crate::run::signal::Signals;
use crate::run::{self, Means, RunEnd};

/// Runs the suites of a pipeline and judges them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal run                              every suite
  tribunal run unit 'e2e*'                  by name; * and ? stand for anything
  tribunal run --label team=pay --jobs 8    by label, eight at once
  tribunal run --fail-fast                  stop the rest at the first failure
  tribunal run --report junit=out/junit.xml --report json=out/run.json
  tribunal run --format json | jq .status   the summary on standard output

What a selected suite needs runs too. The first Ctrl-C asks suites to end, the second kills them, the
third leaves at once. Everything is kept in .tribunal/runs/<id>/ beside the pipeline.

Exit codes:
    0  all passed            1  a suite failed          2  nothing was run: usage or pipeline
    3  errored, incomplete   4  nothing was selected  130  SIGINT                143  SIGTERM")]
pub(super) struct RunArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// Suites at once on this machine [default: the pipeline's, or the number of cores].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// Cancel the rest at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Attempts after a suite's own failure, for every suite.
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// What is printed to standard output.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes a report; may be repeated. Formats: ctrf, github-summary, html, json, jsonl,
    /// junit, markdown.
    #[arg(long, value_name = "FORMAT=PATH")]
    report: Vec<ReportArg>,
    /// The CI system that reads standard output: auto, none, github, gitlab, buildkite, teamcity, azure, jenkins,
    /// forgejo, woodpecker or generic.
    #[arg(long, value_name = "SYSTEM", default_value = "auto")]
    ci: CiChoice,
    #[command(flatten)]
    look: LookArgs,
}

/// Between TERM and KILL for processes that left their suite.
const ORPHAN_GRACE: Duration = Duration::from_millis(500);

pub(super) fn run(args: &RunArgs) -> Result<ExitStatus, Failure> {
    let plan = plan(args)?;
    let judges = options::load_judges(&plan)?;
    let runtime = runtime(&plan)?;
    // Before anything is written: a cluster that is not there makes no run.
    let kubernetes = match &plan.cluster {
        Some(cluster) => {
            let connection = runtime
                .block_on(kubernetes::connect(cluster))
                .map_err(|error| Failure::errored(on_cluster(&plan, &error)))?;
            let survey = runtime.block_on(kubernetes::survey(&connection, &plan));
            if let Some(broken) = survey.broken_demands(&connection, &plan) {
                return Err(Failure::errored(format!("{broken}; nothing was run")));
            }
            for note in survey.notes(&connection, &plan) {
                options::complain(&format!("note: {note}"));
            }
            let executor = KubernetesExecutor::new(connection, &plan.pipeline, survey);
            Some(Arc::new(executor) as Arc<dyn Executor>)
        }
        None => None,
    };
    let dir = RunDir::create(&plan.root, |id| intro(&plan, id))?;
    let id = dir.intro()?.id;
    let feed = Feed::spawn(reports(args, &plan, &dir)?)
        .map_err(|error| Failure::errored(format!("cannot start a thread: {error}")))?;
    if let Err(error) = crate::os::become_subreaper() {
        options::complain(&format!(
            "warning: processes that leave their suite may remain: {error}"
        ));
    }
    let plan = Arc::new(plan);
    let heart = Heartbeat::start(&dir)
        .map_err(|error| Failure::errored(format!("cannot start a thread: {error}")))?;
    let sender = feed.sender();
    let means = Means {
        shown_dir: shown(dir.path()),
        dir,
        id: id.clone(),
        judges,
        local: Arc::new(LocalExecutor),
        kubernetes,
        events: Box::new(move |event| sender.send(event)),
        signals: runtime.block_on(async { Signals::listen() }).ok(),
    };
    let running = runtime.spawn(run::run(plan, means));
    let ended = runtime.block_on(running);
    // Suites that a third signal abandoned may still be blocked in the kernel: not waited for.
    runtime.shutdown_background();
    let orphans = crate::os::kill_orphans(&id, ORPHAN_GRACE);
    let problems = feed.finish();
    drop(heart);
    for left in &orphans {
        options::complain(&format!(
            "warning: process {} ({}) had left its suite and was ended",
            left.pid, left.command
        ));
    }
    for problem in &problems {
        options::complain(&format!("error: {problem}"));
    }
    let status =
        status(&ended.map_err(|panic| Failure::errored(format!("tribunal failed: {panic}")))?);
    // A report that was asked for and is not there is an error, but hides no failure.
    Ok(if problems.is_empty() || status != ExitStatus::Passed {
        status
    } else {
        ExitStatus::Errored
    })
}

fn runtime(plan: &Plan) -> Result<tokio::runtime::Runtime, Failure> {
    // Half of the processors for judging and bookkeeping; the suites want the others. With the dispatcher on
    // one of these threads, most messages wake nobody. A cluster's suites need none of ours.
    let least = if plan.cluster.is_some() { 2 } else { 1 };
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads((options::cores() / 2).max(least))
        .max_blocking_threads(plan.jobs + 8)
        .enable_all()
        .build()
        .map_err(|error| Failure::errored(format!("cannot start: {error}")))
}

/// A cluster's fault with the suites that it hits.
fn on_cluster(plan: &Plan, error: &kubernetes::ConnectError) -> String {
    let names: Vec<&str> = plan
        .suites
        .iter()
        .filter(|suite| suite.target.executor() == "kubernetes")
        .map(|suite| suite.name.as_str())
        .collect();
    let more = names.len().saturating_sub(3);
    let mut who = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    if more > 0 {
        who = format!("{who} and {more} more");
    }
    format!("{error}\nneeded by: {who}; nothing was run")
}

fn plan(args: &RunArgs) -> Result<Plan, Failure> {
    let mut selection = args.select.selection();
    selection.jobs = args.jobs.and_then(|jobs| usize::try_from(jobs).ok());
    selection.fail_fast = args.fail_fast.then_some(true);
    selection.retries = args.retries;
    let mut plan = args.select.plan(&selection)?;
    let here = std::env::current_dir().unwrap_or_default();
    plan.reports
        .extend(args.report.iter().map(|report| ReportTarget {
            format: report.format,
            path: here.join(&report.path),
        }));
    Ok(plan)
}

fn intro(plan: &Plan, id: String) -> RunIntro {
    RunIntro {
        version: DIR_VERSION,
        id,
        pipeline: plan.pipeline.clone(),
        file: plan.file.clone(),
        started_at: jiff::Timestamp::now().to_string(),
        tribunal: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        suites: plan.suites.len(),
    }
}

/// The terminal or JSON on standard output, the journal, and what was asked for.
fn reports(args: &RunArgs, plan: &Plan, dir: &RunDir) -> Result<Vec<Box<dyn Report>>, Failure> {
    let journal = Journal::create(dir.clone()).map_err(Failure::errored)?;
    let mut reports: Vec<Box<dyn Report>> = vec![Box::new(journal)];
    match args.format {
        Format::Human => {
            let mut settings = args.look.settings();
            settings.run_dir = Some(dir.path().to_owned());
            settings.outputs = plan
                .reports
                .iter()
                .map(|target| (name(target.format).to_owned(), shown(&target.path)))
                .collect();
            reports.push(screen(
                args.ci.system(),
                settings,
                places(plan),
                &plan.reports,
            ));
        }
        Format::Json => reports.push(Box::new(Json::new(Out::Writer(Box::new(
            guard::Document::json(std::io::stdout()),
        ))))),
    }
    for target in &plan.reports {
        reports.push(file_report(target, Some(dir.path().to_owned()), args.ci)?);
    }
    Ok(reports)
}

/// The report on standard output, for a person or as a CI system wants it.
pub(super) fn screen(
    system: Option<System>,
    mut settings: terminal::Settings,
    mut places: Places,
    others: &[ReportTarget],
) -> Box<dyn Report> {
    let out = Box::new(std::io::stdout());
    let Some(system) = system else {
        return Box::new(Terminal::new(out, settings));
    };
    settings.mode = Mode::Plain;
    settings.heartbeat = Duration::from_mins(1);
    if !system.reads_commands() {
        return Box::new(Terminal::new(out, settings));
    }
    let mut surroundings = Surroundings::of(system, &options::variable);
    // A summary that the pipeline writes itself is not written twice.
    let written = |path: &PathBuf| others.iter().any(|other| other.path == *path);
    surroundings.summary = surroundings.summary.filter(|path| !written(path));
    places.workspace.clone_from(&surroundings.workspace);
    let mut settings = ci::Settings::new(system, settings);
    settings.surroundings = surroundings;
    settings.places = places;
    Box::new(Ci::new(out, settings))
}

/// Where the files are that a plan's cases name.
fn places(plan: &Plan) -> Places {
    let folders = plan
        .suites
        .iter()
        .map(|suite| (suite.name.clone(), suite.cwd.clone()));
    Places {
        workspace: None,
        root: plan.root.clone(),
        folders: folders.collect(),
    }
}

/// The `JUnit` report, in as many files as the CI system needs.
pub(super) fn junit(out: Out, run_dir: Option<PathBuf>, ci: CiChoice) -> Junit {
    let junit = Junit::new(out, run_dir);
    match ci.system() {
        Some(System::Gitlab) => junit.within(split::GITLAB, Box::new(options::complain)),
        _ => junit,
    }
}

/// A report that goes to a file. Its folder is made now, so that a bad path fails before anything runs.
pub(super) fn file_report(
    target: &ReportTarget,
    run_dir: Option<PathBuf>,
    ci: CiChoice,
) -> Result<Box<dyn Report>, Failure> {
    if let Some(folder) = target.path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::errored(format!("cannot make {}: {error}", folder.display()))
        })?;
    }
    let path = target.path.clone();
    Ok(match target.format {
        ReportFormat::Junit => Box::new(junit(Out::File(path), run_dir, ci)),
        ReportFormat::Json => Box::new(Json::new(Out::File(path))),
        ReportFormat::Jsonl => Box::new(Jsonl::to_file(&path).map_err(Failure::errored)?),
        ReportFormat::Ctrf => Box::new(Ctrf::new(Out::File(path))),
        ReportFormat::Markdown => Box::new(Markdown::new(Out::File(path), markdown::COMMENT)),
        ReportFormat::GithubSummary => {
            Box::new(Markdown::new(Out::Append(path), markdown::STEP_SUMMARY))
        }
        ReportFormat::Html => Box::new(Html::new(path, run_dir)),
    })
}

fn name(format: ReportFormat) -> &'static str {
    ReportFormat::ALL
        .iter()
        .find(|(_, known)| *known == format)
        .map_or("report", |(name, _)| name)
}

/// A path as people typed it, where it is below the present folder.
fn shown(path: &std::path::Path) -> String {
    let here: PathBuf = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn status(ended: &RunEnd) -> ExitStatus {
    match ended {
        RunEnd::Abandoned { signal: 15 } => ExitStatus::Terminated,
        RunEnd::Abandoned { .. } => ExitStatus::Interrupted,
        RunEnd::Finished(summary) => report::exit_status(summary),
    }
}
