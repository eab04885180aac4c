//! One file becomes a run again. Nothing in it is believed: every length, path and digest is checked.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{ARCHIVE_VERSION, ArchiveError, LONGEST_PATH, MANIFEST, Manifest, Member, at, hex};
use crate::run::dir::{self, RunDir};

/// What an archive may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4 << 30,
            files: 1_000_000,
        }
    }
}

/// The list of a million files with long names.
const LARGEST_MANIFEST: u64 = 256 << 20;
/// What is copied at once.
const CHUNK: usize = 256 << 10;

/// What was imported.
#[derive(Debug)]
pub struct Imported {
    /// The run's id.
    pub run: String,
    /// How many files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Reads an archive into the runs below `root`. What is wrong with it leaves nothing behind.
pub fn import(root: &Path, path: &Path, limits: Limits) -> Result<Imported, ArchiveError> {
    let file = File::open(path).map_err(at(path))?;
    let damaged = |why: String| ArchiveError::Damaged {
        path: path.to_owned(),
        why,
    };
    let mut archive = tar::Archive::new(GzDecoder::new(io::BufReader::with_capacity(CHUNK, file)));
    // Raw: long names are read here, within a bound, and extensions are refused.
    let entries = archive.entries().map_err(at(path))?.raw(true);
    let mut members = Entries {
        entries,
        damaged: &damaged,
    };
    let manifest = manifest(&mut members, limits)?;
    let runs = dir::prepare(root).map_err(|error| ArchiveError::Refused(error.to_string()))?;
    let place = runs.join(&manifest.run);
    if place.symlink_metadata().is_ok() {
        return Err(ArchiveError::Refused(format!(
            "run {} is here already: {}; nothing was imported",
            manifest.run,
            place.display()
        )));
    }
    let scratch = Scratch::new(&runs)?;
    for member in &manifest.files {
        members.unpack(member, scratch.path())?;
    }
    members.end()?;
    settle(scratch.path(), &manifest).map_err(damaged)?;
    fs::rename(scratch.path(), &place).map_err(at(&place))?;
    Ok(Imported {
        files: manifest.files.len(),
        bytes: manifest.files.iter().map(|member| member.size).sum(),
        run: manifest.run,
    })
}

/// A folder that is removed again unless it was renamed.
struct Scratch(PathBuf);

impl Scratch {
    fn new(runs: &Path) -> Result<Self, ArchiveError> {
        let stamp = Timestamp::now().as_nanosecond();
        let path = runs.join(format!(".import-{}-{stamp}", std::process::id()));
        fs::create_dir(&path).map_err(at(&path))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Not there any more when all went well.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Reads and checks the list of files.
fn manifest(members: &mut Entries<'_, '_>, limits: Limits) -> Result<Manifest, ArchiveError> {
    let damaged = members.damaged;
    let Some((name, size, mut entry)) = members.next()? else {
        return Err(damaged("is empty".to_owned()));
    };
    if name != MANIFEST {
        return Err(damaged(format!(
            "is no exported run: it does not begin with {MANIFEST}"
        )));
    }
    if size > LARGEST_MANIFEST {
        return Err(damaged(format!(
            "{MANIFEST} is larger than {LARGEST_MANIFEST} bytes"
        )));
    }
    let mut text = Vec::new();
    entry
        .read_to_end(&mut text)
        .map_err(|error| damaged(error.to_string()))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| damaged(format!("{MANIFEST} cannot be read: {error}")))?;
    if manifest.version != ARCHIVE_VERSION {
        return Err(damaged(format!(
            "is of version {}, this tribunal reads version {ARCHIVE_VERSION}",
            manifest.version
        )));
    }
    if !super::is_id(&manifest.run) {
        let id = crate::config::quoted(&manifest.run);
        return Err(damaged(format!("{id} is not the id of a run")));
    }
    if let Some(bad) = manifest.files.iter().find(|m| !super::is_inside(&m.path)) {
        let path = crate::config::quoted(&bad.path);
        return Err(damaged(format!("{path} is not a path within a run")));
    }
    let bytes = manifest
        .files
        .iter()
        .fold(0_u64, |sum, member| sum.saturating_add(member.size));
    if bytes > limits.bytes {
        return Err(damaged(format!(
            "holds {bytes} bytes, at most {} are taken (--max-size)",
            limits.bytes
        )));
    }
    if manifest.files.len() > limits.files {
        let files = manifest.files.len();
        return Err(damaged(format!(
            "holds {files} files, at most {} are taken",
            limits.files
        )));
    }
    Ok(manifest)
}

type Archive = GzDecoder<io::BufReader<File>>;

struct Entries<'a, 'd> {
    entries: tar::Entries<'a, Archive>,
    damaged: &'d dyn Fn(String) -> ArchiveError,
}

impl<'a> Entries<'a, '_> {
    /// The next file: its name, its size, its content.
    fn next(&mut self) -> Result<Option<(String, u64, tar::Entry<'a, Archive>)>, ArchiveError> {
        let damaged = self.damaged;
        let broken = |error: io::Error| damaged(format!("cannot be read: {error}"));
        let mut long = None;
        loop {
            let Some(entry) = self.entries.next() else {
                return Ok(None);
            };
            let mut entry = entry.map_err(broken)?;
            let size = entry.header().entry_size().map_err(broken)?;
            match entry.header().entry_type() {
                tar::EntryType::GNULongName if size <= LONGEST_PATH as u64 + 1 => {
                    let mut name = Vec::new();
                    entry.read_to_end(&mut name).map_err(broken)?;
                    let name = name.strip_suffix(b"\0").unwrap_or(&name);
                    long = Some(String::from_utf8_lossy(name).into_owned());
                }
                tar::EntryType::Regular => {
                    let short = || String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                    let name = long.unwrap_or_else(short);
                    return Ok(Some((name, size, entry)));
                }
                other => {
                    let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                    let name = crate::config::quoted(&name);
                    return Err(damaged(format!("{name} is no file but {other:?}")));
                }
            }
        }
    }

