//! What stands: the newest outcome of every suite, and by which judge and rules.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::ByName;
use crate::cli::rejudge::{Bench, hear};
use crate::cli::{Failure, verdicts};
use crate::plan::{Plan, Suite};
use crate::plugin::Registry;
use crate::report::terminal::text::plural;
use crate::run::dir::RunDir;
use crate::run::rejudge::{self, Stored};

/// The newest outcome of every suite, by its name.
#[derive(Default)]
pub(super) struct Standings {
    suites: ByName<Standing>,
}

struct Standing {
    stored: Stored,
    /// By what it was judged, besides the judge's bytes.
    rules: Value,
}

impl Standings {
    /// Whether a suite's newest outcome is a pass.
    pub(super) fn passed(&self, name: &str) -> bool {
        let standing = self.suites.get(name);
        standing.is_some_and(|standing| standing.stored.summary.status.is_pass())
    }

    /// Takes in a run's outcomes; returns what differs from those before, for people.
    pub(super) fn take(&mut self, plan: &Plan, dir: &RunDir) -> Result<String, Failure> {
        let mut text = String::new();
        for stored in rejudge::stored(&dir.events()?, dir.path()) {
            let name = stored.summary.name.clone();
            let suite = plan.suites.iter().find(|suite| suite.name == name);
            let rules = suite.map_or(Value::Null, |suite| rules(plan, suite));
            if let Some(before) = self.suites.get(&name)
                && rejudge::differs(&before.stored.summary, &stored.summary)
            {
                text.push_str(&verdicts::difference(
                    &before.stored.summary,
                    &stored.summary,
                ));
            }
            self.suites.insert(name, Standing { stored, rules });
        }
        Ok(text)
    }

    /// Judges again what stands by other bytes or rules than those in force; returns what to say.
    pub(super) fn rejudge(&mut self, plan: &Plan, registry: &Registry) -> Result<String, Failure> {
        let mut due = Vec::new();
        for suite in &plan.suites {
            let Some(standing) = self.suites.get_mut(&suite.name) else {
                continue;
            };
            let judge = registry.get(&suite.judge).map(|judge| judge.identity());
            let rules = rules(plan, suite);
            let is_due =
                standing.rules != rules || Some(&standing.stored.summary.judge) != judge.as_ref();
            if is_due && !standing.stored.records.is_empty() {
                standing.rules = rules;
                due.push(standing.stored.clone());
            }
        }
        if due.is_empty() {
            return Ok(String::new());
        }
        let bench = Bench {
            plan,
            registry,
            only: None,
        };
        let begun = std::time::Instant::now();
        let (trials, _) = bench.trials(due, &plan.suites);
        let retrials = hear(trials)?;
        let took = begun.elapsed().as_millis();
        let (mut text, mut changed) = (String::new(), 0);
        for tried in &retrials {
            if tried.differs() {
                changed += 1;
                text.push_str(&verdicts::difference(&tried.old, &tried.new));
            }
            if let Some(standing) = self.suites.get_mut(&tried.new.name) {
                standing.stored.summary = tried.new.clone();
            }
        }
        let same = retrials.len() - changed;
        writeln!(
            text,
            "REJUDGED {} from their captures in {took} ms: {} changed, {same} unchanged",
            plural(retrials.len() as u64, "suite"),
            plural(changed as u64, "verdict"),
        )
        .unwrap_or_default();
        Ok(text)
    }

    /// Forgets suites that a new plan has no longer; returns those it runs otherwise or for the first time.
    pub(super) fn replan(&mut self, old: &Plan, new: &Plan) -> BTreeSet<usize> {
        let names: BTreeSet<&str> = new.suites.iter().map(|suite| suite.name.as_str()).collect();
        self.suites.retain(|name, _| names.contains(name.as_str()));
        new.suites
            .iter()
            .enumerate()
            .filter(|(_, suite)| {
                let before = old.suites.iter().find(|old| old.name == suite.name);
                let stands = self.suites.contains_key(&suite.name);
                !stands || before.is_none_or(|before| work(before) != work(suite))
            })
            .map(|(index, _)| index)
            .collect()
    }
}

/// What a verdict depends on besides the evidence and the judge's bytes.
fn rules(plan: &Plan, suite: &Suite) -> Value {
    json!({
        "judge": suite.judge,
        "spec": plan.judges.get(&suite.judge),
        "labels": suite.labels,
        "accept_incomplete": suite.accept_incomplete,
        "allow_empty": suite.allow_empty,
        "strict": suite.strict,
    })
}

/// What a suite's evidence depends on.
fn work(suite: &Suite) -> Value {
    let mut work = serde_json::to_value(suite).unwrap_or_default();
    if let Value::Object(fields) = &mut work {
        // `needs` are places in a plan; what a suite needs changes no evidence of its own.
        for name in [
            "judge",
            "labels",
            "accept_incomplete",
            "allow_empty",
            "strict",
            "needs",
            "watch",
            "slug",
        ] {
            fields.remove(name);
        }
    }
    work
}
