//! Pipeline and command line become a plan.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::select::{Candidate, select};
use super::slug::slugs;
use super::{
    Command, JudgeLimits, JudgeSource, JudgeSpec, KubernetesSpec, Plan, PlanError, Selection,
    Suite, Target,
};
use crate::config::variants::{self, Variant};
use crate::config::vars::{Syntax, expand};
use crate::config::{Pipeline, SuiteConfig};
use crate::event::SuiteIndex;

/// Settles what would run. Does no I/O and reads no environment.
///
/// What a selected suite needs is selected too; [`Plan::added`] says which. Fails when nothing is
/// selected.
pub fn resolve(pipeline: &Pipeline, selection: &Selection) -> Result<Plan, PlanError> {
    let all: Vec<(&SuiteConfig, Variant)> = pipeline
        .suites
        .iter()
        .flat_map(|suite| {
            variants::of(suite)
                .into_iter()
                .map(move |variant| (suite, variant))
        })
        .collect();
    let candidates: Vec<Candidate<'_>> = all
        .iter()
        .map(|(suite, variant)| Candidate {
            name: &variant.name,
            base: &suite.name,
            labels: &suite.labels,
        })
        .collect();
    let asked = select(&candidates, selection)?;
    let by_base = by_base(&all);
    let chosen = with_needs(&all, &by_base, &asked);

    // Slugs are made for all suites: what is selected must not change where a suite's files are.
    let slugs = slugs(all.iter().map(|(_, variant)| variant.name.as_str()));
    let mut place = vec![0; all.len()];
    let mut count: SuiteIndex = 0;
    for (index, chosen) in chosen.iter().enumerate() {
        if let Some(place) = place.get_mut(index) {
            *place = count;
        }
        count += usize::from(*chosen);
    }
    let added = asked
        .iter()
        .zip(&chosen)
        .zip(&place)
        .filter(|((asked, chosen), _)| **chosen && !**asked)
        .map(|(_, place)| *place)
        .collect();
    let suites: Vec<Arc<Suite>> = all
        .iter()
        .zip(slugs)
        .zip(&chosen)
        .filter(|(_, chosen)| **chosen)
        .map(|(((suite, variant), slug), _)| {
            let needs = needed(&by_base, suite)
                .filter_map(|index| place.get(index).copied())
                .collect();
            Arc::new(resolve_suite(
                pipeline, suite, variant, slug, needs, selection,
            ))
        })
        .collect();
    Ok(Plan {
        pipeline: pipeline.name.clone(),
        file: pipeline.file.clone(),
        root: pipeline.root.clone(),
        jobs: selection
            .jobs
            .or(pipeline.jobs)
            .unwrap_or(selection.cores)
            .max(1),
        cluster: suites
            .iter()
            .any(|suite| matches!(suite.target, Target::Kubernetes(_)))
            .then(|| pipeline.cluster.clone()),
        fail_fast: selection.fail_fast.unwrap_or(pipeline.fail_fast),
        judges: judges(pipeline, &suites),
        suites,
        added,
        reports: reports(pipeline, selection),
    })
}

/// The variants of each suite, by its name.
fn by_base<'a>(all: &[(&'a SuiteConfig, Variant)]) -> HashMap<&'a str, Vec<usize>> {
    let mut by_base: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, (suite, _)) in all.iter().enumerate() {
        by_base.entry(&suite.name).or_default().push(index);
    }
    by_base
}

fn needed<'a>(
    by_base: &'a HashMap<&str, Vec<usize>>,
    suite: &'a SuiteConfig,
) -> impl Iterator<Item = usize> + 'a {
    suite
        .needs
        .iter()
        .filter_map(|need| by_base.get(need.as_str()))
        .flatten()
        .copied()
}

/// Closes a selection over what its suites need.
fn with_needs(
    all: &[(&SuiteConfig, Variant)],
    by_base: &HashMap<&str, Vec<usize>>,
    asked: &[bool],
) -> Vec<bool> {
    let mut chosen = asked.to_vec();
    // By suite, not by variant: a thousand variants need the same.
    let mut waiting: Vec<&SuiteConfig> = all
        .iter()
        .zip(asked)
        .filter(|(_, asked)| **asked)
        .map(|((suite, _), _)| *suite)
        .collect();
    waiting.dedup_by_key(|suite| suite.name.as_str());
    let mut looked_at = std::collections::HashSet::new();
    while let Some(suite) = waiting.pop() {
        if !looked_at.insert(suite.name.as_str()) {
            continue;
        }
        for index in needed(by_base, suite) {
            if let (Some(chosen), Some((needed, _))) = (chosen.get_mut(index), all.get(index)) {
                *chosen = true;
                if !looked_at.contains(needed.name.as_str()) {
                    waiting.push(needed);
                }
            }
        }
    }
    chosen
}

