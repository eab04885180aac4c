//! `tribunal run`: runs the pipeline.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::sync::mpsc;

use super::options::{CiChoice, LookArgs, ReportArg, SelectArgs};
use super::{Failure, failed, lock, options, runs};
use crate::config::Keep;
use crate::event::EventKind;
use crate::executor::Executor;
use crate::executor::kubernetes::{self, KubernetesExecutor};
use crate::executor::local::LocalExecutor;
use crate::history::{self, Past, Want};
use crate::model::ExitStatus;
use crate::plan::{Plan, ReportTarget};
use crate::plugin::{News, Registry, Reloader, Replaced};
use crate::report::{self, Feed};
use crate::run::dir::{DIR_VERSION, RunDir, RunIntro};
use crate::run::heartbeat::Heartbeat;
use crate::run::signal::{Signals, WayOut};
use crate::run::source;
use crate::run::{self, Means, RunEnd};

mod output;

use output::shown;
pub(super) use output::{Shown, console, file_report, junit, make_room, screen};

/// Runs the suites of a pipeline and judges them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal run                              every suite
  tribunal run unit 'e2e*'                  by name; * and ? stand for anything
  tribunal run --label team=pay --jobs 8    by label, eight at once
  tribunal run --failed                     only what did not pass in the last run
  tribunal run 'e2e*' --failed 7f3k         of that, what did not pass in run 7f3k
  tribunal run --fail-fast                  stop the rest at the first failure
  tribunal run --report junit=out/junit.xml --report json=out/run.json
  tribunal run --locked                     only the judges of tribunal.lock; nothing is reloaded
  tribunal run --format json | jq .status   the summary on standard output
  tribunal run --format jsonl | jq .event   every event as it happens
  tribunal run --output live                all that the suites print, as it comes

What a selected suite needs runs too. The first Ctrl-C asks suites to end, the second kills them, the \
third leaves at once. A judge that is built anew meanwhile is in force at once: attempts under way are judged \
by it from their first byte. Everything is kept in .tribunal/runs/<id>/ \
beside the pipeline.

On a terminal, ? lists the keys. SIGUSR1 prints what runs now, there and in CI. NO_COLOR removes colours, \
TRIBUNAL_LIVE=0 the region that is drawn again, ACCESSIBLE=1 that and all symbols. What you \
always want goes to ~/.config/tribunal/config.toml: [display] color, live, ascii.

Exit codes:
    0  all passed            1  a suite failed          2  nothing was run: usage or pipeline
    3  errored, incomplete   4  nothing was selected  130  SIGINT                143  SIGTERM")]
pub(super) struct RunArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// Only suites that did not pass in an earlier run [default: the last]: what failed, could not be decided, was
    /// cancelled or never started. Says what it takes from which run; nothing to run again is exit code 4.
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "latest")]
    failed: Option<String>,
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
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    format: RunFormat,
    /// Writes a report; may be repeated. Formats: ctrf, github-summary, html, json, jsonl,
    /// junit, markdown.
    #[arg(long, value_name = "FORMAT=PATH")]
    report: Vec<ReportArg>,
    /// Demands the judges of `tribunal.lock`, byte for byte, and reloads none while it runs.
    #[arg(long)]
    locked: bool,
    /// The CI system that reads standard output: auto, none, github, gitlab, buildkite, teamcity, azure, jenkins,
    /// forgejo, woodpecker or generic.
    #[arg(long, value_name = "SYSTEM", default_value = "auto")]
    ci: CiChoice,
    #[command(flatten)]
    look: LookArgs,
}

/// What is printed to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RunFormat {
    /// For people.
    Human,
    /// For programs: the summary as one JSON document, at the end.
    Json,
    /// For programs that follow: every event as it happens, a line each, as in `events.jsonl`.
    Jsonl,
}

/// Between TERM and KILL for processes that left their suite.
const ORPHAN_GRACE: Duration = Duration::from_millis(500);

pub(super) fn run(args: &RunArgs) -> Result<ExitStatus, Failure> {
    let (mut plan, keep) = plan(args)?;
    if args.locked {
        lock::demand(&mut plan)?;
    }
    let registry = Arc::new(options::load_judges(&plan.judges)?);
    let (sender, news) = mpsc::unbounded_channel();
    // With locked judges nothing is reloaded; otherwise until the run has ended.
    let reloader = if args.locked {
        None
    } else {
        let tell = move |news| drop(sender.send(event_of(news)));
        Some(
            Reloader::start(Arc::clone(&registry), tell)
                .map_err(|error| Failure::errored(format!("cannot start a thread: {error}")))?,
        )
    };
    let (root, past) = (plan.root.clone(), past(&plan.root, &plan.pipeline, None));
    let show = |plan: &Plan, dir: &RunDir| output::show(args, plan, dir, past);
    let performed = perform(plan, &registry, news, show)?;
    drop(reloader);
    if keep.auto {
        runs::prune_quietly(&root, &keep);
    }
    Ok(performed.status)
}

