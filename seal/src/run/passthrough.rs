//! What is in the spool goes to the container's own output too, so that `kubectl logs` shows it.
//!
//! A thread of its own: a log that takes nothing stops it, and nothing else.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tribunal_seal::wire::{Frame, FrameKind, Frames, Kind, Records};

use super::line;

const AGAIN: Duration = Duration::from_millis(100);
/// How long the log may take nothing before it is no longer waited for.
const STUCK: Duration = Duration::from_secs(5);

/// How far it is.
#[derive(Debug, Default)]
struct Progress {
    offset: AtomicU64,
    done: AtomicBool,
}

/// The thread that passes output through.
#[derive(Debug)]
pub(super) struct Passthrough {
    progress: Arc<Progress>,
}

impl Passthrough {
    /// Begins.
    pub(super) fn start(folder: &Path) -> io::Result<Self> {
        let progress = Arc::new(Progress::default());
        let path = line::socket(folder);
        let its = Arc::clone(&progress);
        std::thread::Builder::new()
            .stack_size(64 << 10)
            .spawn(move || {
                let mut copy = Copy {
                    records: Records::new(0),
                    frames: Frames::default(),
                    outputs: outputs(),
                    progress: its,
                    ended: false,
                };
                while !copy.ended {
                    // A keeper that is gone comes again.
                    copy.follow(&path).ok();
                    if !copy.ended {
                        std::thread::sleep(AGAIN);
                    }
                }
                copy.progress.done.store(true, Ordering::Release);
            })?;
        Ok(Self { progress })
    }

    /// Waits for the rest, as long as the log takes something; returns whether all went through.
    pub(super) fn finish(&self, hurry: bool) -> bool {
        let patience = if hurry { STUCK / 10 } else { STUCK };
        let mut seen = (u64::MAX, Instant::now());
        while !self.progress.done.load(Ordering::Acquire) {
            let offset = self.progress.offset.load(Ordering::Relaxed);
            if offset != seen.0 {
                seen = (offset, Instant::now());
            }
            if seen.1.elapsed() > patience {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }
}

/// The container's own stdout and stderr; `None` for one that is closed.
fn outputs() -> [Option<File>; 2] {
    let own = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned().ok().map(File::from);
    [own(rustix::stdio::stdout()), own(rustix::stdio::stderr())]
}

struct Copy {
    records: Records,
    frames: Frames,
    outputs: [Option<File>; 2],
    progress: Arc<Progress>,
    ended: bool,
}

impl Copy {
    fn follow(&mut self, path: &Path) -> io::Result<()> {
        let mut socket = line::connect(path)?;
        socket.write_all(&Frame::header(FrameKind::Read, self.records.wanted(), 0))?;
        self.frames = Frames::default();
        let mut buffer = vec![0; 32 << 10];
        while !self.ended {
            let count = socket.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            self.frames.push(buffer.get(..count).unwrap_or_default());
            self.take()?;
        }
        Ok(())
    }

    fn take(&mut self) -> io::Result<()> {
        while let Some(frame) = self.frames.take().map_err(io::Error::other)? {
            if frame.kind != FrameKind::Data {
                continue;
            }
            if frame.offset != self.records.wanted() {
                let gone = frame.offset.saturating_sub(self.records.offset());
                let note = format!(
                    "\ntribunal: about {gone} bytes of output are not in this log, which was read too slowly; \
                     the runner has them\n"
                );
                put(&mut self.outputs[1], note.as_bytes());
                self.records = Records::new(frame.offset);
            }
            self.records.push(frame.payload);
            while let Some(record) = self.records.take().map_err(io::Error::other)? {
                if let Some(stream) = record.header.kind.stream() {
                    put(&mut self.outputs[stream.index()], record.payload);
                }
                self.progress.offset.store(record.end(), Ordering::Relaxed);
                self.ended |= record.header.kind == Kind::End;
            }
        }
        Ok(())
    }
}

fn put(output: &mut Option<File>, bytes: &[u8]) {
    if let Some(file) = output
        && file.write_all(bytes).is_err()
    {
        // Nobody reads the log: no reason to lose anything else.
        *output = None;
    }
}
