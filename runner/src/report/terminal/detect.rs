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
        on(self.clicolor_force.as_deref())
            || on(self.force_color.as_deref())
            || self.ci_shows_color
            || (self.stdout_terminal && !self.dumb())
    }

    pub(super) fn unicode(&self) -> bool {
        self.utf8 && !self.flags.ascii && !self.accessible()
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

/// Set, and not to a word that means no.
fn on(variable: Option<&str>) -> bool {
    variable.is_some_and(|value| !matches!(value, "" | "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Settings, Verbosity};
    use super::*;

    /// A person at a terminal.
    fn person() -> Facts {
        Facts {
            stdout_terminal: true,
            stderr_terminal: true,
            size: Some((80, 24)),
            term: Some("xterm-256color".into()),
            utf8: true,
            ..Facts::default()
        }
    }

    fn one() -> String {
        "1".into()
    }

    /// What differs from a person at a terminal; whether live, coloured, and beyond ASCII.
    type Row = (&'static str, fn(&mut Facts), [bool; 3]);

    fn check(table: &[Row]) {
        for (what, change, expected) in table {
            let mut facts = person();
            change(&mut facts);
            let settings = Settings::detect(&facts);
            let found = [
                settings.mode == Mode::Live,
                settings.color,
                settings.unicode,
            ];
            assert_eq!(found, *expected, "{what}");
        }
    }

    #[test]
    fn surroundings_decide_mode_colour_and_symbols() {
        check(&[
            ("nothing", |_| {}, [true, true, true]),
            ("piped", |f| f.stdout_terminal = false, [false, false, true]),
            (
                "stderr piped",
                |f| f.stderr_terminal = false,
                [false, true, true],
            ),
            (
                "dumb",
                |f| f.term = Some("dumb".into()),
                [false, false, true],
            ),
            ("no TERM", |f| f.term = None, [false, false, true]),
            ("CI", |f| f.ci = Some("true".into()), [false, true, true]),
            (
                "CI=false",
                |f| f.ci = Some("false".into()),
                [true, true, true],
            ),
            ("CI=", |f| f.ci = Some(String::new()), [true, true, true]),
            (
                "NO_COLOR",
                |f| f.no_color = Some(one()),
                [true, false, true],
            ),
            (
                "NO_COLOR=",
                |f| f.no_color = Some(String::new()),
                [true, true, true],
            ),
            (
                "accessible",
                |f| f.accessible = Some(one()),
                [false, true, false],
            ),
            ("ascii", |f| f.flags.ascii = true, [true, true, false]),
            ("locale C", |f| f.utf8 = false, [true, true, false]),
            ("--no-live", |f| f.flags.no_live = true, [false, true, true]),
            (
                "TRIBUNAL_LIVE=0",
                |f| f.live = Some("0".into()),
                [false, true, true],
            ),
            (
                "TRIBUNAL_LIVE=1",
                |f| f.live = Some(one()),
                [true, true, true],
            ),
            ("narrow", |f| f.size = Some((39, 24)), [false, true, true]),
            ("low", |f| f.size = Some((80, 9)), [false, true, true]),
            (
                "--color never",
                |f| f.flags.color = ColorChoice::Never,
                [true, false, true],
            ),
        ]);
    }

    #[test]
    fn one_word_about_colour_beats_another() {
        check(&[
            (
                "--color always beats NO_COLOR and a pipe",
                |f| {
                    f.stdout_terminal = false;
                    f.no_color = Some(one());
                    f.flags.color = ColorChoice::Always;
                },
                [false, true, true],
            ),
            (
                "NO_COLOR beats FORCE_COLOR and a CI",
                |f| {
                    f.no_color = Some(one());
                    f.force_color = Some(one());
                    f.ci_shows_color = true;
                },
                [true, false, true],
            ),
            (
                "FORCE_COLOR in a pipe",
                |f| {
                    f.stdout_terminal = false;
                    f.force_color = Some(one());
                },
                [false, true, true],
            ),
            (
                "CLICOLOR_FORCE=0 in a pipe",
                |f| {
                    f.stdout_terminal = false;
                    f.clicolor_force = Some("0".into());
                },
                [false, false, true],
            ),
            (
                "a CI that shows colours",
                |f| {
                    *f = Facts {
                        ci: Some(one()),
                        ci_shows_color: true,
                        utf8: true,
                        ..Facts::default()
                    };
                },
                [false, true, true],
            ),
        ]);
    }

    #[test]
    fn heartbeat_and_frame_follow_the_surroundings() {
        let mut facts = person();
        let settings = Settings::detect(&facts);
        assert_eq!(
            (settings.heartbeat.as_secs(), settings.frame.as_millis()),
            (30, 100)
        );
        facts.ci = Some(one());
        facts.ssh = true;
        let settings = Settings::detect(&facts);
        assert_eq!(
            (settings.heartbeat.as_secs(), settings.frame.as_millis()),
            (60, 250)
        );
        facts.accessible = Some(one());
        assert_eq!(Settings::detect(&facts).heartbeat.as_secs(), 30);
    }

    #[test]
    fn levels_are_clamped() {
        let levels = [-9, -1, 0, 1, 9].map(Verbosity::from_level);
        assert_eq!(
            levels,
            [
                Verbosity::Silent,
                Verbosity::Quiet,
                Verbosity::Normal,
                Verbosity::Verbose,
                Verbosity::Debug
            ]
        );
    }
}
