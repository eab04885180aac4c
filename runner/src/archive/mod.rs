//! A run as one file: a gzipped tar that says of each file how long it is and what its digest is.
//!
//! The first entry, [`MANIFEST`], lists the others in their order. `docs/formats.md` describes it.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plugin::hex;

mod export;
mod import;

pub use export::{Exported, export};
pub use import::{Imported, Limits, import};

/// The first entry's name.
pub const MANIFEST: &str = "tribunal-run.json";
/// Version of the format; another is refused.
pub const ARCHIVE_VERSION: u32 = 1;
/// Files of a run that say nothing to others.
const LEFT_OUT: [&str; 1] = [crate::run::heartbeat::FILE];
/// Bytes of a file's path within the run at most.
const LONGEST_PATH: usize = 4096;

/// What an archive holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Manifest {
    /// [`ARCHIVE_VERSION`].
    version: u32,
    /// The run's id.
    run: String,
    /// Every file, in the order of the entries.
    files: Vec<Member>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Member {
    /// Within the run's folder, parts separated by `/`.
    path: String,
    size: u64,
    sha256: String,
}

/// Why a run could not be exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The run, or what is there already, does not allow it.
    #[error("{0}")]
    Refused(String),
    /// The archive is not what it should be; nothing of it was kept.
    #[error("{}: {why}; nothing was imported", path.display())]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> ArchiveError {
    move |source| ArchiveError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Whether a path stays within the folder it is put into.
fn is_inside(path: &str) -> bool {
    let ordinary = |part: Component<'_>| matches!(part, Component::Normal(_));
    !path.is_empty()
        && path.len() <= LONGEST_PATH
        && !path.contains('\0')
        && !path.contains("//")
        && !path.ends_with('/')
        && Path::new(path).components().all(ordinary)
        // `a/./b` is ordinary to `components`, and yet another name of `a/b`.
        && path.split('/').all(|part| part != ".")
}

/// Whether it can be a run's id: a plain name that hides nothing.
fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=64).contains(&id.len()) && id.chars().all(plain) && id != "latest"
}

#[cfg(test)]
mod tests;
