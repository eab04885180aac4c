//! The run as JSON lines: every event as it happens, for programs that follow.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{Report, ReportError};
use crate::event::Event;

/// Writes the same lines as the journal, `events.jsonl`; a follower sees them within a tick.
pub struct Jsonl {
    name: String,
    out: Box<dyn Write + Send>,
}

impl Jsonl {
    /// Makes a report that writes a file, from its beginning; its folder is made.
    pub fn to_file(path: &Path) -> Result<Self, ReportError> {
        let name = format!("the JSON lines {}", path.display());
        let open = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            File::create(path)
        };
        match open() {
            Ok(file) => Ok(Self {
                name,
                out: Box::new(BufWriter::new(file)),
            }),
            Err(source) => Err(ReportError { what: name, source }),
        }
    }

    /// Makes a report that writes to `out`.
    pub fn to_writer(out: Box<dyn Write + Send>) -> Self {
        Self {
            name: "the JSON lines to standard output".to_owned(),
            out: Box::new(BufWriter::new(out)),
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
        let written = serde_json::to_writer(&mut self.out, event)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"));
        self.told(written)
    }

    fn tick(&mut self) -> Result<(), ReportError> {
        self.finish()
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
        let recording = include_str!("../../../tests/fixtures/run/events.jsonl");
        assert_eq!(fs::read_to_string(&path).expect("written"), recording);
        assert!(Jsonl::to_file(&path.join("below/a/file")).is_err());
    }
}
