//! Segments: the files that the spool is cut into, each named for the offset it begins at.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

const PREFIX: &str = "spool-";

/// One file of the spool.
#[derive(Debug)]
pub(super) struct Segment {
    /// Where in the spool it begins.
    pub(super) start: u64,
    /// Bytes in it that are part of the spool.
    pub(super) length: u64,
    pub(super) file: File,
    path: PathBuf,
}

impl Segment {
    /// Makes an empty one.
    pub(super) fn create(folder: &Path, start: u64) -> io::Result<Self> {
        let path = folder.join(format!("{PREFIX}{start:016x}"));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        Ok(Self {
            start,
            length: 0,
            file,
            path,
        })
    }

    /// Opens those that a predecessor left, in order.
    pub(super) fn left(folder: &Path) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for entry in folder.read_dir()? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let start = name
                .and_then(|name| name.strip_prefix(PREFIX))
                .and_then(|digits| u64::from_str_radix(digits, 16).ok());
            let Some(start) = start else { continue };
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            found.push(Self {
                start,
                length: file.metadata()?.len(),
                file,
                path,
            });
        }
        found.sort_by_key(|segment| segment.start);
        Ok(found)
    }

    /// Where in the spool it ends.
    pub(super) fn end(&self) -> u64 {
        self.start + self.length
    }

    /// Throws away what stands behind its end.
    pub(super) fn trim(&self) -> io::Result<()> {
        self.file.set_len(self.length)
    }

    /// Takes its name away; who still reads it may go on.
    pub(super) fn unlink(&self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}
