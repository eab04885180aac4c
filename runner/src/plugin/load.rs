//! From a file to bytes that may be compiled: read whole, checked, and refused with advice.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use wasmparser::{Encoding, Parser, Payload};

use super::cache::Content;
use super::error::Problem;
use super::limits::{MAX_FILE, human_bytes};
use super::{adapt, clean};

/// The contract that judges are built against.
pub(super) const CONTRACT: &str = "tribunal:judge 0.1";
/// The package whose interfaces a judge imports and exports.
const PACKAGE: &str = "tribunal:judge";
/// Versions of it that fit: anything below the next minor one.
const VERSION: (u64, u64) = (0, 1);
/// The interface that makes a component a judge.
const PLUGIN: &str = "tribunal:judge/plugin";
/// The interface that makes a component a program.
const RUN: &str = "wasi:cli/run@0.2.";
/// What components that we made of core modules import.
const ADAPTER: &str = "tribunal:adapter";
/// Packages of WASI that are linked, with nothing behind them. `wasi:http` is not.
const WASI: [&str; 6] = [
    "wasi:cli",
    "wasi:clocks",
    "wasi:filesystem",
    "wasi:io",
    "wasi:random",
    "wasi:sockets",
];

/// Reads a judge's file whole, so that a compiler that writes it anew cannot change it under our feet.
///
/// # Errors
/// When it is no regular file, cannot be read, or has more than 64 MiB.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    let (mut file, len) = open(path)?;
    // In one piece: growing would touch all of it twice.
    let mut bytes = Vec::with_capacity(usize::try_from(len.min(MAX_FILE)).unwrap_or(0) + 1);
    file.read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, error.to_string()))?;
    checked(bytes.len() as u64, len)?;
    Ok(bytes)
}

/// What a judge's file is called in the cache, and its size.
///
/// # Errors
/// As [`read`].
pub(super) fn content(path: &Path) -> Result<(Content, u64), Problem> {
    let (file, len) = open(path)?;
    let (content, read) =
        Content::read(file).map_err(|error| unreadable(path, error.to_string()))?;
    checked(read, len)?;
    Ok((content, read))
}

/// Opens it, up to one byte more than it may have; with the size that the system tells.
fn open(path: &Path) -> Result<(io::Take<File>, u64), Problem> {
    // Asked before it is opened: opening a pipe would wait for a writer.
    let found = fs::metadata(path).map_err(|error| unreadable(path, error.to_string()))?;
    if found.is_dir() {
        return Err(unreadable(path, "it is a directory".to_owned()));
    }
    if !found.is_file() {
        return Err(unreadable(path, "it is not a regular file".to_owned()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, error.to_string()))?;
    Ok((file.take(MAX_FILE + 1), found.len()))
}

fn unreadable(path: &Path, why: String) -> Problem {
    Problem::Unreadable {
        path: path.to_owned(),
        why,
    }
}

fn checked(read: u64, told: u64) -> Result<(), Problem> {
    if read <= MAX_FILE {
        return Ok(());
    }
    let size = human_bytes(told.max(read));
    Err(Problem::TooLarge { size })
}

/// What a component is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// It exports the contract.
    Judge,
    /// It is a program: output on standard input, verdict on standard output.
    Program,
}

impl Tier {
    /// Whether it is a program, told by the names that the file exports.
    pub(super) fn of<'a>(exports: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let (mut judge, mut program) = (false, false);
        for name in exports {
            judge |= Name::parse(name).path == PLUGIN;
            program |= name.starts_with(RUN);
        }
        match (judge, program) {
            (true, _) => Some(Self::Judge),
            (false, true) => Some(Self::Program),
            (false, false) => None,
        }
    }
}

/// Makes of a file's bytes a component that imports nothing but what judges may have.
///
/// # Errors
/// Says what they are instead, and how to make a judge of it.
pub(super) fn prepare(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    let component = match check_header(bytes)? {
        Encoding::Component => Cow::Borrowed(bytes),
        Encoding::Module => Cow::Owned(adapt::componentize(bytes)?),
    };
    let surface = Surface::of(&component)?;
    surface
        .check()
        .map_err(|problem| needing(problem, adapt::missing(&component)))?;
    match Tier::of(surface.exports.iter().map(String::as_str)) {
        Some(_) => Ok(component),
        None => Err(Problem::NotAComponent(
            "it exports neither tribunal:judge/plugin nor wasi:cli/run: build it for the world `judge` of \
             tribunal:judge, or build a program"
                .to_owned(),
        )),
    }
}

