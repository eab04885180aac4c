//! `seal run`: starts the suite as a child, lets the keeper have its output, tells how it ended.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::Signal;
use tribunal_seal::wire::{End, FrameKind, Kind, LastWord, Stream, Summary};

use crate::lock;
use crate::signals::Signals;

mod artifacts;
mod child;
mod glob;
mod leftovers;
mod line;
mod passthrough;
mod sweep;

pub(crate) use artifacts::Limits;
use child::Child;
use line::Line;
use passthrough::Passthrough;

/// The exit code that says that the seal itself failed, not the suite.
pub(crate) const FAILED: u8 = 125;
/// Between two KILLs to a group that is not empty yet.
const KILL_AGAIN: Duration = Duration::from_millis(50);

/// What the seal is told on its command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The folder that both containers share.
    pub(crate) folder: PathBuf,
    /// How long the suite may take to end after it was asked to.
    pub(crate) grace: Duration,
    /// How long the output may stay open after the program's end.
    pub(crate) drain: Duration,
    /// How long the keeper may be out of reach.
    pub(crate) patience: Duration,
    /// Where the last word is written, if anywhere.
    pub(crate) termination_log: Option<PathBuf>,
    /// What is collected after the end.
    pub(crate) artifacts: Vec<String>,
    pub(crate) limits: Limits,
    /// The suite's command.
    pub(crate) argv: Vec<OsString>,
}

/// Runs the suite; returns the exit code for the container.
pub(crate) fn run(options: &Options, signals: &Signals) -> u8 {
    let word = match Run::begin(options, signals) {
        Ok(mut run) => run.live(),
        Err(reason) => LastWord::Failed(reason),
    };
    let code = match &word {
        LastWord::Whole(Summary { end, .. }) | LastWord::Lost { end, .. } => code(end),
        LastWord::Failed(_) => FAILED,
    };
    if let LastWord::Lost { reason, .. } | LastWord::Failed(reason) = &word {
        complain(reason);
    }
    if let Some(path) = &options.termination_log {
        // The kubelet made the file; without it, the keeper still has the last word.
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path);
        written
            .and_then(|mut file| file.write_all(word.line().as_bytes()))
            .ok();
    }
    code
}

/// The exit code that a shell would give.
fn code(end: &End) -> u8 {
    let code = match end {
        End::Exited(code) | End::NotStarted(code) => *code,
        End::Signaled(signal) => 128 + signal,
        End::Vanished | End::NeverBegun => FAILED.into(),
    };
    u8::try_from(code & 0xFF).unwrap_or(FAILED)
}

/// Says something in the container's own log.
fn complain(what: &str) {
    let line = format!("tribunal: {what}\n");
    io::stderr().write_all(line.as_bytes()).ok();
}

/// A suite in its pod.
struct Run<'a> {
    options: &'a Options,
    signals: &'a Signals,
    line: Line,
    /// Both FIFOs, open for writing as long as the program lives: no other keeper finds them at their end.
    writers: Option<[File; 2]>,
    /// Both, open for reading until the keeper has all: what is in a pipe lives as long as somebody has it open.
    readers: [File; 2],
    /// Held to the end.
    _lock: File,
    started: SystemTime,
    /// When the suite's grace is over, once it was asked to end.
    kill_at: Option<Instant>,
    /// `None` when no thread could be had for it.
    passthrough: Option<Passthrough>,
}

