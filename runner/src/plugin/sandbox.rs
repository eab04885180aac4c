//! A judgement's own world: a fresh store with its limits, and what host functions keep in it.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::WasiCtx;

use super::adapt;
use super::command::Program;
use super::engine::yield_at_ticks;
use super::host::bind;
use super::limits::{Limiter, MAX_CALL_BYTES, MAX_HANDLES};
use super::sink::Sink;
use super::wasi::{self, Clock};
use crate::judge::{Ended, Evidence, Notice};
use crate::model::{Case, CaseStatus};

/// What host functions find in a store.
pub(super) struct State {
    pub(super) wasi: WasiCtx,
    pub(super) clock: Clock,
    pub(super) table: ResourceTable,
    pub(super) limiter: Limiter,
    pub(super) stderr: Sink,
    /// What is judged; none while a judge is asked about itself.
    pub(super) subject: Option<Subject>,
    /// What a judge of the second tier is given; none for those of the first.
    pub(super) program: Option<Program>,
    /// What the adapter's random numbers depend on.
    pub(super) seed: u64,
}

/// What is judged, and what was said about it so far.
pub(super) struct Subject {
    pub(super) evidence: Evidence,
    /// How it ended, once that was asked for.
    pub(super) ended: Option<Arc<Ended>>,
    pub(super) notices: mpsc::Sender<Notice>,
    /// What was said and not passed on yet: cases, and how far it is.
    pub(super) cases: Vec<Case>,
    pub(super) progress: Option<(u32, Option<u32>)>,
    pub(super) tally: Tally,
}

/// What a judgement has used of its allowances.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) cases: u32,
    pub(super) case_bytes: u64,
    pub(super) messages: u32,
    /// Logs and artifacts that are open.
    pub(super) open: u32,
    /// Hashes of the names of cases whose last report says that they did not pass.
    failing: HashSet<u64>,
    hasher: RandomState,
}

impl Tally {
    /// Notes a case's status; the last one of a name counts.
    pub(super) fn note(&mut self, id: &str, status: CaseStatus) {
        let fails = matches!(status, CaseStatus::Failed | CaseStatus::Errored);
        // Where all is well there is nothing to look up.
        if fails {
            self.failing.insert(self.hasher.hash_one(id));
        } else if !self.failing.is_empty() {
            self.failing.remove(&self.hasher.hash_one(id));
        }
    }

    /// How many cases did not pass.
    pub(super) fn failing(&self) -> usize {
        self.failing.len()
    }
}

impl Subject {
    pub(super) fn new(evidence: Evidence, notices: mpsc::Sender<Notice>) -> Self {
        Self {
            evidence,
            ended: None,
            notices,
            cases: Vec::new(),
            progress: None,
            tally: Tally::default(),
        }
    }

    /// What random numbers depend on.
    fn seed(&self) -> String {
        let facts = &self.evidence.facts;
        format!("{}\0{}\0{}", facts.pipeline, facts.suite, facts.attempt)
    }
}

impl State {
    /// Passes on what was said since the last time. Waits while nobody listens: that slows this judge and nothing
    /// else. A judge may report thousands of cases in a row; so they are passed on before it waits for anything, at
    /// each tick while it computes, and at its end.
    pub(super) fn pass_on(&mut self) -> impl Future<Output = ()> + Send + use<> {
        let said = self.subject.as_mut().and_then(|subject| {
            let cases = std::mem::take(&mut subject.cases);
            let cases = (!cases.is_empty()).then_some(Notice::Cases(cases));
            let progress = subject.progress.take();
            let progress = progress.map(|(done, total)| Notice::Progress { done, total });
            let said = [cases, progress];
            let anything = said.iter().any(Option::is_some);
            anything.then(|| (subject.notices.clone(), said))
        });
        async {
            let Some((notices, said)) = said else { return };
            for notice in said.into_iter().flatten() {
                // With nobody to hear it, the verdict still counts.
                drop(notices.send(notice).await);
            }
        }
    }
}

/// Makes the store of one judgement.
pub(super) fn store(
    engine: &Engine,
    memory_limit: u64,
    subject: Option<Subject>,
    program: Option<Program>,
) -> Store<State> {
    let (clock, stderr) = (Clock::default(), Sink::default());
    let seed = subject.as_ref().map(Subject::seed).unwrap_or_default();
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_HANDLES);
    let state = State {
        wasi: wasi::context(&clock, &stderr, &seed, program.as_ref()),
        clock,
        table,
        limiter: Limiter::new(memory_limit),
        stderr,
        subject,
        program,
        seed: number(&seed),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(MAX_CALL_BYTES);
    yield_at_ticks(&mut store, State::pass_on);
    store
}

fn number(seed: &str) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&Sha256::digest(seed)[..8]);
    u64::from_le_bytes(number)
}

/// Makes the linker: everything that any judge may import.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasi::link(&mut linker)?;
    adapt::stdio::link(&mut linker)?;
    bind::Judge::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_report_of_a_case_counts() {
        let mut tally = Tally::default();
        tally.note("a", CaseStatus::Failed);
        tally.note("b", CaseStatus::Errored);
        tally.note("a", CaseStatus::Errored);
        assert_eq!(tally.failing(), 2);
        tally.note("a", CaseStatus::Flaky);
        tally.note("c", CaseStatus::Passed);
        assert_eq!(tally.failing(), 1);
    }
}
