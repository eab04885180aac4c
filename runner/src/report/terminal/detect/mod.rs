//! One decision about mode, colour and symbols, from facts alone.

use super::settings::{Mode, Output, Show};

/// Least size for the live region.
const MIN_WIDTH: u16 = 40;
const MIN_HEIGHT: u16 = 10;

/// What `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// As the surroundings suggest.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a person likes, from a file of their own: what holds where nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taste {
    /// Colours.
    pub color: ColorChoice,
    /// No live region.
    pub no_live: bool,
    /// No symbols beyond ASCII.
    pub ascii: bool,
}

/// What the command line says about looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--color`.
    pub color: ColorChoice,
    /// `--no-live`.
    pub no_live: bool,
    /// `--ascii`.
    pub ascii: bool,
    /// `--no-input`.
    pub no_input: bool,
    /// How many `-v`; negative for `-q`.
    pub verbosity: i8,
    /// `--output`.
    pub output: Output,
    /// `--show`.
    pub show: Show,
    /// What holds where neither these nor the environment say anything.
    pub taste: Taste,
}

/// The surroundings. Variables are `None` when they are not set.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// Whether standard input is a terminal.
    pub stdin_terminal: bool,
    /// Whether standard output is a terminal.
    pub stdout_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_terminal: bool,
    /// Columns and rows, where a terminal tells them.
    pub size: Option<(u16, u16)>,
    /// `TERM`.
    pub term: Option<String>,
    /// `TRIBUNAL_LIVE`.
    pub live: Option<String>,
    /// `CI`.
    pub ci: Option<String>,
    /// Whether a CI system runs this that shows colours.
    pub ci_shows_color: bool,
    /// `NO_COLOR`.
    pub no_color: Option<String>,
    /// `CLICOLOR_FORCE`.
    pub clicolor_force: Option<String>,
    /// `FORCE_COLOR`.
    pub force_color: Option<String>,
    /// `ACCESSIBLE`.
    pub accessible: Option<String>,
    /// Whether the terminal is at the other end of an SSH connection.
    pub ssh: bool,
    /// Whether locale and terminal take UTF-8.
    pub utf8: bool,
    /// `XTERM_VERSION`.
    pub xterm: Option<String>,
    /// Whether the terminal is one of those that open OSC 8 links.
    pub links: bool,
    /// The command line.
    pub flags: Flags,
}

impl Facts {
    pub(super) fn mode(&self) -> Mode {
        match self.why_plain() {
            None => Mode::Live,
            Some(_) => Mode::Plain,
        }
    }

    /// Why there is no live region; none where there is one.
    pub(super) fn why_plain(&self) -> Option<&'static str> {
        let (width, height) = self.size.unwrap_or((80, 24));
        let reasons = [
            (self.flags.no_live, "--no-live"),
            (off(self.live.as_deref()), "TRIBUNAL_LIVE"),
            (
                self.flags.taste.no_live && !on(self.live.as_deref()),
                "your config.toml says so",
            ),
            (!self.stdout_terminal, "standard output is no terminal"),
            (!self.stderr_terminal, "standard error is no terminal"),
            (self.dumb(), "TERM is dumb or not set"),
            (self.is_ci(), "CI is set"),
            (self.accessible(), "ACCESSIBLE is set"),
            (
                width < MIN_WIDTH || height < MIN_HEIGHT,
                "the terminal is smaller than 40 columns by 10 rows",
            ),
        ];
        reasons
            .into_iter()
            .find_map(|(given, why)| given.then_some(why))
    }

    /// Whether keys are listened to.
    pub(super) fn keys(&self) -> bool {
        self.mode() == Mode::Live && self.stdin_terminal && !self.flags.no_input
    }

    /// Whether lines that are too long for a narrower window wrap there. Nearly every terminal does that; xterm
    /// and the Linux console cut them.
    pub(super) fn reflows(&self) -> bool {
        self.xterm.is_none() && self.term.as_deref() != Some("linux")
    }

    /// Whether paths are links. Not over SSH: the files are not where the terminal is.
    pub(super) fn links(&self) -> bool {
        self.links && self.stdout_terminal && !self.dumb() && !self.accessible() && !self.ssh
    }

    pub(super) fn color(&self) -> bool {
        match self.flags.color {
            ColorChoice::Always => return true,
            ColorChoice::Never => return false,
            ColorChoice::Auto => {}
        }
        if filled(self.no_color.as_deref()) {
            return false;
        }
        if on(self.clicolor_force.as_deref()) || on(self.force_color.as_deref()) {
            return true;
        }
        match self.flags.taste.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.ci_shows_color || (self.stdout_terminal && !self.dumb()),
        }
    }

    pub(super) fn unicode(&self) -> bool {
        self.utf8 && !self.flags.ascii && !self.flags.taste.ascii && !self.accessible()
    }

    pub(super) fn is_ci(&self) -> bool {
        on(self.ci.as_deref())
    }

    pub(super) fn accessible(&self) -> bool {
        on(self.accessible.as_deref())
    }

    fn dumb(&self) -> bool {
        matches!(self.term.as_deref(), None | Some("" | "dumb"))
    }
}

fn filled(variable: Option<&str>) -> bool {
    variable.is_some_and(|value| !value.is_empty())
}

/// Set to a word that means no.
fn off(variable: Option<&str>) -> bool {
    variable.is_some_and(|value| matches!(value, "0" | "false" | "never"))
}

/// Whether `CI` is set, and not to a word that means no.
pub fn in_ci() -> bool {
    on(std::env::var("CI").ok().as_deref())
}

/// Set, and not to a word that means no.
fn on(variable: Option<&str>) -> bool {
    variable.is_some_and(|value| !matches!(value, "" | "0" | "false"))
}

#[cfg(test)]
mod tests;