impl<'a> Run<'a> {
    /// Finds the keeper and tells it that the suite begins. The error is a sentence.
    fn begin(options: &'a Options, signals: &'a Signals) -> Result<Self, String> {
        let folder = &options.folder;
        let wait = options.patience;
        let deadline = Instant::now() + wait;
        let socket = line::socket(folder);
        while let Err(error) = line::connect(&socket) {
            if signals.asked_to_end() {
                return Err("the pod was ended before the suite was started".to_owned());
            }
            if Instant::now() >= deadline {
                return Err(format!(
                    "no keeper answered at {} within {} s ({error}), so the suite was not started: its output \
                     could not have been kept; see the log of the container `tribunal-keeper`",
                    socket.display(),
                    wait.as_secs()
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let unusable = |error: io::Error| {
            format!(
                "the folder {} cannot be used ({error}), so the suite was not started",
                folder.display()
            )
        };
        let lock = lock::take(folder).map_err(unusable)?;
        let readers = open(folder, Access::Read).map_err(unusable)?;
        let writers = open(folder, Access::Write).map_err(unusable)?;
        let mut line = Line::new(folder, wait);
        let mut stop = || signals.asked_to_end();
        let lost = |error: io::Error| {
            format!(
                "the keeper could not be told that the suite begins ({error}), so it was not started"
            )
        };
        if !line.is_fresh(&mut stop).map_err(lost)? {
            return Err(
                "the spool has the output of an earlier start of this container, so the suite was not started: \
                 a sealed pod must not restart its containers"
                    .to_owned(),
            );
        }
        let begun = format!("pid={}", std::process::id());
        line.tell(Kind::Begun, begun.as_bytes(), &mut stop)
            .map_err(lost)?;
        let passthrough = Passthrough::start(folder).ok();
        if passthrough.is_none() {
            complain("no thread could be started: the output is kept, but not shown here");
        }
        Ok(Self {
            options,
            signals,
            line,
            writers: Some(writers),
            readers,
            _lock: lock,
            started: SystemTime::now(),
            kill_at: None,
            passthrough,
        })
    }

    /// The suite's whole life.
    fn live(&mut self) -> LastWord {
        // Orphans become ours to reap, also where this is not process 1.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).ok();
        let outputs = match open(&self.options.folder, Access::Write) {
            Ok(outputs) => outputs,
            Err(error) => return LastWord::Failed(format!("a FIFO cannot be opened: {error}")),
        };
        let (end, word) = match Child::start(&self.options.argv, outputs) {
            Ok(mut child) => {
                let end = self.until_ended(&mut child);
                (end.clone(), self.wind_up(&end, Some(&mut child)))
            }
            Err(problem) => {
                complain(&problem.reason);
                let end = End::NotStarted(problem.code);
                let text = format!("not started: {}", problem.reason);
                let told = self.line.tell(Kind::Note, text.as_bytes(), &mut || false);
                (end.clone(), told.and_then(|()| self.wind_up(&end, None)))
            }
        };
        match word {
            Ok(summary) => LastWord::Whole(summary),
            Err(error) => {
                let reason = format!("the keeper was lost before it had the last word: {error}");
                LastWord::Lost { end, reason }
            }
        }
    }

    /// Waits until the program has ended; passes signals on.
    fn until_ended(&mut self, child: &mut Child) -> End {
        loop {
            child.reap();
            if let Some(end) = &child.end {
                return end.clone();
            }
            self.pass_signals(child);
            let timeout = self.kill_at.map(|at| {
                let left = at.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    child.signal(Signal::KILL);
                    return KILL_AGAIN;
                }
                left
            });
            let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
            let mut polled = [PollFd::from_borrowed_fd(self.signals.fd(), PollFlags::IN)];
            if rustix::event::poll(&mut polled, timeout.as_ref()).is_ok_and(|ready| ready > 0) {
                self.signals.clear();
            }
        }
    }

    fn pass_signals(&mut self, child: &Child) {
        for (number, ends) in self.signals.take() {
            if let Some(signal) = Signal::from_named_raw(number) {
                child.signal(signal);
            }
            if ends {
                // A stopped process acts on it only when it goes on.
                child.signal(Signal::CONT);
                let kill_at = Instant::now() + self.options.grace;
                self.kill_at.get_or_insert(kill_at);
            }
        }
    }

    /// Everything after the program's end.
    fn wind_up(&mut self, end: &End, mut child: Option<&mut Child>) -> io::Result<Summary> {
        self.line
            .tell(Kind::Ended, end.text().as_bytes(), &mut || false)?;
        if self.kill_at.is_some()
            && let Some(child) = child.as_deref_mut()
        {
            self.empty_group(child);
        }
        self.writers = None;
        self.drain(child.as_deref_mut())?;
        if let Some(child) = child {
            self.sweep_group(child)?;
        }
        self.collect()?;
        let line = &mut self.line;
        line.say(FrameKind::Finish, 0, &mut || false, &mut |line| {
            line.last.is_some()
        })?;
        let last = line.last.clone().unwrap_or_default();
        let summary = Summary::parse(&last)
            .ok_or_else(|| io::Error::other("its last word cannot be read"))?;
        if let Some(passthrough) = &self.passthrough
            && !passthrough.finish(self.kill_at.is_some())
        {
            complain("this log takes nothing more; the runner has the rest of the output");
        }
        Ok(summary)
    }

    fn collect(&mut self) -> io::Result<()> {
        if self.options.artifacts.is_empty() {
            return Ok(());
        }
        let folder = std::env::current_dir()?;
        let (globs, limits) = (&self.options.artifacts, &self.options.limits);
        let line = &mut self.line;
        artifacts::collect(
            &folder,
            globs,
            limits,
            self.started,
            &mut |kind, payload| line.tell(kind, payload, &mut || false),
        )
    }

    /// Bytes that the keeper has not taken out of the FIFOs yet.
    fn unread(&self) -> u64 {
        let waiting = |file| rustix::io::ioctl_fionread(file).unwrap_or(0);
        self.readers.iter().map(waiting).sum()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Opens both FIFOs; waits for nobody.
fn open(folder: &Path, access: Access) -> io::Result<[File; 2]> {
    let open = |stream: Stream| {
        let mut options = OpenOptions::new();
        options
            .read(access == Access::Read)
            .write(access == Access::Write);
        if access == Access::Read {
            let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
            options.custom_flags(nonblocking);
        }
        options.open(folder.join(stream.name()))
    };
    Ok([open(Stream::Stdout)?, open(Stream::Stderr)?])
}
