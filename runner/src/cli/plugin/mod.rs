//! `tribunal plugin`: everything around writing a judge.

use clap::{Args, Subcommand};

use super::Failure;
use crate::model::ExitStatus;

mod bench;
mod look;
mod new;
mod test;

/// Writes, builds, checks and tests judges.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal plugin new coverage --lang python   a folder that builds a judge
  tribunal plugin check coverage.wasm          does it fit this tribunal?
  tribunal plugin test coverage.wasm           its cases, and what they cost
  tribunal plugin test coverage.wasm --record latest/unit
                                               a case of a real run
  tribunal plugin test coverage.wasm --conformance
                                               hostile input
  tribunal plugin inspect coverage.wasm        contract, imports, digest, schema, size
  tribunal plugin bindings go --out .          what a judge in Go is written against

Exit codes: 0 fine · 1 a case differs · 2 the command line or a judge is invalid")]
pub(super) struct PluginArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::NewArgs),
    Bindings(new::BindingsArgs),
    Schema(look::SchemaArgs),
    Componentize(look::ComponentizeArgs),
    Inspect(look::InspectArgs),
    Check(look::CheckArgs),
    List(look::ListArgs),
    Test(test::TestArgs),
    Bench(bench::BenchArgs),
}

pub(super) fn plugin(args: &PluginArgs) -> Result<ExitStatus, Failure> {
    match &args.command {
        Command::New(args) => new::new(args),
        Command::Bindings(args) => new::bindings(args),
        Command::Schema(args) => look::schema(args),
        Command::Componentize(args) => look::componentize(args),
        Command::Inspect(args) => look::inspect(args),
        Command::Check(args) => look::check(args),
        Command::List(args) => look::list(args),
        Command::Test(args) => test::test(args),
        Command::Bench(args) => bench::bench(args),
    }
}

/// The arguments of the hidden command that compiles for this program: see `plugin::compile`.
#[derive(Debug, Args)]
pub(super) struct CompileArgs {
    kind: String,
    memory: u64,
    cpu_seconds: u64,
}

pub(super) fn compile(args: &CompileArgs) -> ExitStatus {
    match crate::plugin::compile::compile_stdin(&args.kind, args.memory, args.cpu_seconds) {
        Ok(()) => ExitStatus::Passed,
        // Read by the program that started this one: the bare words, and exit code 1.
        Err(words) => {
            super::options::complain(&words);
            ExitStatus::Failed
        }
    }
}
