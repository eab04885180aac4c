//! The FIFOs that the suite writes to, and how far they were read.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode};
use rustix::io::Errno;
use tribunal_seal::wire::{MAX_PAYLOAD, Stream};

use super::client::is_full;
use super::spool::Spool;

/// What a pipe may hold at most without privileges.
const LARGEST_PIPE: usize = 1 << 20;

/// One FIFO.
#[derive(Debug)]
pub(super) struct Fifo {
    stream: Stream,
    fd: OwnedFd,
    /// Bytes it can hold.
    capacity: usize,
    pub(super) at_end: bool,
}

/// What came of reading a FIFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// Nothing now.
    Nothing,
    /// Something; `much` when the suite writes faster than is read.
    Some { much: bool },
    /// The last writer is gone.
    End,
    /// The spool may have no more for now.
    NoRoom,
    /// The disk takes no more for now.
    DiskFull,
}

impl Fifo {
    /// Makes it in `folder` unless it is there, and opens it for reading.
    pub(super) fn open(folder: &Path, stream: Stream) -> io::Result<Self> {
        let path = folder.join(stream.name());
        // Whoever the suite runs as must be able to open it; the mask of this process is not to spoil that.
        let mode = Mode::from_raw_mode(0o666);
        match rustix::fs::mknodat(CWD, &path, FileType::Fifo, mode, 0) {
            Ok(()) => rustix::fs::chmod(&path, mode)?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let fd: OwnedFd = OpenOptions::new()
            .read(true)
            .custom_flags(nonblocking)
            .open(&path)?
            .into();
        // A refusal changes nothing but speed.
        rustix::pipe::fcntl_setpipe_size(&fd, LARGEST_PIPE).ok();
        let capacity = rustix::pipe::fcntl_getpipe_size(&fd)?;
        Ok(Self {
            stream,
            fd,
            capacity,
            at_end: false,
        })
    }

    pub(super) fn stream(&self) -> Stream {
        self.stream
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Reads what is in it into the spool, at most one record.
    ///
    /// # Errors
    /// When the spool is damaged: only another keeper can go on then.
    pub(super) fn read(&mut self, spool: &mut Spool) -> io::Result<Got> {
        let waits = rustix::io::ioctl_fionread(&self.fd)?;
        let wanted = usize::try_from(waits)
            .unwrap_or(MAX_PAYLOAD)
            .clamp(1, MAX_PAYLOAD);
        let room = match spool.room(wanted) {
            Ok(room) => room,
            Err(error) if is_full(&error) => return Ok(Got::DiskFull),
            Err(error) => return Err(error),
        };
        if room == 0 {
            return Ok(Got::NoRoom);
        }
        match spool.absorb(self.stream, self.fd.as_fd(), room) {
            Ok(0) => {
                self.at_end = true;
                Ok(Got::End)
            }
            Ok(count) => Ok(Got::Some {
                much: count >= self.capacity / 4 || count >= MAX_PAYLOAD,
            }),
            Err(error) if is_full(&error) => Ok(Got::DiskFull),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::AGAIN | Errno::INTR) => Ok(Got::Nothing),
                _ => Err(error),
            },
        }
    }
}
