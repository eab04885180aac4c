//! The run as JSON lines: every event as it happens, for programs that follow.
//!
//! While a run goes on, its journal is the queue: `Follow` copies lines from the disk at its reader's pace. A
//! reader that stops for an hour delays no suite, takes no memory, and loses no line.

mod follow;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{Report, ReportError};
use crate::event::Event;

pub use follow::Follow;

/// Adds an event as a line.
pub(crate) fn push_line(lines: &mut Vec<u8>, event: &Event) -> io::Result<()> {
    let before = lines.len();
    match serde_json::to_writer(&mut *lines, event) {
        Ok(()) => {
            lines.push(b'\n');
            Ok(())
        }
        Err(error) => {
            lines.truncate(before);
            Err(error.into())
        }
    }
}

/// Makes the file for lines, and its folder. Returns it with its name for errors.
fn create(path: &Path) -> Result<(File, String), ReportError> {
    let what = format!("the JSON lines {}", path.display());
    let open = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create(path)
    };
    match open() {
        Ok(file) => Ok((file, what)),
        Err(source) => Err(ReportError { what, source }),
    }
}

fn to_stdout() -> String {
    "the JSON lines to standard output".to_owned()
}

/// Writes the events of a stored run, as its journal has them.
pub struct Jsonl {
    name: String,
    out: Box<dyn Write + Send>,
    line: Vec<u8>,
}

impl Jsonl {
    /// Makes a report that writes a file, from its beginning; its folder is made.
    pub fn to_file(path: &Path) -> Result<Self, ReportError> {
        let (file, name) = create(path)?;
        Ok(Self {
            name,
            out: Box::new(BufWriter::new(file)),
            line: Vec::new(),
        })
    }

    /// Makes a report that writes to `out`.
    pub fn to_writer(out: Box<dyn Write + Send>) -> Self {
        Self {
            name: to_stdout(),
            out: Box::new(BufWriter::new(out)),
            line: Vec::new(),
        }
    }

    fn told(&self, result: io::Result<()>) -> Result<(), ReportError> {
        result.map_err(|source| ReportError {
            what: self.name.clone(),
            source,
        })
    }
}

impl Report for Jsonl {
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        self.line.clear();
        let pushed = push_line(&mut self.line, event);
        let written = pushed.and_then(|()| self.out.write_all(&self.line));
        self.told(written)
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let flushed = self.out.flush();
        self.told(flushed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn the_lines_are_the_recording() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("out/run.jsonl");
        recorded::play(&mut Jsonl::to_file(&path).expect("opened"));
        let recording = include_str!("../../../../tests/fixtures/run/events.jsonl");
        assert_eq!(fs::read_to_string(&path).expect("written"), recording);
        assert!(Jsonl::to_file(&path.join("below/a/file")).is_err());
    }
}