fn resolve_suite(
    pipeline: &Pipeline,
    suite: &SuiteConfig,
    variant: &Variant,
    slug: String,
    needs: Vec<SuiteIndex>,
    selection: &Selection,
) -> Suite {
    let lookup = |name: &str| value(variant, name);
    let plain = |text: &String| expand(text, Syntax::Plain, lookup);
    let mut env: BTreeMap<String, String> = suite
        .env
        .iter()
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect();
    if let Some(shard) = variant.shard {
        env.insert("TRIBUNAL_SHARD_INDEX".to_owned(), shard.index.to_string());
        env.insert("TRIBUNAL_SHARD_TOTAL".to_owned(), shard.total.to_string());
    }
    let mut retries = suite.retries;
    retries.failed = selection.retries.unwrap_or(retries.failed);
    let command = match &suite.command {
        Command::Argv(argv) => Command::Argv(argv.iter().map(plain).collect()),
        Command::Script(script) => Command::Script(expand(script, Syntax::Shell, lookup)),
        Command::Image => Command::Image,
    };
    // A value is a value in a glob too, not a pattern.
    let escaped = |name: &str| value(variant, name).map(|value| globset::escape(&value).into());
    Suite {
        name: variant.name.clone(),
        base: suite.name.clone(),
        slug,
        judge: suite.judge.clone(),
        target: match &suite.target {
            Target::Local => Target::Local,
            Target::Kubernetes(spec) => Target::Kubernetes(Arc::new(filled(spec, plain))),
        },
        command,
        cwd: tidy(&pipeline.root.join(plain(&suite.cwd))),
        env,
        labels: suite.labels.clone(),
        matrix: variant.values.iter().cloned().collect(),
        shard: variant.shard,
        needs,
        timeout: suite.timeout,
        grace: suite.grace,
        drain_timeout: suite.drain_timeout,
        retries,
        artifacts: suite
            .artifacts
            .iter()
            .map(|glob| expand(glob, Syntax::Plain, escaped))
            .collect(),
        watch: suite.watch.clone(),
        accept_incomplete: suite.accept_incomplete,
        allow_empty: suite.allow_empty,
        strict: suite.strict,
    }
}

/// With its variables replaced.
fn filled(spec: &KubernetesSpec, plain: impl Fn(&String) -> String) -> KubernetesSpec {
    let map = |map: &BTreeMap<String, String>| {
        map.iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect()
    };
    KubernetesSpec {
        namespace: spec.namespace.as_ref().map(&plain),
        image: plain(&spec.image),
        working_dir: spec.working_dir.as_ref().map(&plain),
        node_selector: map(&spec.node_selector),
        labels: map(&spec.labels),
        annotations: map(&spec.annotations),
        ..spec.clone()
    }
}

fn value<'v>(variant: &'v Variant, name: &str) -> Option<Cow<'v, str>> {
    if let Some(list) = name.strip_prefix("matrix.") {
        let found = variant.values.iter().find(|(name, _)| name == list);
        return found.map(|(_, value)| Cow::Borrowed(value.as_str()));
    }
    let shard = variant.shard?;
    let number = match name {
        "shard.index" => shard.index,
        "shard.number" => shard.index + 1,
        "shard.total" => shard.total,
        _ => return None,
    };
    Some(Cow::Owned(number.to_string()))
}

/// Without `.` parts; `..` stays, for what it means depends on links.
fn tidy(path: &std::path::Path) -> PathBuf {
    path.components().collect()
}

fn judges(pipeline: &Pipeline, suites: &[Arc<Suite>]) -> BTreeMap<String, JudgeSpec> {
    let mut judges = BTreeMap::new();
    for suite in suites {
        if judges.contains_key(&suite.judge) {
            continue;
        }
        let spec = pipeline.judges.get(&suite.judge).cloned();
        judges.insert(
            suite.judge.clone(),
            spec.unwrap_or_else(|| JudgeSpec {
                source: JudgeSource::Builtin(suite.judge.clone()),
                sha256: None,
                config: serde_json::json!({}),
                limits: JudgeLimits::default(),
            }),
        );
    }
    judges
}

fn reports(pipeline: &Pipeline, selection: &Selection) -> Vec<super::ReportTarget> {
    let replaced = |format| {
        selection
            .reports
            .iter()
            .any(|report| report.format == format)
    };
    pipeline
        .reports
        .iter()
        .filter(|report| !replaced(report.format))
        .chain(&selection.reports)
        .cloned()
        .collect()
}
