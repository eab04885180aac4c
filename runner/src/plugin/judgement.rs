//! A judge of WebAssembly at work: one fresh world for every judgement.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

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

/// Compiled code, ready to be instantiated.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) pre: JudgePre<State>,
    /// The same for a place in the pool, for judges that fit in there.
    pub(super) pooled: Option<JudgePre<State>>,
    /// `sha256:` and the digest of the file's bytes.
    pub(super) digest: String,
}

/// One version of a judge.
pub(super) struct Loaded {
    pub(super) code: Code,
    pub(super) limits: JudgeLimits,
    pub(super) info: JudgeInfo,
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

impl Code {
    /// Asks the judge what it is and whether it accepts `config`.
    ///
    /// # Errors
    /// When it breaks, does not answer in 2 s of CPU time, or does not accept.
    pub(super) async fn ask(
        &self,
        limits: JudgeLimits,
        config: &str,
    ) -> Result<JudgeInfo, Problem> {
        let mut store = sandbox::store(self.pre.engine(), limits.memory, None);
        let mut call = "describe";
        let asked = metered(
            async {
                let instance = self.pre.instantiate_async(&mut store).await?;
                let plugin = instance.tribunal_judge_plugin();
                let info = plugin.call_describe(&mut store).await?;
                call = "validate-config";
                let problems = plugin.call_validate_config(&mut store, config).await?;
                Ok((info, problems))
            },
            ASKING,
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
}

impl Loaded {
    async fn judge(&self, subject: Subject) -> Result<Verdict, JudgeError> {
        let budget = self.limits.cpu;
        let pooled = self.code.pooled.as_ref();
        let place = pooled.and_then(|pre| Some((pre, pool::place()?)));
        let pre = place.as_ref().map_or(&self.code.pre, |(pre, _)| *pre);
        let mut store = sandbox::store(pre.engine(), self.limits.memory, Some(subject));
        let judged = metered(
            async {
                let instance = pre.instantiate_async(&mut store).await?;
                let plugin = instance.tribunal_judge_plugin();
                plugin.call_judge(&mut store).await
            },
            budget,
        )
        .await;
        match judged {
            Ok(Ok(Ok(verdict))) => believable(verdict_in(&verdict), store.data()),
            Ok(Ok(Err(refusal))) => Err(JudgeError::Declined(refusal_in(&refusal))),
            Ok(Err(error)) => Err(explain(&error, store.data())),
            Err(_) => {
                let limit = human_ms(millis(budget));
                Err(Breach { what: "CPU", limit }.into())
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
                answer = loaded.judge(Subject::new(evidence.clone(), notices.clone())) => return answer,
                () = replaced(&mut current, &evidence.ended) => again = true,
            }
        }
    }
}
