//! The keys of a suite, and of `[defaults]`, which has the same.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use globset::Glob;

use super::problem::suggest;
use super::reader::{At, Reader, scalar};
use crate::plan::{Command, Retries};

/// The longest matrix product and the most shards: a slip of the pen must not make a million suites.
const MOST_VARIANTS: u32 = 10_000;

/// What a suite, or `[defaults]`, says; `None` where it says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct SuiteKeys {
    pub(super) command: Option<Command>,
    pub(super) judge: Option<At<String>>,
    pub(super) needs: Option<Vec<At<String>>>,
    pub(super) env: Option<BTreeMap<String, String>>,
    pub(super) labels: Option<BTreeMap<String, String>>,
    pub(super) matrix: Option<Vec<(String, Vec<String>)>>,
    pub(super) shards: Option<u32>,
    pub(super) artifacts: Option<Vec<String>>,
    pub(super) cwd: Option<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) grace: Option<Duration>,
    pub(super) drain_timeout: Option<Duration>,
    pub(super) retries: RetryKeys,
    pub(super) accept_incomplete: Option<bool>,
    pub(super) allow_empty: Option<bool>,
    pub(super) strict: Option<bool>,
    /// Every `${…}` in it, to be checked against the matrix once defaults are known.
    pub(super) variables: Vec<At<String>>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RetryKeys {
    infra: Option<u32>,
    failed: Option<u32>,
    backoff: Option<Duration>,
}

impl RetryKeys {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            infra: self.infra.or(other.infra),
            failed: self.failed.or(other.failed),
            backoff: self.backoff.or(other.backoff),
        }
    }

    pub(super) fn resolve(self) -> Retries {
        Retries {
            infra: self.infra.unwrap_or(2),
            failed: self.failed.unwrap_or(0),
            backoff: self.backoff.unwrap_or(Duration::from_secs(2)),
        }
    }
}

/// Reads the keys of a suite.
pub(super) fn read(mut reader: Reader<'_, '_>) -> SuiteKeys {
    let mut keys = SuiteKeys {
        command: command(&mut reader),
        judge: reader.string("judge"),
        needs: reader.strings("needs"),
        env: reader.string_map("env"),
        labels: reader.string_map("labels"),
        matrix: matrix(&mut reader),
        shards: reader.number("shards", 1, MOST_VARIANTS),
        artifacts: artifacts(&mut reader),
        cwd: reader.string("cwd").map(|cwd| cwd.value),
        timeout: reader.duration("timeout"),
        grace: reader.duration("grace"),
        drain_timeout: reader.duration("drain_timeout"),
        retries: retries(&mut reader),
        accept_incomplete: reader.bool("accept_incomplete"),
        allow_empty: reader.bool("allow_empty"),
        strict: reader.bool("strict"),
        variables: Vec::new(),
    };
    for key in ["command", "script", "env", "cwd", "artifacts"] {
        if let Some(value) = reader.get(key) {
            collect_variables(value, &mut keys.variables);
        }
    }
    if reader.get("kubernetes").is_some() {
        let span = reader.key_span("kubernetes");
        let message = format!(
            "{} is not supported by this version",
            reader.name("kubernetes")
        );
        reader
            .problems()
            .add("not-supported", span, message, "remove this table")
            .help("suites run as processes of this machine");
    }
    reader.finish();
    keys
}

fn command(reader: &mut Reader<'_, '_>) -> Option<Command> {
    let (argv, script) = (reader.strings("command"), reader.string("script"));
    match (argv, script) {
        (Some(_), Some(script)) => {
            let message = format!("{} stands beside command", reader.name("script"));
            reader
                .problems()
                .add("two-commands", script.span, message, "keep one of the two");
            None
        }
        (Some(argv), None) => {
            let first = argv
                .first()
                .is_some_and(|program| !program.value.is_empty());
            let span = reader.get("command").map_or(0..0, toml::Spanned::span);
            let nul = argv.iter().any(|word| word.value.contains('\0'));
            if !first || nul {
                let message = format!("{} cannot be run", reader.name("command"));
                let label = if nul {
                    "has a NUL byte"
                } else {
                    "names no program"
                };
                reader.problems().add("bad-command", span, message, label);
                return None;
            }
            Some(Command::Argv(
                argv.into_iter().map(|word| word.value).collect(),
            ))
        }
        (None, Some(script)) => Some(Command::Script(script.value)),
        (None, None) => None,
    }
}

