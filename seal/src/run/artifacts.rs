//! Files that the suite leaves: found by glob, read once, told with their digest.
//!
//! What is collected and what is not is decided as on the runner's own machine: regular files that this
//! attempt wrote, below the working directory, nothing through a link; and what is left out is said.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Mode, OFlags};
use tribunal_seal::wire::{Hasher, Kind};

use super::glob::Glob;

/// Clocks of file systems are coarse.
const TOLERANCE: Duration = Duration::from_secs(2);
/// Warnings that are spelled out; the rest is counted.
const MAX_WARNINGS: usize = 20;
/// Directories that are never looked into.
const SKIPPED: [&str; 2] = [".tribunal", ".git"];
/// Nor these, should the working directory be the root: no files, and no end of them.
const SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];
/// Bytes told at once.
const PIECE: usize = 60 << 10;

/// How much is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) files: usize,
    /// Bytes of one.
    pub(crate) each: u64,
    /// Bytes of all.
    pub(crate) together: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 1_000,
            each: 256 << 20,
            together: 1 << 30,
        }
    }
}

/// Takes what is found: a record's kind and payload.
type Tell<'a> = &'a mut dyn FnMut(Kind, &[u8]) -> io::Result<()>;

/// Tells the regular files in `folder` that match one of `globs`, and what was left out.
///
/// # Errors
/// Only when telling fails.
pub(super) fn collect(
    folder: &Path,
    globs: &[String],
    limits: &Limits,
    started: SystemTime,
    tell: Tell<'_>,
) -> io::Result<()> {
    let mut warnings = Vec::new();
    let mut found = BTreeMap::new();
    for glob in globs {
        if let Err(reason) = find(folder, glob, &mut found, &mut warnings) {
            warnings.push(format!("artifacts `{glob}`: {reason}"));
        }
    }
    let oldest = started.checked_sub(TOLERANCE).unwrap_or(started);
    let mut files = 0;
    let mut left = limits.together;
    for (name, path) in found {
        if files == limits.files {
            let limit = limits.files;
            warnings.push(format!(
                "`{name}` and what follows it was not collected: there are more than {limit} files"
            ));
            break;
        }
        let room = left.min(limits.each);
        match open(&path, oldest, room).and_then(|file| Ok(send(&name, file, room, tell)?)) {
            Ok(Some(size)) => {
                left -= size;
                files += 1;
            }
            Ok(None) => warnings.push(format!(
                "`{name}` was not collected: it changed or could not be read on while it was"
            )),
            Err(Refused::Telling(error)) => return Err(error),
            Err(Refused::Because(reason)) => warnings.push(format!("`{name}` {reason}")),
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
        }
    }
    let more = warnings.len().saturating_sub(MAX_WARNINGS);
    if more > 0 {
        warnings.truncate(MAX_WARNINGS);
        warnings.push(format!("{more} more such artifacts were not collected"));
    }
    for warning in warnings {
        tell(Kind::Left, warning.as_bytes())?;
    }
    Ok(())
}

/// Why a file is not collected.
enum Refused {
    Because(String),
    TooLarge,
    /// The keeper cannot be told any more.
    Telling(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Telling(error)
    }
}

/// Opens a file that may be collected.
fn open(path: &Path, oldest: SystemTime, room: u64) -> Result<File, Refused> {
    let unreadable =
        |error: io::Error| Refused::Because(format!("could not be collected: {error}"));
    // Whatever it is by now: a link is not followed, and a FIFO does not block.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let file = File::from(opened.map_err(|error| unreadable(error.into()))?);
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        let reason = "was not collected: it is not a regular file";
        return Err(Refused::Because(reason.to_owned()));
    }
    if about.modified().map_err(unreadable)? < oldest {
        let reason =
            "is older than this attempt and was not collected: it came with the image or a volume";
        return Err(Refused::Because(reason.to_owned()));
    }
    if about.len() > room {
        return Err(Refused::TooLarge);
    }
    Ok(file)
}

/// Tells a file; `None` when it grew beyond `room` or could not be read on.
fn send(name: &str, file: File, room: u64, tell: Tell<'_>) -> io::Result<Option<u64>> {
    tell(Kind::File, name.as_bytes())?;
    let mut file = file.take(room.saturating_add(1));
    let mut hasher = Hasher::default();
    let mut piece = vec![0; PIECE];
    loop {
        let count = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => {
                tell(Kind::FileEnd, b"it could not be read on")?;
                return Ok(None);
            }
        };
        let bytes = piece.get(..count).unwrap_or_default();
        hasher.update(bytes);
        if hasher.bytes() > room {
            tell(Kind::FileEnd, b"it grew while it was read")?;
            return Ok(None);
        }
        tell(Kind::FileData, bytes)?;
    }
    tell(Kind::FileEnd, &hasher.digest())?;
    Ok(Some(hasher.bytes()))
}

/// Finds what one glob matches, below the directories it names literally.
fn find(
    folder: &Path,
    glob: &str,
    found: &mut BTreeMap<String, PathBuf>,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let clean = glob.strip_prefix("./").unwrap_or(glob);
    let leads_out = Path::new(clean)
        .components()
        .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
    if leads_out {
        return Err("only paths below the working directory are collected".to_owned());
    }
    let matcher = Glob::new(clean)?;
    let (prefix, depth) = split(clean);
    let start = folder.join(&prefix);
    let (Ok(real), Ok(home)) = (start.canonicalize(), folder.canonicalize()) else {
        return Ok(());
    };
    if !real.starts_with(&home) {
        return Err(format!(
            "`{}` is a link that leads out of the working directory",
            prefix.display()
        ));
    }
    let mut folders = vec![(start, 1)];
    while let Some((inside, level)) = folders.pop() {
        let entries = match fs::read_dir(&inside) {
            Ok(entries) => entries,
            Err(error) => {
                warnings.push(format!("artifacts `{glob}`: {}: {error}", inside.display()));
                continue;
            }
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = entry.path();
            if kind.is_dir() {
                let skipped = SKIPPED.iter().any(|name| entry.file_name() == *name)
                    || SYSTEM.iter().any(|name| path == Path::new(name));
                if !skipped && depth.is_none_or(|depth| level < depth) {
                    folders.push((path, level + 1));
                }
                continue;
            }
            let Ok(relative) = path.strip_prefix(folder) else {
                continue;
            };
            let name = relative.to_string_lossy().into_owned();
            if !matcher.fits(&name) {
                continue;
            }
            if kind.is_symlink() {
                let warning = format!("`{name}` was not collected: it is a link");
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
                continue;
            }
            found.insert(name, path);
        }
    }
    Ok(())
}

/// The folders that a glob names literally, and how deep below them it can match; `None` for any depth.
fn split(glob: &str) -> (PathBuf, Option<usize>) {
    let parts: Vec<&str> = glob.split('/').filter(|part| !part.is_empty()).collect();
    let folders = parts.len().saturating_sub(1);
    // Braces may hold a `/`, so what begins with one cannot be taken apart.
    let is_literal = |part: &&str| !part.contains(['*', '?', '[', ']', '{', '}', '\\']);
    let literal = parts.iter().copied().take_while(is_literal).count();
    let (prefix, rest) = parts.split_at(literal.min(folders));
    let any_depth = rest
        .iter()
        .any(|part| part.contains("**") || part.contains(['{', '[', '\\']));
    (prefix.iter().collect(), (!any_depth).then_some(rest.len()))
}
