//! A run becomes one file.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::{ARCHIVE_VERSION, ArchiveError, LEFT_OUT, MANIFEST, Manifest, Member, at, hex};
use crate::run::dir::RunDir;
use crate::run::heartbeat;

/// What was exported.
#[derive(Debug)]
pub struct Exported {
    /// The run's id.
    pub run: String,
    /// How many files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of the archive.
    pub archive_bytes: u64,
    /// What was left out: links, and what is neither file nor folder.
    pub left_out: Vec<String>,
}

/// Writes a run that no longer goes on to `path`, which must not be there unless `force` says so. The same run
/// makes the same bytes.
pub fn export(dir: &RunDir, path: &Path, force: bool) -> Result<Exported, ArchiveError> {
    let refuse = |why: String| Err(ArchiveError::Refused(why));
    let intro = match dir.intro() {
        Ok(intro) => intro,
        Err(error) => return refuse(error.to_string()),
    };
    let lost = || heartbeat::is_lost(crate::os::is_alive(intro.pid), heartbeat::age(dir));
    if dir.summary().is_none() && !lost() {
        return refuse(format!(
            "run {} still goes on; export it when it has ended",
            intro.id
        ));
    }
    if !force && path.symlink_metadata().is_ok() {
        let path = path.display();
        return refuse(format!(
            "{path} is there already; choose another name, or say --force"
        ));
    }
    let (members, left_out) = members(dir.path())?;
    // Beside its place, so that nobody takes half an archive for one.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    let written = write(dir.path(), &intro.id, &members, &beside);
    let place = |bytes| {
        std::fs::rename(&beside, path)
            .map(|()| bytes)
            .map_err(at(path))
    };
    let archive_bytes = match written.and_then(place) {
        Ok(bytes) => bytes,
        Err(error) => {
            drop(std::fs::remove_file(&beside));
            return Err(error);
        }
    };
    Ok(Exported {
        run: intro.id,
        files: members.len(),
        bytes: members.iter().map(|member| member.size).sum(),
        archive_bytes,
        left_out,
    })
}

/// Every file of a run with its length and digest, by path.
fn members(root: &Path) -> Result<(Vec<Member>, Vec<String>), ArchiveError> {
    let (mut members, mut left_out) = (Vec::new(), Vec::new());
    for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            at(&path)(error.into())
        })?;
        let within = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let name = within.to_string_lossy().into_owned();
        if entry.file_type().is_dir() || LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        if !entry.file_type().is_file() || !super::is_inside(&name) || within.to_str().is_none() {
            left_out.push(name);
            continue;
        }
        let (size, sha256) = digest(entry.path())?;
        members.push(Member {
            path: name,
            size,
            sha256,
        });
    }
    Ok((members, left_out))
}

fn digest(path: &Path) -> Result<(u64, String), ArchiveError> {
    let mut file = File::open(path).map_err(at(path))?;
    let mut hash = Sha256::new();
    let size = io::copy(&mut file, &mut hash).map_err(at(path))?;
    Ok((size, hex(&hash.finalize())))
}

fn write(root: &Path, run: &str, members: &[Member], path: &PathBuf) -> Result<u64, ArchiveError> {
    let manifest = Manifest {
        version: ARCHIVE_VERSION,
        run: run.to_owned(),
        files: members.to_vec(),
    };
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(|error| at(path)(error.into()))?;
    let file = File::create(path).map_err(at(path))?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    let mut append = |name: &str, size: u64, from: &mut dyn Read| {
        archive.append_data(&mut header(size), name, from)
    };
    append(MANIFEST, manifest.len() as u64, &mut manifest.as_slice()).map_err(at(path))?;
    for member in members {
        let source = root.join(&member.path);
        let mut file = File::open(&source).map_err(at(&source))?;
        let mut hashed = Hashed(Sha256::new(), (&mut file).take(member.size));
        append(&member.path, member.size, &mut hashed).map_err(at(path))?;
        let changed = hex(&hashed.0.finalize()) != member.sha256;
        if changed || file.read(&mut [0]).map_err(at(&source))? > 0 {
            let why = format!("{}: changed while it was read", source.display());
            return Err(ArchiveError::Refused(why));
        }
    }
    let mut file = archive
        .into_inner()
        .and_then(GzEncoder::finish)
        .map_err(at(path))?;
    file.flush()
        .and_then(|()| file.sync_all())
        .map_err(at(path))?;
    Ok(file.metadata().map_err(at(path))?.len())
}

/// Owner, mode and time are nobody's business, and would make every archive another one.
fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::Regular);
    header
}

/// Hashes what is read through it.
struct Hashed<R>(Sha256, R);

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.read(buffer)?;
        self.0.update(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}
