//! The command line: one file a command. The only room that turns errors into text and exit codes.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::model::ExitStatus;
use crate::report::ci::guard;

mod check;
mod complete;
mod doctor;
mod explain;
mod failed;
mod failure;
mod history;
mod init;
mod judge;
mod lock;
mod logs;
mod man;
mod options;
mod plan;
mod plugin;
mod rejudge;
mod report;
mod run;
mod runs;
mod show;
mod table;
mod usage;
mod verdicts;
mod watch;

pub(crate) use failure::Failure;

const AFTER_HELP: &str = "\
Examples:
  tribunal init                      a pipeline.toml for the tests that are here
  tribunal run                       run every suite of ./pipeline.toml
  tribunal run 'unit*' --jobs 2      the suites whose name begins with unit, two at once
  tribunal run --label team=pay      the suites with that label
  tribunal run --failed              only what did not pass in the last run
  tribunal plan                      what would run; touches nothing
  pytest | tribunal judge pytest - --exit-code 0
                                     judge any log, here one from a pipe
  tribunal show                      the newest run once more
  tribunal report html               a page of the newest run, for the browser
  tribunal logs latest unit          all that the suite \"unit\" wrote in it
  tribunal history flaky             what passes and fails without a change
  tribunal plugin new cov --lang go  a folder with a judge of your own
  tribunal doctor                    what this machine and the cluster lack

Exit codes of run and judge:
    0  all passed
    1  a suite failed (failed, empty or timed out)
    2  the command line, the pipeline or a judge is invalid; nothing was run
    3  something errored or is incomplete, and nothing failed
    4  nothing was selected
  130  cancelled by SIGINT (Ctrl-C)
  143  cancelled by SIGTERM";

/// Runs parallel test suites, loses no line of their output, and lets WebAssembly judges decide.
///
/// A suite is `passed` only on positive evidence: it ended by itself, its output is all there, and its
/// judge saw that tests ran and none failed.
#[derive(Debug, Parser)]
#[command(name = "tribunal", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Run(run::RunArgs),
    Watch(watch::WatchArgs),
    Rejudge(rejudge::RejudgeArgs),
    Check(check::CheckArgs),
    Plan(plan::PlanArgs),
    Judge(judge::JudgeArgs),
    Show(show::ShowArgs),
    Report(report::ReportArgs),
    Logs(logs::LogsArgs),
    Runs(runs::RunsArgs),
    History(history::HistoryArgs),
    Explain(explain::ExplainArgs),
    Doctor(doctor::DoctorArgs),
    Lock(lock::LockArgs),
    Completions(complete::CompletionsArgs),
    Man(man::ManArgs),
    Schema(man::SchemaArgs),
    Plugin(plugin::PluginArgs),
    #[command(name = crate::plugin::compile::COMMAND, hide = true)]
    Compile(plugin::CompileArgs),
}

/// Runs the command line `args` (with the program's name first) and returns the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if complete::answer(&args) {
        return ExitCode::SUCCESS;
    }
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage::say(&error, &args) as u8),
    };
    let ended = match cli.command {
        Command::Init(args) => init::init(&args),
        Command::Run(args) => run::run(&args),
        Command::Watch(args) => watch::watch(&args),
        Command::Rejudge(args) => rejudge::rejudge(&args),
        Command::Lock(args) => lock::lock(&args),
        Command::Check(args) => streams(|out, err, color| check::check(&args, out, err, color)),
        Command::Plan(args) => {
            streams(|out, err, color| plan::plan(&args, options::cores(), out, err, color))
        }
        Command::Judge(args) => judge::judge(&args),
        Command::Show(args) => show::show(&args),
        Command::Report(args) => report::report(&args),
        Command::Logs(args) => logs::logs(&args),
        Command::Runs(args) => runs::runs(&args),
        Command::History(args) => history::history(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Completions(args) => complete::completions(&args),
        Command::Man(args) => man::man(&args),
        Command::Schema(args) => man::schema(&args),
        Command::Plugin(args) => plugin::plugin(&args),
        Command::Compile(args) => Ok(plugin::compile(&args)),
        Command::Doctor(args) => streams(|out, err, color| doctor::doctor(&args, out, err, color)),
    };
    match ended {
        Ok(status) => ExitCode::from(status as u8),
        Err(failure) => {
            failure.say();
            ExitCode::from(failure.status() as u8)
        }
    }
}

/// The folder whose `.tribunal/` is meant: `--pipeline`'s, or the nearest one upwards that has runs, or
/// the present one.
fn project_root(pipeline: Option<&PathBuf>) -> PathBuf {
    if let Some(file) = pipeline {
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        return folder.map_or_else(|| PathBuf::from("."), PathBuf::from);
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let with_runs = here
        .ancestors()
        .find(|folder| crate::run::dir::runs_dir(folder).is_dir());
    with_runs.map_or_else(|| here.clone(), PathBuf::from)
}

/// Runs what writes to standard output and error by itself. A reader that has gone away is no error.
fn streams(
    write: impl FnOnce(&mut dyn io::Write, &mut dyn io::Write, bool) -> io::Result<ExitStatus>,
) -> Result<ExitStatus, Failure> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let color = options::error_color();
    match write(&mut out, &mut err, color).and_then(|status| out.flush().map(|()| status)) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitStatus::Passed),
        Err(error) => Err(Failure::errored(format!("cannot write: {error}"))),
        Ok(status) => Ok(status),
    }
}

/// Writes to standard output. A reader that has gone away (`| head`) is no error.
fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::errored(format!(
            "cannot write to standard output: {error}"
        ))),
        Ok(()) => Ok(()),
    }
}

/// Prints lines of ours, in which other programs' texts may be: none is a command to a CI system.
fn print_lines(text: &str) -> Result<(), Failure> {
    print(guard::lines(text).as_bytes())
}

/// Prints a value as JSON.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::errored(format!("cannot write JSON: {error}")))?;
    print(format!("{}\n", guard::json(&text)).as_bytes())
}
