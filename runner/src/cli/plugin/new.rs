//! `tribunal plugin new` and `plugin bindings`: the templates inside the binary, written out.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::{Failure, print};
use crate::model::ExitStatus;

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Languages with a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    Rust,
    Python,
    Js,
    Go,
    C,
    Zig,
}

/// What bindings there are: those of the languages, and the contract itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bindings {
    Rust,
    Python,
    Js,
    Go,
    C,
    Zig,
    /// The contract, for a generator of your own.
    Wit,
}

impl Language {
    fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Js => "js",
            Self::Go => "go",
            Self::C => "c",
            Self::Zig => "zig",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Js => "JavaScript",
            Self::Go => "Go",
            Self::C => "C",
            Self::Zig => "Zig",
        }
    }

    /// What has to be there before `make`, as a line for a shell.
    fn setup(self) -> &'static str {
        match self {
            Self::Rust => "rustup target add wasm32-unknown-unknown",
            Self::Python | Self::C | Self::Zig => {
                "python3 -m venv .venv && . .venv/bin/activate && pip install -r requirements.txt"
            }
            Self::Js => {
                "node --version                         # 20 or newer; make installs the rest with npm"
            }
            Self::Go => "go version                             # 1.24 or newer, nothing else",
        }
    }

    fn has_wit(self) -> bool {
        matches!(self, Self::Rust | Self::Python | Self::Js)
    }
}

/// Makes a folder with a judge that builds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal plugin new coverage --lang python
  tribunal plugin new bench-guard --lang go --dir judges/bench-guard")]
pub(super) struct NewArgs {
    /// Its name: lower-case letters, digits and `-`, beginning with a letter.
    #[arg(value_parser = name)]
    name: String,
    /// The language.
    #[arg(long, value_enum)]
    lang: Language,
    /// The folder [default: the name].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Writes what judges of a language are written against, without anything around it.
#[derive(Debug, Args)]
pub(super) struct BindingsArgs {
    /// The language.
    #[arg(value_enum)]
    lang: Bindings,
    /// The folder; files of the same name are replaced.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

/// Words that are no names in one of the languages, or would hide something.
const TAKEN: [&str; 9] = [
    "tribunal", "test", "main", "judge", "std", "core", "wit", "build", "cases",
];

fn name(text: &str) -> Result<String, String> {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    let rest = text
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !first || !rest || text.ends_with('-') || text.contains("--") {
        return Err(
            "it is no name: lower-case letters, digits and single `-`, beginning with a letter"
                .to_owned(),
        );
    }
    if text.len() > 40 {
        return Err("it is longer than 40 characters".to_owned());
    }
    if TAKEN.contains(&text) || crate::plugin::builtin_names().any(|known| known == text) {
        return Err("it is taken by tribunal or a language\nchoose another".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn new(args: &NewArgs) -> Result<ExitStatus, Failure> {
    let dir = args
        .dir
        .clone()
        .unwrap_or_else(|| PathBuf::from(&args.name));
    let taken = fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
    if taken || dir.is_file() {
        return Err(Failure::usage("the folder is there already and not empty")
            .at(&dir)
            .hint("choose another name, or another folder with --dir"));
    }
    let fill = |text: &str| {
        text.replace("{{name}}", &args.name)
            .replace("{{module}}", &args.name.replace('-', "_"))
            .replace("{{language}}", args.lang.word())
            .replace("{{setup}}", args.lang.setup())
    };
    let folder = args.lang.folder();
    for (language, path, text) in FILES {
        if *language == "common" || *language == folder {
            let path = if *path == "gitignore" {
                ".gitignore"
            } else {
                path
            };
            write(&dir.join(path), &fill(&vendored(path, text)))?;
        }
    }
    if args.lang.has_wit() {
        write(&dir.join("wit/judge.wit"), crate::plugin::WIT)?;
    }
    let (shown, name) = (dir.display(), &args.name);
    print(
        format!(
            "made {shown}: a judge in {}\n\n  cd {shown}\n  {}\n  make\n  tribunal plugin test {name}.wasm\n",
            args.lang.word(),
            args.lang.setup()
        )
        .as_bytes(),
    )?;
    Ok(ExitStatus::Passed)
}

pub(super) fn bindings(args: &BindingsArgs) -> Result<ExitStatus, Failure> {
    let wanted: (&str, &[&str]) = match args.lang {
        Bindings::Rust => ("rust", &["tribunal-sdk/"]),
        Bindings::Python => ("python", &["tribunal.py"]),
        Bindings::Js => ("js", &["tribunal.js"]),
        Bindings::Go => ("go", &["tribunal/"]),
        Bindings::C => ("c", &["tribunal.h"]),
        Bindings::Zig => ("zig", &["tribunal.zig"]),
        Bindings::Wit => ("", &[]),
    };
    let (folder, prefixes) = wanted;
    let mut written = Vec::new();
    for (language, path, text) in FILES {
        if *language == folder && prefixes.iter().any(|prefix| path.starts_with(prefix)) {
            let path = args.out.join(path);
            write(&path, &vendored(&path.to_string_lossy(), text))?;
            written.push(path);
        }
    }
    if matches!(
        args.lang,
        Bindings::Rust | Bindings::Python | Bindings::Js | Bindings::Wit
    ) {
        let path = args.out.join("wit/judge.wit");
        write(&path, crate::plugin::WIT)?;
        written.push(path);
    }
    let lines: Vec<String> = written
        .iter()
        .map(|path| format!("{}\n", path.display()))
        .collect();
    print(lines.concat().as_bytes())?;
    Ok(ExitStatus::Passed)
}

/// The SDK's path to the contract, from where it stands in a project.
fn vendored(path: &str, text: &str) -> String {
    if path.ends_with("tribunal-sdk/src/bindings.rs") {
        text.replace("\"../../wit\"", "\"../wit\"")
    } else {
        text.to_owned()
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::refused("write it", path, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_every_language() {
        for good in ["coverage", "bench-guard", "a1"] {
            assert_eq!(name(good), Ok(good.to_owned()));
        }
        for bad in [
            "", "1a", "A", "a_b", "a-", "a--b", "-a", "../a", "ä", "tribunal", "pytest", "a b",
        ] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert!(name(&"a".repeat(41)).is_err());
    }

    #[test]
    fn every_language_has_a_template_with_its_bindings() {
        for language in Language::value_variants() {
            let files = FILES
                .iter()
                .filter(|(name, _, _)| *name == language.folder());
            let paths: Vec<_> = files.map(|(_, path, _)| *path).collect();
            assert!(paths.contains(&"Makefile"), "{language:?}: {paths:?}");
            assert!(
                paths.iter().any(|path| path.starts_with("tribunal")),
                "{language:?}: {paths:?}"
            );
        }
        let sdk = FILES
            .iter()
            .find(|(_, path, _)| path.ends_with("src/bindings.rs"));
        let (_, path, text) = sdk.expect("the SDK");
        assert!(vendored(path, text).contains("\"../wit\""));
    }
}
