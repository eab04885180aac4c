//! The keyboard and the signals that ask a running report for something.
//!
//! One thread waits for both. The terminal is left as it was on every way out: at the end, on a panic that
//! unwinds, when the process is suspended, and before SIGQUIT ends it.

mod caught;
mod tty;

use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use super::asked::{Asked, Wish};
use super::settings::{Mode, Settings};
use crate::os::{self, Waker};
use caught::Caught;
use tty::Tty;

/// How long the region may take to go away before the process is stopped anyway.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is looked whether this process is in the foreground again.
const BACKGROUND: Duration = Duration::from_millis(500);

/// Listens until it is dropped; then the terminal is as it was.
#[derive(Debug)]
pub struct Console {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Stop {
    waker: Waker,
    asked: AtomicBool,
}

impl Console {
    /// Begins to listen to signals and, where the settings say so, to keys.
    ///
    /// # Errors
    /// When there are no descriptors or threads left.
    pub fn open(settings: &Settings) -> io::Result<Self> {
        let stop = Arc::new(Stop {
            waker: Waker::new()?,
            asked: AtomicBool::new(false),
        });
        let live = settings.mode == Mode::Live;
        let mut listener = Listener {
            asked: settings.asked.clone(),
            caught: Caught::listen(live)?,
            tty: settings.keys.then(Tty::take).flatten(),
            stop: Arc::clone(&stop),
        };
        let thread = thread::Builder::new()
            .name("console".to_owned())
            .spawn(move || listener.listen())?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.stop.asked.store(true, Ordering::Release);
        self.stop.waker.wake();
        if let Some(thread) = self.thread.take() {
            // Its terminal is restored by its own drop, even where it panicked.
            thread.join().unwrap_or(());
        }
    }
}

struct Listener {
    asked: Asked,
    caught: Caught,
    tty: Option<Tty>,
    stop: Arc<Stop>,
}

impl Listener {
    fn listen(&mut self) {
        let input = io::stdin();
        loop {
            // In the background, reading would stop this process.
            let foreground = self.tty.is_some() && Tty::is_foreground();
            let keys = foreground.then(|| input.as_fd());
            let timeout = (self.tty.is_some() && !foreground).then_some(BACKGROUND);
            let fds = [keys, Some(self.caught.fd()), Some(self.stop.waker.fd())];
            let [key, signal, _] = os::wait_readable(fds, timeout);
            if self.stop.asked.load(Ordering::Acquire) {
                return;
            }
            if signal {
                self.signals();
            }
            if key && Tty::is_foreground() {
                self.keys(&input);
            }
        }
    }

    fn keys(&mut self, input: &io::Stdin) {
        let mut bytes = [0; 64];
        match rustix::io::read(input, &mut bytes) {
            Ok(0) => self.tty = None,
            Ok(count) => keys_of(bytes.get(..count).unwrap_or_default())
                .into_iter()
                .for_each(|key| self.key(key)),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(_) => self.tty = None,
        }
    }

    fn key(&self, key: u8) {
        match key {
            b'i' | b't' => self.asked.ask(Wish::Info),
            b'l' => self.asked.ask(Wish::Follow),
            b'\n' | b'\r' => self.asked.ask(Wish::Mark),
            b'?' | b'h' => self.asked.ask(Wish::Help),
            // The same way as Ctrl-C: there is one rule for ending a run.
            b'q' => kill_process(getpid(), Signal::INT).unwrap_or(()),
            _ => {}
        }
    }

    fn signals(&mut self) {
        let came = self.caught.take();
        if came.info {
            self.asked.ask(Wish::Info);
        }
        if came.quit {
            self.tty = None;
            Caught::quit();
        }
        if came.stop {
            self.asked.suspend(PATIENCE);
            if let Some(tty) = &self.tty {
                tty.restore();
            }
            // This thread may run on for a moment: what is to be done afterwards waits for SIGCONT.
            kill_process(getpid(), Signal::STOP).unwrap_or(());
            return;
        }
        // Also after a SIGSTOP that nobody could see coming.
        if came.go_on {
            if let Some(tty) = &mut self.tty {
                tty.take_again();
            }
            self.asked.ask(Wish::Resume);
        }
    }
}

/// Returns the keys in what was typed; sequences, like those of arrows, are none.
fn keys_of(bytes: &[u8]) -> Vec<u8> {
    struct Keys(Vec<u8>);
    impl vte::Perform for Keys {
        fn print(&mut self, c: char) {
            self.0.extend(u8::try_from(c));
        }
        fn execute(&mut self, byte: u8) {
            self.0.push(byte);
        }
    }
    let mut keys = Keys(Vec::new());
    vte::Parser::new().advance(&mut keys, bytes);
    keys.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_and_pasted_sequences_are_no_keys() {
        assert_eq!(keys_of(b"i\n?"), b"i\n?");
        assert_eq!(keys_of(b"\x1b[A\x1b[15~q"), b"q");
        assert_eq!(keys_of(b"\x1b]0;title\x07i"), b"i");
        assert_eq!(keys_of("ü".as_bytes()), [0xfc]);
        assert_eq!(keys_of("→i".as_bytes()), b"i");
    }
}
