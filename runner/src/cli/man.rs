//! `tribunal man` and `tribunal schema`: what belongs to the program and is printed from it.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};

use super::{Cli, Failure, print};
use crate::config::{SCHEMA, closest, quoted};
use crate::model::ExitStatus;

/// Prints the manual page of a command, or writes all of them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal man | man -l -                    the page of tribunal itself
  tribunal man runs prune | man -l -         the page of a command
  tribunal man --dir /usr/local/share/man/man1")]
pub(super) struct ManArgs {
    /// The command.
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(super) fn man(args: &ManArgs) -> Result<ExitStatus, Failure> {
    // Built, so that each page knows the whole command's name.
    let mut command = Cli::command();
    if let Some(dir) = &args.dir {
        let told = |error| Failure::refused("write the pages", dir, error);
        std::fs::create_dir_all(dir).map_err(told)?;
        clap_mangen::generate_to(command, dir).map_err(told)?;
        let pages = std::fs::read_dir(dir).map_err(told)?.count();
        print(format!("{pages} pages in {}\n", dir.display()).as_bytes())?;
        return Ok(ExitStatus::Passed);
    }
    command.build();
    let mut page = &command;
    for word in &args.command {
        page = page.find_subcommand(word).ok_or_else(|| {
            let known = page.get_subcommands().map(clap::Command::get_name);
            let known: Vec<&str> = known.collect();
            let meant = closest(word, known.iter().copied());
            Failure::usage(format!("there is no command {}", quoted(word))).hint(match meant {
                Some(name) => format!("did you mean \"{name}\"?"),
                None => format!("commands: {}", known.join(", ")),
            })
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut text)
        .map_err(|error| Failure::errored(format!("cannot write the page: {error}")))?;
    print(&text)?;
    Ok(ExitStatus::Passed)
}

/// Prints the JSON schema (draft-07) of pipeline.toml, for editors.
///
/// Editors that know TOML (Taplo, Tombi, "Even Better TOML") read it from the first line of a pipeline:
/// `#:schema PATH`, relative to the pipeline. `tribunal init` writes that line, and the schema beside it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal schema > pipeline.schema.json
  tribunal schema -o .tribunal/pipeline.schema.json    where the line of `tribunal init` points")]
pub(super) struct SchemaArgs {
    /// Write it to this file; an older one is replaced.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn schema(args: &SchemaArgs) -> Result<ExitStatus, Failure> {
    let Some(path) = &args.output else {
        print(SCHEMA.as_bytes())?;
        return Ok(ExitStatus::Passed);
    };
    let told = |error| Failure::refused("write the schema", path, error);
    if let Some(above) = path.parent().filter(|above| *above != Path::new("")) {
        std::fs::create_dir_all(above).map_err(told)?;
    }
    std::fs::write(path, SCHEMA).map_err(told)?;
    print(format!("wrote {}\n", path.display()).as_bytes())?;
    Ok(ExitStatus::Passed)
}
