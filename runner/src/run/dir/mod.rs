//! Where a run lives: `.tribunal/runs/<id>/`, made, found and read here.

use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Event, EventKind};
use crate::model::RunSummary;

/// Version of the directory's layout; a directory of another version is refused.
pub const DIR_VERSION: u32 = 1;
/// The journal's file name.
pub const JOURNAL: &str = "events.jsonl";
/// The summary's file name.
pub const SUMMARY: &str = "summary.json";
/// The introduction's file name.
pub(crate) const INTRO: &str = "run.json";

/// Why a run directory could not be made, found or read.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
    /// The file system refused.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is no such run.
    #[error("no run \"{asked}\" in {}; `tribunal runs` lists what is there", runs.display())]
    NoSuchRun {
        /// What was asked for.
        asked: String,
        /// Where it was looked for.
        runs: PathBuf,
    },
    /// Several runs begin like that.
    #[error("\"{asked}\" could be any of {}", found.join(", "))]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// What begins like that.
        found: Vec<String>,
    },
    /// Written by another version.
    #[error("{}: layout version {found}, this tribunal reads version {DIR_VERSION}; use the tribunal that wrote it", path.display())]
    Version {
        /// The directory.
        path: PathBuf,
        /// The version found.
        found: u32,
    },
    /// A file in it is damaged.
    #[error("{}:{line}: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DirError {
    move |source| DirError::Io {
        what,
        path: path.to_owned(),
        source,
    }
}

/// What `run.json` says: enough to know a run without reading its journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunIntro {
    /// [`DIR_VERSION`].
    pub version: u32,
    /// The run's id.
    pub id: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The pipeline's file.
    pub file: PathBuf,
    /// Start, RFC 3339 in UTC.
    pub started_at: String,
    /// tribunal's version.
    pub tribunal: String,
    /// The process that ran it.
    pub pid: u32,
    /// How many suites were selected.
    pub suites: usize,
}

/// One run's directory.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Makes a new one below `root` and points `latest` at it. The id is new even when two runs begin in
    /// the same instant.
    pub fn create(root: &Path, intro: impl FnOnce(String) -> RunIntro) -> Result<Self, DirError> {
        let runs = prepare(root)?;
        let (id, path) = loop {
            let id = new_id();
            let path = runs.join(&id);
            match fs::create_dir(&path) {
                Ok(()) => break (id, path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io_error("make", &path)(error)),
            }
        };
        let dir = Self { path };
        let suites = dir.path.join("suites");
        fs::create_dir(&suites).map_err(io_error("make", &suites))?;
        dir.write_json(INTRO, &intro(id.clone()))?;
        let fresh = runs.join(format!(".latest-{id}"));
        // Only a convenience: a file system without links runs suites just as well.
        if std::os::unix::fs::symlink(&id, &fresh).is_ok() {
            drop(fs::rename(&fresh, runs.join("latest")));
        }
        Ok(dir)
    }

    /// Finds a run by id, by a beginning or the [`short`] end of its id, by path, or the newest by `latest`.
    pub fn find(root: &Path, asked: &str) -> Result<Self, DirError> {
        let runs = runs_dir(root);
        let path = if asked.contains('/') {
            PathBuf::from(asked)
        } else if asked == "latest" {
            let ids = ids(root)?;
            let last = ids.last().ok_or_else(|| no_run(asked, &runs))?;
            runs.join(last)
        } else {
            let found: Vec<String> = ids(root)?
                .into_iter()
                .filter(|id| id.starts_with(asked) || short(id) == asked)
                .collect();
            match found.as_slice() {
                [] => return Err(no_run(asked, &runs)),
                [one] => runs.join(one),
                _ if found.iter().any(|id| id == asked) => runs.join(asked),
                _ => {
                    return Err(DirError::Ambiguous {
                        asked: asked.to_owned(),
                        found,
                    });
                }
            }
        };
        if !path.join(INTRO).is_file() {
            return Err(no_run(asked, &runs));
        }
        let dir = Self { path };
        dir.intro()?;
        Ok(dir)
    }

    /// Takes a folder as a run's, wherever it lies.
    pub(crate) fn at(path: &Path) -> Result<Self, DirError> {
        let dir = Self {
            path: path.to_owned(),
        };
        dir.intro().map(|_| dir)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder whose `.tribunal/runs/` it is in; none for a run that lies elsewhere.
    pub fn root(&self) -> Option<&Path> {
        let runs = self.path.parent()?;
        let root = runs.parent()?.parent()?;
        (runs == runs_dir(root)).then_some(root)
    }

    /// Its `run.json`.
    pub fn intro(&self) -> Result<RunIntro, DirError> {
        #[derive(Deserialize)]
        struct Probe {
            version: u32,
        }
        let path = self.path.join(INTRO);
        let text = fs::read(&path).map_err(io_error("read", &path))?;
        let damaged = |error: serde_json::Error| DirError::Damaged {
            path: path.clone(),
            line: error.line(),
            message: error.to_string(),
        };
        let probe: Probe = serde_json::from_slice(&text).map_err(damaged)?;
        if probe.version != DIR_VERSION {
            return Err(DirError::Version {
                path: self.path.clone(),
                found: probe.version,
            });
        }
        serde_json::from_slice(&text).map_err(damaged)
    }

    /// Its summary, if the run has come to its end.
    pub fn summary(&self) -> Option<RunSummary> {
        serde_json::from_slice(&fs::read(self.path.join(SUMMARY)).ok()?).ok()
    }

    /// Its journal. A last line that was being written when the run died is left out.
    pub fn events(&self) -> Result<Vec<Event>, DirError> {
        let mut events = Vec::new();
        self.each_event(|event| events.push(event))?;
        Ok(events)
    }

    /// Its journal, event by event, without holding it in memory.
    pub fn each_event(&self, mut take: impl FnMut(Event)) -> Result<(), DirError> {
        let path = self.path.join(JOURNAL);
        let file = fs::File::open(&path).map_err(io_error("read", &path))?;
        let mut file = io::BufReader::with_capacity(128 << 10, file);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = file.read_until(b'\n', &mut line);
            if read.map_err(io_error("read", &path))? == 0 {
                break;
            }
            let event = match serde_json::from_slice::<Event>(&line) {
                Ok(event) => event,
                Err(_) if !line.ends_with(b"\n") => break,
                Err(error) => {
                    let message = error.to_string();
                    return Err(DirError::Damaged {
                        path,
                        line: number,
                        message,
                    });
                }
            };
            if let EventKind::RunStarted { version, .. } = &event.kind
                && *version != crate::event::EVENT_VERSION
            {
                return Err(DirError::Version {
                    path: self.path.clone(),
                    found: *version,
                });
            }
            take(event);
        }
        Ok(())
    }

    /// Writes a JSON file beside its place and renames it there.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), DirError> {
        write_json(&self.path.join(name), value)
    }
}