/// A run that has ended.
pub(super) struct Performed {
    /// What it comes to.
    pub(super) status: ExitStatus,
    /// How it ended.
    pub(super) ended: RunEnd,
    /// Where it is kept.
    pub(super) dir: RunDir,
}

/// What the reloader says, as the run's journal has it.
pub(super) fn event_of(news: News) -> EventKind {
    match news {
        News::Replaced(Replaced { judge, from, to }) => {
            EventKind::JudgeReloaded { judge, from, to }
        }
        News::Kept(message) => EventKind::Warning { message },
    }
}

/// Runs a plan to its end, with everything around it.
pub(super) fn perform(
    plan: Plan,
    registry: &Registry,
    news: mpsc::UnboundedReceiver<EventKind>,
    show: impl FnOnce(&Plan, &RunDir) -> Result<Shown, Failure>,
) -> Result<Performed, Failure> {
    let runtime = runtime(&plan)?;
    // Before anything is written: a cluster that is not there makes no run.
    let kubernetes = match &plan.cluster {
        Some(cluster) => {
            let connection = runtime
                .block_on(kubernetes::connect(cluster))
                .map_err(|error| Failure::errored(on_cluster(&plan, &error)).nothing_was_run())?;
            let survey = runtime.block_on(kubernetes::survey(&connection, &plan));
            if let Some(broken) = survey.broken_demands(&connection, &plan) {
                return Err(Failure::errored(broken).nothing_was_run());
            }
            for note in survey.notes(&connection, &plan) {
                options::complain(&format!("note: {note}"));
            }
            let executor = KubernetesExecutor::new(connection, &plan.pipeline, survey);
            Some(Arc::new(executor) as Arc<dyn Executor>)
        }
        None => None,
    };
    make_room(&plan.reports)?;
    let dir = RunDir::create(&plan.root, |id| intro(&plan, id))?;
    let looking = source::look(&plan.root, &dir);
    let id = dir.intro()?.id;
    let Shown { reports, console } = show(&plan, &dir)?;
    let feed = Feed::spawn(reports)
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
        dir: dir.clone(),
        id: id.clone(),
        judges: registry.judges(),
        news: Some(news),
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
    let impatient = !matches!(ended, Ok(RunEnd::Finished(_)));
    // Before somebody may end this process by force, the terminal is as it was.
    drop(console);
    let way_out = WayOut::open(impatient);
    let problems = feed.finish();
    drop(way_out);
    looking.finish();
    drop(heart);
    for left in &orphans {
        options::complain(&format!(
            "warning: process {} ({}) had left its suite and was ended",
            left.pid, left.command
        ));
    }
    for problem in &problems {
        Failure::errored(problem).say();
    }
    let ended = ended.map_err(|panic| Failure::errored(format!("tribunal failed: {panic}")))?;
    let mut status = status(&ended);
    // A report that was asked for and is not there is an error, but hides no failure.
    if !problems.is_empty() && status == ExitStatus::Passed {
        status = ExitStatus::Errored;
    }
    Ok(Performed { status, ended, dir })
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
    format!("{error}; needed by: {who}")
}

fn plan(args: &RunArgs) -> Result<(Plan, Keep), Failure> {
    let mut selection = args.select.selection();
    selection.jobs = args.jobs.and_then(|jobs| usize::try_from(jobs).ok());
    selection.fail_fast = args.fail_fast.then_some(true);
    selection.retries = args.retries;
    let pipeline = options::load(&args.select.pipeline)?;
    if let Some(asked) = &args.failed {
        let again = failed::pick(&pipeline, asked)?;
        options::complain(&again.said);
        selection.only = Some(again.suites);
    }
    let mut plan = crate::plan::resolve(&pipeline, &selection)?;
    let here = std::env::current_dir().unwrap_or_default();
    plan.reports
        .extend(args.report.iter().map(|report| ReportTarget {
            format: report.format,
            path: here.join(&report.path),
        }));
    Ok((plan, pipeline.keep))
}

/// Earlier runs of a pipeline, for the recap. It does without those that cannot be read; `history` names them.
pub(super) fn past(root: &Path, pipeline: &str, before: Option<String>) -> Past {
    let want = Want {
        last: Some(Past::RUNS),
        pipeline: Some(pipeline.to_owned()),
        before,
        ..Want::default()
    };
    Past {
        runs: history::load(root, &want).unwrap_or_default().runs,
        branch: source::branch(root),
    }
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

fn status(ended: &RunEnd) -> ExitStatus {
    match ended {
        RunEnd::Abandoned { signal: 15 } => ExitStatus::Terminated,
        RunEnd::Abandoned { .. } => ExitStatus::Interrupted,
        RunEnd::Finished(summary) => report::exit_status(summary),
    }
}
