//! Why a program could not be started, in words a person can act on.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;

/// A program that could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Problem {
    /// What happened, where, and what to do.
    pub(super) reason: String,
    /// Whether trying again could help.
    pub(super) transient: bool,
}

impl Problem {
    fn lasting(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            transient: false,
        }
    }
}

pub(super) fn empty_command() -> Problem {
    Problem::lasting("its command is empty: name a program")
}

/// Says that the machine is short of something.
pub(super) fn no_resources(error: &io::Error) -> String {
    let what = match Errno::from_io_error(error) {
        Some(Errno::AGAIN) => "no more processes may be started (see `ulimit -u`)",
        Some(Errno::MFILE) => "too many open files in tribunal (see `ulimit -n`)",
        Some(Errno::NFILE) => "too many open files on this machine",
        Some(Errno::NOMEM) => "not enough memory to start it",
        Some(Errno::TXTBSY) => {
            return "its file is still being written by another process: let that end first".into();
        }
        _ => return format!("the system refused: {error}"),
    };
    format!("{what}: run fewer suites at once with --jobs, or try again")
}

/// A name that no folder of `PATH` has.
pub(super) fn not_found(
    name: &str,
    path: &OsStr,
    not_executable: Option<PathBuf>,
    cwd: &Path,
) -> Problem {
    if let Some(problem) = bad_cwd(cwd) {
        return problem;
    }
    if name.is_empty() {
        return Problem::lasting("its command begins with an empty word: name a program");
    }
    if let Some(file) = not_executable {
        return lacks_permission(&file);
    }
    let folders: Vec<String> = env::split_paths(path)
        .map(|folder| match folder.to_str() {
            Some("") => ".".to_owned(),
            _ => folder.display().to_string(),
        })
        .collect();
    Problem::lasting(format!(
        "`{name}` was not found in PATH (looked in {}): install it, or give its path",
        folders.join(", ")
    ))
}

/// What the system said to a spawn, made precise by looking at what is there.
pub(super) fn spawn(error: &io::Error, name: &str, program: &Path, cwd: &Path) -> Problem {
    let errno = Errno::from_io_error(error);
    match errno {
        Some(Errno::AGAIN | Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::TXTBSY) => {
            return Problem {
                reason: no_resources(error),
                transient: true,
            };
        }
        Some(_) => {}
        None => {
            return Problem::lasting(format!(
                "its command or environment cannot be passed on ({error}): remove the NUL character"
            ));
        }
    }
    bad_cwd(cwd)
        .or_else(|| bad_program(name, program))
        .or_else(|| bad_interpreter(program))
        .unwrap_or_else(|| match errno {
            Some(Errno::TOOBIG) => Problem::lasting(
                "its arguments and environment are larger than the system allows: pass them in a file",
            ),
            Some(Errno::NOEXEC) => Problem::lasting(format!(
                "`{}` is no program for this machine and has no `#!` line: add one, or run it with `sh`",
                program.display()
            )),
            Some(Errno::NOENT) => Problem::lasting(format!(
                "`{}` is there, but the loader or library it was built for is not: \
                 it was made for another system",
                program.display()
            )),
            Some(Errno::ACCESS | Errno::PERM) => Problem::lasting(format!(
                "the system forbids to execute `{}` ({error}): it may be on a volume mounted `noexec`",
                program.display()
            )),
            _ => Problem::lasting(format!("the system refused `{}`: {error}", program.display())),
        })
}

fn bad_cwd(cwd: &Path) -> Option<Problem> {
    let shown = cwd.display();
    let reason = match fs::metadata(cwd) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            format!("its working directory `{shown}` does not exist: create it, or correct `cwd`")
        }
        Err(error) => format!("its working directory `{shown}` cannot be entered: {error}"),
        Ok(found) if !found.is_dir() => {
            format!("its working directory `{shown}` is not a directory: correct `cwd`")
        }
        Ok(_) if rustix::fs::access(cwd, Access::EXEC_OK).is_err() => {
            format!("its working directory `{shown}` cannot be entered: permission denied")
        }
        Ok(_) => return None,
    };
    Some(Problem::lasting(reason))
}

fn bad_program(name: &str, program: &Path) -> Option<Problem> {
    let shown = program.display();
    match fs::metadata(program) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let looked = if program == Path::new(name) {
                String::new()
            } else {
                format!(" (looked for `{shown}`)")
            };
            Some(Problem::lasting(format!(
                "`{name}` does not exist{looked}: build it, or correct its path"
            )))
        }
        Err(error) => Some(Problem::lasting(format!(
            "`{shown}` cannot be reached: {error}"
        ))),
        Ok(found) if found.is_dir() => Some(Problem::lasting(format!(
            "`{shown}` is a directory, not a program: name a file in it"
        ))),
        Ok(_) if rustix::fs::access(program, Access::EXEC_OK).is_err() => {
            Some(lacks_permission(program))
        }
        Ok(_) => None,
    }
}

fn lacks_permission(program: &Path) -> Problem {
    let shown = program.display();
    Problem::lasting(format!(
        "`{shown}` is not executable: run `chmod +x {shown}`"
    ))
}

/// A script whose `#!` line names what is not there.
fn bad_interpreter(program: &Path) -> Option<Problem> {
    // The kernel looks at 256 bytes.
    let mut head = Vec::new();
    File::open(program)
        .and_then(|file| file.take(256).read_to_end(&mut head))
        .ok()?;
    let line = head
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let line = String::from_utf8_lossy(line);
    let interpreter = line.trim_start_matches([' ', '\t']);
    let interpreter = interpreter.split([' ', '\t']).next().unwrap_or_default();
    let shown = program.display();
    if let Some(clean) = interpreter.strip_suffix('\r') {
        return Some(Problem::lasting(format!(
            "`{shown}` asks for the interpreter `{clean}` with a Windows line end behind it: \
             convert the file to Unix line ends"
        )));
    }
    let reason = match fs::metadata(interpreter) {
        Err(_) => format!(
            "`{shown}` asks for the interpreter `{interpreter}`, which does not exist: \
             install it, or correct the `#!` line"
        ),
        Ok(_) if rustix::fs::access(interpreter, Access::EXEC_OK).is_err() => format!(
            "`{shown}` asks for the interpreter `{interpreter}`, which is not executable: \
             correct the `#!` line"
        ),
        Ok(_) => return None,
    };
    Some(Problem::lasting(reason))
}
