//! Which stored runs go, and their removal: never one that goes on, never through a link.

use std::fs;
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::dir::{self, DirError, RunDir};
use super::heartbeat;
use crate::config::Keep;

/// A run on its way out is renamed first, so that a half removed one is never taken for a run.
const GONE: &str = ".gone-";

/// A run that goes, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Leaving {
    /// Its id.
    pub id: String,
    /// What its files hold, in bytes.
    pub bytes: u64,
    /// In a few words.
    pub why: String,
}

/// What goes and what stays.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pruning {
    /// Runs that go, oldest first.
    pub leaving: Vec<Leaving>,
    /// How many stay, and what their files hold in bytes.
    pub kept: usize,
    /// What the files of those that stay hold, in bytes.
    pub kept_bytes: u64,
    /// Runs that are left alone whatever their age, each with the reason.
    pub left_alone: Vec<String>,
}

/// Decides which runs go. The newest run stays, and so does each that goes on or cannot be read.
pub fn plan(root: &Path, keep: &Keep, now: Timestamp) -> Result<Pruning, DirError> {
    let mut pruning = Pruning::default();
    let runs = dir::runs_dir(root);
    let oldest = now
        .checked_sub(SignedDuration::from_hours(24 * i64::from(keep.days)))
        .unwrap_or(Timestamp::MIN);
    let mut bytes = 0_u64;
    for (place, id) in dir::ids(root)?.into_iter().rev().enumerate() {
        let path = runs.join(&id);
        let started = match state(root, &id) {
            State::Ended(started) => started,
            State::LeftAlone(why) => {
                pruning.left_alone.push(format!("{id}: {why}"));
                pruning.kept += 1;
                bytes += size(&path);
                continue;
            }
        };
        let own = size(&path);
        let why = if place == 0 {
            None
        } else if place >= usize::try_from(keep.runs).unwrap_or(usize::MAX) {
            Some(format!("beyond the newest {}", keep.runs))
        } else if started < oldest {
            Some(format!("older than {} days", keep.days))
        } else if bytes.saturating_add(own) > keep.bytes {
            Some("beyond the size that is kept".to_owned())
        } else {
            None
        };
        if let Some(why) = why {
            pruning.leaving.push(Leaving {
                id,
                bytes: own,
                why,
            });
        } else {
            pruning.kept += 1;
            bytes += own;
        }
    }
    pruning.kept_bytes = bytes;
    pruning.leaving.reverse();
    Ok(pruning)
}

enum State {
    /// With the moment of its start.
    Ended(Timestamp),
    LeftAlone(String),
}

fn state(root: &Path, id: &str) -> State {
    let intro = RunDir::find(root, id).and_then(|dir| dir.intro().map(|intro| (dir, intro)));
    let (dir, intro) = match intro {
        Ok(found) => found,
        Err(error) => return State::LeftAlone(error.to_string()),
    };
    let (alive, age) = (crate::os::is_alive(intro.pid), heartbeat::age(&dir));
    // With a summary it may still be writing its reports.
    let fresh = alive && age.is_some_and(|age| age <= heartbeat::OLD);
    if fresh || (dir.summary().is_none() && !heartbeat::is_lost(alive, age)) {
        return State::LeftAlone("it still goes on".to_owned());
    }
    match intro.started_at.parse() {
        Ok(started) => State::Ended(started),
        Err(error) => State::LeftAlone(format!("its started_at is no time: {error}")),
    }
}

/// What the files below a folder hold; links count for nothing.
fn size(path: &Path) -> u64 {
    walkdir::WalkDir::new(path)
        .follow_links(false)
        .into_iter()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|found| found.len())
        .sum()
}

/// Removes a run. Links in it are removed, not followed.
pub fn remove(root: &Path, id: &str) -> io::Result<()> {
    let runs = dir::runs_dir(root);
    let gone = runs.join(format!("{GONE}{id}"));
    fs::rename(runs.join(id), &gone)?;
    fs::remove_dir_all(&gone)
}

/// Removes what an earlier removal that was broken off has left.
pub fn finish_removals(root: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(dir::runs_dir(root)) else {
        return Ok(());
    };
    for entry in entries.filter_map(Result::ok) {
        let is_ours = entry.file_name().to_string_lossy().starts_with(GONE);
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
