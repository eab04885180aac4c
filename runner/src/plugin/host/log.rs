//! The resource `log`: an attempt's output, read in order.

use std::io;

use memchr::{memchr, memchr_iter};
use wasmtime::Result;
use wasmtime::component::Resource;

use super::super::limits::MAX_READ;
use super::bind::tribunal::judge::evidence::{Hit, HostLog};
use super::{HostFault, State, search};
use crate::capture::Reader;

/// An output that a judge has open.
#[expect(unreachable_pub, reason = "the generated contract re-exports it")]
#[derive(Debug)]
pub struct OpenLog {
    reader: Reader,
    /// Bytes that were read from the capture and not yet given to the judge begin at `start`.
    buffer: Vec<u8>,
    start: usize,
    /// Bytes given to the judge.
    offset: u64,
    /// Line feeds given to the judge.
    line_feeds: u64,
}

impl OpenLog {
    pub(super) fn new(reader: Reader) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            offset: 0,
            line_feeds: 0,
        }
    }

    /// What is buffered.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Bytes from the start of the log to the first of [`rest`](Self::rest).
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The number, from 1, of the line that [`rest`](Self::rest) begins in.
    pub(super) fn line(&self) -> u64 {
        self.line_feeds + 1
    }

    /// Takes `count` bytes off the rest.
    pub(super) fn consume(&mut self, count: usize) {
        let taken = self.rest().get(..count).unwrap_or_default();
        self.line_feeds += memchr_iter(b'\n', taken).count() as u64;
        self.offset += count as u64;
        self.start += count;
        if self.start >= self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    /// Waits for more bytes; `false` when the output has ended.
    pub(super) async fn fill(&mut self) -> io::Result<bool> {
        let more = self.reader.read(MAX_READ).await?;
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(&more);
        Ok(!more.is_empty())
    }

    async fn read(&mut self, max: usize) -> io::Result<Vec<u8>> {
        if self.rest().is_empty() {
            let bytes = self.reader.read(max).await?;
            self.offset += bytes.len() as u64;
            self.line_feeds += memchr_iter(b'\n', &bytes).count() as u64;
            return Ok(bytes);
        }
        let count = self.rest().len().min(max);
        let bytes = self.rest().get(..count).unwrap_or_default().to_vec();
        self.consume(count);
        Ok(bytes)
    }

    async fn lines(&mut self, max: usize) -> io::Result<Vec<String>> {
        loop {
            let (lines, taken) = whole_lines(self.rest(), max);
            if taken > 0 {
                self.consume(taken);
                return Ok(lines);
            }
            if !self.fill().await? {
                let last = self.rest().len();
                let lines = (last > 0).then(|| lossy(self.rest()));
                self.consume(last);
                return Ok(lines.into_iter().collect());
            }
        }
    }
}

/// Takes whole lines of at most `max` bytes together from the front of `rest`, or a piece of `max` bytes of
/// a longer one. Returns them and how many bytes they are; none and 0 when more bytes are needed.
fn whole_lines(rest: &[u8], max: usize) -> (Vec<String>, usize) {
    let (mut lines, mut taken) = (Vec::new(), 0);
    while let Some(line) = rest.get(taken..).filter(|left| !left.is_empty()) {
        // A line's end does not count, so that a line of exactly `max` bytes stays whole.
        let room = max - taken;
        match memchr(b'\n', line.get(..=room).unwrap_or(line)) {
            Some(end) => {
                lines.push(lossy(line.get(..end).unwrap_or_default()));
                taken += end + 1;
            }
            None if lines.is_empty() && line.len() > max => {
                let piece = piece(line.get(..max).unwrap_or_default());
                return (vec![lossy(piece)], piece.len());
            }
            None => break,
        }
        if taken >= max {
            break;
        }
    }
    (lines, taken)
}

/// Leaves off the beginning of a character that the cut would tear.
fn piece(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            bytes.get(..error.valid_up_to()).unwrap_or(bytes)
        }
        _ => bytes,
    }
}

/// A line as text, without a carriage return at its end.
fn lossy(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).into_owned()
}

/// The error that a judge's call ends with when the capture cannot be read back.
fn fault(error: &io::Error) -> HostFault {
    HostFault(format!("the captured output could not be read: {error}"))
}

/// As the contract says: at least 1, at most 64 KiB.
fn clamp(max: u32) -> usize {
    (max as usize).clamp(1, MAX_READ)
}

