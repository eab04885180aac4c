//! Completion in the shell: `tribunal completions`, and what the shells' scripts ask this program then.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use super::{Cli, Failure, print, project_root};
use crate::config::Pipeline;
use crate::model::ExitStatus;
use crate::plan::{Selection, resolve};
use crate::run::dir;

/// Set by the shells' scripts: this process is to complete a line, not to run it.
const VARIABLE: &str = "TRIBUNAL_COMPLETE";
/// Runs that are offered, the newest.
const RUNS: usize = 30;
/// Above so many variants, only the suites themselves are offered.
const VARIANTS: usize = 200;

/// Prints a script that completes commands, options, suites and runs in a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(tribunal completions bash)              in ~/.bashrc
  source <(tribunal completions zsh)               in ~/.zshrc, after compinit
  tribunal completions fish | source               in ~/.config/fish/config.fish
  eval (tribunal completions elvish | slurp)       in ~/.config/elvish/rc.elv
  tribunal completions powershell | Out-String | Invoke-Expression     in $PROFILE

The script asks `tribunal` itself, so names of suites come from the pipeline.toml of the folder one is in.")]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
            Self::Elvish => &Elvish,
            Self::Powershell => &Powershell,
        }
    }
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<ExitStatus, Failure> {
    let mut script = Vec::new();
    let name = "tribunal";
    args.shell
        .completer()
        .write_registration(VARIABLE, name, name, name, &mut script)
        .map_err(|error| Failure::errored(format!("cannot write the script: {error}")))?;
    print(&script)?;
    Ok(ExitStatus::Passed)
}

/// Answers a shell that asks how a line could go on; false when none does.
pub(super) fn answer(args: &[OsString]) -> bool {
    let Some(shell) = std::env::var_os(VARIABLE) else {
        return false;
    };
    let Some(split) = args.iter().position(|arg| arg == "--") else {
        return false;
    };
    let Ok(shell) = Shell::from_str(&shell.to_string_lossy(), true) else {
        return false;
    };
    let words = args.get(split + 1..).unwrap_or_default().to_vec();
    let here = std::env::current_dir().ok();
    let mut answer = Vec::new();
    let done =
        shell
            .completer()
            .write_complete(&mut command(), words, here.as_deref(), &mut answer);
    if done.is_ok() {
        // A shell that no longer listens needs no answer.
        drop(std::io::stdout().write_all(&answer));
    }
    true
}

/// The command line with what only the folder one is in can tell.
fn command() -> clap::Command {
    let suites = || ArgValueCompleter::new(suites);
    let runs = || ArgValueCompleter::new(runs);
    let labels = || ArgValueCompleter::new(labels);
    let judges = || ArgValueCompleter::new(judges);
    Cli::command()
        .mut_subcommand("run", |run| {
            run.mut_arg("filters", |arg| arg.add(suites()))
                .mut_arg("label", |arg| arg.add(labels()))
                .mut_arg("failed", |arg| arg.add(runs()))
        })
        .mut_subcommand("plan", |plan| {
            plan.mut_arg("filters", |arg| arg.add(suites()))
                .mut_arg("labels", |arg| arg.add(labels()))
        })
        .mut_subcommand("judge", |judge| {
            // What is changed moves to the end, and the place is the order: so the second moves too.
            judge
                .mut_arg("judge", |arg| arg.add(judges()))
                .mut_arg("file", |arg| arg)
        })
        .mut_subcommand("show", |show| {
            show.mut_arg("run", |arg| arg.add(runs()))
                .mut_arg("suites", |arg| arg.add(suites()))
        })
        .mut_subcommand("report", |report| {
            report.mut_arg("run", |arg| arg.add(runs()))
        })
        .mut_subcommand("logs", |logs| {
            logs.mut_arg("run", |arg| arg.add(runs()))
                .mut_arg("suite", |arg| arg.add(suites()))
        })
        .mut_subcommand("explain", |explain| {
            explain
                .mut_arg("run", |arg| arg.add(runs()))
                .mut_arg("suite", |arg| arg.add(suites()))
        })
        .mut_subcommand("runs", |all| {
            all.mut_subcommand("export", |export| {
                export.mut_arg("run", |arg| arg.add(runs()))
            })
        })
        .mut_subcommand("history", |history| {
            history
                .mut_subcommand("new", |new| {
                    new.mut_arg("run", |arg| arg.add(runs()))
                        .mut_arg("against", |arg| arg.add(runs()))
                })
                .mut_subcommand("diff", |diff| {
                    diff.mut_arg("before", |arg| arg.add(runs()))
                        .mut_arg("after", |arg| arg.add(runs()))
                })
        })
}

/// The pipeline that the line names, or that of the folder.
fn pipeline_path() -> Option<PathBuf> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        if word == "--pipeline" {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = word.strip_prefix("--pipeline=") {
            return Some(PathBuf::from(path));
        }
    }
    None
}

/// A pipeline with a mistake completes nothing; `tribunal check` says what it is.
fn pipeline() -> Option<Pipeline> {
    let path = pipeline_path();
    let path = path.as_deref().unwrap_or(Path::new("pipeline.toml"));
    Pipeline::load(path).ok()
}

fn starting(current: &OsStr, words: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let mut words: Vec<String> = words
        .into_iter()
        .filter(|word| word.starts_with(current.as_ref()))
        .collect();
    words.dedup();
    let candidate =
        |(order, word): (usize, String)| CompletionCandidate::new(word).display_order(Some(order));
    words.into_iter().enumerate().map(candidate).collect()
}

fn suites(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(pipeline) = pipeline() else {
        return Vec::new();
    };
    let Ok(plan) = resolve(&pipeline, &Selection::default()) else {
        return Vec::new();
    };
    let few = plan.suites.len() <= VARIANTS;
    let mut words = Vec::new();
    for suite in &plan.suites {
        words.push(suite.base.clone());
        if few && suite.name != suite.base {
            words.push(suite.name.clone());
        }
    }
    // All variants stand behind each other, and the suite's own name before each of them.
    let mut seen = std::collections::HashSet::new();
    words.retain(|word| seen.insert(word.clone()));
    starting(current, words)
}

fn labels(current: &OsStr) -> Vec<CompletionCandidate> {
    let suites = pipeline()
        .map(|pipeline| pipeline.suites)
        .unwrap_or_default();
    let pair = |(key, value): (String, String)| format!("{key}={value}");
    let mut words: Vec<String> = suites
        .into_iter()
        .flat_map(|suite| suite.labels.into_iter().map(pair))
        .collect();
    words.sort();
    starting(current, words)
}

fn judges(current: &OsStr) -> Vec<CompletionCandidate> {
    let own = pipeline()
        .map(|pipeline| pipeline.judges)
        .unwrap_or_default();
    let built_in = crate::plugin::builtin_names().map(str::to_owned);
    let mut words: Vec<String> = own.into_keys().chain(built_in).collect();
    words.sort();
    starting(current, words)
}

fn runs(current: &OsStr) -> Vec<CompletionCandidate> {
    let root = project_root(pipeline_path().as_ref());
    let ids = dir::ids(&root).unwrap_or_default();
    let newest = ids.into_iter().rev().take(RUNS);
    starting(current, std::iter::once("latest".to_owned()).chain(newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_that_is_completed_is_there() {
        command().debug_assert();
    }
}
