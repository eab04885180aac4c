//! What `tribunal judge` is given: a log from a file or a pipe, an end, artifacts.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::Failure;
use super::JudgeArgs;
use crate::capture::{self, Capture, Stream};
use crate::judge::Artifact;
use crate::model::{CaptureReport, Completeness, EndState};

/// A folder for what comes from a pipe; removed when dropped.
#[derive(Default)]
pub(super) struct Scratch(std::sync::OnceLock<PathBuf>);

impl Scratch {
    fn path(&self) -> io::Result<&Path> {
        if self.0.get().is_none() {
            let stamp = Timestamp::now().as_nanosecond();
            let name = format!("tribunal-judge-{}-{stamp}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir(&path)?;
            drop(self.0.set(path));
        }
        self.0
            .get()
            .map(PathBuf::as_path)
            .ok_or_else(|| io::ErrorKind::Other.into())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(path) = self.0.get() {
            // What the system's temporary folder keeps, it cleans up itself.
            drop(std::fs::remove_dir_all(path));
        }
    }
}

pub(super) type Pump = tokio::task::JoinHandle<()>;

/// The output to judge, and the thread that still fills it.
pub(super) fn open(
    args: &JudgeArgs,
    scratch: &Scratch,
) -> Result<(Arc<Capture>, Option<Pump>), Failure> {
    let completeness = if args.incomplete {
        Completeness::Cut
    } else {
        Completeness::Complete
    };
    let note = if args.incomplete { "--incomplete" } else { "" };
    match args.file.as_deref() {
        None => {
            let (writer, capture) = capture::create(Path::new("."));
            writer.finish(completeness, note);
            Ok((capture, None))
        }
        Some(path) if path == Path::new("-") => {
            let folder = scratch.path().map_err(|error| {
                Failure::errored(format!("cannot make a temporary folder: {error}"))
            })?;
            let (mut writer, capture) = capture::create(folder);
            let pump = tokio::task::spawn_blocking(move || {
                let mut buffer = vec![0; 256 << 10];
                let mut input = io::stdin().lock();
                loop {
                    match input.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(n) => writer.write(Stream::Stdout, &buffer[..n]),
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => {
                            writer.note_gap(None, format!("standard input: {error}"));
                            break;
                        }
                    }
                }
                writer.finish(completeness, note);
            });
            Ok((capture, Some(pump)))
        }
        Some(path) => {
            let problem =
                |error: io::Error| Failure::usage(format!("cannot read the log: {error}")).at(path);
            let mut report = CaptureReport::nothing(completeness, note);
            (report.bytes, report.lines) = measure(path).map_err(problem)?;
            report.stdout_bytes = report.bytes;
            Ok((
                Capture::of_file(path.to_owned(), report).map_err(problem)?,
                None,
            ))
        }
    }
}

/// Bytes and line feeds of a file.
fn measure(path: &Path) -> io::Result<(u64, u64)> {
    let mut file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let (mut bytes, mut lines, mut buffer) = (0, 0, vec![0; 256 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, lines)),
            n => {
                bytes += n as u64;
                lines += memchr::memchr_iter(b'\n', &buffer[..n]).count() as u64;
            }
        }
    }
}

pub(super) fn end_state(args: &JudgeArgs) -> Result<EndState, Failure> {
    if args.oom_killed {
        return Ok(EndState::OomKilled {
            limit: None,
            code: args.exit_code,
        });
    }
    match (&args.signal, args.exit_code) {
        (Some(name), _) => crate::os::signal_by_name(name)
            .map(|(signal, name)| EndState::Signaled {
                signal,
                name,
                core_dumped: false,
            })
            .ok_or_else(|| {
                Failure::usage(format!("--signal: there is no signal \"{name}\""))
                    .hint("names are like SIGKILL or TERM")
            }),
        (None, Some(code)) => Ok(EndState::Exited { code }),
        (None, None) => Ok(EndState::Lost {
            reason: "no exit status was given; say it with --exit-code N".to_owned(),
        }),
    }
}

pub(super) fn artifact(path: &Path) -> Result<Artifact, Failure> {
    let found = path
        .metadata()
        .and_then(|found| {
            if found.is_file() {
                Ok(found)
            } else {
                Err(io::ErrorKind::InvalidInput.into())
            }
        })
        .map_err(|error| Failure::usage(format!("--artifact: {error}")).at(path))?;
    let name = path.to_string_lossy().trim_start_matches("./").to_owned();
    Ok(Artifact {
        name,
        path: path.to_owned(),
        size: found.len(),
    })
}
