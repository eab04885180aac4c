//! What several commands take: which suites, how things look, which reports; and loading judges.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use clap::{Args, ValueEnum};
use etcetera::BaseStrategy as _;

use super::Failure;
use super::usage::wrong;
use crate::config::{Pipeline, personal};
use crate::judge::Judge;
use crate::plan::{JudgeLimits, JudgeSource, JudgeSpec, ReportFormat, Selection};
use crate::plugin::{LoadError, Registry};
use crate::report::ci::{System, guard};
use crate::report::terminal::{ColorChoice, Flags, Output, Settings, Show, Taste};

/// The pipeline that is meant when none is named.
pub(super) const PIPELINE: &str = "pipeline.toml";

/// How something is printed to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// For programs: one JSON document.
    Json,
}

/// Which suites of which pipeline.
#[derive(Debug, Args)]
pub(super) struct SelectArgs {
    /// Suites by name; `*` and `?` stand for anything. None: all.
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// Only suites with this label; may be repeated, and then all must be there.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    label: Vec<(String, String)>,
    /// The pipeline's file.
    #[arg(long, value_name = "FILE", default_value = PIPELINE)]
    pub(super) pipeline: PathBuf,
}

impl SelectArgs {
    pub(super) fn selection(&self) -> Selection {
        Selection {
            filters: self.filters.clone(),
            labels: self.label.clone(),
            cores: cores(),
            ..Selection::default()
        }
    }
}

/// Reads a pipeline; every mistake in it is in the failure.
pub(super) fn load(path: &Path) -> Result<Pipeline, Failure> {
    Pipeline::load(path).map_err(Failure::from)
}

/// Whether errors may be coloured: standard error is what counts.
pub(super) fn error_color() -> bool {
    let flags = || Flags {
        taste: taste(),
        ..Flags::default()
    };
    io::stderr().is_terminal() && Settings::from_env(flags()).color
}

/// What the person at the keyboard likes: `tribunal/config.toml` in their folder for such files. Read once; what is
/// wrong in it is said once.
fn taste() -> Taste {
    static TASTE: OnceLock<Taste> = OnceLock::new();
    *TASTE.get_or_init(|| {
        let Ok(folders) = etcetera::choose_base_strategy() else {
            return Taste::default();
        };
        let path = folders.config_dir().join("tribunal/config.toml");
        let (personal, wrong) = personal::read(&path);
        for what in wrong {
            complain(&format!("warning: {}: {what}", path.display()));
        }
        let color = personal.color.as_deref().map(str::parse);
        Taste {
            color: color.and_then(Result::ok).unwrap_or_default(),
            no_live: personal.live == Some(false),
            ascii: personal.ascii == Some(true),
        }
    })
}

/// How things look.
#[derive(Debug, Args)]
pub(super) struct LookArgs {
    /// Colours.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// No symbols beyond ASCII.
    #[arg(long)]
    ascii: bool,
    /// No live region, on a terminal too.
    #[arg(long)]
    no_live: bool,
    /// No keys; they are listened to where there is a live region and standard input is a terminal.
    #[arg(long)]
    no_input: bool,
    /// The raw output that is shown.
    #[arg(long, value_enum, default_value_t = RawOutput::Failed)]
    output: RawOutput,
    /// The suites that get a line.
    #[arg(long, value_enum, default_value_t = Shown::Auto)]
    show: Shown,
    /// Say more; twice: still more.
    #[arg(long, short, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Say less: problems and the verdict; twice: nothing.
    #[arg(long, short, action = clap::ArgAction::Count, conflicts_with = "verbose")]
    quiet: u8,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RawOutput {
    /// The last lines of a suite that did not pass, where no case says it better.
    Failed,
    /// All of every suite, when it has ended.
    All,
    /// None.
    None,
    /// All of every suite as it comes, with its name before each line.
    Live,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shown {
    /// All in a run of at most 100, otherwise those that did not pass.
    Auto,
    /// All.
    All,
    /// Those that did not pass.
    Problems,
}

impl LookArgs {
    /// `--no-input`.
    pub(super) fn takes_no_input(&self) -> bool {
        self.no_input
    }

    pub(super) fn settings(&self) -> Settings {
        let level = |count: u8| i8::try_from(count).unwrap_or(i8::MAX);
        Settings::from_env(Flags {
            color: match self.color {
                Color::Auto => ColorChoice::Auto,
                Color::Always => ColorChoice::Always,
                Color::Never => ColorChoice::Never,
            },
            no_live: self.no_live,
            ascii: self.ascii,
            no_input: self.no_input,
            output: match self.output {
                RawOutput::Failed => Output::Failed,
                RawOutput::All => Output::All,
                RawOutput::None => Output::None,
                RawOutput::Live => Output::Live,
            },
            show: match self.show {
                Shown::Auto => Show::Auto,
                Shown::All => Show::All,
                Shown::Problems => Show::Problems,
            },
            verbosity: level(self.verbose) - level(self.quiet),
            taste: taste(),
        })
    }
}

/// Which CI system reads standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CiChoice {
    /// The one whose variables are set.
    Auto,
    /// None, whatever is set.
    None,
    /// This one.
    System(System),
}

impl CiChoice {
    /// Returns the system, looking around where that is asked for.
    pub(super) fn system(self) -> Option<System> {
        match self {
            Self::Auto => System::detect(&variable),
            Self::None => None,
            Self::System(system) => Some(system),
        }
    }
}

impl FromStr for CiChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let system = System::ALL.iter().find(|(known, _)| *known == name);
        match (name, system) {
            (_, Some((_, system))) => Ok(Self::System(*system)),
            ("auto", _) => Ok(Self::Auto),
            ("none", _) => Ok(Self::None),
            _ => {
                let known = System::ALL.map(|(name, _)| name).join(", ");
                let what = "there is no such CI system";
                Err(wrong(what, format!("one of: auto, none, {known}")))
            }
        }
    }
}

