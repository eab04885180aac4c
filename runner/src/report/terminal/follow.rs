//! A suite's output as it comes: read from its file, so that no suite waits for the terminal.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use super::clean::Cleaner;

/// What is read in one go.
const CHUNK: u64 = 64 << 10;
/// A line is cut into pieces of this size.
const LONGEST: usize = 256 << 10;
/// Columns of a line that are shown.
const COLUMNS: usize = 4_000;

/// Reads one attempt's output.
#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    file: Option<File>,
    rest: Vec<u8>,
    cleaner: Cleaner,
}

impl Follower {
    /// Begins at the output's first byte. The file need not be there yet.
    pub(super) fn new(path: PathBuf, color: bool) -> Self {
        Self {
            path,
            file: None,
            rest: Vec::new(),
            cleaner: Cleaner::new(color, COLUMNS),
        }
    }

    /// Returns the next lines, cleaned, and whether more may be there at once. With `ended`, what is left
    /// at the end of the file is a line too.
    pub(super) fn read(&mut self, ended: bool) -> io::Result<(Vec<String>, bool)> {
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok((Vec::new(), false));
                }
                Err(error) => return Err(error),
            }
        }
        let before = self.rest.len();
        if let Some(file) = &mut self.file {
            file.take(CHUNK).read_to_end(&mut self.rest)?;
        }
        let more = (self.rest.len() - before) as u64 == CHUNK;
        let whole = match memchr::memrchr(b'\n', &self.rest) {
            _ if ended && !more => self.rest.len(),
            Some(at) => at + 1,
            None if self.rest.len() >= LONGEST => self.rest.len(),
            None => 0,
        };
        let bytes: Vec<u8> = self.rest.drain(..whole).collect();
        if bytes.is_empty() {
            return Ok((Vec::new(), more));
        }
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let lines = text
            .split(|byte| *byte == b'\n')
            .map(|line| self.cleaner.line(line))
            .collect();
        Ok((lines, more))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn lines_come_once_they_are_whole() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("output.log");
        let mut follower = Follower::new(path.clone(), true);
        assert_eq!(follower.read(false).expect("read"), (vec![], false));
        let mut file = File::create(&path).expect("made");
        file.write_all(b"one\ntw").expect("written");
        assert_eq!(follower.read(false).expect("read").0, ["one"]);
        file.write_all(b"o\n\n\x1b[31mred\nstill red")
            .expect("written");
        assert_eq!(
            follower.read(false).expect("read").0,
            ["two", "", "\u{1b}[0;31mred\u{1b}[0m"]
        );
        assert_eq!(
            follower.read(true).expect("read"),
            (vec!["\u{1b}[0;31mstill red\u{1b}[0m".to_owned()], false)
        );
        assert_eq!(follower.read(true).expect("read").0, [""; 0]);
    }

    #[test]
    fn a_large_output_comes_in_pieces_and_whole() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("output.log");
        let all: Vec<String> = (0..20_000).map(|n| format!("line {n}\n")).collect();
        let text = all.concat();
        fs::write(&path, &text).expect("written");
        let mut follower = Follower::new(path, false);
        let (mut lines, mut more) = follower.read(true).expect("read");
        while more {
            let next = follower.read(true).expect("read");
            lines.extend(next.0);
            more = next.1;
        }
        assert_eq!(lines.join("\n") + "\n", text);
    }
}
