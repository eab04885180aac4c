//! The real binary on a pseudo-terminal, with a terminal emulator at the other end.

use std::fs::{self, File};
use std::num::NonZeroU16;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// Nothing that is waited for takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program on a terminal of its own.
pub(crate) struct Pty {
    master: OwnedFd,
    /// Kept, so that the terminal's modes can be seen when the program has ended.
    terminal: File,
    child: Child,
    screen: vt100::Parser,
    /// All that was written.
    pub(crate) bytes: Vec<u8>,
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize {
        ws_col: columns,
        ws_row: rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("not zero")
}

impl Pty {
    /// Starts a command on a terminal of so many columns and rows.
    pub(crate) fn start(command: &Command, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        tcsetwinsize(&master, size(columns, rows)).expect("sized");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let open = || {
            File::options()
                .read(true)
                .write(true)
                .open(name.to_str().expect("a path"))
                .expect("the terminal")
        };
        // A session of its own, whose terminal is standard input.
        let mut setsid = Command::new("setsid");
        setsid.arg("--ctty").arg(command.get_program());
        setsid.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => setsid.env(name, value),
                None => setsid.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            setsid.current_dir(folder);
        }
        setsid
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8");
        let stream = || Stdio::from(open());
        let child = setsid
            .stdin(stream())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .expect("setsid starts");
        Self {
            master,
            terminal: open(),
            child,
            screen: vt100::Parser::new(cells(rows), cells(columns), 2_000),
            bytes: Vec::new(),
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Takes in what the program writes, for at most so long. Returns whether there was anything.
    fn pump(&mut self, wait: Duration) -> bool {
        let timeout = Timespec::try_from(wait).expect("short");
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        if !poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0) {
            return false;
        }
        let mut bytes = [0; 16 << 10];
        let count = rustix::io::read(&self.master, &mut bytes).unwrap_or(0);
        self.screen.process(&bytes[..count]);
        self.bytes.extend_from_slice(&bytes[..count]);
        count > 0
    }

    /// Pumps until it is so.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} did not come; the screen:\n{}\n{}",
                self.visible(),
                self.state()
            );
            self.pump(Duration::from_millis(20));
        }
    }

    /// Pumps until the screen shows the text.
    pub(crate) fn until_shown(&mut self, text: &str) {
        self.until(text, |pty| pty.visible().contains(text));
    }

    /// What is on the screen.
    pub(crate) fn visible(&self) -> String {
        self.screen.screen().contents()
    }

    /// All that was ever printed, with what scrolled away, as an emulator with a very high screen has it.
    pub(crate) fn everything(&self) -> String {
        let (_, columns) = self.screen.screen().size();
        let mut high = vt100::Parser::new(cells(2_000), columns, 0);
        high.process(&self.bytes);
        high.screen().contents()
    }

    pub(crate) fn cursor_is_shown(&self) -> bool {
        !self.screen.screen().hide_cursor()
    }

    /// Whether typed characters are echoed and come by the line, as a shell wants it.
    pub(crate) fn is_as_it_was(&self) -> bool {
        let modes = tcgetattr(self.terminal.as_fd())
            .expect("a terminal")
            .local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    pub(crate) fn type_keys(&self, keys: &str) {
        rustix::io::write(&self.master, keys.as_bytes()).expect("typed");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it lives");
    }

    /// The letter of the process's state: `T` when it is stopped.
    pub(crate) fn state(&self) -> String {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        stat.ok()
            .and_then(|stat| {
                Some(
                    stat.rsplit_once(')')?
                        .1
                        .split_whitespace()
                        .next()?
                        .to_owned(),
                )
            })
            .unwrap_or_default()
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        tcsetwinsize(&self.master, size(columns, rows)).expect("sized");
        self.screen
            .screen_mut()
            .set_size(cells(rows), cells(columns));
    }

    /// Waits for the program's end and takes in the rest.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        let status = loop {
            self.pump(Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().expect("waited for") {
                break status;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end:\n{}",
                self.visible()
            );
        };
        while self.pump(Duration::from_millis(50)) {}
        status
    }

    /// The exit code, or 128 and the signal.
    pub(crate) fn code(&mut self) -> i32 {
        let status = self.end();
        status
            .code()
            .or_else(|| status.signal().map(|signal| 128 + signal))
            .expect("one of both")
    }
}

impl Drop for Pty {
    /// A test that failed leaves a run behind, and that its suites: it is asked to end before it is made to.
    fn drop(&mut self) {
        for _ in 0..100 {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            kill_process(self.pid(), Signal::CONT).ok();
            kill_process(self.pid(), Signal::TERM).ok();
            self.pump(Duration::from_millis(50));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