/// Tells modules from components.
pub(super) fn check_header(bytes: &[u8]) -> Result<Encoding, Problem> {
    let other = |text: &str| Err(Problem::NotAComponent(text.to_owned()));
    match bytes {
        [] => Err(Problem::Empty),
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => Ok(Encoding::Component),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Ok(Encoding::Module),
        [0, b'a', b's', b'm', _, _, _, _, ..] => other(
            "it is WebAssembly of a version that this tribunal does not know; update tribunal",
        ),
        [0x7f, b'E', b'L', b'F', ..] => other(
            "it is a native or precompiled file, not WebAssembly; give the .wasm it was made from",
        ),
        _ if b"\0asm".starts_with(bytes.get(..4).unwrap_or(bytes)) => {
            Err(Problem::Damaged(format!("it has {} bytes", bytes.len())))
        }
        _ if bytes.trim_ascii_start().starts_with(b"(") => {
            other("it is WebAssembly as text; translate it: wasm-tools parse FILE -o JUDGE.wasm")
        }
        _ => {
            let start = String::from_utf8_lossy(bytes.get(..24).unwrap_or(bytes));
            other(&format!(
                "it is not WebAssembly: it begins with {:?}",
                clean::line(&start, 40)
            ))
        }
    }
}

/// What does not fit, with the functions of the contract that it needs and that this tribunal lacks.
pub(super) fn misfit(bytes: &[u8], why: String) -> Problem {
    let why = match missing(bytes) {
        Some(missing) if !missing.is_empty() => format!("it needs {}", missing.join(", ")),
        _ => why,
    };
    Problem::Misfit {
        contract: CONTRACT,
        why,
    }
}

/// Adds to a wrong version which functions are used that this tribunal lacks.
pub(super) fn needing(mut problem: Problem, missing: Option<Vec<String>>) -> Problem {
    if let (Problem::Version { needs, .. }, Some(missing)) = (&mut problem, missing)
        && !missing.is_empty()
    {
        *needs = format!(" and needs {}", missing.join(", "));
    }
    problem
}

fn missing(bytes: &[u8]) -> Option<Vec<String>> {
    match check_header(bytes).ok()? {
        Encoding::Component => adapt::missing(bytes),
        Encoding::Module => adapt::missing(&adapt::componentize(bytes).ok()?),
    }
}

/// What to do about an import that no judge may have.
fn cure(import: &str) -> &'static str {
    let name = Name::parse(import);
    match name.package {
        "wasi:http" => {
            "no judge has a network: build without it (componentize-js: --disable http fetch-event)"
        }
        package if package.starts_with("wasi:") => "build it for WASI 0.2",
        package if package.starts_with("tribunal:") => {
            "build it against the wit of this tribunal (`tribunal plugin bindings wit`)"
        }
        _ => match import.split('.').next().unwrap_or(import) {
            "wasi_unstable" => "build it for preview 1 (wasm32-wasip1) or newer",
            "wasi" | "wasi_ephemeral_nn" | "wasix_32v1" => {
                "build it for plain WASI, without threads"
            }
            "gojs" | "go" => "Go: build with GOOS=wasip1 GOARCH=wasm",
            "__wbindgen_placeholder__" | "__wbindgen_externref_xform__" | "wbg" => {
                "build it without wasm-bindgen, for wasm32-unknown-unknown or wasm32-wasip2"
            }
            _ => {
                "a function that nothing defines was left to be imported: link what it is in, or leave it out"
            }
        },
    }
}

fn wrong_version(name: &Name<'_>) -> Problem {
    let (major, minor) = name.version;
    let advice = if name.version > VERSION {
        "update tribunal, or build the judge for the older version"
    } else {
        "build the judge again"
    };
    Problem::Version {
        wanted: format!("{PACKAGE} {major}.{minor}"),
        needs: String::new(),
        offered: format!("{}.{}", VERSION.0, VERSION.1),
        advice: advice.to_owned(),
    }
}

