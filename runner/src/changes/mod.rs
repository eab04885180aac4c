//! Tells when files may have changed.
//!
//! The only room that names `notify`. What is watched is the folder of a file, never the file: editors rename
//! over it, builders replace it, and a mounted `ConfigMap` swaps the link that leads to it. A wake-up says only
//! "look again"; whether something changed is decided by whoever looks, from a [`Print`] or the content. So
//! nothing is lost when events are merged, doubled or, on some network file systems, never come: who waits
//! also looks once a [`POLL`].

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

mod tree;

pub use tree::{Tree, TreeError};

/// How often files are looked at without a wake-up.
pub const POLL: Duration = Duration::from_secs(1);
/// Folders whose changes are our own or of no interest.
const IGNORED: [&str; 2] = [".tribunal", ".git"];
/// Links followed on the way to one file.
const LINKS: usize = 40;

/// Wakes somebody up when something happens in the folders it is aimed at.
pub struct Changes {
    watcher: RecommendedWatcher,
    watched: BTreeMap<PathBuf, Aim>,
}

/// A watched folder: which one it was, and whether what is below it counts too.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Aim {
    device: u64,
    inode: u64,
    deep: bool,
}

impl Changes {
    /// Begins to listen; `wake` is called from a thread of its own and must not block.
    ///
    /// # Errors
    /// When the system gives no watcher (a limit on inotify instances, say), in a sentence.
    pub fn listen(wake: impl Fn() + Send + 'static) -> Result<Self, String> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let counts = match &event {
                Ok(event) => is_change(event),
                // Something was lost, or a folder is gone: look again.
                Err(_) => true,
            };
            if counts {
                wake();
            }
        });
        Ok(Self {
            watcher: watcher.map_err(|error| error.to_string())?,
            watched: BTreeMap::new(),
        })
    }

    /// Watches what leads to these files, and everything below these folders, and nothing else. Called again
    /// after every wake-up, it also finds folders that were made anew or that a link now leads to. Returns
    /// whether there are such: what happened in them before cannot have woken anybody.
    pub fn aim<'a>(
        &mut self,
        files: impl IntoIterator<Item = &'a Path>,
        trees: impl IntoIterator<Item = &'a Path>,
    ) -> bool {
        let mut wanted: BTreeMap<PathBuf, Aim> = BTreeMap::new();
        for folder in files.into_iter().flat_map(folders_to) {
            if let Some(aim) = Aim::at(&folder, false) {
                wanted.entry(folder).or_insert(aim);
            }
        }
        for folder in trees {
            if let Some(aim) = Aim::at(folder, true) {
                wanted.insert(folder.to_owned(), aim);
            }
        }
        let watcher = &mut self.watcher;
        self.watched.retain(|folder, aim| {
            let stays = wanted.get(folder) == Some(&*aim);
            if !stays {
                // It may be gone already, and then so is the watch.
                drop(watcher.unwatch(folder));
            }
            stays
        });
        let mut is_new = false;
        for (folder, aim) in wanted {
            if self.watched.contains_key(&folder) {
                continue;
            }
            let mode = if aim.deep {
                RecursiveMode::Recursive
            } else {
                RecursiveMode::NonRecursive
            };
            // What cannot be watched is looked at once a `POLL`.
            if self.watcher.watch(&folder, mode).is_ok() {
                is_new = true;
                self.watched.insert(folder, aim);
            }
        }
        is_new
    }
}

impl Aim {
    fn at(folder: &Path, deep: bool) -> Option<Self> {
        let found = fs::metadata(folder).ok().filter(fs::Metadata::is_dir)?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
            deep,
        })
    }
}

fn is_change(event: &notify::Event) -> bool {
    let own = |path: &PathBuf| {
        path.components()
            .any(|part| IGNORED.iter().any(|name| part.as_os_str() == *name))
    };
    !matches!(event.kind, EventKind::Access(_))
        && (event.paths.is_empty() || !event.paths.iter().all(own))
}

/// The folders in which a change may change what `path` leads to: those of every link on the way, and the last
/// one; where that is missing, the nearest one that is there.
fn folders_to(path: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    let mut at = PathBuf::new();
    let mut rest: Vec<PathBuf> = parts(path);
    let mut links = 0;
    while let Some(part) = rest.pop() {
        let folder = at.clone();
        at.push(&part);
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_symlink() && links < LINKS => {
                links += 1;
                folders.push(folder.clone());
                if let Ok(target) = fs::read_link(&at) {
                    at = folder;
                    rest.extend(parts(&target));
                }
            }
            Ok(found) if found.is_dir() => {}
            _ => {
                folders.push(folder);
                break;
            }
        }
    }
    folders.sort();
    folders.dedup();
    folders
}

/// A path's components, last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| PathBuf::from(part.as_os_str()))
        .rev()
        .collect()
}

/// What a file looks like from outside. Another print: its content may be another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    device: u64,
    inode: u64,
    length: u64,
    changed: Option<SystemTime>,
}

impl Print {
    /// Looks at a file, through links; none where there is none.
    pub fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
            length: found.len(),
            changed: found.modified().ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_link_on_the_way_has_its_folder_watched() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("there");
        fs::create_dir_all(root.join("mount/..v1")).expect("made");
        fs::write(root.join("mount/..v1/j.wasm"), "x").expect("written");
        symlink("..v1", root.join("mount/..data")).expect("linked");
        symlink("..data/j.wasm", root.join("mount/j.wasm")).expect("linked");
        assert_eq!(
            folders_to(&root.join("mount/j.wasm")),
            [root.join("mount"), root.join("mount/..v1")]
        );
        assert_eq!(
            folders_to(&root.join("not/yet/there.wasm")),
            [root.as_path()],
            "the nearest folder that is there"
        );
        symlink("loop", root.join("loop")).expect("linked");
        assert_eq!(folders_to(&root.join("loop/x")), [root.as_path()]);
    }
}
