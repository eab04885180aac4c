//! Where a report goes: a file that is replaced in one step, one that is added to, or a writer.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use super::{ReportError, file};

/// Where a report goes.
pub enum Out {
    /// A file, written beside and renamed; its folder is made.
    File(PathBuf),
    /// A file that others have written to: the report is added at its end.
    Append(PathBuf),
    /// Standard output, or a test.
    Writer(Box<dyn Write + Send>),
}

impl Out {
    /// Writes the whole report.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(path) => file::replace(path, bytes),
            Self::Append(path) => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let mut file = OpenOptions::new().create(true).append(true).open(path)?;
                file.write_all(bytes)
            }
            Self::Writer(out) => out.write_all(bytes).and_then(|()| out.flush()),
        }
    }

    /// The error of a report of that format.
    pub(super) fn error(&self, format: &str, source: io::Error) -> ReportError {
        let what = match self {
            Self::File(path) | Self::Append(path) => {
                format!("the {format} report {}", path.display())
            }
            Self::Writer(_) => format!("the {format} report to standard output"),
        };
        ReportError { what, source }
    }
}

/// A run whose journal stops before its end has no summary to render.
pub(super) fn unfinished() -> io::Error {
    io::Error::other("the run ended without a summary")
}
