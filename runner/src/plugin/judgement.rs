//! A judge of WebAssembly at work: one fresh world for every judgement.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use wasmtime::Store;
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;

use super::command::{Program, answer};
use super::convert::{JudgeInfo, info_in, problems_in, refusal_in, verdict_in};
use super::error::Problem;
use super::host::bind::JudgePre;
use super::limits::Breach;
use super::meter::metered;
use super::pool;
use super::sandbox::{self, State, Subject};
use super::trap::explain;
use crate::judge::{Ended, Evidence, Judge, JudgeError, Notice};
use crate::model::{JudgeSummary, Verdict, VerdictStatus, human_ms, millis};
use crate::plan::JudgeLimits;

/// CPU time that a judge may use to say what it is and to check its config.
const ASKING: Duration = Duration::from_secs(2);
/// What a counting store begins with.
const FUEL: u64 = 1 << 62;

/// Compiled and linked code of one of the two tiers.
#[derive(Clone)]
pub(super) enum Linked {
    /// It exports the contract.
    Judge(JudgePre<State>),
    /// It is a program.
    Program(CommandPre<State>),
}

/// Compiled code, ready to be instantiated.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) pre: Linked,
    /// The same for a place in the pool, for judges that fit in there.
    pub(super) pooled: Option<Linked>,
    /// `sha256:` and the digest of the file's bytes.
    pub(super) digest: String,
    /// What a program is called, as it cannot say so itself.
    pub(super) name: String,
    /// Whether instructions are counted.
    pub(super) counts_fuel: bool,
}

/// One version of a judge.
pub(super) struct Loaded {
    pub(super) code: Code,
    pub(super) limits: JudgeLimits,
    pub(super) info: JudgeInfo,
}

/// What a judgement used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time.
    pub cpu: Duration,
    /// Bytes of linear memory at its end, which is its peak.
    pub memory: u64,
    /// WebAssembly instructions, where they are counted.
    pub fuel: Option<u64>,
}

/// A judge. Its version can be changed while it judges: what is live begins again with the new one, and
/// what has all its evidence ends as it began.
pub(super) struct WasmJudge {
    name: String,
    current: watch::Sender<Version>,
}

/// Which version of a judge it is, from 0 for the one that was there first.
type Version = (u32, Arc<Loaded>);

impl WasmJudge {
    pub(super) fn new(name: String, loaded: Loaded) -> Self {
        let (current, _) = watch::channel((0, Arc::new(loaded)));
        Self { name, current }
    }

    pub(super) fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.current.borrow().1)
    }

    pub(super) fn replace(&self, loaded: Loaded) {
        self.current.send_modify(|(number, current)| {
            *number = number.saturating_add(1);
            *current = Arc::new(loaded);
        });
    }

    fn summary(&self, loaded: &Loaded) -> JudgeSummary {
        JudgeSummary {
            name: self.name.clone(),
            digest: loaded.code.digest.clone(),
        }
    }
}

/// Waits for a new version, as long as the attempt is live; after its end, forever.
async fn replaced(
    current: &mut watch::Receiver<Version>,
    ended: &watch::Receiver<Option<Arc<Ended>>>,
) {
    let changed = current.changed().await;
    if changed.is_err() || ended.borrow().is_some() {
        std::future::pending::<()>().await;
    }
}

impl Linked {
    fn engine(&self) -> &wasmtime::Engine {
        match self {
            Self::Judge(pre) => pre.engine(),
            Self::Program(pre) => pre.engine(),
        }
    }
}

impl Code {
    /// Asks the judge what it is and whether it accepts `config`. A program is not asked: it would have to run.
    ///
    /// # Errors
    /// When it breaks, does not answer in 2 s of CPU time, or does not accept.
    pub(super) async fn ask(
        &self,
        limits: JudgeLimits,
        config: &str,
    ) -> Result<JudgeInfo, Problem> {
        let pre = match &self.pre {
            Linked::Judge(pre) => pre,
            Linked::Program(_) => {
                return Ok(JudgeInfo {
                    name: self.name.clone(),
                    version: String::new(),
                    description: "A WASI program: output on its standard input, verdict as JSON."
                        .to_owned(),
                    config_schema: None,
                });
            }
        };
        let mut store = sandbox::store(pre.engine(), limits.memory, None, None);
        self.fuel_up(&mut store);
        let (mut call, mut used) = ("describe", Duration::ZERO);
        let asked = metered(
            async {
                let instance = pre.instantiate_async(&mut store).await?;
                let plugin = instance.tribunal_judge_plugin();
                let info = plugin.call_describe(&mut store).await?;
                call = "validate-config";
                let problems = plugin.call_validate_config(&mut store, config).await?;
                Ok((info, problems))
            },
            ASKING,
            &mut used,
        )
        .await;
        match asked {
            Ok(Ok((info, problems))) if problems.is_empty() => Ok(info_in(&info)),
            Ok(Ok((_, problems))) => Err(Problem::Config(problems_in(&problems))),
            Ok(Err(error)) => {
                let why = explain(&error, store.data()).to_string();
                Err(Problem::Broken { call, why })
            }
            Err(_) => {
                let why = format!("no answer within {}", human_ms(millis(ASKING)));
                Err(Problem::Broken { call, why })
            }
        }
    }

