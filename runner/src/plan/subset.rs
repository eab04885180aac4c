//! Part of a plan, for running some suites again.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Plan, Target};
use crate::event::SuiteIndex;

impl Plan {
    /// These suites and, again and again, those that need them.
    pub fn with_dependents(&self, suites: &BTreeSet<SuiteIndex>) -> BTreeSet<SuiteIndex> {
        let mut found = suites.clone();
        loop {
            let before = found.len();
            for (index, suite) in self.suites.iter().enumerate() {
                if suite.needs.iter().any(|need| found.contains(need)) {
                    found.insert(index);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    /// The plan of these suites alone: what they need besides is taken as done.
    #[must_use]
    pub fn only(&self, suites: &BTreeSet<SuiteIndex>) -> Self {
        let place = |index: &SuiteIndex| suites.iter().position(|kept| kept == index);
        let mut plan = self.clone();
        plan.suites = suites
            .iter()
            .filter_map(|index| self.suites.get(*index))
            .map(|suite| {
                let mut suite = super::Suite::clone(suite);
                suite.needs = suite.needs.iter().filter_map(place).collect();
                Arc::new(suite)
            })
            .collect();
        plan.added = self.added.iter().filter_map(place).collect();
        if plan
            .suites
            .iter()
            .all(|suite| suite.target == Target::Local)
        {
            plan.cluster = None;
        }
        plan
    }
}
