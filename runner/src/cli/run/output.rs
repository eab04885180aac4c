//! How a run is told: the report on standard output, the journal, and the reports that were asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{RunArgs, RunFormat};
use crate::cli::options::CiChoice;
use crate::cli::{Failure, options};
use crate::history::Past;
use crate::plan::{Plan, ReportFormat, ReportTarget};
use crate::report::ci::{self, Ci, Places, Surroundings, System, guard};
use crate::report::ctrf::Ctrf;
use crate::report::html::Html;
use crate::report::json::Json;
use crate::report::jsonl::{Follow, Jsonl};
use crate::report::junit::{Junit, split};
use crate::report::markdown::{self, Markdown};
use crate::report::terminal::{Console, Mode, Settings, Terminal};
use crate::report::{Out, Report};
use crate::run::dir::RunDir;
use crate::run::journal::Journal;

/// How a run is told.
pub(in crate::cli) struct Shown {
    pub(in crate::cli) reports: Vec<Box<dyn Report>>,
    /// Listens to keys and signals for as long as the run, in whatever way that is left.
    pub(in crate::cli) console: Option<Console>,
}

/// How the run is shown to a person.
fn settings(args: &RunArgs, plan: &Plan, dir: &RunDir) -> Settings {
    let mut settings = args.look.settings();
    if args.format != RunFormat::Human {
        // Nobody is there to answer, and nothing is drawn.
        settings.mode = Mode::Plain;
        settings.keys = false;
    }
    settings.run_dir = Some(dir.path().to_owned());
    settings.suffix = options::pipeline_suffix(Some(&args.select.pipeline));
    settings.outputs = plan
        .reports
        .iter()
        .map(|target| (name(target.format).to_owned(), shown(&target.path)))
        .collect();
    settings
}

/// The terminal or JSON on standard output, the journal, and what was asked for.
pub(super) fn show(
    args: &RunArgs,
    plan: &Plan,
    dir: &RunDir,
    past: Past,
) -> Result<Shown, Failure> {
    let mut settings = settings(args, plan, dir);
    settings.past = Some(Arc::new(past));
    let console = console(&settings)?;
    let journal = Journal::create(dir.clone()).map_err(Failure::errored)?;
    let mut reports: Vec<Box<dyn Report>> = vec![match args.format {
        RunFormat::Human => screen(args.ci.system(), settings, places(plan), &plan.reports),
        RunFormat::Json => {
            let out = guard::Document::json(std::io::stdout());
            Box::new(Json::new(Out::Writer(Box::new(out))))
        }
        RunFormat::Jsonl => {
            let out = guard::Document::json(std::io::stdout());
            Box::new(Follow::to_writer(&journal, Box::new(out)))
        }
    }];
    for target in &plan.reports {
        reports.push(file_report(target, Some(&journal), dir, args.ci)?);
    }
    reports.push(Box::new(journal));
    Ok(Shown {
        reports,
        console: Some(console),
    })
}

/// Listens to keys and signals for a report on standard output.
pub(in crate::cli) fn console(settings: &Settings) -> Result<Console, Failure> {
    Console::open(settings)
        .map_err(|error| Failure::errored(format!("cannot listen to signals and keys: {error}")))
}

/// The report on standard output, for a person or as a CI system wants it.
pub(in crate::cli) fn screen(
    system: Option<System>,
    mut settings: Settings,
    mut places: Places,
    others: &[ReportTarget],
) -> Box<dyn Report> {
    let out = Box::new(std::io::stdout());
    let Some(system) = system else {
        return Box::new(Terminal::new(out, settings));
    };
    settings.mode = Mode::Plain;
    settings.reader = Some(system.name());
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
pub(in crate::cli) fn junit(out: Out, run_dir: Option<PathBuf>, ci: CiChoice) -> Junit {
    let junit = Junit::new(out, run_dir);
    match ci.system() {
        Some(System::Gitlab) => junit.within(split::GITLAB, Box::new(options::complain)),
        _ => junit,
    }
}

/// Makes the reports' folders before there is a run: a path that cannot be leaves no run behind that never began.
pub(in crate::cli) fn make_room(targets: &[ReportTarget]) -> Result<(), Failure> {
    for target in targets {
        if let Some(folder) = target.path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure::refused("make the report's folder", folder, error))?;
        }
        if target.path.is_dir() {
            return Err(Failure::errored("a folder is where the report goes").at(&target.path));
        }
    }
    Ok(())
}

/// A report that goes to a file.
///
/// `journal` is that of a run that goes on; a stored run has none.
pub(in crate::cli) fn file_report(
    target: &ReportTarget,
    journal: Option<&Journal>,
    dir: &RunDir,
    ci: CiChoice,
) -> Result<Box<dyn Report>, Failure> {
    let run_dir = Some(dir.path().to_owned());
    let path = target.path.clone();
    Ok(match target.format {
        ReportFormat::Junit => Box::new(junit(Out::File(path), run_dir, ci)),
        ReportFormat::Json => Box::new(Json::new(Out::File(path))),
        ReportFormat::Jsonl => match journal {
            Some(journal) => Box::new(Follow::to_file(journal, &path).map_err(Failure::errored)?),
            None => Box::new(Jsonl::to_file(&path).map_err(Failure::errored)?),
        },
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
pub(super) fn shown(path: &Path) -> String {
    let here: PathBuf = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .unwrap_or(path)
        .display()
        .to_string()
}