    fn fuel_up(&self, store: &mut Store<State>) {
        if self.counts_fuel && store.set_fuel(FUEL).is_err() {
            // The engine does not count after all.
        }
    }
}

impl Loaded {
    /// Judges, and says what that used.
    pub(super) async fn judge(&self, mut subject: Subject) -> (Result<Verdict, JudgeError>, Usage) {
        let budget = self.limits.cpu;
        let program = match &self.code.pre {
            Linked::Judge(_) => None,
            Linked::Program(_) => Some(Program::of(&mut subject).await),
        };
        let pooled = self.code.pooled.as_ref();
        let place = pooled.and_then(|pre| Some((pre, pool::place()?)));
        let pre = place.as_ref().map_or(&self.code.pre, |(pre, _)| *pre);
        let memory = self.limits.memory;
        let mut store = sandbox::store(pre.engine(), memory, Some(subject), program);
        self.code.fuel_up(&mut store);
        let mut usage = Usage::default();
        let judged = metered(call(pre, &mut store), budget, &mut usage.cpu).await;
        store.data_mut().pass_on().await;
        usage.memory = store.data().limiter.memory();
        usage.fuel = self.code.counts_fuel.then(|| {
            let left = store.get_fuel().unwrap_or(FUEL);
            FUEL.saturating_sub(left)
        });
        let verdict = match judged {
            Ok(Ok(verdict)) => believable(verdict, store.data()),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let limit = human_ms(millis(budget));
                Err(Breach { what: "CPU", limit }.into())
            }
        };
        (verdict, usage)
    }
}

/// Instantiates and calls it.
async fn call(pre: &Linked, store: &mut Store<State>) -> Result<Verdict, JudgeError> {
    match pre {
        Linked::Judge(pre) => {
            let judged = async {
                let instance = pre.instantiate_async(&mut *store).await?;
                let plugin = instance.tribunal_judge_plugin();
                plugin.call_judge(&mut *store).await
            };
            match judged.await {
                Ok(Ok(verdict)) => Ok(verdict_in(&verdict)),
                Ok(Err(refusal)) => Err(JudgeError::Declined(refusal_in(&refusal))),
                Err(error) => Err(explain(&error, store.data())),
            }
        }
        Linked::Program(pre) => {
            let ran = async {
                let program = pre.instantiate_async(&mut *store).await?;
                program.wasi_cli_run().call_run(&mut *store).await
            };
            match ran.await {
                Ok(Ok(())) => answer(store.data_mut()).await,
                Ok(Err(())) => Err(explain(&I32Exit(1).into(), store.data())),
                Err(error) => match error.downcast_ref::<I32Exit>() {
                    Some(I32Exit(0)) => answer(store.data_mut()).await,
                    _ => Err(explain(&error, store.data())),
                },
            }
        }
    }
}

/// Refuses a `passed` that contradicts what the judge itself has said.
fn believable(verdict: Verdict, state: &State) -> Result<Verdict, JudgeError> {
    if verdict.status != VerdictStatus::Passed {
        return Ok(verdict);
    }
    let failing = state
        .subject
        .as_ref()
        .map_or(0, |subject| subject.tally.failing());
    let contradiction = match verdict.counts {
        Some(counts) if counts.failed > 0 || counts.errored > 0 => {
            let (failed, errored) = (counts.failed, counts.errored);
            format!("it counts {failed} failed and {errored} errored")
        }
        Some(counts) if counts.total() == 0 => "it counts no tests".to_owned(),
        _ if failing > 0 => format!("{failing} of the cases it reported did not pass"),
        _ => return Ok(verdict),
    };
    Err(JudgeError::Nonsense(format!(
        "`passed`, but {contradiction}"
    )))
}

#[async_trait]
impl Judge for WasmJudge {
    fn identity(&self) -> JudgeSummary {
        self.summary(&self.current())
    }

    fn version(&self) -> String {
        self.current().info.version.clone()
    }

    async fn judge(
        &self,
        evidence: Evidence,
        notices: mpsc::Sender<Notice>,
    ) -> Result<Verdict, JudgeError> {
        let mut current = self.current.subscribe();
        let mut again = false;
        loop {
            let (number, loaded) = current.borrow_and_update().clone();
            if number > 0 {
                let judge = self.summary(&loaded);
                // With nobody to hear it, nobody is misled.
                drop(notices.send(Notice::Began { judge, again }).await);
            }
            // The capture replays: the new version sees everything from the first byte.
            tokio::select! {
                answer = loaded.judge(Subject::new(evidence.clone(), notices.clone())) => return answer.0,
                () = replaced(&mut current, &evidence.ended) => again = true,
            }
        }
    }
}
