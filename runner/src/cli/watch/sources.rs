//! The sources of the suites: which changed, and whom that concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::changes::Tree;
use crate::plan::Plan;

/// So often in a row a suite may change its own sources before it is no longer run for that.
const OWN_CHANGES: u32 = 3;

/// Every set of globs that suites share, once.
pub(super) struct Sources {
    trees: Vec<(Vec<String>, Tree)>,
    /// How often in a row the sources changed during a run of their suites, by the set's place.
    restless: BTreeMap<usize, u32>,
}

impl Sources {
    /// The sources of a plan's suites, as they are now.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut trees: Vec<(Vec<String>, Tree)> = Vec::new();
        for suite in &plan.suites {
            let known = trees.iter().any(|(globs, _)| *globs == suite.watch);
            // The pipeline's check has refused what is no glob.
            if !known
                && !suite.watch.is_empty()
                && let Ok(tree) = Tree::new(&plan.root, &suite.watch)
            {
                trees.push((suite.watch.clone(), tree));
            }
        }
        for (_, tree) in &mut trees {
            tree.look();
        }
        Self {
            trees,
            restless: BTreeMap::new(),
        }
    }

    /// From here on is looked for changes; those before are in the run that begins.
    pub(super) fn begin(&mut self) {
        for (_, tree) in &mut self.trees {
            tree.look();
        }
    }

    /// Suites whose sources changed since the last look, with one of the files.
    pub(super) fn look(&mut self, plan: &Plan) -> BTreeMap<usize, PathBuf> {
        self.restless.clear();
        let mut found = BTreeMap::new();
        for (globs, tree) in &mut self.trees {
            if let Some(file) = tree.look().into_iter().next() {
                found.extend(users(plan, globs).map(|index| (index, file.clone())));
            }
        }
        found
    }

    /// Suites whose sources changed during the run that has just ended, and warnings about those that seem
    /// to change their own.
    pub(super) fn after_run(&mut self, plan: &Plan) -> (BTreeSet<usize>, Vec<String>) {
        let (mut due, mut warnings) = (BTreeSet::new(), Vec::new());
        for (place, (globs, tree)) in self.trees.iter_mut().enumerate() {
            let Some(file) = tree.look().into_iter().next() else {
                self.restless.remove(&place);
                continue;
            };
            let times = self.restless.entry(place).or_insert(0);
            *times += 1;
            if *times < OWN_CHANGES {
                due.extend(users(plan, globs));
            } else {
                warnings.push(format!(
                    "{} changes whenever its suites run, so they are not run again for it; \
                     narrow watch = {globs:?}",
                    file.display()
                ));
            }
        }
        (due, warnings)
    }

    /// The folders to watch.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.trees.iter().flat_map(|(_, tree)| tree.bases())
    }

    /// How many suites are watched.
    pub(super) fn watched(&self, plan: &Plan) -> usize {
        self.trees
            .iter()
            .map(|(globs, _)| users(plan, globs).count())
            .sum()
    }
}

fn users<'p>(plan: &'p Plan, globs: &'p [String]) -> impl Iterator<Item = usize> + 'p {
    let suites = plan.suites.iter().enumerate();
    suites
        .filter(move |(_, suite)| suite.watch == globs)
        .map(|(index, _)| index)
}
