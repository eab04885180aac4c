//! Where a log goes.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use crate::capture::{Stream, Writer};

/// Takes the content of a log.
pub(in super::super) trait Sink: Send {
    /// Appends bytes.
    fn bytes(&mut self, bytes: &[u8]);
    /// Bytes are missing here.
    fn gap(&mut self, bytes: Option<u64>, reason: String);
    /// The stream had to be opened again.
    fn reconnected(&mut self);
}

impl Sink for Writer {
    fn bytes(&mut self, bytes: &[u8]) {
        // The log API merges both streams (kubernetes/kubernetes#28167).
        self.write(Stream::Stdout, bytes);
    }

    fn gap(&mut self, bytes: Option<u64>, reason: String) {
        self.note_gap(bytes, reason);
    }

    fn reconnected(&mut self) {
        self.note_reconnect();
    }
}

/// A plain file, made at the first byte: for containers that are not the suite's.
#[derive(Debug)]
pub(in super::super) struct FileSink {
    path: PathBuf,
    file: Option<File>,
}

impl FileSink {
    pub(in super::super) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }
}

impl Sink for FileSink {
    fn bytes(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.file.is_none() {
            if let Some(folder) = self.path.parent() {
                std::fs::create_dir_all(folder).ok();
            }
            self.file = File::create(&self.path).ok();
        }
        // A convenience beside the suite's own output: a full disk shows there.
        if let Some(file) = &mut self.file {
            file.write_all(bytes).ok();
        }
    }

    fn gap(&mut self, _: Option<u64>, reason: String) {
        self.bytes(format!("\n[tribunal: output is missing here: {reason}]\n").as_bytes());
    }

    fn reconnected(&mut self) {}
}
