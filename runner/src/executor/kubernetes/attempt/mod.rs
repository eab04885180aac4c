//! One attempt on a cluster: create, watch, drain every container, end it when asked, diagnose, delete.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use tokio::sync::{mpsc, oneshot, watch};

use super::board::Objects;
use super::create::create;
use super::diagnose::{self, EndedBy, PodSeen, Seen, Verdict};
use super::drain::Drained;
use super::manifest::{self, MAIN, Order};
use super::namespace::Namespace;
use super::sealed::{Choice, Sealing};
use crate::capture;
use crate::capture::artifacts::Collected;
use crate::event::Phase;
use crate::executor::{AttemptContext, Cancel};
use crate::model::{Completeness, EndState, Termination};
use crate::plan::{KubernetesSpec, Suite};

mod beginning;
mod ending;
mod reading;
mod sealing;

use reading::Reading;
use sealing::{Told, seal};

/// The watch may be late: the attempt looks at its clocks at least so often.
const TICK: Duration = Duration::from_millis(500);
/// How often the Job says that its run lives: at least every 10 s, a late look included.
const HEARTBEAT: Duration = Duration::from_secs(8);
/// How long a creation that was cancelled may take to come to its answer.
const ANSWER: Duration = Duration::from_secs(2);
/// Between two readings of the events of an attempt that waits, at most: it may wait for long.
const EVENTS_MOST: Duration = Duration::from_secs(30);
/// What a pod gets on top of its grace before it is given up.
const GIVE_UP: Duration = Duration::from_secs(30);

/// Runs `suite` as a Job of `space`.
pub(super) async fn run(
    space: &Namespace,
    suite: &Suite,
    spec: &KubernetesSpec,
    choice: Choice,
    cx: AttemptContext,
) -> Termination {
    let sealing = match seal(space, suite, spec, choice, &cx).await {
        Ok(sealing) => sealing,
        Err(end) => {
            cx.output.finish(Completeness::Unavailable, "nothing ran");
            return Termination::new(end);
        }
    };
    let order = Order {
        run: &cx.run,
        pipeline: &space.pipeline,
        suite,
        spec,
        attempt: cx.attempt,
        sealing: sealing.as_ref(),
    };
    let mut job = match manifest::job(&order) {
        Ok(job) => job,
        Err(error) => {
            cx.output.finish(Completeness::Unavailable, "nothing ran");
            let reason = format!("its Job cannot be made: {error}");
            return Termination::new(EndState::StartFailed {
                reason,
                transient: false,
            });
        }
    };
    job.metadata.namespace = Some(space.name.clone());
    let now = jiff::Timestamp::now().to_string();
    let annotations = job.metadata.annotations.get_or_insert_default();
    annotations.insert(manifest::HEARTBEAT.to_owned(), now);
    let name = job.metadata.name.clone().unwrap_or_default();
    let objects = space.board.open(&name);
    let mut life = Life::new(space, suite, spec, cx, name.clone(), objects);
    life.sealing = sealing;
    let termination = life.live(&job).await;
    space.board.close(&name);
    termination
}

/// The state of an attempt.
struct Life<'a> {
    space: &'a Namespace,
    suite: &'a Suite,
    spec: &'a KubernetesSpec,
    name: String,
    objects: watch::Receiver<Objects>,
    cancel: watch::Receiver<Cancel>,
    phase: mpsc::UnboundedSender<(Phase, String)>,
    observed: mpsc::UnboundedSender<String>,
    dir: PathBuf,
    /// `None`: its output is read over the log API.
    sealing: Option<Sealing>,
    /// Where the artifacts go that are collected; taken when they are.
    artifacts: Option<oneshot::Sender<Collected>>,
    /// What the seal and the keeper told.
    sealed: Option<Told>,
    /// The line that the main container prints first, where it does.
    marker: Option<String>,
    /// Gone into the main container's reading once that begins.
    output: Option<capture::Writer>,
    readings: BTreeMap<(String, String), Reading>,
    main: Option<(Drained, capture::Writer)>,
    created: Instant,
    started: Option<Instant>,
    /// When the main container was first seen ended, or its pod gone.
    ended: Option<Instant>,
    ended_by: Option<EndedBy>,
    /// When it was asked to end.
    asked: Option<Instant>,
    killed: bool,
    /// The level of cancelling that was acted upon.
    cancel_seen: u8,
    beat: Instant,
    told: (Option<Phase>, String),
    last_pods: BTreeMap<String, Arc<Pod>>,
    last_job: Option<Arc<Job>>,
    events: Vec<k8s_openapi::api::core::v1::Event>,
    events_at: Option<Instant>,
    events_pause: Duration,
}

