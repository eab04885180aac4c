//! Signals as something a poll loop can wait for.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{
    SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
};

/// What a container is asked to end with; images may name another than TERM.
const ENDING: [i32; 4] = [SIGTERM, SIGINT, SIGQUIT, SIGHUP];
/// What else is passed on.
const OTHERS: [i32; 4] = [SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT];

/// The signals that were caught.
#[derive(Debug)]
pub(crate) struct Signals {
    wake: UnixStream,
    caught: Vec<(i32, Arc<AtomicBool>)>,
}

impl Signals {
    /// Catches those that ask to end.
    pub(crate) fn of_keeper() -> io::Result<Self> {
        Self::catch(&ENDING)
    }

    /// Catches all that may be meant for the suite, and the ends of children.
    pub(crate) fn of_seal() -> io::Result<Self> {
        Self::catch(&[&ENDING[..], &OTHERS[..], &[SIGCHLD]].concat())
    }

    fn catch(numbers: &[i32]) -> io::Result<Self> {
        let (wake, writer) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut caught = Vec::new();
        for number in numbers {
            let flag = Arc::new(AtomicBool::new(false));
            // The flag first: whoever is woken finds it set.
            signal_hook::flag::register(*number, Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(*number, writer.try_clone()?)?;
            caught.push((*number, flag));
        }
        Ok(Self { wake, caught })
    }

    /// What becomes readable when one came.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Sleeps again; what came stays known.
    pub(crate) fn clear(&self) {
        let mut buffer = [0; 64];
        while rustix::io::read(&self.wake, &mut buffer).is_ok_and(|count| count == buffer.len()) {}
    }

    /// Whether one came that asks to end, now or before.
    pub(crate) fn asked_to_end(&self) -> bool {
        self.caught
            .iter()
            .any(|(number, flag)| ENDING.contains(number) && flag.load(Ordering::Acquire))
    }

    /// Takes what came, but for ends of children: the number, and whether it asks to end.
    pub(crate) fn take(&self) -> Vec<(i32, bool)> {
        self.caught
            .iter()
            .filter(|(number, flag)| *number != SIGCHLD && flag.swap(false, Ordering::AcqRel))
            .map(|(number, _)| (*number, ENDING.contains(number)))
            .collect()
    }
}
