//! Checks `${…}` and globs in a suite, defaults applied.

use std::borrow::Cow;

use globset::GlobBuilder;

use super::cx::{Cx, Span};
use super::merge::{Merged, RawCommand};
use super::suite::Text;
use super::target;
use crate::config::error::Problem;
use crate::config::suggest::{clean, listed, quoted};
use crate::config::vars::{Piece, Syntax, expand, pieces};

/// The variables of a suite with shards.
pub(crate) const SHARD_VARIABLES: [&str; 3] = ["shard.index", "shard.number", "shard.total"];

/// Checks every text of a suite that may hold variables.
pub(super) fn check(cx: &mut Cx<'_>, suite: &Merged<'_>) {
    match suite.command() {
        Some(RawCommand::Argv(argv)) => {
            for argument in argv {
                check_text(cx, suite, argument, Syntax::Plain);
            }
        }
        Some(RawCommand::Script(script)) => check_text(cx, suite, script, Syntax::Shell),
        None => {}
    }
    for value in suite.env().into_values() {
        check_text(cx, suite, value, Syntax::Plain);
    }
    if let Some(cwd) = suite.pick(|raw| raw.cwd.as_ref()) {
        check_text(cx, suite, cwd, Syntax::Plain);
    }
    for text in target::variables(suite) {
        check_text(cx, suite, text, Syntax::Plain);
    }
    for glob in suite.pick(|raw| raw.artifacts.as_deref()).unwrap_or(&[]) {
        check_text(cx, suite, glob, Syntax::Plain);
        check_glob(cx, glob);
    }
    for glob in suite.pick(|raw| raw.watch.as_deref()).unwrap_or(&[]) {
        check_watch(cx, glob);
    }
}

/// A suite's sources are below the pipeline's folder: what is elsewhere belongs to somebody else.
fn check_watch(cx: &mut Cx<'_>, glob: &Text) {
    let text = glob.get_ref();
    let label = match GlobBuilder::new(text).literal_separator(true).build() {
        _ if text.is_empty() => "it is empty".to_owned(),
        _ if text.contains("${") => "variables are not replaced here".to_owned(),
        _ if text.starts_with('/') => {
            "it is absolute; sources are relative to the pipeline's folder".to_owned()
        }
        _ if text.split('/').any(|part| part == "..") => {
            "it leads out of the pipeline's folder".to_owned()
        }
        Err(error) => clean(&error.kind().to_string(), 100),
        Ok(_) => return,
    };
    let problem = Problem::at(
        "bad-glob",
        glob.span(),
        format!("{} cannot be watched", quoted(text)),
    )
    .label(label)
    .help("* is any part of a name, ** any folders, {a,b} either: \"src/**/*.py\"");
    cx.add(problem);
}

fn check_text(cx: &mut Cx<'_>, suite: &Merged<'_>, text: &Text, syntax: Syntax) {
    for piece in pieces(text.get_ref(), syntax) {
        let (name, unclosed) = match piece {
            Piece::Var(name) => (name, false),
            Piece::Unclosed(rest) => (rest, true),
            Piece::Text(_) | Piece::Literal(_) => continue,
        };
        if unclosed {
            let problem = Problem::at(
                "unknown-variable",
                place(cx.text, text, name),
                format!("{} has no closing brace", quoted(name)),
            )
            .label("write } behind the name, or $${ for a literal ${");
            cx.add(problem);
            continue;
        }
        if !is_known(suite, name) {
            unknown(cx, suite, text, name);
        }
    }
}

fn is_known(suite: &Merged<'_>, name: &str) -> bool {
    if let Some(list) = name.strip_prefix("matrix.") {
        let broken =
            suite.own.matrix_broken || (suite.own.matrix.is_none() && suite.defaults.matrix_broken);
        return broken || suite.matrix().iter().any(|(name, _)| name == list);
    }
    let has_shards = suite.own.has_shards || suite.defaults.has_shards;
    has_shards && SHARD_VARIABLES.contains(&name)
}

fn unknown(cx: &mut Cx<'_>, suite: &Merged<'_>, text: &Text, name: &str) {
    let mut known: Vec<String> = suite
        .matrix()
        .iter()
        .map(|(list, _)| format!("matrix.{list}"))
        .collect();
    if suite.own.has_shards || suite.defaults.has_shards {
        known.extend(SHARD_VARIABLES.map(str::to_owned));
    }
    let written = format!("${{{name}}}");
    let problem = Problem::at(
        "unknown-variable",
        place(cx.text, text, &written),
        format!(
            "suite \"{}\" has no variable ${{{}}}",
            suite.name.name,
            clean(name, 60)
        ),
    );
    let problem = match cx.closest(name, known.iter().map(String::as_str)) {
        Some(meant) => problem.label(format!("did you mean ${{{meant}}}?")),
        None if SHARD_VARIABLES.contains(&name) => problem.label("the suite has no shards"),
        None => problem,
    };
    // A name without a dot is one of the environment; for the others it helps to know which there are.
    let problem = if !name.contains('.') {
        problem.help(
            "environment variables are not replaced here: use script, or $${ for a literal ${",
        )
    } else if known.is_empty() {
        problem.help("${matrix.NAME} comes from the suite's matrix, ${shard.index} from its shards")
    } else {
        problem.help(format!(
            "variables here: {}",
            listed(known.iter().map(String::as_str), 20)
        ))
    };
    cx.add(problem);
}

fn check_glob(cx: &mut Cx<'_>, glob: &Text) {
    let text = expand(glob.get_ref(), Syntax::Plain, |_| Some(Cow::Borrowed("x")));
    let label = match GlobBuilder::new(&text).literal_separator(true).build() {
        _ if text.is_empty() => "it is empty".to_owned(),
        _ if text.starts_with('/') => "it is absolute; artifacts are relative to cwd".to_owned(),
        _ if text.split('/').any(|part| part == "..") => {
            "it leads out of cwd; artifacts are below it".to_owned()
        }
        Err(error) => clean(&error.kind().to_string(), 100),
        Ok(_) => return,
    };
    let problem = Problem::at(
        "bad-glob",
        glob.span(),
        format!("{} cannot be collected", quoted(glob.get_ref())),
    )
    .label(label)
    .help("* is any part of a name, ** any folders, {a,b} either: \"reports/**/*.xml\"");
    cx.add(problem);
}

/// The place of `part` inside a string, or the whole string when escapes hide it.
fn place(document: &str, text: &Text, part: &str) -> Span {
    let span = text.span();
    let found = document.get(span.clone()).and_then(|raw| raw.find(part));
    match found {
        Some(at) => span.start + at..span.start + at + part.len(),
        None => span,
    }
}
