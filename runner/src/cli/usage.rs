//! Mistakes on the command line, in the form that all errors have.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::Failure;
use crate::config::{clean, quoted};
use crate::model::ExitStatus;

/// What a value's own check says: what is wrong, and on lines of its own what to do.
pub(super) fn wrong(what: impl std::fmt::Display, hint: impl std::fmt::Display) -> String {
    format!("{what}\n{hint}")
}

/// Says what is to be said: help and version on standard output, a mistake on standard error.
pub(super) fn say(error: &Error) -> ExitStatus {
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
            let failure = failure(error);
            failure.say();
            failure.status()
        }
    }
}

fn failure(error: &Error) -> Failure {
    let told = Told(error);
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
                None => (why, None),
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

/// What the parser tells of a mistake.
struct Told<'a>(&'a Error);

impl Told<'_> {
    fn one(&self, kind: ContextKind) -> Option<String> {
        self.all(kind).into_iter().next()
    }

    fn all(&self, kind: ContextKind) -> Vec<String> {
        match self.0.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
            _ => Vec::new(),
        }
    }

    /// What was most likely meant, or all that it can be.
    fn meant(&self) -> Option<String> {
        let close = [
            ContextKind::SuggestedArg,
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedValue,
        ];
        let close = close.into_iter().find_map(|kind| self.one(kind));
        if let Some(close) = close {
            return Some(format!("did you mean \"{close}\"?"));
        }
        let values = self.all(ContextKind::ValidValue);
        (!values.is_empty()).then(|| format!("one of: {}", values.join(", ")))
    }

    /// Where to read what the command takes.
    fn help(&self) -> String {
        let usage = self.one(ContextKind::Usage).unwrap_or_default();
        let command: Vec<&str> = usage
            .split_whitespace()
            .skip_while(|word| *word != "tribunal")
            .take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
            .collect();
        match command.as_slice() {
            [] => "`tribunal --help` says what there is".to_owned(),
            command => format!("`{} --help` says what it takes", command.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    fn said(args: &[&str]) -> String {
        let all = std::iter::once(&"tribunal").chain(args);
        let error = Cli::try_parse_from(all).expect_err("wrong");
        failure(&error).to_string()
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
