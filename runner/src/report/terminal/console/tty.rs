//! The terminal that keys come from: without echo and lines while this process has it.

use std::io::{self, IsTerminal as _};

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use rustix::termios::{tcgetattr, tcgetpgrp, tcsetattr};

/// Standard input as a terminal. Signals stay what they are: Ctrl-C and Ctrl-Z are no keys.
#[derive(Debug)]
pub(super) struct Tty {
    /// How it was.
    saved: Termios,
}

impl Tty {
    /// Takes the terminal's echo and lines; none where standard input is no terminal.
    pub(super) fn take() -> Option<Self> {
        let input = io::stdin();
        if !input.is_terminal() {
            return None;
        }
        let saved = tcgetattr(&input).ok()?;
        let tty = Self { saved };
        tty.apply();
        Some(tty)
    }

    /// Whether this process may read from it and change it.
    pub(super) fn is_foreground() -> bool {
        tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
    }

    /// After a suspension: what it is now is what it will be set back to.
    pub(super) fn take_again(&mut self) {
        if Self::is_foreground()
            && let Ok(saved) = tcgetattr(io::stdin())
        {
            // A shell that did not restore anything left our own settings there.
            if saved.local_modes.contains(LocalModes::ICANON) {
                self.saved = saved;
            }
            self.apply();
        }
    }

    /// Sets it back.
    pub(super) fn restore(&self) {
        if Self::is_foreground() {
            // With the terminal gone there is nothing to set back.
            tcsetattr(io::stdin(), OptionalActions::Now, &self.saved).unwrap_or(());
        }
    }

    fn apply(&self) {
        if !Self::is_foreground() {
            return;
        }
        let mut modes = self.saved.clone();
        modes
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Now, &modes).unwrap_or(());
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.restore();
    }
}
