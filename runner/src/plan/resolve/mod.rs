//! From what is declared and what was asked for to what would run. No I/O, no environment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use globset::{Glob, GlobMatcher};

use crate::config::{Pipeline, SuiteDecl};
use crate::plan::expand::{self, Variant};
use crate::plan::{Plan, Suite, Target};

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Globs over suite names; none: all.
    pub filters: Vec<String>,
    /// Labels that must be there.
    pub labels: Vec<(String, String)>,
    /// Processors of this machine: suites at once where nothing else is said.
    pub cores: usize,
    /// Overrides the pipeline's.
    pub jobs: Option<usize>,
    /// Overrides the pipeline's.
    pub fail_fast: Option<bool>,
    /// Overrides `retries.failed` of every suite.
    pub retries: Option<u32>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A filter is no glob.
    #[error("filter \"{filter}\" is not a glob: {why}")]
    BadFilter {
        /// The filter.
        filter: String,
        /// Why.
        why: String,
    },
    /// Nothing is selected.
    #[error("no suite is selected: {asked}; {hint}")]
    Nothing {
        /// What was asked for.
        asked: String,
        /// What there is.
        hint: String,
    },
}

/// Makes the plan.
///
/// # Errors
/// When a filter is no glob or nothing is selected.
pub fn resolve(pipeline: &Pipeline, selection: &Selection) -> Result<Plan, PlanError> {
    let filters = selection
        .filters
        .iter()
        .map(|text| Filter::new(text))
        .collect::<Result<Vec<_>, _>>()?;
    let mut variants: Vec<(usize, Variant)> = Vec::new();
    for (index, suite) in pipeline.suites.iter().enumerate() {
        variants.extend(
            expand::variants(suite)
                .into_iter()
                .map(|variant| (index, variant)),
        );
    }
    let places: HashMap<&str, usize> = pipeline
        .suites
        .iter()
        .enumerate()
        .map(|(index, suite)| (suite.name.as_str(), index))
        .collect();
    let asked: Vec<bool> = variants
        .iter()
        .map(|(index, variant)| is_asked(&pipeline.suites[*index], variant, &filters, selection))
        .collect();
    if !asked.contains(&true) {
        return Err(nothing(pipeline, selection));
    }
    let needed = needed(
        pipeline,
        &places,
        variants
            .iter()
            .zip(&asked)
            .filter(|(_, asked)| **asked)
            .map(|((index, _), _)| *index),
    );
    // The order of the file; a needed suite comes with all its variants.
    let chosen: Vec<&(usize, Variant)> = variants
        .iter()
        .zip(&asked)
        .filter(|((index, _), asked)| **asked || needed.contains(index))
        .map(|(variant, _)| variant)
        .collect();
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, (index, _)) in chosen.iter().enumerate() {
        members.entry(*index).or_default().push(place);
    }
    let mut slugs = BTreeSet::new();
    let suites: Vec<Arc<Suite>> = chosen
        .iter()
        .map(|(index, variant)| {
            let decl = &pipeline.suites[*index];
            let needs = decl
                .needs
                .iter()
                .filter_map(|(need, _)| members.get(places.get(need.as_str())?))
                .flatten()
                .copied()
                .collect();
            Arc::new(suite(decl, variant, needs, selection, &mut slugs))
        })
        .collect();
    let used: BTreeSet<&str> = suites.iter().map(|suite| suite.judge.as_str()).collect();
    let mut judges = pipeline.judges();
    judges.retain(|name, _| used.contains(name.as_str()));
    Ok(Plan {
        pipeline: pipeline.name.clone(),
        file: pipeline.file.clone(),
        root: pipeline.root.clone(),
        jobs: selection
            .jobs
            .or(pipeline.jobs)
            .unwrap_or(selection.cores)
            .max(1),
        fail_fast: selection.fail_fast.unwrap_or(pipeline.fail_fast),
        judges,
        suites,
        reports: pipeline.reports.clone(),
    })
}

/// A glob over a suite's base name or its full name.
struct Filter {
    text: String,
    glob: GlobMatcher,
}

