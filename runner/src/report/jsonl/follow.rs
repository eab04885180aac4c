//! Copies a journal's lines to whoever follows a run, at that reader's pace.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{create, to_stdout};
use crate::event::Event;
use crate::report::{Need, Report, ReportError};
use crate::run::journal::{Journal, Written};

/// What is copied in one go.
const CHUNK: usize = 64 << 10;

/// Copies the journal of a run that goes on. Hears no events: what is not copied yet waits on disk.
pub struct Follow {
    name: String,
    journal: PathBuf,
    written: Arc<Written>,
    /// Opened at the first byte.
    from: Option<File>,
    copied: u64,
    out: Box<dyn Write + Send>,
    buffer: Vec<u8>,
    /// The reader has gone away: nothing is copied any more.
    closed: bool,
}

impl Follow {
    /// Makes a report that copies `journal` into a file, from its beginning; its folder is made.
    pub fn to_file(journal: &Journal, path: &Path) -> Result<Self, ReportError> {
        let (file, name) = create(path)?;
        Ok(Self::new(journal, name, Box::new(file)))
    }

    /// Makes a report that copies `journal` to `out`. A reader that goes away is no error.
    pub fn to_writer(journal: &Journal, out: Box<dyn Write + Send>) -> Self {
        Self::new(journal, to_stdout(), out)
    }

    fn new(journal: &Journal, name: String, out: Box<dyn Write + Send>) -> Self {
        Self {
            name,
            journal: journal.path().to_owned(),
            written: journal.written(),
            from: None,
            copied: 0,
            out,
            buffer: vec![0; CHUNK],
            closed: false,
        }
    }

    /// Copies up to the byte `end`, where a line ends.
    fn copy(&mut self, end: u64) -> io::Result<()> {
        if self.closed || self.copied >= end {
            return Ok(());
        }
        match self.copy_open(end) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            copied => copied,
        }
    }

    fn copy_open(&mut self, end: u64) -> io::Result<()> {
        let from = match &mut self.from {
            Some(from) => from,
            none => none.insert(File::open(&self.journal)?),
        };
        while self.copied < end {
            let most = usize::try_from(end - self.copied).unwrap_or(CHUNK);
            let piece = &mut self.buffer[..most.min(CHUNK)];
            from.read_exact(piece)?;
            self.out.write_all(piece)?;
            self.copied += piece.len() as u64;
        }
        self.out.flush()
    }

    fn told(&self, result: io::Result<()>) -> Result<(), ReportError> {
        result.map_err(|source| ReportError {
            what: self.name.clone(),
            source,
        })
    }
}

impl Report for Follow {
    fn need(&self) -> Need {
        Need::Nothing
    }

    fn on_event(&mut self, _: &Event) -> Result<(), ReportError> {
        Ok(())
    }

    fn tick(&mut self) -> Result<(), ReportError> {
        let copied = self.copy(self.written.now().bytes);
        self.told(copied)
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        loop {
            let stand = self.written.wait(self.copied);
            let copied = self.copy(stand.bytes);
            self.told(copied)?;
            if self.closed {
                return Ok(());
            }
            match stand.ended {
                Some(true) => return Ok(()),
                Some(false) => {
                    let why = io::Error::other("the journal they are copied from ends too early");
                    return self.told(Err(why));
                }
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead as _;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::report::{Feed, recorded};
    use crate::run::dir::{DIR_VERSION, JOURNAL, RunDir, RunIntro};

    fn run_dir(root: &Path) -> RunDir {
        let intro = |id| RunIntro {
            version: DIR_VERSION,
            id,
            pipeline: "checkout".into(),
            file: "pipeline.toml".into(),
            started_at: "2026-11-22T15:32:07Z".into(),
            tribunal: "0".into(),
            pid: 1,
            suites: 6,
        };
        RunDir::create(root, intro).expect("a run's folder")
    }

    fn recording() -> &'static str {
        include_str!("../../../../tests/fixtures/run/events.jsonl")
    }

    #[test]
    fn the_copy_is_the_journal() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let dir = run_dir(root.path());
        let journal = Journal::create(dir.clone()).expect("opened");
        let path = root.path().join("out/run.jsonl");
        let follow = Follow::to_file(&journal, &path).expect("opened");
        let feed = Feed::spawn(vec![Box::new(journal), Box::new(follow)]).expect("threads");
        for event in recorded::events() {
            feed.send(event);
        }
        assert!(feed.finish().is_empty());
        let copy = std::fs::read_to_string(&path).expect("written");
        assert_eq!(copy, recording());
        let journal = std::fs::read_to_string(dir.path().join(JOURNAL)).expect("written");
        assert_eq!(copy, journal);
    }

    /// A real pipe that nobody reads takes 64 KiB; a hundred recordings are far more than that.
    #[test]
    fn a_blocked_pipe_holds_nothing_in_memory_and_loses_nothing() {
        const TIMES: usize = 100;
        let root = tempfile::tempdir().expect("a temporary folder");
        let dir = run_dir(root.path());
        let journal = Journal::create(dir.clone()).expect("opened");
        let (reader, writer) = io::pipe().expect("a pipe");
        let follow = Follow::to_writer(&journal, Box::new(writer));
        let feed = Feed::spawn(vec![Box::new(journal), Box::new(follow)]).expect("threads");
        let mut events = recorded::events();
        let last = events.pop().expect("the end");
        let mut longest = Duration::ZERO;
        let mut sent = 1;
        for event in std::iter::repeat_n(&events, TIMES).flatten() {
            let begun = Instant::now();
            feed.send(event.clone());
            longest = longest.max(begun.elapsed());
            sent += 1;
        }
        feed.send(last);
        assert!(longest < Duration::from_secs(5), "held up for {longest:?}");
        // The journal comes to its end while the pipe is full.
        let begun = Instant::now();
        let path = dir.path().join(JOURNAL);
        let whole = |text: &str| text.lines().count() == sent;
        while !std::fs::read_to_string(&path).is_ok_and(|text| whole(&text)) {
            assert!(begun.elapsed() < Duration::from_secs(30), "no journal");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(feed.waiting(), [0, 0], "nothing waits in memory");
        let reading = thread::spawn(move || {
            let lines = io::BufReader::new(reader).lines();
            lines.collect::<io::Result<Vec<String>>>().expect("read")
        });
        assert!(feed.finish().is_empty());
        let lines = reading.join().expect("no panic");
        assert_eq!(lines.len(), sent);
        assert_eq!(lines.last().map(String::as_str), recording().lines().last());
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let journal = Journal::create(run_dir(root.path())).expect("opened");
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let follow = Follow::to_writer(&journal, Box::new(writer));
        let feed = Feed::spawn(vec![Box::new(journal), Box::new(follow)]).expect("threads");
        for event in recorded::events() {
            feed.send(event);
        }
        assert!(feed.finish().is_empty());
    }

    #[test]
    fn a_journal_that_breaks_off_is_told_and_waited_for_no_longer() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut journal = Journal::create(run_dir(root.path())).expect("opened");
        let path = root.path().join("run.jsonl");
        let mut follow = Follow::to_file(&journal, &path).expect("opened");
        journal.on_event(&recorded::events()[0]).expect("written");
        journal.tick().expect("on disk");
        follow.tick().expect("copied");
        drop(journal);
        let error = follow.finish().expect_err("the end is missing").to_string();
        assert!(error.contains("ends too early"), "{error}");
        let copy = std::fs::read_to_string(&path).expect("written");
        assert_eq!(copy.lines().count(), 1);
    }
}
