//! Signals as something a poll loop can wait for.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::SigId;
use signal_hook::consts::{SIGCONT, SIGQUIT, SIGTSTP, SIGUSR1};
use signal_hook::low_level;

/// What asks for the state of a run. Where the keyboard has a key for it, that too.
#[cfg(not(target_os = "macos"))]
const INFO: [i32; 1] = [SIGUSR1];
#[cfg(target_os = "macos")]
const INFO: [i32; 2] = [SIGUSR1, signal_hook::consts::SIGINFO];

/// The signals that are caught.
#[derive(Debug)]
pub(super) struct Caught {
    wake: UnixStream,
    flags: Vec<(i32, Arc<AtomicBool>)>,
    ids: Vec<SigId>,
}

/// Which came.
#[expect(clippy::struct_excessive_bools, reason = "each is a signal of its own")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Came {
    /// Somebody asks for the state of the run.
    pub(super) info: bool,
    /// SIGTSTP: to be stopped.
    pub(super) stop: bool,
    /// SIGCONT: to go on.
    pub(super) go_on: bool,
    /// SIGQUIT: to end with a core.
    pub(super) quit: bool,
}

impl Caught {
    /// Begins to catch; those about stopping only where there is a region on a terminal.
    pub(super) fn listen(live: bool) -> io::Result<Self> {
        let (wake, writer) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let of_terminal: &[i32] = if live {
            &[SIGTSTP, SIGCONT, SIGQUIT]
        } else {
            &[]
        };
        let mut caught = Self {
            wake,
            flags: Vec::new(),
            ids: Vec::new(),
        };
        for number in INFO.iter().chain(of_terminal) {
            let flag = Arc::new(AtomicBool::new(false));
            // The flag first: whoever is woken finds it set.
            let id = signal_hook::flag::register(*number, Arc::clone(&flag))?;
            caught.ids.push(id);
            let id = low_level::pipe::register(*number, writer.try_clone()?)?;
            caught.ids.push(id);
            caught.flags.push((*number, flag));
        }
        Ok(caught)
    }

    /// What becomes readable when one came.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Takes what came.
    pub(super) fn take(&self) -> Came {
        let mut buffer = [0; 64];
        while rustix::io::read(&self.wake, &mut buffer).is_ok_and(|count| count == buffer.len()) {}
        let mut came = Came::default();
        for (number, flag) in &self.flags {
            if flag.swap(false, Ordering::AcqRel) {
                match *number {
                    SIGTSTP => came.stop = true,
                    SIGCONT => came.go_on = true,
                    SIGQUIT => came.quit = true,
                    _ => came.info = true,
                }
            }
        }
        came
    }

    /// Ends the process as if SIGQUIT had not been caught.
    pub(super) fn quit() {
        low_level::emulate_default_handler(SIGQUIT).unwrap_or(());
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            low_level::unregister(id);
        }
    }
}