impl Filter {
    fn new(text: &str) -> Result<Self, PlanError> {
        // Brackets are part of the names of variants, not character classes.
        let escaped = text.replace('[', "\\[").replace(']', "\\]");
        let glob = Glob::new(&escaped).map_err(|error| PlanError::BadFilter {
            filter: text.to_owned(),
            why: error.kind().to_string(),
        })?;
        Ok(Self {
            text: text.to_owned(),
            glob: glob.compile_matcher(),
        })
    }

    fn matches(&self, base: &str, name: &str) -> bool {
        [base, name]
            .iter()
            .any(|candidate| *candidate == self.text || self.glob.is_match(candidate))
    }
}

fn is_asked(
    decl: &SuiteDecl,
    variant: &Variant,
    filters: &[Filter],
    selection: &Selection,
) -> bool {
    let by_name = filters.is_empty()
        || filters
            .iter()
            .any(|filter| filter.matches(&decl.name, &variant.name));
    by_name
        && selection
            .labels
            .iter()
            .all(|(key, value)| decl.labels.get(key) == Some(value))
}

/// Everything that the asked suites need, and what that needs, and so on.
fn needed(
    pipeline: &Pipeline,
    places: &HashMap<&str, usize>,
    asked: impl Iterator<Item = usize>,
) -> BTreeSet<usize> {
    let mut open: Vec<usize> = asked.collect();
    let (mut seen, mut needed): (BTreeSet<usize>, BTreeSet<usize>) = Default::default();
    while let Some(index) = open.pop() {
        if !seen.insert(index) {
            continue;
        }
        for (need, _) in &pipeline.suites[index].needs {
            if let Some(place) = places.get(need.as_str()) {
                needed.insert(*place);
                open.push(*place);
            }
        }
    }
    needed
}

fn suite(
    decl: &SuiteDecl,
    variant: &Variant,
    needs: Vec<usize>,
    selection: &Selection,
    slugs: &mut BTreeSet<String>,
) -> Suite {
    let fill = |text: &str| expand::fill(text, variant);
    let mut retries = decl.retries;
    retries.failed = selection.retries.unwrap_or(retries.failed);
    Suite {
        name: variant.name.clone(),
        base: decl.name.clone(),
        slug: expand::slug(&variant.name, slugs),
        judge: decl.judge.clone(),
        target: Target::Local,
        command: expand::command(&decl.command, variant),
        cwd: fill(&decl.cwd.to_string_lossy()).into(),
        env: decl
            .env
            .iter()
            .map(|(key, value)| (key.clone(), fill(value)))
            .collect(),
        labels: decl.labels.clone(),
        matrix: variant.matrix.iter().cloned().collect(),
        shard: variant.shard,
        needs,
        timeout: decl.timeout,
        grace: decl.grace,
        drain_timeout: decl.drain_timeout,
        retries,
        artifacts: decl.artifacts.iter().map(|glob| fill(glob)).collect(),
        accept_incomplete: decl.accept_incomplete,
        allow_empty: decl.allow_empty,
        strict: decl.strict,
    }
}

fn nothing(pipeline: &Pipeline, selection: &Selection) -> PlanError {
    let mut asked = selection.filters.clone();
    asked.extend(
        selection
            .labels
            .iter()
            .map(|(key, value)| format!("--label {key}={value}")),
    );
    let names: Vec<&str> = pipeline
        .suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect();
    let near = selection.filters.iter().find_map(|filter| {
        let distance = |name: &&str| strsim::damerau_levenshtein(name, filter);
        names
            .iter()
            .copied()
            .filter(|name| distance(name) <= 2)
            .min_by_key(distance)
    });
    let hint = match near {
        Some(name) => format!("did you mean \"{name}\"?"),
        None if names.len() <= 20 => format!("there are: {}", names.join(", ")),
        None => format!(
            "there are {} suites; `tribunal plan` lists them",
            names.len()
        ),
    };
    PlanError::Nothing {
        asked: asked.join(" "),
        hint,
    }
}

#[cfg(test)]
mod tests;
