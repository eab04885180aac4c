//! `run --failed`: the suites that did not pass in an earlier run.

use std::collections::BTreeSet;
use std::path::Path;

use super::Failure;
use crate::config::{Pipeline, listed};
use crate::event::EventKind;
use crate::model::{ExitStatus, SuiteStatus};
use crate::plan::{Selection, resolve};
use crate::report::terminal::text::plural;
use crate::run::dir::{self, RunDir};
use crate::run::heartbeat;

/// Names shown of a list.
const SHOWN: usize = 8;

/// What is taken from which run.
#[derive(Debug)]
pub(super) struct Rerun {
    /// Names of suites.
    pub(super) suites: BTreeSet<String>,
    /// In a sentence, for people.
    pub(super) said: String,
}

/// A suite of the earlier run: its name, what it came to, whether it was ever started.
struct Earlier {
    name: String,
    status: Option<SuiteStatus>,
    started: bool,
}

impl Earlier {
    /// What its judge chose to skip is not run again: it would be skipped again.
    fn is_wanted(&self) -> bool {
        match self.status {
            Some(SuiteStatus::Skipped) => !self.started,
            Some(status) => !status.is_pass(),
            None => true,
        }
    }
}

/// Finds what did not pass in the run that is asked for: `latest` is the newest of this pipeline that no
/// longer goes on.
pub(super) fn pick(pipeline: &Pipeline, asked: &str) -> Result<Rerun, Failure> {
    let (id, dir) = find(pipeline, asked)?;
    let (suites, has_end) = earlier(&dir)?;
    let all = suites.len();
    let wanted: BTreeSet<String> = suites
        .into_iter()
        .filter(Earlier::is_wanted)
        .map(|suite| suite.name)
        .collect();
    if wanted.is_empty() {
        let what = match all {
            1 => "its only suite".to_owned(),
            all => format!("all {all} suites"),
        };
        let what = format!("nothing to run again: {what} of run {id} passed");
        return Err(Failure::of(ExitStatus::Empty, what)
            .hint("leave --failed out to run all of them")
            .nothing_was_run());
    }
    let known = resolve(pipeline, &Selection::default())?;
    let known: BTreeSet<&str> = known
        .suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect();
    let (suites, gone): (BTreeSet<String>, BTreeSet<String>) = wanted
        .into_iter()
        .partition(|name| known.contains(name.as_str()));
    let names = |names: &BTreeSet<String>| listed(names.iter().map(String::as_str), SHOWN);
    if suites.is_empty() {
        let gone = names(&gone);
        let what = format!(
            "nothing to run again: what did not pass in run {id} is no longer in the pipeline: {gone}"
        );
        return Err(Failure::of(ExitStatus::Empty, what).nothing_was_run());
    }
    let count = suites.len();
    let mut said = format!(
        "rerun: {count} of {} of run {id} did not pass: {}",
        plural(all as u64, "suite"),
        names(&suites)
    );
    if !has_end {
        said.push_str(
            "\nnote: that run never came to its end; what it did not finish is run again too",
        );
    }
    if !gone.is_empty() {
        said.extend([format!(
            "\nnote: no longer in the pipeline: {}",
            names(&gone)
        )]);
    }
    Ok(Rerun { suites, said })
}

fn find(pipeline: &Pipeline, asked: &str) -> Result<(String, RunDir), Failure> {
    let root: &Path = &pipeline.root;
    let goes_on = |dir: &RunDir, pid: u32| {
        dir.summary().is_none()
            && !heartbeat::is_lost(crate::os::is_alive(pid), heartbeat::age(dir))
    };
    if asked != "latest" {
        let dir = RunDir::find(root, asked).map_err(|error| match error {
            dir::DirError::NoSuchRun { .. } => Failure::from(error).hint(format!(
                "to run only some of what failed, put their names first: tribunal run {} --failed",
                crate::report::terminal::text::shell(asked)
            )),
            error => error.into(),
        })?;
        let intro = dir.intro()?;
        if goes_on(&dir, intro.pid) {
            let id = &intro.id;
            let what = format!("run {id} still goes on: what will have failed is not known yet");
            return Err(Failure::usage(what).hint("wait for its end, or name an earlier run"));
        }
        return Ok((intro.id, dir));
    }
    for id in dir::ids(root)?.iter().rev() {
        // What cannot be read cannot be meant.
        let Ok(dir) = RunDir::find(root, id) else {
            continue;
        };
        let Ok(intro) = dir.intro() else { continue };
        if intro.file == pipeline.file && !goes_on(&dir, intro.pid) {
            return Ok((intro.id, dir));
        }
    }
    Err(Failure::usage("no earlier run could say what failed")
        .at(&pipeline.file)
        .hint("leave --failed out"))
}

/// Every suite of a run, and whether the run came to its end.
fn earlier(dir: &RunDir) -> Result<(Vec<Earlier>, bool), Failure> {
    if let Some(summary) = dir.summary() {
        let suites = summary.suites.into_iter().map(|suite| Earlier {
            name: suite.name,
            status: Some(suite.status),
            started: suite.attempts > 0,
        });
        return Ok((suites.collect(), true));
    }
    let mut suites: Vec<Earlier> = Vec::new();
    dir.each_event(|event| match event.kind {
        EventKind::RunStarted { suites: intros, .. } => {
            suites = intros
                .into_iter()
                .map(|intro| Earlier {
                    name: intro.name,
                    status: None,
                    started: false,
                })
                .collect();
        }
        EventKind::SuiteFinished { suite, summary } => {
            if let Some(known) = suites.get_mut(suite) {
                known.status = Some(summary.status);
                known.started = summary.attempts > 0;
            }
        }
        _ => {}
    })?;
    Ok((suites, false))
}
