//! Multiplies suites by matrix and shards, and fills their variables in.

use std::collections::BTreeSet;

use super::{Command, Shard};
use crate::config::SuiteDecl;

/// One product of a suite's matrix and shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    /// `unit[python=3.13,shard=2/4]`.
    pub(super) name: String,
    pub(super) matrix: Vec<(String, String)>,
    pub(super) shard: Option<Shard>,
}

/// All of them: the first axis changes slowest, shards fastest.
pub(super) fn variants(decl: &SuiteDecl) -> Vec<Variant> {
    let mut rows: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for (axis, values) in &decl.matrix {
        rows = rows
            .into_iter()
            .flat_map(|row| {
                values.iter().map(move |value| {
                    let mut row = row.clone();
                    row.push((axis.clone(), value.clone()));
                    row
                })
            })
            .collect();
    }
    let shards: Vec<Option<Shard>> = match decl.shards {
        Some(total) => (0..total)
            .map(|index| Some(Shard { index, total }))
            .collect(),
        None => vec![None],
    };
    rows.into_iter()
        .flat_map(|matrix| {
            shards.iter().map(move |shard| Variant {
                name: name(&decl.name, &matrix, *shard),
                matrix: matrix.clone(),
                shard: *shard,
            })
        })
        .collect()
}

fn name(base: &str, matrix: &[(String, String)], shard: Option<Shard>) -> String {
    let mut parts: Vec<String> = matrix
        .iter()
        .map(|(axis, value)| format!("{axis}={value}"))
        .collect();
    parts.extend(shard.map(|shard| format!("shard={}/{}", shard.index + 1, shard.total)));
    if parts.is_empty() {
        base.to_owned()
    } else {
        format!("{base}[{}]", parts.join(","))
    }
}

/// Replaces `${matrix.…}` and `${shard.…}`; everything else in `${…}` belongs to a shell and stays.
pub(super) fn fill(text: &str, variant: &Variant) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let value = after
            .split_once('}')
            .and_then(|(name, next)| Some((lookup(name, variant)?, next)));
        match value {
            Some((value, next)) => {
                filled.push_str(&value);
                rest = next;
            }
            None => {
                filled.push_str("${");
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

fn lookup(name: &str, variant: &Variant) -> Option<String> {
    match name.split_once('.')? {
        ("matrix", axis) => variant
            .matrix
            .iter()
            .find(|(known, _)| known == axis)
            .map(|(_, value)| value.clone()),
        ("shard", "index") => variant.shard.map(|shard| shard.index.to_string()),
        ("shard", "total") => variant.shard.map(|shard| shard.total.to_string()),
        _ => None,
    }
}

pub(super) fn command(command: &Command, variant: &Variant) -> Command {
    match command {
        Command::Argv(argv) => Command::Argv(argv.iter().map(|word| fill(word, variant)).collect()),
        Command::Script(text) => Command::Script(fill(text, variant)),
    }
}

/// A directory name: at most 100 bytes of `[a-z0-9._-]`, unlike all in `taken`.
pub(super) fn slug(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '.' | '_' | '-') => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let base: String = slug.trim_matches(['-', '.']).chars().take(90).collect();
    let base = if base.is_empty() {
        "suite".to_owned()
    } else {
        base
    };
    let mut candidate = base.clone();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{base}-{number}");
        number += 1;
    }
    candidate
}
