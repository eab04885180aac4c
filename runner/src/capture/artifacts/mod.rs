//! Files that an attempt leaves: found by glob, copied into its directory.
//!
//! Only what this attempt wrote is evidence, so files older than it are refused, and so is whatever would
//! lead out of the working directory. What is not collected is said.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use globset::{GlobBuilder, GlobMatcher};
use rustix::fs::{Mode, OFlags};
use walkdir::WalkDir;

use crate::judge::Artifact;

#[cfg(test)]
mod tests;

/// Clocks of file systems are coarse, and those of network ones differ a little.
const TOLERANCE: Duration = Duration::from_secs(2);
/// Warnings that are spelled out; the rest is counted.
const MAX_WARNINGS: usize = 20;
/// Directories that are never looked into.
const SKIPPED: [&str; 2] = [".tribunal", ".git"];

/// What was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// The copies, sorted by name.
    pub files: Vec<Artifact>,
    /// What was found and not collected, and why; a sentence each.
    pub warnings: Vec<String>,
}

/// How much is collected.
struct Limits {
    files: usize,
    /// Bytes.
    each: u64,
    /// Bytes.
    together: u64,
}

const LIMITS: Limits = Limits {
    files: 1_000,
    each: 256 << 20,
    together: 1 << 30,
};

/// Copies the regular files in `cwd` that match one of `globs` to the same relative paths below `dest`.
///
/// At most 1,000 files, 256 MiB each and 1 GiB together. A file that was not modified since `started` (less
/// 2 seconds) is stale and not collected; symbolic links are not followed; `.git` and `.tribunal` are not
/// looked into. `dest` is made when there is something to put into it. Without globs nothing is done.
///
/// `*` and `?` do not match `/`, `**` does. Blocks.
pub fn collect(cwd: &Path, globs: &[String], dest: &Path, started: SystemTime) -> Collected {
    if globs.is_empty() {
        return Collected::default();
    }
    collect_within(&LIMITS, cwd, globs, dest, started)
}

fn collect_within(
    limits: &Limits,
    cwd: &Path,
    globs: &[String],
    dest: &Path,
    started: SystemTime,
) -> Collected {
    let mut warnings = Vec::new();
    let mut found = BTreeMap::new();
    for glob in globs {
        if let Err(warning) = find(cwd, glob, &mut found, &mut warnings) {
            warnings.push(warning);
        }
    }
    let oldest = started.checked_sub(TOLERANCE).unwrap_or(started);
    let mut files: Vec<Artifact> = Vec::new();
    let mut left = limits.together;
    for (name, source) in found {
        if files.len() == limits.files {
            let limit = limits.files;
            warnings.push(format!(
                "`{name}` and what follows it was not collected: there are more than {limit} files"
            ));
            break;
        }
        let target = dest.join(&name);
        let room = left.min(limits.each);
        match copy(&source, &target, oldest, room) {
            Ok(size) => {
                left -= size;
                files.push(Artifact {
                    name,
                    path: target,
                    size,
                });
            }
            Err(Refused::Stale) => warnings.push(format!(
                "`{name}` is older than this attempt and was not collected: remove it before the run"
            )),
            Err(Refused::TooLarge) => {
                let (limit, what) = if room < limits.each {
                    (limits.together, "all artifacts together would be")
                } else {
                    (limits.each, "it is")
                };
                warnings.push(format!(
                    "`{name}` was not collected: {what} larger than {} MiB",
                    limit >> 20
                ));
            }
            Err(Refused::NotAFile) => warnings.push(format!(
                "`{name}` was not collected: it is not a regular file"
            )),
            Err(Refused::Io(error)) => {
                warnings.push(format!("`{name}` could not be collected: {error}"));
            }
        }
    }
    let more = warnings.len().saturating_sub(MAX_WARNINGS);
    if more > 0 {
        warnings.truncate(MAX_WARNINGS);
        warnings.push(format!("{more} more such artifacts were not collected"));
    }
    Collected { files, warnings }
}