/// Makes the folder of the runs below `root`, and returns it.
pub fn prepare(root: &Path) -> Result<PathBuf, DirError> {
    let runs = runs_dir(root);
    fs::create_dir_all(&runs).map_err(io_error("make", &runs))?;
    ignore_in_git(root);
    Ok(runs)
}

/// Makes a directory and those above it.
pub(super) fn make(path: &Path) -> Result<(), DirError> {
    fs::create_dir_all(path).map_err(io_error("make", path))
}

/// Writes a JSON file beside its place and renames it there.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), DirError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(io::Error::from)
        .map_err(io_error("write", path))?;
    text.push(b'\n');
    let beside = path.with_extension("tmp");
    fs::write(&beside, text).map_err(io_error("write", &beside))?;
    fs::rename(&beside, path).map_err(io_error("write", path))
}

/// The ids of all runs below `root`, oldest first; ids begin with their time.
pub fn ids(root: &Path) -> Result<Vec<String>, DirError> {
    let runs = runs_dir(root);
    let entries = match fs::read_dir(&runs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error("read", &runs)(error)),
    };
    let mut ids: Vec<(String, std::time::SystemTime)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let id = entry.file_name().into_string().ok()?;
            let made = entry.path().join(INTRO).metadata().ok()?.modified().ok()?;
            (entry.file_type().ok()?.is_dir() && !id.starts_with('.')).then_some((id, made))
        })
        .collect();
    ids.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    Ok(ids.into_iter().map(|(id, _)| id).collect())
}

/// Where runs are kept below a pipeline's folder.
pub fn runs_dir(root: &Path) -> PathBuf {
    root.join(".tribunal").join("runs")
}

/// The end of an id that people are shown: `7f3k` of `20261122-1532-7f3k`.
pub fn short(id: &str) -> &str {
    id.rsplit('-').next().unwrap_or(id)
}

fn no_run(asked: &str, runs: &Path) -> DirError {
    DirError::NoSuchRun {
        asked: asked.to_owned(),
        runs: runs.to_owned(),
    }
}

/// `20261122-1532-7f3k`: minute of the start, and four characters that make it unique.
fn new_id() -> String {
    let now = Timestamp::now();
    let minute = now.strftime("%Y%m%d-%H%M");
    // Random enough for a name, and without a generator to seed: nanoseconds mixed with the process id.
    let mut mix =
        u64::from(now.subsec_nanosecond().unsigned_abs()) ^ (u64::from(std::process::id()) << 20);
    let mut tail = String::new();
    for _ in 0..4 {
        mix = mix
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let digit = u8::try_from((mix >> 33) % 32).unwrap_or(0);
        tail.push(char::from(
            b"0123456789abcdefghjkmnpqrstvwxyz"[usize::from(digit)],
        ));
    }
    format!("{minute}-{tail}")
}

/// Keeps runs out of version control without touching the user's own files.
fn ignore_in_git(root: &Path) {
    let path = root.join(".tribunal").join(".gitignore");
    if let Ok(mut file) = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
    {
        // A convenience too: without it, `git status` shows the folder.
        drop(file.write_all(b"*\n"));
    }
}

#[cfg(test)]
mod tests;
