//! Reading a pipeline file, and what can be wrong before its first character.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Problem};
use super::read;
use super::schema::Pipeline;
use super::suggest::{clean, quoted};

/// The largest pipeline file, in bytes: 2 MiB, room for about ten thousand suites.
pub const MAX_BYTES: u64 = 2 << 20;

/// The smallest pipeline that is of use.
pub const EXAMPLE: &str =
    "version = 1\n[suites.unit]\ncommand = [\"pytest\", \"-q\"]\njudge = \"pytest\"";

pub(super) fn load(path: &Path) -> Result<Pipeline, ConfigError> {
    let name = clean(&path.to_string_lossy(), 300);
    let bytes = read_bounded(path).map_err(|problem| ConfigError::unreadable(&name, *problem))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        ConfigError::unreadable(&name, not_utf8(&name, error.as_bytes(), valid))
    })?;
    let file = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    read::pipeline(&text, &name, &file, &|judge| judge.is_file())
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, Box<Problem>> {
    let shown = quoted(&path.to_string_lossy());
    let failed = |error: std::io::Error| {
        Box::new(match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                Problem::whole("no-pipeline", format!("there is no file {shown}"))
                    .help("`tribunal init` makes one for the tests that are here; --pipeline FILE names another")
            }
            ErrorKind::IsADirectory => is_directory(path),
            _ => Problem::whole("unreadable", format!("{shown} cannot be read: {error}"))
                .help("look at its owner and mode, or name another with --pipeline FILE"),
        })
    };
    // A directory opens like a file; reading it is what fails.
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
        return Err(Box::new(Problem::whole(
            "too-large",
            format!("{shown} is larger than 2 MiB, the most that is read"),
        )
        .help("is it a pipeline? Suites that differ in a value are shorter as one suite with a matrix")));
    }
    Ok(bytes)
}

fn is_directory(path: &Path) -> Problem {
    let shown = quoted(&path.to_string_lossy());
    let inside = clean(&path.join("pipeline.toml").to_string_lossy(), 200);
    Problem::whole("is-directory", format!("{shown} is a directory"))
        .help(format!("name a file: --pipeline {inside}"))
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Problem {
    let before = bytes.get(..valid).unwrap_or(&[]);
    let line = before.split(|&byte| byte == b'\n').count();
    let start = before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    let column = 1 + String::from_utf8_lossy(before.get(start..).unwrap_or(&[]))
        .chars()
        .count();
    let byte = bytes.get(valid).copied().unwrap_or(0);
    let mut problem = Problem::whole(
        "not-utf8",
        format!(
            "{} is not UTF-8: byte 0x{byte:02x} at line {line}, column {column}",
            quoted(name)
        ),
    )
    .help("save it as UTF-8");
    problem.line = line;
    problem.column = column;
    problem
}
