//! `tribunal watch`: runs the pipeline, then stays, and does what a change asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use tokio::sync::mpsc;

use super::options::{LookArgs, SelectArgs};
use super::run::{self, Performed};
use super::{Failure, options, print};
use crate::changes::{Changes, POLL, Print};
use crate::event::EventKind;
use crate::model::ExitStatus;
use crate::plan::Plan;
use crate::plugin::{News, Registry, Reloader};
use crate::report::Report;
use crate::report::terminal::text::plural;
use crate::report::terminal::{Terminal, in_ci};
use crate::run::RunEnd;
use crate::run::dir::RunDir;
use crate::run::journal::Journal;
use crate::run::signal::{Received, Signals};

mod sources;
mod standing;

use sources::Sources;
use standing::Standings;

/// A burst of changes ends when nothing happens for so long.
const QUIET: Duration = Duration::from_millis(50);

/// Runs the pipeline, then stays: judges, pipeline and sources that change are followed at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal watch                 every suite
  tribunal watch unit            one suite, while its judge is being written

What changes      what happens
  a judge         every finished attempt it judged is judged again from its capture; no suite runs
  pipeline.toml   suites that are new or run otherwise run; those judged otherwise are judged again;
                  an invalid one is told of, and the one before stays in force
  sources         the suites whose `watch = [\"src/**\"]` names them run again, and those that need them

A run under way is finished first; a judge that changes meanwhile takes over live suites at once. Where \
verdicts differ, the old and the new one are shown one above the other. Ctrl-C ends it; during a run it \
cancels as in `run`: the first asks, the second kills, the third leaves. Where CI is set and there is no terminal, \
it needs --no-input.")]
pub(super) struct WatchArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// Suites at once on this machine [default: the pipeline's, or the number of cores].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    #[command(flatten)]
    look: LookArgs,
}

/// What wakes the watch.
enum Wake {
    Look,
    Judge(News),
}

/// Where the reloader's news go during a run; none outside of one.
type Live = Arc<Mutex<Option<mpsc::UnboundedSender<EventKind>>>>;

struct Watching<'a> {
    args: &'a WatchArgs,
    /// What is in force.
    plan: Plan,
    registry: Arc<Registry>,
    reloader: Option<Reloader>,
    sources: Sources,
    pipeline: Option<Print>,
    standings: Standings,
    changes: Option<Changes>,
    live: Live,
    wake: mpsc::UnboundedSender<Wake>,
}

pub(super) fn watch(args: &WatchArgs) -> Result<ExitStatus, Failure> {
    // In a job that nobody sits before it would stay until that job's time is up.
    if in_ci() && !std::io::stdin().is_terminal() && !args.look.takes_no_input() {
        return Err(Failure::usage(
            "watch stays until somebody ends it, and here is CI and no terminal",
        )
        .hint("`tribunal run` runs the suites once; `watch --no-input` stays all the same")
        .nothing_was_run());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::errored(format!("cannot start: {error}")))?;
    let (wake, mut woken) = mpsc::unbounded_channel();
    let mut watching = Watching::start(args, wake)?;
    let mut signals = runtime
        .block_on(async { Signals::listen() })
        .map_err(|error| Failure::errored(format!("cannot listen for signals: {error}")))?;
    let mut due: BTreeSet<usize> = (0..watching.plan.suites.len()).collect();
    loop {
        if !due.is_empty() {
            if let Some(status) = watching.run(&due)? {
                return Ok(status);
            }
            due = watching.changed_meanwhile();
            watching.rejudge()?;
            if !due.is_empty() {
                continue;
            }
        }
        watching.say_what_is_watched()?;
        loop {
            let is_new = watching.aim();
            // Large trees are not walked once a second for nothing.
            let deep;
            let awaited = runtime.block_on(next(&mut woken, &mut signals));
            match awaited {
                Awaited::Signal(received) => {
                    print(format!("{}: no longer watching\n", received.name).as_bytes())?;
                    return Ok(status_of(received.number));
                }
                Awaited::Wakes(wakes) => {
                    deep = is_new || !wakes.is_empty() || watching.changes.is_none();
                    for wake in wakes {
                        if let Wake::Judge(news) = wake {
                            Watching::hear(news)?;
                        }
                    }
                }
            }
            due = watching.look(deep)?;
            watching.rejudge()?;
            if !due.is_empty() {
                break;
            }
        }
    }
}