/// Finds what one glob matches, below the directories it names literally.
fn find(
    cwd: &Path,
    glob: &str,
    found: &mut BTreeMap<String, PathBuf>,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let clean = glob.strip_prefix("./").unwrap_or(glob);
    let leads_out = Path::new(clean)
        .components()
        .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
    if leads_out {
        return Err(format!(
            "artifacts `{glob}`: only paths below the working directory are collected"
        ));
    }
    let matcher = compile(clean).map_err(|error| format!("artifacts `{glob}`: {error}"))?;
    let (prefix, depth) = split(clean);
    let start = cwd.join(&prefix);
    let (Ok(real), Ok(home)) = (start.canonicalize(), cwd.canonicalize()) else {
        return Ok(());
    };
    if !real.starts_with(&home) {
        return Err(format!(
            "artifacts `{glob}`: `{}` is a link that leads out of the working directory",
            prefix.display()
        ));
    }
    let mut walk = WalkDir::new(&start);
    if let Some(depth) = depth {
        walk = walk.max_depth(depth);
    }
    let entries = walk
        .into_iter()
        .filter_entry(|entry| !SKIPPED.iter().any(|name| entry.file_name() == *name));
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                warnings.push(format!("artifacts `{glob}`: {error}"));
                continue;
            }
        };
        let Ok(relative) = entry.path().strip_prefix(cwd) else {
            continue;
        };
        if entry.file_type().is_dir() || !matcher.is_match(relative) {
            continue;
        }
        let name = relative.to_string_lossy().into_owned();
        if entry.path_is_symlink() {
            let warning = format!("`{name}` was not collected: it is a link");
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
            continue;
        }
        found.insert(name, entry.into_path());
    }
    Ok(())
}

fn compile(glob: &str) -> Result<GlobMatcher, globset::Error> {
    let glob = GlobBuilder::new(glob).literal_separator(true).build()?;
    Ok(glob.compile_matcher())
}

/// The directories that a glob names literally, and how deep below them it can match; `None` for any depth.
fn split(glob: &str) -> (PathBuf, Option<usize>) {
    let parts: Vec<&str> = glob.split('/').filter(|part| !part.is_empty()).collect();
    // Braces may hold a `/`, so what begins with one cannot be taken apart.
    let is_literal = |part: &&str| !part.contains(['*', '?', '[', ']', '{', '}', '\\']);
    let literal = parts.iter().copied().take_while(is_literal).count();
    // A glob without any special character names a file: look into the directory it is in.
    let literal = literal.min(parts.len().saturating_sub(1));
    let (prefix, rest) = parts.split_at(literal);
    let any_depth = rest
        .iter()
        .any(|part| part.contains("**") || part.contains(['{', '[', '\\']));
    (prefix.iter().collect(), (!any_depth).then_some(rest.len()))
}

/// Why a file was not copied.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("older than the attempt")]
    Stale,
    #[error("too large")]
    TooLarge,
    #[error("not a regular file")]
    NotAFile,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Copies a file of at most `room` bytes; returns its size. Leaves nothing behind when it fails.
fn copy(source: &Path, target: &Path, oldest: SystemTime, room: u64) -> Result<u64, Refused> {
    // Whatever it is by now: a link is not followed, and a FIFO does not block.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(source, flags, Mode::empty()).map_err(io::Error::from)?;
    let source = File::from(opened);
    let about = source.metadata()?;
    if !about.is_file() {
        return Err(Refused::NotAFile);
    }
    if about.modified()? < oldest {
        return Err(Refused::Stale);
    }
    if about.len() > room {
        return Err(Refused::TooLarge);
    }
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    let copied = File::create(target)
        .and_then(|mut target| io::copy(&mut source.take(room.saturating_add(1)), &mut target));
    match copied {
        Ok(size) if size <= room => Ok(size),
        // It grew while it was read, or the disk is full.
        other => {
            fs::remove_file(target).ok();
            Err(other.map_or_else(Refused::Io, |_| Refused::TooLarge))
        }
    }
}
