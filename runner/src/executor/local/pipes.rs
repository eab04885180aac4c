//! Both output pipes and the capture behind them.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::io::Errno;

use crate::capture::{Stream, Writer};
use crate::model::{CaptureReport, Completeness};
use crate::os;

/// What a pipe holds when nobody has enlarged it, and so what a read of a full one gives.
const SMALL: usize = 64 << 10;
/// What is read at once when there is much.
const LARGE: usize = 256 << 10;
/// A pipe is enlarged when it was found full so often: most suites never pay for it. Half counts as full,
/// because small writes leave gaps in a pipe's pages.
const FULL_READS: u32 = 2;

/// The reading side of a program's output.
pub(super) struct Pipes {
    stdout: Option<Pipe>,
    stderr: Option<Pipe>,
    output: Writer,
    buffer: Vec<u8>,
    /// Which is read first when both have something; changes each time, so that neither starves.
    stderr_first: bool,
    /// Why not every byte could be read, should that happen.
    broken: Option<String>,
}

struct Pipe {
    stream: Stream,
    fd: OwnedFd,
    full_reads: u32,
}

/// What happened in a [`Pipes::turn`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    /// Output was read, or a stream has ended.
    pub(super) read: bool,
    /// The program has ended.
    pub(super) ended: bool,
    /// There is news from outside.
    pub(super) woken: bool,
}

impl Pipes {
    pub(super) fn new(stdout: OwnedFd, stderr: OwnedFd, output: Writer) -> Self {
        let pipe = |stream, fd| {
            Some(Pipe {
                stream,
                fd,
                full_reads: 0,
            })
        };
        Self {
            stdout: pipe(Stream::Stdout, stdout),
            stderr: pipe(Stream::Stderr, stderr),
            output,
            buffer: Vec::with_capacity(SMALL),
            stderr_first: false,
            broken: None,
        }
    }

    /// Whether both were read to their end.
    pub(super) fn at_end(&self) -> bool {
        self.stdout.is_none() && self.stderr.is_none()
    }

    /// What tells the pipes that are still open from all others.
    pub(super) fn ids(&self) -> Vec<u64> {
        [&self.stdout, &self.stderr]
            .into_iter()
            .flatten()
            .filter_map(|pipe| os::pipe_id(pipe.fd.as_fd()))
            .collect()
    }

    /// Waits until there is output, the program ends, news come, or `timeout` has passed; then reads
    /// once from each stream that has something.
    pub(super) fn turn(
        &mut self,
        program: Option<BorrowedFd<'_>>,
        news: BorrowedFd<'_>,
        timeout: Option<Duration>,
    ) -> Turn {
        let fd = |pipe: &Option<Pipe>| pipe.is_some();
        let (has_stdout, has_stderr) = (fd(&self.stdout), fd(&self.stderr));
        debug_assert!(has_stdout || has_stderr || timeout.is_some() || program.is_some());
        let fds = [
            self.stdout.as_ref().map(|pipe| pipe.fd.as_fd()),
            self.stderr.as_ref().map(|pipe| pipe.fd.as_fd()),
            program,
            Some(news),
        ];
        let [stdout, stderr, ended, woken] = os::wait_readable(fds, timeout);
        self.stderr_first = !self.stderr_first;
        if stderr && self.stderr_first {
            self.read(Stream::Stderr);
        }
        if stdout {
            self.read(Stream::Stdout);
        }
        if stderr && !self.stderr_first {
            self.read(Stream::Stderr);
        }
        Turn {
            read: stdout || stderr,
            ended,
            woken,
        }
    }

    /// Reads once; there is something, so it does not block. At the end, lets go of the pipe.
    fn read(&mut self, stream: Stream) {
        let slot = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let Some(pipe) = slot else { return };
        self.buffer.clear();
        match rustix::io::read(&pipe.fd, spare_capacity(&mut self.buffer)) {
            Ok(0) => *slot = None,
            Ok(count) => {
                if count >= SMALL / 2 && pipe.full_reads < FULL_READS {
                    pipe.full_reads += 1;
                    if pipe.full_reads == FULL_READS {
                        os::enlarge_pipe(pipe.fd.as_fd());
                    }
                }
                let enlarge = pipe.full_reads == FULL_READS;
                self.output.write(pipe.stream, &self.buffer);
                if enlarge && self.buffer.capacity() < LARGE {
                    self.buffer = Vec::with_capacity(LARGE);
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => {
                let name = match stream {
                    Stream::Stdout => "standard output",
                    Stream::Stderr => "standard error",
                };
                let reason = format!("its {name} could not be read any further: {error}");
                self.output.note_gap(None, reason.clone());
                self.broken = Some(reason);
                *slot = None;
            }
        }
    }

    /// Ends the capture. `cut` says what kept the output open past the deadline.
    pub(super) fn finish(self, cut: Option<String>) -> CaptureReport {
        match (cut, self.broken) {
            (Some(note), _) => self.output.finish(Completeness::Cut, note),
            (None, Some(note)) => self.output.finish(Completeness::Gap, note),
            (None, None) => self.output.finish(Completeness::Proven, ""),
        }
    }
}