enum Awaited {
    Wakes(Vec<Wake>),
    Signal(Received),
}

/// The next burst of wake-ups, the next signal, or nothing after a [`POLL`].
async fn next(woken: &mut mpsc::UnboundedReceiver<Wake>, signals: &mut Signals) -> Awaited {
    let mut wakes = Vec::new();
    tokio::select! {
        received = signals.next() => return Awaited::Signal(received),
        Some(wake) = woken.recv() => wakes.push(wake),
        () = tokio::time::sleep(POLL) => {}
    }
    // A judge that is in force already need not wait for quiet.
    while !wakes.iter().any(|wake| matches!(wake, Wake::Judge(_))) && !wakes.is_empty() {
        match tokio::time::timeout(QUIET, woken.recv()).await {
            Ok(Some(wake)) => wakes.push(wake),
            _ => break,
        }
    }
    Awaited::Wakes(wakes)
}

fn status_of(signal: i32) -> ExitStatus {
    if signal == 15 {
        ExitStatus::Terminated
    } else {
        ExitStatus::Interrupted
    }
}

impl<'a> Watching<'a> {
    fn start(args: &'a WatchArgs, wake: mpsc::UnboundedSender<Wake>) -> Result<Self, Failure> {
        let pipeline = Print::of(&args.select.pipeline);
        let plan = planned(args)?;
        let registry = Arc::new(options::load_judges(&plan.judges)?);
        let live = Live::default();
        let waker = wake.clone();
        let changes = Changes::listen(move || drop(waker.send(Wake::Look)));
        if let Err(error) = &changes {
            options::complain(&format!(
                "warning: files are looked at once a second only: {error}"
            ));
        }
        Ok(Self {
            args,
            sources: Sources::of(&plan),
            reloader: Some(reloader(&registry, &live, &wake)?),
            plan,
            registry,
            pipeline,
            standings: Standings::default(),
            changes: changes.ok(),
            live,
            wake,
        })
    }