/// Whether a CI system reads what this process prints: one is there, and standard output is no file of its own.
pub(super) fn is_read_by_ci() -> bool {
    let kind = rustix::fs::fstat(io::stdout())
        .map(|known| rustix::fs::FileType::from_raw_mode(known.st_mode));
    CiChoice::Auto.system().is_some() && kind != Ok(rustix::fs::FileType::RegularFile)
}

/// A variable of the environment.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// `FORMAT=PATH`.
#[derive(Clone, Debug)]
pub(super) struct ReportArg {
    pub(super) format: ReportFormat,
    pub(super) path: PathBuf,
}

impl FromStr for ReportArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let formats = || {
            format!(
                "formats: {}",
                ReportFormat::ALL.map(|(name, _)| name).join(", ")
            )
        };
        let (name, path) = text
            .split_once('=')
            .ok_or_else(|| wrong("it is not FORMAT=PATH", formats()))?;
        let format = ReportFormat::ALL.iter().find(|(known, _)| *known == name);
        let (_, format) = format.ok_or_else(|| wrong("there is no such format", formats()))?;
        if path.is_empty() {
            return Err(wrong(
                "it lacks a path",
                format!("like {name}=out/run.{name}"),
            ));
        }
        Ok(Self {
            format: *format,
            path: PathBuf::from(path),
        })
    }
}

/// What commands about a run must name where its pipeline is not the one they find by themselves.
pub(super) fn pipeline_suffix(pipeline: Option<&Path>) -> String {
    match pipeline {
        Some(path) if path != Path::new(PIPELINE) => {
            let path = path.display().to_string();
            format!(
                " --pipeline {}",
                crate::report::terminal::text::shell(&path)
            )
        }
        _ => String::new(),
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it is not KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Loads judges; all that cannot be used are told at once.
pub(super) fn load_judges(specs: &BTreeMap<String, JudgeSpec>) -> Result<Registry, Failure> {
    let registry = Registry::load(specs, complain).map_err(|errors| {
        let one = |error: &LoadError| match specs.get(&error.judge).map(|spec| &spec.source) {
            Some(JudgeSource::File(path)) => Failure::from(error).at(path),
            _ => Failure::from(error),
        };
        let none = || Failure::errored("the judges were not loaded");
        let all = Failure::all(errors.iter().map(one));
        all.unwrap_or_else(none).nothing_was_run()
    })?;
    for warning in registry.warnings() {
        complain(&format!("warning: {warning}"));
    }
    Ok(registry)
}

/// Loads the judge a person named: of the pipeline, built in, or a file.
pub(super) fn judge(
    asked: &str,
    config: Option<&str>,
    pipeline: Option<&Path>,
) -> Result<(Arc<dyn Judge>, String), Failure> {
    let (name, spec) = named_spec(asked, config, pipeline)?;
    let json = crate::plugin::config_json(&spec);
    let mut judges = load_judges(&BTreeMap::from([(name, spec)]))?.judges();
    let (_, judge) = judges
        .pop_first()
        .ok_or_else(|| Failure::errored(format!("judge \"{asked}\" was not loaded")))?;
    Ok((judge, json))
}

/// The judge a person named and what it is called from here on.
pub(super) fn named_spec(
    asked: &str,
    config: Option<&str>,
    pipeline: Option<&Path>,
) -> Result<(String, JudgeSpec), Failure> {
    let mut spec = find_spec(asked, pipeline)?;
    if let Some(text) = config {
        spec.config = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    }
    let name = Path::new(asked)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok((name, spec))
}

pub(super) fn find_spec(asked: &str, pipeline: Option<&Path>) -> Result<JudgeSpec, Failure> {
    let plain = |source| JudgeSpec {
        source,
        sha256: None,
        config: serde_json::Value::Null,
        limits: JudgeLimits::default(),
    };
    let is_file = Path::new(asked)
        .extension()
        .is_some_and(|extension| extension == "wasm");
    if is_file || asked.contains('/') {
        return Ok(plain(JudgeSource::File(PathBuf::from(asked))));
    }
    let here = Path::new(PIPELINE);
    let mut known: Vec<String> = crate::plugin::builtin_names().map(str::to_owned).collect();
    if let Some(path) = pipeline.or_else(|| here.is_file().then_some(here)) {
        let declared = load(path)?.judges;
        if let Some(spec) = declared.get(asked) {
            return Ok(spec.clone());
        }
        known.extend(declared.into_keys());
    }
    if crate::plugin::builtin_names().any(|name| name == asked) {
        return Ok(plain(JudgeSource::Builtin(asked.to_owned())));
    }
    let close = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name, asked), name))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    let hint = match close {
        Some((_, name)) => format!("did you mean \"{name}\"?"),
        None => format!("there are: {}, or a path to a .wasm file", known.join(", ")),
    };
    let asked = crate::config::quoted(asked);
    Err(Failure::usage(format!("there is no judge {asked}")).hint(hint))
}

/// What was given as `--config` is no JSON.
pub(super) fn not_json(error: &serde_json::Error) -> Failure {
    Failure::usage(format!("--config is not JSON: {error}"))
        .hint("write an object, like --config '{\"minimum\": 85}'")
}

/// Processors this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Says something on standard error. With it gone there is nobody to tell.
pub(super) fn complain(text: &str) {
    let text = guard::lines(&format!("{text}\n"));
    drop(io::stderr().write_all(text.as_bytes()));
}
