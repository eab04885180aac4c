//! What suites say of others: judges, needs, and names that meet after multiplication.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Document;
use super::cx::Cx;
use super::merge::needs_of;
use super::suite::Text;
use crate::config::error::Problem;
use crate::config::schema::{BUILTIN_JUDGES, SuiteConfig};
use crate::config::suggest::{clean, listed, quoted};
use crate::config::variants;

/// Every judge that is named must be built in or declared.
pub(super) fn check_judges(cx: &mut Cx<'_>, document: &Document) {
    let yours: Vec<&str> = document
        .judges
        .iter()
        .map(|judge| judge.name.as_str())
        .filter(|name| !BUILTIN_JUDGES.contains(name))
        .collect();
    let known: HashSet<&str> = BUILTIN_JUDGES
        .into_iter()
        .chain(yours.iter().copied())
        .collect();
    let uses = document
        .suites
        .iter()
        .map(|suite| (format!("suite \"{}\"", suite.name), &suite.raw.judge));
    let all = std::iter::once(("[defaults]".to_owned(), &document.defaults.judge)).chain(uses);
    for (user, judge) in all {
        let Some(judge) = judge else { continue };
        if known.contains(judge.get_ref().as_str()) {
            continue;
        }
        let candidates = yours.iter().copied().chain(BUILTIN_JUDGES);
        let meant = cx.closest(judge.get_ref(), candidates);
        let mut help = format!("judges: {}", listed(BUILTIN_JUDGES, 20));
        if !yours.is_empty() {
            help.push_str("; yours: ");
            help.push_str(&listed(yours.iter().copied(), 20));
        }
        let problem = Problem::at(
            "unknown-judge",
            judge.span(),
            format!("{user} uses judge {}", quoted(judge.get_ref())),
        )
        .did_you_mean(meant)
        .help(help)
        .absence();
        cx.add(problem);
    }
}

/// Every need must name another suite, and no suite may need itself by way of others.
pub(super) fn check_needs(cx: &mut Cx<'_>, document: &Document) {
    let index: HashMap<&str, usize> = document
        .suites
        .iter()
        .enumerate()
        .map(|(index, suite)| (suite.name.as_str(), index))
        .collect();
    let mut edges: Vec<Vec<(usize, &Text)>> = Vec::with_capacity(document.suites.len());
    for (own, suite) in document.suites.iter().enumerate() {
        let mut out = Vec::new();
        for need in needs_of(suite, &document.defaults) {
            match index.get(need.get_ref().as_str()) {
                Some(&other) if other == own => {
                    let problem = Problem::at(
                        "needs-cycle",
                        need.span(),
                        format!("suite \"{}\" needs itself", suite.name),
                    )
                    .label("take it out");
                    cx.add(problem);
                }
                Some(&other) => out.push((other, need)),
                None if document.broken.contains(need.get_ref()) => {}
                None => unknown_need(cx, document, &suite.name, need),
            }
        }
        edges.push(out);
    }
    check_cycles(cx, document, &edges);
}

fn unknown_need(cx: &mut Cx<'_>, document: &Document, user: &str, need: &Text) {
    let names = || document.suites.iter().map(|suite| suite.name.as_str());
    let base = need.get_ref().split('[').next().unwrap_or("");
    let problem = Problem::at(
        "unknown-need",
        need.span(),
        format!(
            "suite \"{user}\" needs {}, which is no suite",
            quoted(need.get_ref())
        ),
    )
    .absence();
    // A variant's full name: needs are about all of them.
    let problem = if base != need.get_ref() && names().any(|name| name == base) {
        problem.label(format!("write \"{base}\": all its variants are needed"))
    } else {
        match cx.closest(need.get_ref(), names()) {
            None => problem.help(format!("suites: {}", listed(names(), 12))),
            meant => problem.did_you_mean(meant),
        }
    };
    cx.add(problem);
}

