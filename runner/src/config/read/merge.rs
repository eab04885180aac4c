//! A suite as written, with `[defaults]` under it, becomes a [`SuiteConfig`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::cx::Cx;
use super::kubernetes::RawKubernetes;
use super::suite::{NamedSuite, RawSuite, Text};
use super::{target, templates};
use crate::config::error::Problem;
use crate::config::schema::SuiteConfig;
use crate::plan::{Command, Retries};

/// A suite and what it falls back on.
pub(super) struct Merged<'a> {
    pub(super) name: &'a NamedSuite,
    pub(super) own: &'a RawSuite,
    pub(super) defaults: &'a RawSuite,
    /// What suites on Kubernetes fall back on.
    pub(super) cluster: &'a RawKubernetes,
}

/// What a suite runs, with places.
pub(super) enum RawCommand<'a> {
    Argv(&'a [Text]),
    Script(&'a Text),
}

impl<'a> Merged<'a> {
    /// The first of the two that has something; its own before the defaults'.
    pub(super) fn pick<T>(&self, get: impl Fn(&'a RawSuite) -> Option<T>) -> Option<T> {
        get(self.own).or_else(|| get(self.defaults))
    }

    /// A suite that says what it runs inherits neither `command` nor `script`.
    pub(super) fn command(&self) -> Option<RawCommand<'a>> {
        let raw = if self.own.says_what {
            self.own
        } else {
            self.defaults
        };
        let argv = raw.command.as_deref().map(RawCommand::Argv);
        argv.or_else(|| raw.script.as_ref().map(RawCommand::Script))
    }

    pub(super) fn matrix(&self) -> &'a [(String, Vec<String>)] {
        if self.own.matrix_broken {
            return &[];
        }
        self.pick(|raw| raw.matrix.as_deref()).unwrap_or(&[])
    }

    /// Tables are merged key by key.
    fn pairs(
        &self,
        get: impl Fn(&'a RawSuite) -> &'a [(String, Text)],
    ) -> BTreeMap<&'a str, &'a Text> {
        [self.defaults, self.own]
            .into_iter()
            .flat_map(get)
            .map(|(key, value)| (key.as_str(), value))
            .collect()
    }

    pub(super) fn env(&self) -> BTreeMap<&'a str, &'a Text> {
        self.pairs(|raw| &raw.env)
    }

    /// The suite, checked as far as it goes alone; none when something essential is missing.
    pub(super) fn finish(&self, cx: &mut Cx<'_>) -> Option<SuiteConfig> {
        templates::check(cx, self);
        let target = target::of(cx, self);
        let in_a_pod = self.own.kubernetes.is_some();
        let command = match self.command() {
            Some(RawCommand::Argv(argv)) => Command::Argv(owned(argv)),
            Some(RawCommand::Script(script)) => Command::Script(script.get_ref().clone()),
            None if in_a_pod && !self.own.says_what && !self.defaults.says_what => Command::Image,
            None => {
                if !self.own.says_what && !self.defaults.says_what {
                    cx.add(
                        Problem::at(
                            "no-command",
                            self.name.span.clone(),
                            format!("suite \"{}\" does not say what to run", self.name.name),
                        )
                        .label("it needs a command or a script")
                        .help("write command = [\"pytest\", \"-q\"], or script = \"make test\"")
                        .absence(),
                    );
                }
                return None;
            }
        };
        let strings = |pairs: BTreeMap<&str, &Text>| {
            pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.get_ref().clone()))
                .collect()
        };
        Some(SuiteConfig {
            name: self.name.name.clone(),
            target: target?,
            command,
            judge: self
                .pick(|raw| raw.judge.as_ref())
                .map_or_else(|| "exit-code".to_owned(), |judge| judge.get_ref().clone()),
            needs: self.needs(),
            env: strings(self.env()),
            labels: strings(self.pairs(|raw| &raw.labels)),
            matrix: self.matrix().to_vec(),
            shards: self.pick(|raw| raw.shards),
            artifacts: self
                .pick(|raw| raw.artifacts.as_deref())
                .map(owned)
                .unwrap_or_default(),
            watch: self
                .pick(|raw| raw.watch.as_deref())
                .map(owned)
                .unwrap_or_default(),
            cwd: self
                .pick(|raw| raw.cwd.as_ref())
                .map_or_else(|| ".".to_owned(), |cwd| cwd.get_ref().clone()),
            timeout: self.duration(30 * 60, |raw| raw.timeout),
            grace: self.duration(10, |raw| raw.grace),
            drain_timeout: self.duration(30, |raw| raw.drain_timeout),
            retries: Retries {
                infra: self.pick(|raw| raw.retry_infra).unwrap_or(2),
                failed: self.pick(|raw| raw.retry_failed).unwrap_or(0),
                backoff: self.duration(2, |raw| raw.retry_backoff),
            },
            accept_incomplete: self.pick(|raw| raw.accept_incomplete).unwrap_or(false),
            allow_empty: self.pick(|raw| raw.allow_empty).unwrap_or(false),
            strict: self.pick(|raw| raw.strict).unwrap_or(false),
        })
    }

    fn duration(&self, seconds: u64, get: impl Fn(&RawSuite) -> Option<Duration>) -> Duration {
        self.pick(get).unwrap_or(Duration::from_secs(seconds))
    }

    fn needs(&self) -> Vec<String> {
        let mut needs: Vec<String> = Vec::new();
        for need in needs_of(self.name, self.defaults) {
            if !needs.iter().any(|known| known == need.get_ref()) {
                needs.push(need.get_ref().clone());
            }
        }
        needs
    }
}

fn owned(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.get_ref().clone()).collect()
}

/// What a suite needs: its own list, or the one of the defaults without itself.
pub(super) fn needs_of<'a>(suite: &'a NamedSuite, defaults: &'a RawSuite) -> Vec<&'a Text> {
    match &suite.raw.needs {
        Some(own) => own.iter().collect(),
        None => defaults
            .needs
            .iter()
            .flatten()
            .filter(|need| *need.get_ref() != suite.name)
            .collect(),
    }
}
