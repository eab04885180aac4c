//! The Jobs and pods of a run as the cluster tells them: one watch each for all attempts of a namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::runtime::watcher::{self, Event};
use kube::{Api, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::client::chain;

/// A watch can go stale without a word (draining.md, step 8): everything is read again so often.
const REREAD: Duration = Duration::from_mins(1);
/// Between tries after an error of a watch.
const PAUSE_LEAST: Duration = Duration::from_millis(200);
const PAUSE_MOST: Duration = Duration::from_secs(5);

/// What is known of one attempt's objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    pub(super) job: Option<Arc<Job>>,
    pub(super) job_deleted: bool,
    /// By uid; a deleted pod stays with its last state.
    pub(super) pods: BTreeMap<String, PodNow>,
}

/// The last state of a pod.
#[derive(Clone, Debug)]
pub(super) struct PodNow {
    pub(super) pod: Arc<Pod>,
    pub(super) deleted: bool,
}

/// All attempts of a namespace.
#[derive(Debug, Default)]
pub(super) struct Board {
    attempts: Mutex<BTreeMap<String, watch::Sender<Objects>>>,
    trouble: Mutex<BTreeMap<&'static str, (Instant, String)>>,
}

impl Board {
    /// Takes part from now on; to be called before the Job is created.
    pub(super) fn open(&self, job: &str) -> watch::Receiver<Objects> {
        let (sender, receiver) = watch::channel(Objects::default());
        self.lock().insert(job.to_owned(), sender);
        receiver
    }

    pub(super) fn close(&self, job: &str) {
        self.lock().remove(job);
    }

    /// For how long the watches have failed, and why; `None` while one works.
    pub(super) fn trouble(&self) -> Option<(Duration, String)> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble
            .values()
            .next()
            .map(|(since, why)| (since.elapsed(), why.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, watch::Sender<Objects>>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, job: &str, change: impl FnOnce(&mut Objects) -> bool) {
        if let Some(sender) = self.lock().get(job) {
            sender.send_if_modified(change);
        }
    }

    fn failed(&self, kind: &'static str, why: String) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble
            .entry(kind)
            .and_modify(|entry| entry.1.clone_from(&why))
            .or_insert((Instant::now(), why));
    }

    fn works(&self, kind: &'static str) {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(kind);
    }
}

/// What is watched.
pub(super) trait Watched:
    kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static
{
    const NAME: &'static str;
    /// Takes a newer state; `false` when it is not newer.
    fn put(self, board: &Board, deleted: bool);
    /// Marks what is known and not in `there` as deleted.
    fn keep(board: &Board, there: &BTreeSet<String>);
    /// The uids of what is known and not deleted.
    fn known(board: &Board) -> BTreeSet<String>;
}

impl Watched for Job {
    const NAME: &'static str = "jobs";

    fn put(self, board: &Board, deleted: bool) {
        let name = self.name_any();
        board.change(&name, |objects| {
            if !deleted
                && objects
                    .job
                    .as_ref()
                    .is_some_and(|old| !newer(&**old, &self))
            {
                return false;
            }
            objects.job = Some(Arc::new(self));
            objects.job_deleted = deleted;
            true
        });
    }

    fn keep(board: &Board, there: &BTreeSet<String>) {
        for sender in board.lock().values() {
            sender.send_if_modified(|objects| {
                let gone = objects
                    .job
                    .as_ref()
                    .is_some_and(|job| job.uid().is_none_or(|uid| !there.contains(&uid)));
                let changed = gone && !objects.job_deleted;
                objects.job_deleted |= gone;
                changed
            });
        }
    }

    fn known(board: &Board) -> BTreeSet<String> {
        let attempts = board.lock();
        let jobs = attempts.values().filter_map(|sender| {
            let objects = sender.borrow();
            objects.job.as_ref().filter(|_| !objects.job_deleted)?.uid()
        });
        jobs.collect()
    }
}

impl Watched for Pod {
    const NAME: &'static str = "pods";

    fn put(self, board: &Board, deleted: bool) {
        let labels = self.labels();
        // `job-name` is what clusters before 1.27 set.
        let Some(job) = labels
            .get("batch.kubernetes.io/job-name")
            .or_else(|| labels.get("job-name"))
            .cloned()
        else {
            return;
        };
        let uid = self.uid().unwrap_or_default();
        board.change(&job, |objects| {
            if let Some(old) = objects.pods.get(&uid)
                && (old.deleted || (!deleted && !newer(&*old.pod, &self)))
            {
                return false;
            }
            objects.pods.insert(
                uid,
                PodNow {
                    pod: Arc::new(self),
                    deleted,
                },
            );
            true
        });
    }

