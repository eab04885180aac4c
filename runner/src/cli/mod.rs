//! The command line: one file a command. The only room that turns errors into text.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod check;
mod plan;

/// Runs parallel test suites, loses no line of their output, and lets WebAssembly judges decide.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Plan(plan::PlanArgs),
}

/// Runs the command line and returns the exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    let colour = false;
    let status = match &arguments.command {
        Command::Check(args) => check::check(args, &mut out, &mut err, colour),
        Command::Plan(args) => {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            plan::plan(args, cores, &mut out, &mut err, colour)
        }
    };
    match status.and_then(|status| out.flush().map(|()| status)) {
        Ok(status) => ExitCode::from(status as u8),
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(crate::model::ExitStatus::Errored as u8),
    }
}