    /// Runs these suites and those that need them; a status when the watch is to end with it.
    fn run(&mut self, due: &BTreeSet<usize>) -> Result<Option<ExitStatus>, Failure> {
        let mut all = self.plan.with_dependents(due);
        // What is needed and does not stand as passed cannot be taken as done.
        let names = |index: usize| self.plan.suites.get(index).map(|suite| suite.name.as_str());
        loop {
            let more: Vec<usize> = all
                .iter()
                .filter_map(|index| self.plan.suites.get(*index))
                .flat_map(|suite| suite.needs.iter().copied())
                .filter(|need| !all.contains(need))
                .filter(|need| !names(*need).is_some_and(|name| self.standings.passed(name)))
                .collect();
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        let part = self.plan.only(&all);
        self.sources.begin();
        let (sender, news) = mpsc::unbounded_channel();
        self.set_live(Some(sender));
        let look = &self.args.look;
        let performed = run::perform(part, &self.registry, news, |_, dir| {
            let mut settings = look.settings();
            settings.run_dir = Some(dir.path().to_owned());
            let console = run::console(&settings)?;
            let journal = Journal::create(RunDir::clone(dir)).map_err(Failure::errored)?;
            let terminal = Terminal::new(Box::new(std::io::stdout()), settings);
            Ok(run::Shown {
                reports: vec![Box::new(journal) as Box<dyn Report>, Box::new(terminal)],
                console: Some(console),
            })
        });
        self.set_live(None);
        let Performed { status, ended, dir } = performed?;
        let cancelled = match ended {
            RunEnd::Abandoned { .. } => true,
            RunEnd::Finished(summary) => summary.cancelled_by.is_some(),
        };
        if cancelled {
            return Ok(Some(status));
        }
        let text = self.standings.take(&self.plan, &dir)?;
        print(text.as_bytes())?;
        Ok(None)
    }

    fn set_live(&self, sender: Option<mpsc::UnboundedSender<EventKind>>) {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = sender;
    }

    /// Judges again what stands by another judge, config or rule than is in force.
    fn rejudge(&mut self) -> Result<(), Failure> {
        let text = self.standings.rejudge(&self.plan, &self.registry)?;
        print(text.as_bytes())
    }

    /// Suites whose sources changed while they ran.
    fn changed_meanwhile(&mut self) -> BTreeSet<usize> {
        let (due, warnings) = self.sources.after_run(&self.plan);
        for warning in warnings {
            options::complain(&format!("warning: {warning}"));
        }
        due
    }

    /// Says what the reloader did while nothing ran.
    fn hear(news: News) -> Result<(), Failure> {
        // During a run, its report has said it.
        match run::event_of(news) {
            EventKind::JudgeReloaded { judge, from, to } => print(
                format!(
                    "RELOAD   judge {judge}: {} → {}\n",
                    crate::model::short_digest(&from),
                    crate::model::short_digest(&to)
                )
                .as_bytes(),
            ),
            EventKind::Warning { message } => print(format!("WARNING  {message}\n").as_bytes()),
            _ => Ok(()),
        }
    }

    /// Looks at the pipeline and, when `deep`, at the sources; returns what is to run.
    fn look(&mut self, deep: bool) -> Result<BTreeSet<usize>, Failure> {
        let print_now = Print::of(&self.args.select.pipeline);
        let mut due = BTreeSet::new();
        if print_now != self.pipeline {
            self.pipeline = print_now;
            due = self.replan()?;
        }
        if !deep {
            return Ok(due);
        }
        let changed = self.sources.look(&self.plan);
        for (index, file) in &changed {
            if let Some(suite) = self.plan.suites.get(*index) {
                let line = format!("SOURCES  {}: {} changed\n", suite.name, file.display());
                print(line.as_bytes())?;
            }
        }
        due.extend(changed.into_keys());
        Ok(due)
    }

    /// Takes a changed pipeline into force; returns what is to run.
    fn replan(&mut self) -> Result<BTreeSet<usize>, Failure> {
        let fresh = planned(self.args).and_then(|plan| {
            let registry = Arc::new(options::load_judges(&plan.judges)?);
            Ok((plan, registry))
        });
        let (plan, registry) = match fresh {
            Ok(fresh) => fresh,
            Err(failure) => {
                options::complain(&format!(
                    "{failure}PIPELINE not taken: it is invalid; the one before stays in force"
                ));
                return Ok(BTreeSet::new());
            }
        };
        let due = self.standings.replan(&self.plan, &plan);
        drop(self.reloader.take());
        self.reloader = Some(reloader(&registry, &self.live, &self.wake)?);
        self.sources = Sources::of(&plan);
        (self.plan, self.registry) = (plan, registry);
        let suites = plural(due.len() as u64, "suite");
        print(format!("PIPELINE taken: {suites} to run\n").as_bytes())?;
        Ok(due)
    }

    /// Watches what is there now; whether there is something that was not watched before.
    fn aim(&mut self) -> bool {
        let file = [self.plan.file.as_path()];
        match &mut self.changes {
            Some(changes) => changes.aim(file, self.sources.folders()),
            None => false,
        }
    }

    fn say_what_is_watched(&self) -> Result<(), Failure> {
        let line = format!(
            "watching {}, {}, the sources of {}; Ctrl-C ends\n",
            plural(self.registry.files().len() as u64, "judge"),
            self.args.select.pipeline.display(),
            plural(self.sources.watched(&self.plan) as u64, "suite"),
        );
        print(line.as_bytes())
    }
}

fn planned(args: &WatchArgs) -> Result<Plan, Failure> {
    let mut selection = args.select.selection();
    selection.jobs = args.jobs.and_then(|jobs| usize::try_from(jobs).ok());
    let pipeline = options::load(&args.select.pipeline)?;
    crate::plan::resolve(&pipeline, &selection).map_err(Failure::from)
}

fn reloader(
    registry: &Arc<Registry>,
    live: &Live,
    wake: &mpsc::UnboundedSender<Wake>,
) -> Result<Reloader, Failure> {
    let (live, wake) = (Arc::clone(live), wake.clone());
    let tell = move |news: News| {
        let live = live.lock().unwrap_or_else(PoisonError::into_inner);
        match live.as_ref() {
            Some(run) => drop(run.send(run::event_of(news))),
            None => drop(wake.send(Wake::Judge(news))),
        }
    };
    Reloader::start(Arc::clone(registry), tell)
        .map_err(|error| Failure::errored(format!("cannot start a thread: {error}")))
}

/// Suites by name.
type ByName<T> = BTreeMap<String, T>;
