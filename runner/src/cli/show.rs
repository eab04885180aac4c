//! `tribunal show`: plays a stored run through the reports.

use std::path::PathBuf;

use clap::Args;

use super::options::{CiChoice, Format, LookArgs, ReportArg};
use super::{Failure, options, print_json, print_lines, project_root, run};
use crate::event::{Event, EventKind};
use crate::model::{ExitStatus, RunSummary};
use crate::plan::ReportTarget;
use crate::report::Report;
use crate::report::ci::Places;
use crate::report::terminal::Verbosity;
use crate::run::dir::RunDir;

/// Shows a stored run once more, or writes reports of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal show                            the newest run, as it was shown then
  tribunal show 20261122-1532              the run whose id begins like that
  tribunal show latest --report junit=out/junit.xml
  tribunal show latest unit                all that is known of one suite
  tribunal show --format json              its summary
  tribunal show --debug                    what the executors saw, with times

The exit code says whether it could be shown, not how the run ended.")]
pub(super) struct ShowArgs {
    /// The run: its id, the beginning of it, or a run's folder.
    #[arg(default_value = "latest")]
    run: String,
    /// Only these suites, and in full: every attempt, every case with its details, the last lines.
    #[arg(value_name = "SUITE", conflicts_with_all = ["report", "format", "debug"])]
    suites: Vec<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes a report instead of printing; may be repeated. Formats: those of
    /// `tribunal report`.
    #[arg(long, value_name = "FORMAT=PATH")]
    report: Vec<ReportArg>,
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
    /// Prints every phase and everything the executors saw, with times, instead of the report.
    #[arg(long, conflicts_with_all = ["report", "format"])]
    debug: bool,
    /// Shows it as a CI system gets it, without its summaries: none, auto, github, gitlab, buildkite, teamcity, azure,
    /// jenkins, forgejo, woodpecker or generic.
    #[arg(long, value_name = "SYSTEM", default_value = "none")]
    ci: CiChoice,
    #[command(flatten)]
    look: LookArgs,
}

pub(super) fn show(args: &ShowArgs) -> Result<ExitStatus, Failure> {
    let dir = RunDir::find(&project_root(args.pipeline.as_ref()), &args.run)?;
    let events = dir.events()?;
    if args.debug {
        print_lines(&debug(&events))?;
        return Ok(ExitStatus::Passed);
    }
    if events.is_empty() {
        let what = "the run was left before it began: nothing is known of any suite";
        return Err(Failure::errored(what).at(dir.path()));
    }
    let mut reports: Vec<Box<dyn Report>> = Vec::new();
    let targets = args.report.iter().map(|report| ReportTarget {
        format: report.format,
        path: report.path.clone(),
    });
    let targets: Vec<ReportTarget> = targets.collect();
    run::make_room(&targets)?;
    for target in &targets {
        reports.push(run::file_report(target, None, &dir, CiChoice::Auto)?);
    }
    if args.report.is_empty() {
        if let Format::Json = args.format {
            let summary: Option<&RunSummary> =
                events.iter().rev().find_map(|event| match &event.kind {
                    EventKind::RunFinished { summary } => Some(&**summary),
                    _ => None,
                });
            let unfinished = || {
                Failure::errored("the run has not come to its end, so there is no summary")
                    .at(dir.path())
            };
            print_json(summary.ok_or_else(unfinished)?)?;
            return Ok(ExitStatus::Passed);
        }
        let mut settings = args.look.settings();
        settings.replay = true;
        settings.suffix = options::pipeline_suffix(args.pipeline.as_deref());
        if !args.suites.is_empty() {
            known(&events, &args.suites)?;
            settings.only = Some(args.suites.clone());
            settings.verbosity = settings.verbosity.max(Verbosity::Verbose);
        }
        settings.run_dir = Some(dir.path().to_owned());
        let intro = dir.intro()?;
        if let Some(root) = dir.root() {
            let past = run::past(root, &intro.pipeline, Some(intro.id));
            settings.past = Some(std::sync::Arc::new(past));
        }
        let places = Places {
            root: dir.root().unwrap_or(dir.path()).to_owned(),
            ..Places::default()
        };
        reports.push(run::screen(args.ci.system(), settings, places, &[]));
    }
    for report in &mut reports {
        for event in &events {
            report.on_event(event).map_err(Failure::errored)?;
        }
        report.finish().map_err(Failure::errored)?;
    }
    if !matches!(
        events.last().map(|event| &event.kind),
        Some(EventKind::RunFinished { .. })
    ) {
        options::complain("note: this run has not come to its end");
    }
    Ok(ExitStatus::Passed)
}

/// Whether the run has these suites.
fn known(events: &[Event], asked: &[String]) -> Result<(), Failure> {
    let Some(EventKind::RunStarted { suites, .. }) = events.first().map(|event| &event.kind) else {
        return Ok(());
    };
    let names = || suites.iter().map(|suite| suite.name.as_str());
    let Some(stranger) = asked
        .iter()
        .find(|name| !names().any(|known| known == *name))
    else {
        return Ok(());
    };
    let close = names()
        .map(|name| (strsim::damerau_levenshtein(name, stranger), name))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    let hint = match close {
        Some((_, name)) => format!("did you mean \"{name}\"?"),
        None => format!("it has: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::usage(format!("the run has no suite \"{stranger}\"")).hint(hint))
}

/// The journal as lines for people who look for a cause.
fn debug(events: &[Event]) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut text = String::new();
    for event in events {
        let (suite, attempt, what) = match &event.kind {
            EventKind::RunStarted { suites, .. } => {
                names = suites.iter().map(|suite| suite.name.as_str()).collect();
                continue;
            }
            EventKind::PhaseChanged {
                suite,
                attempt,
                phase,
                detail,
            } => {
                let word = format!("{phase:?}").to_lowercase();
                let colon = if detail.is_empty() { "" } else { ": " };
                (*suite, *attempt, format!("phase {word}{colon}{detail}"))
            }
            EventKind::Observed {
                suite,
                attempt,
                what,
            } => (*suite, *attempt, what.clone()),
            EventKind::AttemptFinished { suite, record, .. } => {
                let capture = &record.capture;
                let note = if capture.note.is_empty() { "" } else { ": " };
                let what = format!(
                    "{}: {}; capture {} ({} bytes, {} lines, {} reconnects){note}{}",
                    record.status.word(),
                    record.termination.end.describe(),
                    capture.completeness.word(),
                    capture.bytes,
                    capture.lines,
                    capture.reconnects,
                    capture.note,
                );
                (*suite, record.attempt, what)
            }
            _ => continue,
        };
        let name = names.get(suite).copied().unwrap_or("?");
        let (secs, ms) = (event.at_ms / 1000, event.at_ms % 1000);
        text.push_str(&crate::config::clean(
            &format!("{secs:>6}.{ms:03}  {name}#{attempt}  {what}"),
            usize::MAX,
        ));
        text.push('\n');
    }
    text
}
