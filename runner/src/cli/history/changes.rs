//! `history new` and `history diff`: two runs, or a run and those before it.

use clap::Args;
use serde::Serialize;

use super::super::table::table;
use super::super::{Failure, options};
use super::{PlaceArgs, text};
use crate::config::clean;
use crate::history::{
    self, Baselines, Change, History, Kind, PastRun, PastSuite, Want, changes, compare,
};
use crate::model::{ExitStatus, SuiteStatus};
use crate::report::terminal::text::{exact, plural};
use crate::run::dir::{RunDir, short};
use crate::run::source;

/// Earlier runs that are searched for a verdict on each suite.
const LAST: usize = 50;

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// The run: its id, the beginning or the end of it [default: the newest that has come to its end].
    run: Option<String>,
    /// The run to compare with.
    #[arg(long, value_name = "RUN", conflicts_with = "branch")]
    against: Option<String>,
    /// Compare with runs of this branch [default: the default branch of the repository].
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The older run.
    before: String,
    /// The newer run.
    #[arg(default_value = "latest")]
    after: String,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Serialize)]
struct New {
    run: String,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Diff {
    before: String,
    after: String,
    changes: Vec<Change>,
    /// Suites of which nothing can be said, because one of the runs has no verdict on them.
    undecided: Vec<Undecided>,
    /// Suites that only one run selected.
    only_before: Vec<String>,
    only_after: Vec<String>,
    /// Suites that took half as long again, or half as long, and a second at least.
    durations: Vec<Took>,
}

#[derive(Serialize)]
struct Undecided {
    suite: String,
    before: SuiteStatus,
    after: SuiteStatus,
}

#[derive(Serialize)]
struct Took {
    suite: String,
    before_ms: u64,
    after_ms: u64,
}

/// The run that was asked for.
fn find(place: &PlaceArgs, asked: &str) -> Result<PastRun, Failure> {
    let root = place.root();
    let dir = RunDir::find(&root, asked)?;
    let id = dir.intro()?.id;
    history::read(&root, &id)
        .map_err(Failure::usage)?
        .ok_or_else(|| {
            let what = format!("run {id} has not come to its end: there is nothing to compare");
            Failure::usage(what).hint(format!("`tribunal show {id}` shows how far it came"))
        })
}

pub(super) fn new(args: &NewArgs) -> Result<ExitStatus, Failure> {
    let place = &args.place;
    let root = place.root();
    let newest = || {
        let want = Want {
            last: Some(1),
            ..Want::default()
        };
        let runs = history::load(&root, &want)?.runs;
        let none =
            || Failure::usage("no run has come to its end yet").hint("`tribunal run` makes one");
        runs.into_iter().next().ok_or_else(none)
    };
    let run = match &args.run {
        Some(asked) => find(place, asked)?,
        None => newest()?,
    };
    let mut history = match &args.against {
        Some(asked) => History {
            runs: vec![find(place, asked)?],
            ..History::default()
        },
        None => history::load(
            &root,
            &Want {
                last: Some(LAST),
                before: Some(run.id.clone()),
                pipeline: Some(run.pipeline.clone()),
                branch: args.branch.clone(),
                ..Want::default()
            },
        )?,
    };
    place.warn(&history);
    let branch = source::default_branch(&root);
    let baselines = Baselines {
        runs: &history.runs,
        branch: branch.as_deref(),
    };
    let found = New {
        changes: changes(&baselines, &run.suites),
        run: run.id.clone(),
    };
    if history.runs.is_empty() {
        options::complain(&format!(
            "note: there is no earlier run of {} to compare run {} with",
            clean(&run.pipeline, 100),
            run.id
        ));
    }
    history.runs.push(run);
    place.tell(history, found, |found| told(&found.run, &found.changes))
}

/// The changes by kind, and for each the runs they are counted from.
fn told(run: &str, changes: &[Change]) -> String {
    let mut text = String::new();
    for (kind, word) in [
        (Kind::New, "NEW"),
        (Kind::Fixed, "FIXED"),
        (Kind::Still, "STILL"),
    ] {
        let found: Vec<&Change> = changes.iter().filter(|c| c.kind == kind).collect();
        let mut since: Vec<&str> = found.iter().map(|c| c.since.as_str()).collect();
        since.sort_unstable();
        since.dedup();
        for since in since.into_iter().rev() {
            let rows: Vec<_> = found
                .iter()
                .filter(|change| change.since == since)
                .map(|change| text::change(change))
                .collect();
            let verb = match kind {
                Kind::New => "passed in",
                Kind::Fixed | Kind::Still => "failed in",
            };
            let count = rows.len();
            text.extend([format!("{word} ({count}), {verb} run {}\n", short(since))]);
            text.push_str(&table(&rows, &[]));
        }
    }
    if text.is_empty() {
        text = format!("run {} breaks and fixes nothing\n", short(run));
    }
    text
}

pub(super) fn diff(args: &DiffArgs) -> Result<ExitStatus, Failure> {
    let place = &args.place;
    let (before, after) = (find(place, &args.before)?, find(place, &args.after)?);
    if before.id == after.id {
        return Err(Failure::usage(format!("both are run {}", before.id))
            .hint("name two runs; `tribunal runs` lists them"));
    }
    let found = differences(&before, &after);
    let history = History {
        runs: vec![before, after],
        ..History::default()
    };
    place.tell(history, found, shown)
}

fn differences(before: &PastRun, after: &PastRun) -> Diff {
    let mut diff = Diff {
        before: before.id.clone(),
        after: after.id.clone(),
        changes: Vec::new(),
        undecided: Vec::new(),
        only_before: Vec::new(),
        only_after: Vec::new(),
        durations: Vec::new(),
    };
    for suite in &before.suites {
        if after.suite(&suite.name).is_none() {
            diff.only_before.push(suite.name.clone());
        }
    }
    for now in &after.suites {
        let Some(then) = before.suite(&now.name) else {
            diff.only_after.push(now.name.clone());
            continue;
        };
        diff.changes.extend(compare(then, now, &before.id));
        if then.status != now.status && !(then.is_decided() && now.is_decided()) {
            diff.undecided.push(Undecided {
                suite: now.name.clone(),
                before: then.status,
                after: now.status,
            });
        }
        diff.durations.extend(took(then, now));
    }
    diff
}

fn took(then: &PastSuite, now: &PastSuite) -> Option<Took> {
    let (a, b) = (then.duration_ms, now.duration_ms);
    let both = then.is_decided() && now.is_decided() && a.abs_diff(b) >= 1000;
    let far = b >= a.saturating_add(a / 2) || b <= a / 2;
    (both && far).then(|| Took {
        suite: now.name.clone(),
        before_ms: a,
        after_ms: b,
    })
}

fn shown(diff: &Diff) -> String {
    let mut text = String::new();
    if !diff.changes.is_empty() {
        text.push_str(&told(&diff.after, &diff.changes));
    }
    let mut rows = |title: &str, rows: Vec<[String; 2]>| {
        if !rows.is_empty() {
            text.extend([format!("{title} ({})\n", rows.len())]);
            text.push_str(&table(&rows, &[]));
        }
    };
    let word = |status: SuiteStatus| status.word().to_lowercase();
    let undecided = diff.undecided.iter();
    let undecided = undecided.map(|suite| {
        let change = format!("{}, then {}", word(suite.before), word(suite.after));
        [format!("  {}", clean(&suite.suite, 300)), change]
    });
    rows("NO VERDICT IN ONE OF THEM", undecided.collect());
    let durations = diff.durations.iter();
    let durations = durations.map(|suite| {
        let change = format!("{}, then {}", exact(suite.before_ms), exact(suite.after_ms));
        [format!("  {}", clean(&suite.suite, 300)), change]
    });
    rows("DURATION", durations.collect());
    for (names, run) in [
        (&diff.only_before, &diff.before),
        (&diff.only_after, &diff.after),
    ] {
        if !names.is_empty() {
            let count = plural(names.len() as u64, "suite");
            let names = crate::config::listed(names.iter().map(String::as_str), 20);
            text.extend([format!("only in run {} ({count}): {names}\n", short(run))]);
        }
    }
    if text.is_empty() {
        text.push_str("no difference\n");
    }
    text
}