impl<'a> Life<'a> {
    fn new(
        space: &'a Namespace,
        suite: &'a Suite,
        spec: &'a KubernetesSpec,
        cx: AttemptContext,
        name: String,
        objects: watch::Receiver<Objects>,
    ) -> Self {
        let now = Instant::now();
        Self {
            space,
            suite,
            spec,
            name,
            objects,
            cancel: cx.cancel,
            phase: cx.phase,
            observed: cx.observed,
            dir: cx.dir,
            sealing: None,
            artifacts: Some(cx.artifacts),
            sealed: None,
            marker: None,
            output: Some(cx.output),
            readings: BTreeMap::new(),
            main: None,
            created: now,
            started: None,
            ended: None,
            ended_by: None,
            asked: None,
            killed: false,
            cancel_seen: 0,
            beat: now,
            told: (None, String::new()),
            last_pods: BTreeMap::new(),
            last_job: None,
            events: Vec::new(),
            events_at: None,
            events_pause: Duration::from_secs(3),
        }
    }

    async fn live(mut self, job: &Job) -> Termination {
        self.marker = manifest::marker(job);
        self.tell(Phase::Provisioning, "creating the Job".to_owned());
        let deadline = self.created + self.spec.provisioning_timeout;
        let (phase, jobs, pace) = (
            self.phase.clone(),
            self.space.jobs.clone(),
            Arc::clone(&self.space.pace),
        );
        let mut cancel = self.cancel.clone();
        let creating = create(&jobs, job, &pace, deadline, |why| {
            phase.send((Phase::Provisioning, why)).ok();
        });
        let cancelled = async {
            let wish = cancel.wait_for(|cancel| cancel.level() > 0).await;
            match wish.map(|cancel| cancel.reason().to_owned()) {
                Ok(reason) => reason,
                Err(_) => std::future::pending().await,
            }
        };
        let mut creating = std::pin::pin!(creating);
        let made = tokio::select! {
            made = &mut creating => made,
            reason = cancelled => {
                // A request under way may still be carried out, after our deletion: its answer is waited for.
                tokio::time::timeout(ANSWER, creating).await.ok();
                Err(EndState::Cancelled { reason })
            }
        };
        if let Err(end) = made {
            // A creation under way may have reached the server: nothing is left behind.
            if matches!(
                end,
                EndState::Cancelled { .. }
                    | EndState::StartFailed {
                        transient: true,
                        ..
                    }
            ) {
                self.delete_job().await;
            }
            self.finish_unopened("nothing ran");
            return Termination::new(end);
        }
        self.created = Instant::now();
        self.tell(Phase::Provisioning, "waiting for a pod".to_owned());
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.look().await;
            if self.is_over() {
                break;
            }
            let mut cancel = self.cancel.clone();
            let level = self.cancel_seen;
            tokio::select! {
                changed = self.objects.changed() => if changed.is_err() { break },
                _ = cancel.wait_for(|cancel| cancel.level() > level) => {}
                () = reading::any_done(&mut self.readings) => {}
                _ = tick.tick() => {}
            }
        }
        self.conclude().await
    }

    /// Takes in what the cluster said, and acts on clocks and wishes.
    async fn look(&mut self) {
        let objects = self.objects.borrow_and_update().clone();
        self.note(&objects);
        self.read_containers(&objects);
        self.watch_main(&objects);
        self.collect_readings().await;
        self.obey(&objects).await;
        if self.ended.is_none() && self.started.is_none() {
            self.wait_for_start(&objects).await;
        }
        if self.beat.elapsed() >= HEARTBEAT {
            self.beat = Instant::now();
            self.space.beat(&self.name);
        }
    }

    /// Journals what changed.
    fn note(&mut self, objects: &Objects) {
        let mut lines = Vec::new();
        if let Some(job) = &objects.job
            && self
                .last_job
                .as_ref()
                .is_none_or(|old| !Arc::ptr_eq(old, job))
        {
            lines.extend(diagnose::job_observations(self.last_job.as_deref(), job));
            self.last_job = Some(Arc::clone(job));
        }
        for (uid, now) in &objects.pods {
            let old = self.last_pods.get(uid);
            if old.is_none_or(|old| !Arc::ptr_eq(old, &now.pod)) {
                lines.extend(diagnose::pod_observations(old.map(|pod| &**pod), &now.pod));
                self.last_pods.insert(uid.clone(), Arc::clone(&now.pod));
            }
        }
        for line in lines {
            self.observed.send(line).ok();
        }
    }

    fn watch_main(&mut self, objects: &Objects) {
        let Some(now) = objects.pods.values().next() else {
            // Somebody deleted the Job before it had a pod: none will come.
            if objects.job_deleted {
                self.ended.get_or_insert_with(Instant::now);
            }
            return;
        };
        let seen = PodSeen::of(&now.pod, now.deleted, self.asked.is_some());
        if self.started.is_none() && diagnose::main_started(&seen, MAIN) {
            self.started = Some(Instant::now());
            self.tell(Phase::Running, diagnose::place(&now.pod));
        }
        if self.ended.is_none() && (now.deleted || diagnose::main_is_over(&seen, MAIN)) {
            self.ended = Some(Instant::now());
            self.tell(Phase::Draining, String::new());
        }
    }

    /// Says why nothing runs yet; ends what cannot start.
    async fn wait_for_start(&mut self, objects: &Objects) {
        if self.ended_by.is_some() {
            return;
        }
        // Events cost a request: only for those that wait for long.
        let due = self
            .events_at
            .map_or(self.created.elapsed() > Duration::from_secs(2), |at| {
                at.elapsed() > self.events_pause
            });
        if due {
            self.events_at = Some(Instant::now());
            self.events_pause = (self.events_pause * 2).min(EVENTS_MOST);
            self.read_events(objects).await;
        }
        let limit = self.spec.provisioning_timeout;
        let waiting = self.with_seen(objects, diagnose::waiting);
        if let Verdict::Hopeless(end) = waiting.verdict {
            self.ended_by = Some(EndedBy::Hopeless(end));
            self.stop(objects, false).await;
        } else if self.created.elapsed() > limit {
            self.ended_by = Some(EndedBy::Provisioning {
                limit,
                reason: waiting.reason,
            });
            self.stop(objects, false).await;
        } else {
            self.tell(Phase::Provisioning, waiting.reason);
        }
    }

    fn with_seen<T>(&self, objects: &Objects, with: impl FnOnce(&Seen<'_>) -> T) -> T {
        let pods: Vec<PodSeen<'_>> = objects
            .pods
            .values()
            .map(|now| PodSeen::of(&now.pod, now.deleted, self.asked.is_some()))
            .collect();
        let seen = Seen {
            job: objects.job.as_deref(),
            pods: &pods,
            events: &self.events,
            ended_by: self.ended_by.clone(),
            api_lost: self.api_lost(),
            main: MAIN,
        };
        with(&seen)
    }

    /// Why the API has not answered for long, where it has not.
    fn api_lost(&self) -> Option<String> {
        let trouble = self.space.board.trouble();
        trouble
            .filter(|(since, _)| *since > Duration::from_secs(10))
            .map(|(_, why)| why)
    }

    fn tell(&mut self, phase: Phase, detail: String) {
        if self.told.0 != Some(phase) || self.told.1 != detail {
            self.told = (Some(phase), detail.clone());
            self.phase.send((phase, detail)).ok();
        }
    }

    fn finish_unopened(&mut self, why: &str) {
        if let Some(output) = self.output.take() {
            output.finish(Completeness::Unavailable, why);
        }
    }
}
