//! Brings new versions of judges into force while tribunal runs.
//!
//! A thread of its own looks at the judges' files whenever something happens in their folders: reads until two
//! reads agree, validates, compiles beside the old version, asks it, swaps. A file that looks unfinished gets
//! [`PATIENCE`] before anybody is told; a version that cannot be used is told of once and changes nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::error::{LoadError, Problem};
use super::registry::{Registry, Replaced};
use super::{hex, load};
use crate::changes::{Changes, POLL, Print};

/// A builder's burst of changes ends when nothing happens for so long.
const QUIET: Duration = Duration::from_millis(20);
/// The longest burst: something else in the folder may never be quiet.
const BURST: Duration = Duration::from_millis(200);
/// Between the two reads that must agree.
const AGREE: Duration = Duration::from_millis(10);
/// How long a file may be missing, empty or cut short before that is told.
const PATIENCE: Duration = Duration::from_millis(700);

/// What the reloader has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A new version is in force.
    Replaced(Replaced),
    /// A new version cannot be used: the old one stays. In a sentence.
    Kept(String),
}

/// Watches the files of a registry's judges until it is dropped.
pub struct Reloader {
    wake: mpsc::Sender<Wake>,
}

enum Wake {
    Look,
    Stop,
}

impl Reloader {
    /// Begins to watch. `tell` is called from a thread of its own.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        registry: Arc<Registry>,
        tell: impl Fn(News) + Send + 'static,
    ) -> io::Result<Self> {
        let (wake, woken) = mpsc::channel();
        let mut files: Vec<Tracked> = registry.files().into_iter().map(Tracked::new).collect();
        if files.is_empty() {
            return Ok(Self { wake });
        }
        let waker = wake.clone();
        // Without a watcher, the files are looked at once a `POLL`.
        let mut changes = Changes::listen(move || drop(waker.send(Wake::Look))).ok();
        aim(&mut changes, &files);
        thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || {
                loop {
                    for file in &mut files {
                        file.look(&registry, &tell);
                    }
                    let wait = files.iter().filter_map(Tracked::due).min().unwrap_or(POLL);
                    if is_stopped(&woken, wait) {
                        return;
                    }
                    aim(&mut changes, &files);
                }
            })?;
        Ok(Self { wake })
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        // Not waited for: it may be compiling.
        drop(self.wake.send(Wake::Stop));
    }
}

fn aim(changes: &mut Option<Changes>, files: &[Tracked]) {
    if let Some(changes) = changes {
        // All files are looked at after every wake-up, new folders or not.
        changes.aim(files.iter().map(|file| file.path.as_path()), []);
    }
}

/// Waits for a wake-up and the end of its burst; true when there is nothing more to do.
fn is_stopped(woken: &mpsc::Receiver<Wake>, wait: Duration) -> bool {
    let begun = match woken.recv_timeout(wait) {
        Ok(Wake::Look) => Instant::now(),
        Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return true,
        Err(RecvTimeoutError::Timeout) => return false,
    };
    while begun.elapsed() < BURST {
        match woken.recv_timeout(QUIET) {
            Ok(Wake::Look) => {}
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    false
}

/// A judge's file, and what was last found in it.
struct Tracked {
    path: PathBuf,
    /// What it looked like when it was last read.
    print: Option<Print>,
    /// Whether it was read at all, or must be once more whatever it looks like.
    is_read: bool,
    /// Found unfinished, and since when; told when patience ends.
    unfinished: Option<(Instant, LoadError)>,
    /// The content that was told to be of no use.
    told: Option<String>,
}

impl Tracked {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            print: None,
            is_read: false,
            unfinished: None,
            told: None,
        }
    }

    /// In how long it wants to be looked at, whatever happens.
    fn due(&self) -> Option<Duration> {
        if !self.is_read {
            return Some(AGREE);
        }
        let (since, _) = self.unfinished.as_ref()?;
        Some(PATIENCE.saturating_sub(since.elapsed()))
    }

    fn look(&mut self, registry: &Registry, tell: &dyn Fn(News)) {
        let print = Print::of(&self.path);
        if self.is_read && self.print == print {
            if let Some((since, _)) = &self.unfinished
                && since.elapsed() >= PATIENCE
                && let Some((_, error)) = self.unfinished.take()
            {
                let content = content(&self.path);
                self.refuse(&error, content, tell);
            }
            return;
        }
        // Written at this moment: looked at again at once.
        let before = content(&self.path);
        thread::sleep(AGREE);
        if content(&self.path) != before || Print::of(&self.path) != print {
            self.is_read = false;
            return;
        }
        (self.print, self.is_read) = (print, true);
        match registry.refresh(&self.path) {
            Ok(replaced) => {
                (self.unfinished, self.told) = (None, None);
                for replaced in replaced {
                    tell(News::Replaced(replaced));
                }
            }
            Err(error) if is_unfinished(&error.problem) => {
                let since = self.unfinished.take().map(|(since, _)| since);
                self.unfinished = Some((since.unwrap_or_else(Instant::now), error));
            }
            Err(error) => {
                self.unfinished = None;
                self.refuse(&error, before, tell);
            }
        }
    }

    /// Says why a content is of no use, once.
    fn refuse(&mut self, error: &LoadError, content: String, tell: &dyn Fn(News)) {
        if self.told.as_ref() != Some(&content) {
            self.told = Some(content);
            let path = self.path.display();
            tell(News::Kept(format!(
                "{error}; {path} is not taken, the version before stays in force"
            )));
        }
    }
}

/// What may still become a judge, when its writer goes on.
fn is_unfinished(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::Unreadable { .. }
            | Problem::Empty
            | Problem::Damaged(_)
            | Problem::NotAComponent(_)
    )
}

/// The digest of a file's content, or why there is none.
fn content(path: &Path) -> String {
    match load::read(path) {
        Ok(bytes) => hex(&Sha256::digest(&bytes)),
        Err(problem) => problem.to_string(),
    }
}