impl HostLog for State {
    async fn read(&mut self, log: Resource<OpenLog>, max: u32) -> Result<Vec<u8>> {
        self.pass_on().await;
        let log = self.table.get_mut(&log)?;
        Ok(log.read(clamp(max)).await.map_err(|e| fault(&e))?)
    }

    async fn lines(&mut self, log: Resource<OpenLog>, max: u32) -> Result<Vec<String>> {
        self.pass_on().await;
        let log = self.table.get_mut(&log)?;
        Ok(log.lines(clamp(max)).await.map_err(|e| fault(&e))?)
    }

    async fn tail(&mut self, log: Resource<OpenLog>, max: u32) -> Result<Vec<u8>> {
        self.pass_on().await;
        let log = self.table.get_mut(&log)?;
        Ok(log.reader.tail(clamp(max)).await.map_err(|e| fault(&e))?)
    }

    async fn search(
        &mut self,
        log: Resource<OpenLog>,
        pattern: String,
        limit: u32,
    ) -> Result<std::result::Result<Vec<Hit>, String>> {
        let regex = match search::compile(&pattern) {
            Ok(regex) => regex,
            Err(problem) => return Ok(Err(problem)),
        };
        self.pass_on().await;
        let log = self.table.get_mut(&log)?;
        let hits = search::search(log, &regex, limit).await;
        Ok(Ok(hits.map_err(|e| fault(&e))?))
    }

    async fn drop(&mut self, log: Resource<OpenLog>) -> Result<()> {
        self.table.delete(log)?;
        self.close_one();
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::capture::{self, Capture, Channel, Stream};
    use crate::model::Completeness;

    /// A finished capture of these bytes, as a judge opens it.
    pub(in super::super) fn open(bytes: &[u8]) -> (tempfile::TempDir, OpenLog) {
        let (dir, capture) = captured(bytes);
        let log = OpenLog::new(capture.reader(Channel::Combined));
        (dir, log)
    }

    fn captured(bytes: &[u8]) -> (tempfile::TempDir, Arc<Capture>) {
        let dir = tempfile::tempdir().expect("a directory");
        let (mut writer, capture) = capture::create(dir.path());
        writer.write(Stream::Stdout, bytes);
        writer.finish(Completeness::Proven, "");
        (dir, capture)
    }

    async fn all_lines(log: &mut OpenLog, max: usize) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let lines = log.lines(max).await.expect("readable");
            if lines.is_empty() {
                return all;
            }
            all.extend(lines);
        }
    }

    #[tokio::test]
    async fn lines_lose_their_ends_and_nothing_else() {
        let (_dir, mut log) = open(b"a\r\n\nb\xff\nlast");
        assert_eq!(
            all_lines(&mut log, 100).await,
            ["a", "", "b\u{fffd}", "last"]
        );
    }

    #[tokio::test]
    async fn a_long_line_comes_in_pieces_of_whole_characters() {
        let (_dir, mut log) = open("abcdef\nxyä\n1234\n".as_bytes());
        let lines = all_lines(&mut log, 4).await;
        assert_eq!(lines, ["abcd", "ef", "xyä", "1234"]);
        let (_dir, mut log) = open("xyzä!\n".as_bytes());
        assert_eq!(all_lines(&mut log, 4).await, ["xyz", "ä!"]);
    }

    #[tokio::test]
    async fn read_goes_on_where_lines_stopped() {
        let (_dir, mut log) = open(b"one\ntwo\nthree\n");
        assert_eq!(log.lines(4).await.expect("readable"), ["one"]);
        assert_eq!(log.read(3).await.expect("readable"), b"two");
        assert_eq!((log.offset(), log.line()), (7, 2));
        assert_eq!(log.read(100).await.expect("readable"), b"\nthree\n");
        assert!(log.read(100).await.expect("readable").is_empty());
        assert!(log.lines(100).await.expect("readable").is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn lines_are_those_of_the_bytes_whatever_the_size(
            text in "[ab\n\r]{0,300}", max in 1usize..400,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let lines = runtime.block_on(async {
                let (_dir, mut log) = open(text.as_bytes());
                all_lines(&mut log, max).await
            });
            prop_assert!(lines.iter().all(|line| line.len() <= max));
            let longest = text.lines().map(str::len).max().unwrap_or(0);
            if longest < max {
                let expected: Vec<_> = text.split_terminator('\n')
                    .map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
                prop_assert_eq!(lines, expected);
            } else if !text.contains('\r') {
                prop_assert_eq!(lines.concat(), text.replace('\n', ""));
            }
        }
    }
}