fn matrix(reader: &mut Reader<'_, '_>) -> Option<Vec<(String, Vec<String>)>> {
    let mut table = reader.table("matrix")?;
    let mut axes = Vec::new();
    let mut product: u64 = 1;
    for (key, value) in table.entries() {
        let mut values: Vec<String> = Vec::new();
        let Some(list) = value.get_ref().as_array() else {
            let message = format!("{} is not a list", table.name(&key.value));
            table.problems().add(
                "wrong-type",
                value.span(),
                message,
                "a list of strings, like [\"3.11\", \"3.13\"]",
            );
            continue;
        };
        if !is_word(&key.value) {
            let message = format!("\"{}\" cannot name a matrix axis", key.value);
            table.problems().add(
                "bad-name",
                key.span.clone(),
                message,
                "letters, digits, _ and - only",
            );
        }
        if list.is_empty() {
            let message = format!("{} is empty", table.name(&key.value));
            table.problems().add(
                "empty-matrix",
                value.span(),
                message,
                "with no value there is no suite",
            );
        }
        for item in list.iter() {
            match scalar(item.get_ref()) {
                Some(text) if values.contains(&text) => {
                    let message = format!("\"{text}\" stands twice in {}", table.name(&key.value));
                    table.problems().add(
                        "duplicate-suite",
                        item.span(),
                        message,
                        "two suites would have the same name",
                    );
                }
                Some(text) => values.push(text),
                None => {
                    let message = format!("{} is not a list of strings", table.name(&key.value));
                    table.problems().add(
                        "wrong-type",
                        item.span(),
                        message,
                        "a string, number or boolean",
                    );
                }
            }
        }
        product = product.saturating_mul(values.len().max(1) as u64);
        axes.push((key.value, values));
    }
    if product > u64::from(MOST_VARIANTS) {
        let span = reader.key_span("matrix");
        let message = format!("{} makes {product} suites", reader.name("matrix"));
        reader.problems().add(
            "huge-matrix",
            span,
            message,
            format!("at most {MOST_VARIANTS}"),
        );
        return None;
    }
    Some(axes)
}

fn artifacts(reader: &mut Reader<'_, '_>) -> Option<Vec<String>> {
    let globs = reader.strings("artifacts")?;
    for glob in &globs {
        let path = std::path::Path::new(&glob.value);
        let outside = path.is_absolute()
            || path
                .components()
                .any(|part| part == std::path::Component::ParentDir);
        if outside {
            let message = format!(
                "artifact \"{}\" lies outside of the suite's folder",
                glob.value
            );
            reader.problems().add(
                "bad-glob",
                glob.span.clone(),
                message,
                "relative to cwd, without ..",
            );
        } else if let Err(error) = Glob::new(&glob.value) {
            let message = format!("artifact \"{}\" is not a glob", glob.value);
            reader.problems().add(
                "bad-glob",
                glob.span.clone(),
                message,
                error.kind().to_string(),
            );
        }
    }
    Some(globs.into_iter().map(|glob| glob.value).collect())
}

fn retries(reader: &mut Reader<'_, '_>) -> RetryKeys {
    let Some(mut table) = reader.table("retries") else {
        return RetryKeys::default();
    };
    let keys = RetryKeys {
        infra: table.number("infra", 0, 100),
        failed: table.number("failed", 0, 100),
        backoff: table.duration("backoff"),
    };
    table.finish();
    keys
}

/// Notes `${matrix.…}` and `${shard.…}`; anything else in `${…}` belongs to a shell.
fn collect_variables(value: &toml::Spanned<toml::de::DeValue<'_>>, found: &mut Vec<At<String>>) {
    use toml::de::DeValue;
    match value.get_ref() {
        DeValue::String(text) => {
            found.extend(variables(text).map(|name| At {
                value: name.to_owned(),
                span: value.span(),
            }));
        }
        DeValue::Array(list) => list.iter().for_each(|item| collect_variables(item, found)),
        DeValue::Table(table) => table
            .values()
            .for_each(|item| collect_variables(item, found)),
        _ => {}
    }
}

/// The names in a text's `${matrix.…}` and `${shard.…}`.
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        (name.starts_with("matrix.") || name.starts_with("shard.")).then_some(name)
    })
}

/// What is wrong with a variable, given the axes and whether there are shards.
pub(super) fn variable_problem(
    name: &str,
    axes: &[(String, Vec<String>)],
    sharded: bool,
) -> Option<String> {
    match name.split_once('.') {
        Some(("matrix", axis)) if axes.iter().any(|(known, _)| known == axis) => None,
        Some(("matrix", axis)) => Some(suggest(axis, axes.iter().map(|(known, _)| known.as_str()))),
        Some(("shard", "index" | "total")) if sharded => None,
        Some(("shard", "index" | "total")) => Some("the suite has no shards".to_owned()),
        _ => Some("known: shard.index, shard.total".to_owned()),
    }
}

/// Letters, digits, `_`, `-` and `.`, and not empty.
pub(super) fn is_word(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// Where a name is not a word.
pub(super) fn name_problem(name: &At<String>) -> Option<(Range<usize>, String)> {
    let bad: String = name
        .value
        .chars()
        .filter(|c| !is_word(&c.to_string()))
        .take(5)
        .collect();
    match name.value.len() {
        0 => Some((name.span.clone(), "a name cannot be empty".to_owned())),
        101.. => Some((
            name.span.clone(),
            "a name has at most 100 characters".to_owned(),
        )),
        _ if bad.is_empty() => None,
        _ => Some((
            name.span.clone(),
            format!("{bad:?} cannot stand in a name; letters, digits, _ - and . can"),
        )),
    }
}