    fn keep(board: &Board, there: &BTreeSet<String>) {
        for sender in board.lock().values() {
            sender.send_if_modified(|objects| {
                let mut changed = false;
                for (uid, now) in &mut objects.pods {
                    if !now.deleted && !there.contains(uid) {
                        now.deleted = true;
                        changed = true;
                    }
                }
                changed
            });
        }
    }

    fn known(board: &Board) -> BTreeSet<String> {
        let attempts = board.lock();
        let mut known = BTreeSet::new();
        for sender in attempts.values() {
            let objects = sender.borrow();
            let alive = objects.pods.iter().filter(|(_, now)| !now.deleted);
            known.extend(alive.map(|(uid, _)| uid.clone()));
        }
        known
    }
}

/// Whether `new` is a later state. Resource versions are numbers that grow (KEP-5504; true of every etcd before it).
fn newer<K: kube::Resource>(old: &K, new: &K) -> bool {
    let version = |object: &K| {
        object
            .meta()
            .resource_version
            .as_ref()
            .and_then(|text| text.parse::<u64>().ok())
    };
    match (version(old), version(new)) {
        (Some(old), Some(new)) => new > old,
        _ => true,
    }
}

/// Follows one kind for as long as it is polled. List, watch with bookmarks, and list again on 410 are the
/// watcher's; a slow second reading is ours.
pub(super) async fn follow<K: Watched>(board: Arc<Board>, api: Api<K>, selector: String) {
    let config = watcher::Config::default().labels(&selector).timeout(290);
    let mut stream = Box::pin(watcher::watcher(api.clone(), config));
    let mut pause = PAUSE_LEAST;
    let mut there = BTreeSet::new();
    let mut reread = tokio::time::interval_at(tokio::time::Instant::now() + REREAD, REREAD);
    loop {
        let event = tokio::select! {
            event = stream.next() => event,
            _ = reread.tick() => {
                read_again(&board, &api, &selector).await;
                continue;
            }
        };
        match event {
            Some(Ok(event)) => {
                pause = PAUSE_LEAST;
                board.works(K::NAME);
                match event {
                    Event::Apply(object) => object.put(&board, false),
                    Event::Delete(object) => object.put(&board, true),
                    Event::Init => there.clear(),
                    Event::InitApply(object) => {
                        there.extend(object.meta().uid.clone());
                        object.put(&board, false);
                    }
                    Event::InitDone => K::keep(&board, &there),
                }
            }
            Some(Err(error)) => {
                board.failed(K::NAME, chain(&error));
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MOST);
            }
            None => return,
        }
    }
}

async fn read_again<K: Watched>(board: &Board, api: &Api<K>, selector: &str) {
    if board.lock().is_empty() {
        return;
    }
    // What was known before the list was asked for and is not in it was deleted, and the watch did not tell.
    let known = K::known(board);
    let params = ListParams::default().labels(selector);
    if let Ok(Ok(list)) = tokio::time::timeout(super::client::REQUEST, api.list(&params)).await {
        let mut there: BTreeSet<String> = list
            .items
            .iter()
            .filter_map(kube::ResourceExt::uid)
            .collect();
        for object in list.items {
            object.put(board, false);
        }
        there.extend(K::known(board).difference(&known).cloned());
        K::keep(board, &there);
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, Response};
    use kube::Client;
    use kube::client::Body;

    use super::*;

    fn pod(uid: &str, version: u32) -> serde_json::Value {
        serde_json::json!({"metadata": {"name": uid, "uid": uid, "resourceVersion": version.to_string(),
            "labels": {"batch.kubernetes.io/job-name": "t-x-1"}}})
    }

    fn put(board: &Board, pod: serde_json::Value) {
        let pod: Pod = serde_json::from_value(pod).expect("a pod");
        pod.put(board, false);
    }

    #[tokio::test]
    async fn a_deletion_that_the_watch_did_not_tell_is_found_out() {
        let board = Arc::new(Board::default());
        let objects = board.open("t-x-1");
        put(&board, pod("gone", 1));
        put(&board, pod("there", 1));
        let meanwhile = Arc::clone(&board);
        let server = tower::service_fn(move |_: Request<Body>| {
            // Told by the watch while the list is on its way.
            put(&meanwhile, pod("new", 9));
            let list = serde_json::json!({"metadata": {"resourceVersion": "5"}, "items": [pod("there", 2)]});
            let answer = Response::new(Body::from(list.to_string().into_bytes()));
            async move { Ok::<_, std::convert::Infallible>(answer) }
        });
        let api: Api<Pod> = Api::namespaced(Client::new(server, "ci"), "ci");
        read_again(&board, &api, "a=b").await;
        let objects = objects.borrow();
        let deleted: Vec<(&str, bool)> = objects
            .pods
            .iter()
            .map(|(uid, now)| (uid.as_str(), now.deleted))
            .collect();
        assert_eq!(deleted, [("gone", true), ("new", false), ("there", false)]);
    }
}