/// Walks depth first without recursion; an edge to a suite that is still open closes a cycle.
fn check_cycles(cx: &mut Cx<'_>, document: &Document, edges: &[Vec<(usize, &Text)>]) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; edges.len()];
    for start in 0..edges.len() {
        let mut trail: Vec<(usize, usize)> = Vec::new();
        if states.get(start) == Some(&State::New) {
            trail.push((start, 0));
        }
        while let Some((at, next)) = trail.last_mut() {
            let (at, edge) = (*at, edges.get(*at).and_then(|out| out.get(*next)));
            *next += 1;
            let mark = |states: &mut Vec<State>, state| {
                if let Some(slot) = states.get_mut(at) {
                    *slot = state;
                }
            };
            let Some(&(to, need)) = edge else {
                mark(&mut states, State::Done);
                trail.pop();
                continue;
            };
            mark(&mut states, State::Open);
            match states.get(to) {
                Some(State::New) => trail.push((to, 0)),
                Some(State::Open) => {
                    let circle: Vec<usize> = trail
                        .iter()
                        .map(|&(index, _)| index)
                        .skip_while(|&index| index != to)
                        .collect();
                    cycle(cx, document, &circle, need);
                }
                _ => {}
            }
        }
    }
}

fn cycle(cx: &mut Cx<'_>, document: &Document, circle: &[usize], need: &Text) {
    let names: Vec<&str> = circle
        .iter()
        .chain(circle.first())
        .filter_map(|&index| document.suites.get(index))
        .map(|suite| suite.name.as_str())
        .collect();
    let problem = Problem::at(
        "needs-cycle",
        need.span(),
        format!(
            "suites need each other in a circle: {}",
            clean(&names.join(" -> "), 300)
        ),
    )
    .label("none of them could ever start: take one need out");
    cx.add(problem);
}

/// No two suites may have one name, and their number is bounded.
pub(super) fn check_variants(cx: &mut Cx<'_>, document: &Document, suites: &[SuiteConfig]) {
    let spans: BTreeMap<&str, _> = document
        .suites
        .iter()
        .map(|suite| (suite.name.as_str(), suite))
        .collect();
    let counts: BTreeMap<&str, usize> = suites
        .iter()
        .map(|suite| (suite.name.as_str(), variants::count(suite).unwrap_or(0)))
        .collect();
    let (mut in_all, mut needs) = (0_usize, 0_usize);
    for suite in suites {
        let Some(raw) = spans.get(suite.name.as_str()) else {
            continue;
        };
        let Some(count) = variants::count(suite) else {
            let problem = Problem::at(
                "too-many-suites",
                raw.span.clone(),
                format!(
                    "suite \"{}\" multiplies to more than {} suites",
                    suite.name,
                    variants::MAX_PER_SUITE
                ),
            )
            .label("make its matrix or its shards smaller");
            cx.add(problem);
            continue;
        };
        in_all += count;
        if in_all > variants::MAX_IN_ALL {
            let problem = Problem::at(
                "too-many-suites",
                raw.span.clone(),
                format!(
                    "the pipeline multiplies to more than {} suites",
                    variants::MAX_IN_ALL
                ),
            )
            .label("with this one");
            cx.add(problem);
            return;
        }
        let needed = suite
            .needs
            .iter()
            .filter_map(|need| counts.get(need.as_str()));
        needs += count * needed.sum::<usize>();
        if needs > variants::MAX_NEEDS {
            let problem = Problem::at(
                "too-many-suites",
                raw.span.clone(),
                format!(
                    "the suites have more than {} needs among them",
                    variants::MAX_NEEDS
                ),
            )
            .label("with this one")
            .help("each variant of a suite needs each variant of what the suite needs");
            cx.add(problem);
            return;
        }
        if suite.matrix.is_empty() {
            continue;
        }
        // Names of different suites differ before the bracket already.
        let mut names = HashSet::new();
        for variant in variants::of(suite) {
            if names.contains(&variant.name) {
                duplicate(cx, document, raw, &variant.name);
                break;
            }
            names.insert(variant.name);
        }
    }
}

fn duplicate(cx: &mut Cx<'_>, document: &Document, suite: &super::suite::NamedSuite, name: &str) {
    let own = suite.raw.matrix.is_some();
    let span = if own {
        suite.raw.matrix_span.clone()
    } else {
        document.defaults.matrix_span.clone()
    };
    let message = format!(
        "the matrix of suite \"{}\" makes {} twice",
        suite.name,
        quoted(name)
    );
    let problem = Problem::at("duplicate-name", span, message).label("make its values differ");
    cx.add(problem);
}
