//! `tribunal rejudge`: judges a stored run once more, with the judges as they are now. Runs nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use super::options::Format;
use super::{Failure, options, print, print_json, project_root, verdicts};
use crate::judge::Judge;
use crate::model::{ExitStatus, RunStatus, RunSummary, SUMMARY_VERSION, SuiteSummary, millis};
use crate::plan::{JudgeSpec, Plan, Selection, Suite};
use crate::plugin::{Registry, config_json};
use crate::report;
use crate::run::dir::RunDir;
use crate::run::rejudge::{self, Retrial, Stored, Trial};

/// The file beside a run's summary that `--write` writes.
const REJUDGED: &str = "rejudged.json";

/// Judges a stored run once more with the judges as they are now, and shows what differs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal rejudge                        the newest run, every suite
  tribunal rejudge latest 'unit*'         the suites whose name begins with unit
  tribunal rejudge 20261122-1532 --judge judges/new.wasm
                                          by this judge instead of the pipeline's
  tribunal rejudge --format json          the summary as it would be

Nothing is run and the record of the run is not changed: judges see what each attempt left (output, \
artifacts, how it ended), and what the host never lets pass it does not let pass here. Suites that never \
started, and those that the pipeline no longer has, stay as they are.

Exit codes: those of `run`, by the new verdicts.")]
pub(super) struct RejudgeArgs {
    /// The run: its id, the beginning of it, or a run's folder.
    #[arg(default_value = "latest")]
    run: String,
    /// Suites by name; `*` and `?` stand for anything. None: all.
    #[arg(value_name = "SUITE")]
    suites: Vec<String>,
    /// Judges every suite by this one: a judge of the pipeline, a built-in one, or a .wasm file.
    #[arg(long, value_name = "JUDGE")]
    judge: Option<String>,
    /// The configuration of --judge.
    #[arg(long, value_name = "JSON", requires = "judge")]
    config: Option<String>,
    /// The pipeline's file [default: the one the run was of].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
    /// What is printed to standard output.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes the new summary beside the run's own, as rejudged.json.
    #[arg(long)]
    write: bool,
}

pub(super) fn rejudge(args: &RejudgeArgs) -> Result<ExitStatus, Failure> {
    let begun = Instant::now();
    let dir = RunDir::find(&project_root(args.pipeline.as_ref()), &args.run)?;
    let intro = dir.intro()?;
    let file = args.pipeline.clone().unwrap_or_else(|| intro.file.clone());
    let pipeline = options::load(&file)?;
    let selection = Selection {
        filters: args.suites.clone(),
        cores: options::cores(),
        ..Selection::default()
    };
    let mut plan = crate::plan::resolve(&pipeline, &selection)?;
    // What the asked suites need was not asked for.
    let asked = |index: &usize| args.suites.is_empty() || !plan.added.contains(index);
    let asked: Vec<Arc<Suite>> = (0..plan.suites.len())
        .filter(asked)
        .filter_map(|index| plan.suites.get(index).cloned())
        .collect();
    let only = match &args.judge {
        Some(name) => {
            let (name, spec) =
                options::named_spec(name, args.config.as_deref(), Some(file.as_path()))?;
            plan.judges = BTreeMap::from([(name.clone(), spec)]);
            Some(name)
        }
        None => None,
    };
    let registry = options::load_judges(&plan.judges)?;
    let bench = Bench {
        plan: &plan,
        registry: &registry,
        only: only.as_deref(),
    };
    let (trials, mut kept) = bench.trials(rejudge::stored(&dir.events()?, dir.path()), &asked);
    let retrials = hear(trials)?;
    let mut suites: Vec<SuiteSummary> = retrials.iter().map(|tried| tried.new.clone()).collect();
    suites.append(&mut kept);
    let summary = RunSummary {
        version: SUMMARY_VERSION,
        run: Some(intro.id.clone()),
        pipeline: plan.pipeline.clone(),
        status: RunStatus::of(suites.iter().map(|suite| suite.status)),
        started_at: intro.started_at,
        duration_ms: millis(begun.elapsed()),
        cancelled_by: None,
        suites,
        warnings: Vec::new(),
    };
    if args.write {
        dir.write_json(REJUDGED, &summary)?;
    }
    let status = report::exit_status(&summary);
    match args.format {
        Format::Json => print_json(&summary)?,
        Format::Human => print(text(args, &intro.id, &retrials, &summary, status).as_bytes())?,
    }
    Ok(status)
}

fn text(
    args: &RejudgeArgs,
    run: &str,
    retrials: &[Retrial],
    summary: &RunSummary,
    status: ExitStatus,
) -> String {
    let mut text = String::new();
    let mut changed = 0;
    for tried in retrials.iter().filter(|tried| tried.differs()) {
        changed += 1;
        text.push_str(&verdicts::difference(&tried.old, &tried.new));
    }
    let same = retrials.len() - changed;
    let kept = summary.suites.len() - retrials.len();
    let kept = if kept > 0 {
        format!(", {kept} not judged again (never started, or no longer in the pipeline)")
    } else {
        String::new()
    };
    writeln!(
        text,
        "run {run}: {changed} verdicts changed, {same} unchanged{kept}; {} ms",
        summary.duration_ms
    )
    .unwrap_or_default();
    if args.write {
        writeln!(text, "written: {REJUDGED} beside the run's summary.json").unwrap_or_default();
    } else {
        text.push_str("the record of the run is as it was\n");
    }
    writeln!(text, "exit {}: by the verdicts now", status as u8).unwrap_or_default();
    text
}

/// Who judges which stored suite.
pub(super) struct Bench<'a> {
    pub(super) plan: &'a Plan,
    pub(super) registry: &'a Registry,
    /// Instead of every suite's own judge.
    pub(super) only: Option<&'a str>,
}

impl Bench<'_> {
    /// Trials for those of `stored` that are among `asked`; the summaries of those that stay as they are.
    pub(super) fn trials(
        &self,
        stored: Vec<Stored>,
        asked: &[Arc<Suite>],
    ) -> (Vec<Trial>, Vec<SuiteSummary>) {
        let by_name: BTreeMap<&str, &Arc<Suite>> = asked
            .iter()
            .map(|suite| (suite.name.as_str(), suite))
            .collect();
        let (mut trials, mut kept) = (Vec::new(), Vec::new());
        for stored in stored {
            let suite = by_name.get(stored.summary.name.as_str());
            let judge = suite.and_then(|suite| self.judge(&suite.judge));
            match (suite, judge) {
                (Some(suite), Some((judge, spec))) if !stored.records.is_empty() => {
                    trials.push(Trial {
                        suite: Arc::clone(suite),
                        pipeline: self.plan.pipeline.clone(),
                        judge,
                        config_json: config_json(spec),
                        stored,
                    });
                }
                _ => kept.push(stored.summary),
            }
        }
        (trials, kept)
    }

    fn judge(&self, name: &str) -> Option<(Arc<dyn Judge>, &JudgeSpec)> {
        let name = self.only.unwrap_or(name);
        Some((self.registry.get(name)?, self.plan.judges.get(name)?))
    }
}

/// Judges on all processors.
pub(super) fn hear(trials: Vec<Trial>) -> Result<Vec<Retrial>, Failure> {
    let cores = options::cores();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores)
        .enable_all()
        .build()
        .map_err(|error| Failure::errored(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(rejudge::all(trials, cores * 4)))
}