/// What a component imports and exports.
#[derive(Clone, Debug, Default)]
pub(super) struct Surface {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

impl Surface {
    /// Checks that nothing is imported that judges may not have, and that the contract's version fits.
    ///
    /// # Errors
    /// A wrong version first: everything else would only be its consequence.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let all = || self.imports.iter().chain(&self.exports);
        for name in all().map(|name| Name::parse(name)) {
            if name.package == PACKAGE && name.version != VERSION {
                return Err(wrong_version(&name));
            }
        }
        let mut forbidden: Vec<&str> = Vec::new();
        for import in &self.imports {
            if !Name::parse(import).is_allowed() && !forbidden.contains(&import.as_str()) {
                forbidden.push(import);
            }
        }
        let Some(first) = forbidden.first() else {
            return Ok(());
        };
        let cure = cure(first);
        let quoted = |import: &&str| format!("`{}`", clean::line(import, 200));
        let named: Vec<_> = forbidden.iter().take(5).map(quoted).collect();
        let mut imports = named.join(", ");
        if let Some(more @ 1..) = forbidden.len().checked_sub(5) {
            imports = format!("{imports} and {more} more");
        }
        Err(Problem::Forbidden { imports, cure })
    }

    pub(super) fn of(bytes: &[u8]) -> Result<Self, Problem> {
        let (mut surface, mut depth) = (Self::default(), 0_u32);
        let damaged = |error: wasmparser::BinaryReaderError| {
            Problem::Damaged(clean::line(&error.to_string(), 300))
        };
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(damaged)? {
                Payload::Version { encoding, .. }
                    if depth == 0 && encoding != Encoding::Component =>
                {
                    return Err(Problem::Damaged(
                        "its header is not that of a component".to_owned(),
                    ));
                }
                // What is inside may import what it likes, as long as the whole provides it.
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        surface
                            .imports
                            .push(import.map_err(damaged)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        surface
                            .exports
                            .push(export.map_err(damaged)?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }
}

/// An interface's name, like `wasi:io/streams@0.2.6`.
struct Name<'a> {
    package: &'a str,
    path: &'a str,
    /// Major and minor; `(0, 0)` without one.
    version: (u64, u64),
}

impl<'a> Name<'a> {
    fn parse(name: &'a str) -> Self {
        let (path, version) = name.split_once('@').unwrap_or((name, ""));
        let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
        Self {
            package: path.split('/').next().unwrap_or(path),
            path,
            version: (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)),
        }
    }

    fn is_allowed(&self) -> bool {
        let ours = ["types", "suite", "evidence", "host"];
        match self.path.split_once('/') {
            Some((PACKAGE, interface)) => ours.contains(&interface),
            Some((ADAPTER, interface)) => interface == "stdio" && self.version == VERSION,
            Some((package, _)) => WASI.contains(&package) && self.version == (0, 2),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_apart() {
        let say = |bytes: &[u8]| prepare(bytes).expect_err("no judge").to_string();
        assert_eq!(say(b""), "the file is empty; build it again");
        assert!(say(b"\0as").contains("cut short (it has 3 bytes)"));
        assert!(say(b"\0asm\x01\0\0\0").contains("-buildmode=c-shared"));
        assert!(say(b"\0asm\x09\0\0\0").contains("does not know"));
        assert!(say(b" (component)").contains("wasm-tools parse"));
        assert!(say(b"#!/bin/sh\n").contains("begins with \"#!/bin/sh\""));
        assert!(say(b"\x7fELF....").contains("precompiled"));
        assert!(say(b"\0asm\x0d\0\x01\0").contains("neither tribunal:judge/plugin nor"));
    }

    #[test]
    fn only_what_is_listed_may_be_imported() {
        let cases = [
            ("tribunal:judge/host@0.1.0", true),
            ("tribunal:judge/host@0.1.7", true),
            ("tribunal:judge/secret@0.1.0", false),
            ("tribunal:adapter/stdio@0.1.0", true),
            ("tribunal:adapter/other@0.1.0", false),
            ("wasi:io/streams@0.2.6", true),
            ("wasi:io/streams@0.3.0", false),
            ("wasi:http/types@0.2.10", false),
            ("wasi:cli", false),
            ("env", false),
        ];
        for (name, allowed) in cases {
            assert_eq!(Name::parse(name).is_allowed(), allowed, "{name}");
        }
    }
}
