//! How the terminal report looks, and where that is decided from.

use std::fmt;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asked::Asked;
use super::detect::{ColorChoice, Facts, Flags};
use crate::history::Past;

/// Whether there is a region that is drawn again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Lines that stay, and a small region below them that shows what goes on.
    Live,
    /// Lines only: no symbol, no cursor movement, no carriage return, ever.
    Plain,
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// `-qq`: nothing.
    Silent,
    /// `-q`: a line for each problem, and the verdict.
    Quiet,
    /// Problems in detail, a line for each suite, the recap.
    #[default]
    Normal,
    /// `-v`: also starts, judges' messages, and all that is known of a case.
    Verbose,
    /// `-vv`: also phases and debug messages.
    Debug,
}

impl Verbosity {
    /// Returns the verbosity for so many `-v` (positive) or `-q` (negative).
    pub fn from_level(level: i8) -> Self {
        match level {
            ..=-2 => Self::Silent,
            -1 => Self::Quiet,
            0 => Self::Normal,
            1 => Self::Verbose,
            2.. => Self::Debug,
        }
    }
}

/// Which raw output of suites is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// The last lines of a suite that did not pass, where no case says it better.
    #[default]
    Failed,
    /// All of every suite, in one piece when it has ended.
    All,
    /// None.
    None,
    /// All of every suite as it comes, each line with the suite's name before it.
    Live,
}

/// Which suites get a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All, in a run of at most 100 suites; in a larger one those that did not pass.
    #[default]
    Auto,
    /// All.
    All,
    /// Those that did not pass.
    Problems,
}

/// Tells the size of the terminal: columns and rows.
pub type SizeSource = Arc<dyn Fn() -> (u16, u16) + Send + Sync>;
/// Tells the time since a fixed moment; never goes back.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// How the terminal report looks.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Clone)]
pub struct Settings {
    /// Whether there is a live region.
    pub mode: Mode,
    /// Whether SGR sequences may be written.
    pub color: bool,
    /// Whether symbols outside of ASCII may be written.
    pub unicode: bool,
    /// Whether paths are links that the terminal can open.
    pub links: bool,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Which raw output is shown.
    pub output: Output,
    /// Which suites get a line.
    pub show: Show,
    /// Only these suites, in full, and no recap.
    pub only: Option<Vec<String>>,
    /// What a person asks for meanwhile.
    pub asked: Asked,
    /// Whether the terminal wraps lines anew when it becomes narrower.
    pub reflows: bool,
    /// Whether keys are listened to.
    pub keys: bool,
    /// Why there is no live region; empty where there is one.
    pub why_plain: &'static str,
    /// The CI system that reads it, by its name on the command line.
    pub reader: Option<&'static str>,
    /// The least time between two frames.
    pub frame: Duration,
    /// In plain mode: how long nothing may be printed before a line says what is under way.
    pub heartbeat: Duration,
    /// Where the size comes from; asked before every frame.
    pub size: SizeSource,
    /// Where the time comes from.
    pub clock: Clock,
    /// Whether the events are a recording: time is theirs, there is no region and no exit code.
    pub replay: bool,
    /// The run's real directory, for the last lines of outputs; by default the one that the run's
    /// first event names.
    pub run_dir: Option<PathBuf>,
    /// The command that hints begin with.
    pub program: String,
    /// What such commands end with, like ` --pipeline a/pipeline.toml`; mostly nothing.
    pub suffix: String,
    /// Other reports of this run, as name and path, for the last lines.
    pub outputs: Vec<(String, String)>,
    /// Earlier runs, for what is new and what is usual; none says nothing of either.
    pub past: Option<Arc<Past>>,
}

impl Settings {
    /// Decides everything that can be decided from the surroundings; a pure function.
    pub fn detect(facts: &Facts) -> Self {
        let (width, height) = facts.size.unwrap_or((80, 24));
        Self {
            mode: facts.mode(),
            color: facts.color(),
            unicode: facts.unicode(),
            links: facts.links(),
            verbosity: Verbosity::from_level(facts.flags.verbosity),
            output: facts.flags.output,
            show: facts.flags.show,
            only: None,
            asked: Asked::default(),
            reflows: facts.reflows(),
            keys: facts.keys(),
            why_plain: facts.why_plain().unwrap_or(""),
            reader: None,
            frame: Duration::from_millis(if facts.ssh { 250 } else { 100 }),
            heartbeat: Duration::from_secs(if facts.is_ci() && !facts.accessible() {
                60
            } else {
                30
            }),
            size: Arc::new(move || (width, height)),
            clock: monotonic(),
            replay: false,
            run_dir: None,
            program: "tribunal".to_owned(),
            suffix: String::new(),
            outputs: Vec::new(),
            past: None,
        }
    }

    /// Looks around, decides, and keeps measuring the terminal.
    pub fn from_env(flags: Flags) -> Self {
        let mut settings = Self::detect(&gather(flags));
        settings.size = Arc::new(|| measure().unwrap_or((80, 24)));
        settings
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("mode", &self.mode)
            .field("color", &self.color)
            .field("unicode", &self.unicode)
            .field("verbosity", &self.verbosity)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}

/// A clock that starts now.
fn monotonic() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

fn measure() -> Option<(u16, u16)> {
    terminal_size::terminal_size().map(|(width, height)| (width.0, height.0))
}

/// Reads the real surroundings.
fn gather(flags: Flags) -> Facts {
    let var = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let ci_shows_color = [
        "GITHUB_ACTIONS",
        "GITLAB_CI",
        "BUILDKITE",
        "TF_BUILD",
        "TEAMCITY_VERSION",
    ]
    .into_iter()
    .any(|name| var(name).is_some());
    Facts {
        stdin_terminal: std::io::stdin().is_terminal(),
        stdout_terminal: std::io::stdout().is_terminal(),
        stderr_terminal: std::io::stderr().is_terminal(),
        size: measure(),
        term: var("TERM"),
        live: var("TRIBUNAL_LIVE"),
        ci: var("CI"),
        ci_shows_color,
        no_color: var("NO_COLOR"),
        clicolor_force: var("CLICOLOR_FORCE"),
        force_color: var("FORCE_COLOR"),
        accessible: var("ACCESSIBLE"),
        ssh: var("SSH_CONNECTION").is_some(),
        xterm: var("XTERM_VERSION"),
        utf8: supports_unicode::supports_unicode(),
        links: supports_hyperlinks::supports_hyperlinks(),
        flags,
    }
}

impl std::str::FromStr for ColorChoice {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(format!("\"{word}\" is not one of auto, always, never")),
        }
    }
}
