//! Mistakes on the command line, in the form that all errors have.

use std::error::Error as _;
use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::{Cli, Failure};
use crate::config::{clean, quoted};
use crate::model::ExitStatus;

/// What a value's own check says: what is wrong, and on lines of its own what to do.
pub(super) fn wrong(what: impl std::fmt::Display, hint: impl std::fmt::Display) -> String {
    format!("{what}\n{hint}")
}

/// Says what is to be said: help and version on standard output, a mistake on standard error.
///
/// `args` is the command line, with the program's name first.
pub(super) fn say(error: &Error, args: &[OsString]) -> ExitStatus {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // With nobody to read it there is nothing left to do.
            drop(error.print());
            ExitStatus::Passed
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            drop(error.print());
            ExitStatus::Usage
        }
        _ => {
            let failure = failure(error, args);
            failure.say();
            failure.status()
        }
    }
}

fn failure(error: &Error, args: &[OsString]) -> Failure {
    let told = Told { error, args };
    let argument = told.one(ContextKind::InvalidArg);
    let argument = argument.as_deref().unwrap_or_default();
    let value = told.one(ContextKind::InvalidValue).unwrap_or_default();
    let (message, hint) = match error.kind() {
        ErrorKind::UnknownArgument => (format!("unexpected argument {}", quoted(argument)), None),
        ErrorKind::InvalidSubcommand => {
            let name = told.one(ContextKind::InvalidSubcommand);
            let name = quoted(name.as_deref().unwrap_or_default());
            (format!("there is no command {name}"), None)
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            (format!("{argument} lacks its value"), None)
        }
        ErrorKind::InvalidValue => (format!("{argument} cannot be {}", quoted(&value)), None),
        ErrorKind::ValueValidation => {
            let why = error.source().map_or_else(String::new, ToString::to_string);
            let (why, hint) = match why.split_once('\n') {
                Some((why, hint)) => (why.to_owned(), Some(hint.to_owned())),
                None => (in_words(&why), None),
            };
            let what = format!(
                "{argument} cannot be {}: {}",
                quoted(&value),
                clean(&why, 400)
            );
            (what, hint)
        }
        ErrorKind::ArgumentConflict => {
            let others = told.all(ContextKind::PriorArg);
            let what = if others.iter().all(|other| other == argument) {
                format!("{argument} may be given once")
            } else {
                format!("{argument} cannot be used with {}", others.join(", "))
            };
            (what, None)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = told.all(ContextKind::InvalidArg).join(", ");
            (format!("{missing} is missing"), None)
        }
        // The first lines of the parser's own words, which all end before an empty line.
        _ => {
            let words = error.to_string();
            let words = words.split("\n\n").next().unwrap_or_default();
            let words = words.strip_prefix("error: ").unwrap_or(words);
            (clean(words.trim(), 400), None)
        }
    };
    Failure::usage(message).hint(hint.or_else(|| told.meant()).unwrap_or_else(|| told.help()))
}

/// Says what numbers' own checks say in code.
fn in_words(why: &str) -> String {
    let least = why.strip_suffix(&format!("..={}", u32::MAX));
    match least.and_then(|why| why.rsplit_once(" is not in ")) {
        Some((_, least)) => format!("the least is {least}"),
        None if why.starts_with("invalid digit") => "it is no whole number".to_owned(),
        None => why.to_owned(),
    }
}

/// What the parser tells of a mistake.
struct Told<'a> {
    error: &'a Error,
    args: &'a [OsString],
}

impl Told<'_> {
    fn one(&self, kind: ContextKind) -> Option<String> {
        self.all(kind).into_iter().next()
    }

    fn all(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
            _ => Vec::new(),
        }
    }

    /// What was most likely meant, or all that it can be.
    fn meant(&self) -> Option<String> {
        let close = match self.one(ContextKind::InvalidSubcommand) {
            // The parser counts letters that changed places twice: of "rnu" it would say "runs".
            Some(typed) => self.command_like(&typed),
            None => [ContextKind::SuggestedArg, ContextKind::SuggestedValue]
                .into_iter()
                .find_map(|kind| self.one(kind)),
        };
        if let Some(close) = close {
            return Some(format!("did you mean \"{close}\"?"));
        }
        let values = self.all(ContextKind::ValidValue);
        (!values.is_empty()).then(|| format!("one of: {}", values.join(", ")))
    }

    /// The command of this place whose name is most like what was typed.
    fn command_like(&self, typed: &str) -> Option<String> {
        let (command, _) = self.command();
        let names = command.get_subcommands().filter(|it| !it.is_hide_set());
        let near = names
            .map(|it| (strsim::damerau_levenshtein(it.get_name(), typed), it))
            .filter(|(far, it)| *far <= 2 && *far < it.get_name().len())
            .min_by_key(|(far, _)| *far);
        near.map(|(_, it)| it.get_name().to_owned())
            .or_else(|| self.one(ContextKind::SuggestedSubcommand))
    }

    /// The command that was given, as far as it is one, and how it is written.
    fn command(&self) -> (clap::Command, String) {
        let (mut command, mut path) = (Cli::command(), "tribunal".to_owned());
        for word in self.args.iter().skip(1).filter_map(|word| word.to_str()) {
            let Some(found) = command.find_subcommand(word) else {
                break;
            };
            let found = found.clone();
            path = format!("{path} {}", found.get_name());
            command = found;
        }
        (command, path)
    }

    /// Where to read what the command takes.
    fn help(&self) -> String {
        let (_, path) = self.command();
        match path.as_str() {
            "tribunal" => "`tribunal --help` says what there is".to_owned(),
            path => format!("`{path} --help` says what it takes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn said(args: &[&str]) -> String {
        let all = std::iter::once(&"tribunal").chain(args);
        let all: Vec<OsString> = all.map(OsString::from).collect();
        let error = Cli::try_parse_from(&all).expect_err("wrong");
        failure(&error, &all).to_string()
    }

    #[test]
    fn a_mistyped_command_is_the_one_with_the_fewest_slips() {
        for (typed, meant) in [
            (&["rnu"][..], "run"),
            (&["help", "rnu"], "run"),
            (&["shwo"], "show"),
            (&["plugin", "nwe"], "new"),
            (&["runs", "prnue"], "prune"),
            (&["history", "flakey"], "flaky"),
        ] {
            let hint = format!("\nhint: did you mean \"{meant}\"?\n");
            assert!(said(typed).contains(&hint), "{}", said(typed));
        }
        assert!(said(&["frobnicate"]).contains("`tribunal --help`"));
    }

    #[test]
    fn every_mistake_has_one_hint() {
        let wrong: [&[&str]; 16] = [
            &["rnu"],
            &["frobnicate"],
            &["run", "--job", "3"],
            &["run", "--frobnicate"],
            &["run", "--jobs"],
            &["run", "--jobs", "0"],
            &["run", "--jobs", "many"],
            &["run", "--format", "jsno"],
            &["run", "--format", "frobnicate"],
            &["run", "--report", "xml=out.xml"],
            &["run", "--report", "junit"],
            &["run", "--ci", "travis"],
            &["run", "-q", "-v"],
            &["runs", "import"],
            &["report"],
            &["runs", "prune", "--size", "1 parsec"],
        ];
        let mut text = String::new();
        for args in wrong {
            let said = said(args);
            assert!(said.starts_with("error: "), "{said}");
            assert_eq!(said.matches("\nhint: ").count(), 1, "{args:?}: {said}");
            text += &["$ tribunal ", &args.join(" "), "\n", &said, "\n"].concat();
        }
        insta::assert_snapshot!(text);
    }
}
