//! `tribunal logs`: what a suite wrote, byte for byte.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{Failure, options, print, project_root};
use crate::capture::{Capture, Channel, Reader, Stream};
use crate::event::{AttemptRecord, EventKind};
use crate::model::ExitStatus;
use crate::report::ci::guard;
use crate::report::terminal::clean;
use crate::run::dir::RunDir;

/// Prints what a suite wrote in a stored run.
///
/// Piped, it prints the bytes as they were captured. On a terminal, control sequences other than colours
/// are taken out. Where a CI system reads what is printed, a backslash breaks up what it would take for a command.
/// `--raw` leaves all as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal logs latest unit                  the newest run's suite \"unit\"
  tribunal logs 20261122-1532-7f3k unit --attempt 1 --stream stderr
  tribunal logs latest unit --tail 50        the last 50 lines
  tribunal logs latest 'unit[python=3.13]' > unit.log")]
pub(super) struct LogsArgs {
    /// The run: its id, the beginning of it, `latest`, or a run's folder.
    run: String,
    /// The suite's name.
    suite: String,
    /// Which attempt, from 1 [default: the last].
    #[arg(long, value_name = "N")]
    attempt: Option<u32>,
    /// Which stream.
    #[arg(long, value_enum, default_value_t = Which::Both)]
    stream: Which,
    /// Only the last N lines.
    #[arg(long, value_name = "N")]
    tail: Option<usize>,
    /// The bytes as they are, on a terminal and in CI too.
    #[arg(long)]
    raw: bool,
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    Stdout,
    Stderr,
    Both,
}

/// What is done to the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Raw,
    /// Text and colours for a terminal.
    Cleaned,
    /// Nothing that a CI system takes for a command.
    Guarded,
}

pub(super) fn logs(args: &LogsArgs) -> Result<ExitStatus, Failure> {
    let dir = RunDir::find(&project_root(args.pipeline.as_ref()), &args.run)?;
    let record = find(&dir, &args.suite, args.attempt)?;
    let path = dir.path().join(&record.dir);
    let report = record.capture.clone();
    let capture = Capture::open(&path, report)
        .map_err(|error| Failure::refused("open the output", &path, error))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Failure::errored(format!("cannot start: {error}")))?;
    let form = match () {
        () if args.raw => Form::Raw,
        () if io::stdout().is_terminal() => Form::Cleaned,
        () if options::is_read_by_ci() => Form::Guarded,
        () => Form::Raw,
    };
    runtime.block_on(copy(args, &capture, &path, form))?;
    Ok(ExitStatus::Passed)
}

pub(super) fn find(
    dir: &RunDir,
    suite: &str,
    attempt: Option<u32>,
) -> Result<AttemptRecord, Failure> {
    let mut names = Vec::new();
    let mut found = None;
    for event in dir.events()? {
        match event.kind {
            EventKind::RunStarted { suites, .. } => {
                names = suites.into_iter().map(|suite| suite.name).collect();
            }
            EventKind::AttemptFinished { record, .. }
                if record.suite == suite && attempt.is_none_or(|n| n == record.attempt) =>
            {
                found = Some(*record);
            }
            _ => {}
        }
    }
    found.ok_or_else(|| {
        let names = || names.iter().map(String::as_str);
        let (why, hint) = match attempt {
            _ if !names().any(|name| name == suite) => {
                let hint = match crate::config::closest(suite, names()) {
                    Some(meant) => format!("did you mean \"{meant}\"?"),
                    None => format!("its suites are: {}", crate::config::listed(names(), 20)),
                };
                ("there is no such suite".to_owned(), Some(hint))
            }
            Some(number) => (format!("it has no finished attempt {number}"), None),
            None => (
                "it never started, or the run ended before it did".to_owned(),
                None,
            ),
        };
        Failure::usage(format!("no output of suite \"{suite}\": {why}"))
            .at(dir.path())
            .hinted(hint)
    })
}

async fn copy(
    args: &LogsArgs,
    capture: &Arc<Capture>,
    path: &Path,
    form: Form,
) -> Result<(), Failure> {
    let channel = match args.stream {
        Which::Stdout => Channel::Only(Stream::Stdout),
        Which::Stderr => Channel::Only(Stream::Stderr),
        Which::Both => Channel::Combined,
    };
    let unreadable = |error: io::Error| Failure::refused("read the output", path, error);
    let mut reader = capture.reader(channel);
    if let Some(lines) = args.tail {
        let bytes = last_lines(&reader, lines).await.map_err(unreadable)?;
        return match form {
            Form::Raw => print(&bytes),
            Form::Cleaned => print(clean::text(&bytes).as_bytes()),
            Form::Guarded => print(&guard::bytes_of_lines(&bytes)),
        };
    }
    let mut out = io::stdout().lock();
    let mut guarded = guard::Guarded::new(io::stdout().lock());
    let mut pending = Vec::new();
    loop {
        let bytes = reader.read(256 << 10).await.map_err(unreadable)?;
        let ended = bytes.is_empty();
        let written = if form == Form::Guarded {
            let written = guarded.write_all(&bytes);
            if ended {
                written.and_then(|()| guarded.end())
            } else {
                written
            }
        } else if form == Form::Cleaned {
            pending.extend(bytes);
            // Whole lines, so that no sequence is cut in two.
            let whole = if ended {
                pending.len()
            } else {
                line_end(&pending)
            };
            let text = clean::text(&pending[..whole]);
            pending.drain(..whole);
            out.write_all(text.as_bytes())
        } else {
            out.write_all(&bytes)
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => {
                return Err(Failure::errored(format!(
                    "cannot write to standard output: {error}"
                )));
            }
            Ok(()) if ended => return Ok(()),
            Ok(()) => {}
        }
    }
}

fn line_end(bytes: &[u8]) -> usize {
    match memchr::memrchr(b'\n', bytes) {
        Some(at) => at + 1,
        // A line without end must not grow without bound.
        None if bytes.len() > 1 << 20 => bytes.len(),
        None => 0,
    }
}

/// Reads ever more of the end until it holds enough lines.
async fn last_lines(reader: &Reader, lines: usize) -> io::Result<Vec<u8>> {
    let mut max = 64 << 10;
    loop {
        let bytes = reader.tail(max).await?;
        let body = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let starts: Vec<usize> = memchr::memrchr_iter(b'\n', body).take(lines).collect();
        if starts.len() == lines {
            let from = starts.last().map_or(bytes.len(), |at| at + 1);
            return Ok(bytes[from..].to_vec());
        }
        if bytes.len() < max {
            return Ok(bytes);
        }
        max *= 4;
    }
}
