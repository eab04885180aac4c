//! Which suites a command line asks for.

use globset::{GlobBuilder, GlobMatcher};

use super::ReportTarget;
use crate::config::{clean, closest, listed, quoted};
use crate::model::ExitStatus;

/// What the command line says about a run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Names or globs (`*`, `?`, `{a,b}`; brackets are literal) of suites, with or without their
    /// matrix values. A suite is selected when any of them matches; none selects all.
    pub filters: Vec<String>,
    /// Labels that a suite must have, all of them.
    pub labels: Vec<(String, String)>,
    /// Only suites of these full names, whatever else is asked for; none restricts nothing.
    pub only: Option<std::collections::BTreeSet<String>>,
    /// Suites at once, instead of the pipeline's `run.jobs`.
    pub jobs: Option<usize>,
    /// This machine's cores: what `jobs` is when nothing else says so. 0 counts as 1.
    pub cores: usize,
    /// Switches `run.fail_fast` on or off.
    pub fail_fast: Option<bool>,
    /// Instead of every suite's `retries.failed`.
    pub retries: Option<u32>,
    /// Reports on top of the pipeline's; one of the same format replaces it.
    pub reports: Vec<ReportTarget>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A filter is no glob.
    #[error("{} is not a name or glob of suites: {why}", quoted(filter))]
    BadFilter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        why: String,
    },
    /// A filter matches no suite.
    #[error("no suite matches {}", quoted(filter))]
    NoMatch {
        /// The filter.
        filter: String,
        /// A suite with a similar name.
        suggestion: Option<String>,
        /// The pipeline's suites, for people.
        suites: String,
    },
    /// No suite that the filters match has the labels.
    #[error("no suite {has} the label {labels}")]
    NoLabel {
        /// `has`, or what the filters narrowed it down to.
        has: &'static str,
        /// The labels asked for.
        labels: String,
        /// The labels that there are, for people.
        known: String,
    },
    /// Nothing that is asked for is among [`Selection::only`].
    #[error("none of the suites that are asked for is among those that did not pass")]
    NotAmong {
        /// Those, for people.
        only: String,
    },
}

impl PlanError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::BadFilter { .. } => "* stands for anything, ? for one character".to_owned(),
            Self::NoMatch {
                suggestion: Some(name),
                ..
            } => format!("did you mean \"{name}\"?"),
            Self::NoMatch { suites, .. } => format!("suites: {suites}"),
            Self::NoLabel { known, .. } => format!("labels: {known}"),
            Self::NotAmong { only } => format!("those that did not pass: {only}"),
        })
    }

    /// The exit code that says so.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::BadFilter { .. } => ExitStatus::Usage,
            Self::NoMatch { .. } | Self::NoLabel { .. } | Self::NotAmong { .. } => {
                ExitStatus::Empty
            }
        }
    }
}

/// What can be selected: one variant of a suite.
pub(super) struct Candidate<'a> {
    pub(super) name: &'a str,
    pub(super) base: &'a str,
    pub(super) labels: &'a std::collections::BTreeMap<String, String>,
}

/// Says of each candidate whether it is asked for; at least one is.
pub(super) fn select(
    candidates: &[Candidate<'_>],
    selection: &Selection,
) -> Result<Vec<bool>, PlanError> {
    let mut chosen = vec![selection.filters.is_empty(); candidates.len()];
    for filter in &selection.filters {
        let glob = glob(filter)?;
        let mut any = false;
        for (candidate, chosen) in candidates.iter().zip(&mut chosen) {
            let hit = |name: &str| name == filter || glob.is_match(name);
            if hit(candidate.name) || hit(candidate.base) {
                any = true;
                *chosen = true;
            }
        }
        if !any {
            return Err(no_match(candidates, filter));
        }
    }
    for (candidate, chosen) in candidates.iter().zip(&mut chosen) {
        *chosen &= selection
            .labels
            .iter()
            .all(|(key, value)| candidate.labels.get(key) == Some(value));
    }
    if !chosen.contains(&true) {
        return Err(no_label(candidates, selection));
    }
    if let Some(only) = &selection.only {
        for (candidate, chosen) in candidates.iter().zip(&mut chosen) {
            *chosen &= only.contains(candidate.name);
        }
        if !chosen.contains(&true) {
            let only = listed(only.iter().map(String::as_str), 20);
            return Err(PlanError::NotAmong { only });
        }
    }
    Ok(chosen)
}

/// Names hold brackets, so brackets are not character classes here.
fn glob(filter: &str) -> Result<GlobMatcher, PlanError> {
    let mut pattern = String::with_capacity(filter.len());
    for c in filter.chars() {
        match c {
            '[' => pattern.push_str("[[]"),
            ']' => pattern.push_str("[]]"),
            c => pattern.push(c),
        }
    }
    GlobBuilder::new(&pattern)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| PlanError::BadFilter {
            filter: filter.to_owned(),
            // The library's advice is about brackets, which are literal here.
            why: clean(
                error.kind().to_string().split(" (").next().unwrap_or(""),
                100,
            ),
        })
}

fn no_match(candidates: &[Candidate<'_>], filter: &str) -> PlanError {
    let mut bases: Vec<&str> = candidates.iter().map(|candidate| candidate.base).collect();
    bases.dedup();
    // With a variant that is not there, the variants that are there help more than other suites.
    let variants: Vec<&str> = candidates
        .iter()
        .filter(|candidate| filter.split('[').next() == Some(candidate.base))
        .map(|candidate| candidate.name)
        .collect();
    let choice = if variants.is_empty() { bases } else { variants };
    PlanError::NoMatch {
        filter: filter.to_owned(),
        suggestion: closest(filter, choice.iter().copied()).map(str::to_owned),
        suites: listed(choice, 20),
    }
}

fn no_label(candidates: &[Candidate<'_>], selection: &Selection) -> PlanError {
    let pairs = |(key, value): (&String, &String)| format!("{key}={value}");
    let mut known: Vec<String> = candidates
        .iter()
        .flat_map(|candidate| candidate.labels.iter().map(pairs))
        .collect();
    known.sort();
    known.dedup();
    let asked: Vec<String> = selection
        .labels
        .iter()
        .map(|(key, value)| pairs((key, value)))
        .collect();
    PlanError::NoLabel {
        has: if selection.filters.is_empty() {
            "has"
        } else {
            "of those that the filters match has"
        },
        labels: listed(asked.iter().map(String::as_str), 20),
        known: if known.is_empty() {
            "none".to_owned()
        } else {
            listed(known.iter().map(String::as_str), 20)
        },
    }
}