    /// Writes the next file, which must be this one.
    fn unpack(&mut self, member: &Member, folder: &Path) -> Result<(), ArchiveError> {
        let damaged = self.damaged;
        let quoted = crate::config::quoted(&member.path);
        let Some((name, size, mut entry)) = self.next()? else {
            return Err(damaged(format!("ends before {quoted}")));
        };
        if name != member.path || size != member.size {
            let name = crate::config::quoted(&name);
            return Err(damaged(format!(
                "has {name} of {size} bytes where its list has {quoted} of {} bytes",
                member.size
            )));
        }
        let path = folder.join(&member.path);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(at(above))?;
        }
        let mut out = File::create_new(&path).map_err(at(&path))?;
        let (mut hash, mut left, mut buffer) = (Sha256::new(), size, vec![0; CHUNK]);
        while left > 0 {
            let n = entry
                .read(&mut buffer)
                .map_err(|error| damaged(format!("{quoted}: {error}")))?;
            let Some(bytes) = buffer.get(..n).filter(|bytes| !bytes.is_empty()) else {
                return Err(damaged(format!("ends within {quoted}")));
            };
            hash.update(bytes);
            out.write_all(bytes).map_err(at(&path))?;
            left = left.saturating_sub(n as u64);
        }
        if hex(&hash.finalize()) == member.sha256.to_ascii_lowercase() {
            Ok(())
        } else {
            Err(damaged(format!(
                "{quoted} is not what was exported: its digest differs"
            )))
        }
    }

    /// Nothing may follow.
    fn end(&mut self) -> Result<(), ArchiveError> {
        match self.next()? {
            None => Ok(()),
            Some((name, ..)) => {
                let name = crate::config::quoted(&name);
                Err((self.damaged)(format!(
                    "has {name}, which is not in its list"
                )))
            }
        }
    }
}

/// Makes sure that it is the run it says, and gives it its place in time.
fn settle(folder: &Path, manifest: &Manifest) -> Result<(), String> {
    let dir = RunDir::at(folder).map_err(|error| error.to_string())?;
    let intro = dir.intro().map_err(|error| error.to_string())?;
    if intro.id != manifest.run {
        let (inside, said) = (crate::config::quoted(&intro.id), &manifest.run);
        return Err(format!("says run {said}, but its run.json says {inside}"));
    }
    let started: Timestamp = intro
        .started_at
        .parse()
        .map_err(|error| format!("its started_at is no time: {error}"))?;
    fs::create_dir_all(folder.join("suites")).map_err(|error| error.to_string())?;
    // Runs are ordered by the time of this file.
    File::options()
        .write(true)
        .open(folder.join(dir::INTRO))
        .and_then(|file| file.set_modified(SystemTime::from(started)))
        .map_err(|error| error.to_string())
}
