//! The command line. The runner writes it; a person sees it in the pod's manifest.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::{keeper, run};

/// What a mistake in it is answered with.
pub(crate) const USAGE: &str = "\
usage: seal guard|keeper --spool DIR --port N --token T --spool-limit BYTES --hold SECONDS
       seal run --spool DIR [--grace SECONDS] [--drain SECONDS] [--wait SECONDS] [--termination-log PATH]
                [--artifact GLOB]... [--artifact-limits FILES:EACH:TOGETHER] -- COMMAND [ARGUMENT]...
";

/// Smaller spools hold no more than a few records.
const SMALLEST_LIMIT: u64 = 256 << 10;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Keeper(keeper::Options),
    /// With the options of a keeper.
    Guard(Vec<OsString>),
    Run(run::Options),
}

/// Reads the words behind the program's name. The error is a sentence.
pub(crate) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mode = words.next().unwrap_or_default();
    if mode == "guard" {
        let options: Vec<OsString> = words.collect();
        // Mistakes are told at once, and not by one keeper after the other.
        parse(std::iter::once("keeper".into()).chain(options.iter().cloned()))?;
        return Ok(Command::Guard(options));
    }
    let mut given: Vec<(String, String)> = Vec::new();
    let mut argv = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            argv = words.by_ref().collect();
            break;
        }
        let name = text(word)?;
        if !name.starts_with("--") {
            return Err(format!("`{name}` is no option"));
        }
        let value = words
            .next()
            .ok_or_else(|| format!("{name} needs a value"))?;
        given.push((name, text(value)?));
    }
    let mut options = Given(given);
    let command = match mode.to_str() {
        Some("keeper") => Command::Keeper(keeper::Options {
            folder: PathBuf::from(options.need("--spool")?),
            port: options.number("--port")?,
            token: options.need("--token")?,
            limit: options.number::<u64>("--spool-limit")?.max(SMALLEST_LIMIT),
            hold: options.seconds("--hold", None)?,
        }),
        Some("run") => Command::Run(run::Options {
            folder: PathBuf::from(options.need("--spool")?),
            grace: options.seconds("--grace", Some(10))?,
            drain: options.seconds("--drain", Some(30))?,
            patience: options.seconds("--wait", Some(60))?,
            termination_log: options.take("--termination-log").map(PathBuf::from),
            artifacts: std::iter::from_fn(|| options.take("--artifact")).collect(),
            limits: options.limits()?,
            argv: std::mem::take(&mut argv),
        }),
        _ => return Err("say `guard`, `keeper` or `run`".to_owned()),
    };
    if let Some((name, _)) = options.0.first() {
        return Err(format!("{name} is unknown here, or given twice"));
    }
    if !argv.is_empty() {
        return Err("the keeper runs no command".to_owned());
    }
    Ok(command)
}

fn text(word: OsString) -> Result<String, String> {
    word.into_string()
        .map_err(|word| format!("`{}` is not UTF-8", word.display()))
}

struct Given(Vec<(String, String)>);

impl Given {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.remove(at).1)
    }

    fn need(&mut self, name: &str) -> Result<String, String> {
        self.take(name).ok_or_else(|| format!("{name} is missing"))
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str) -> Result<T, String> {
        let value = self.need(name)?;
        value
            .parse()
            .map_err(|_| format!("{name} {value}: this is no number, or too large"))
    }

    fn seconds(&mut self, name: &str, default: Option<u64>) -> Result<Duration, String> {
        let value = match (self.take(name), default) {
            (None, Some(default)) => return Ok(Duration::from_secs(default)),
            (None, None) => return Err(format!("{name} is missing")),
            (Some(value), _) => value,
        };
        // More than a century is more than a clock can hold.
        let seconds = value.parse::<f64>().ok().map(|seconds| seconds.min(3e9));
        seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| format!("{name} {value}: these are no seconds"))
    }

    fn limits(&mut self) -> Result<run::Limits, String> {
        let Some(value) = self.take("--artifact-limits") else {
            return Ok(run::Limits::default());
        };
        let mut parts = value.split(':').map(str::parse::<u64>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(files)), Some(Ok(each)), Some(Ok(together)), None) => Ok(run::Limits {
                files: usize::try_from(files).unwrap_or(usize::MAX),
                each,
                together,
            }),
            _ => Err(format!(
                "--artifact-limits {value}: say FILES:EACH:TOGETHER"
            )),
        }
    }
}
