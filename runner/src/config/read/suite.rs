//! One `[suites.NAME]` or `[defaults]`: its keys and their values.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::cx::{Cx, Field, Path, Span, kind, whole};
use super::kubernetes::RawKubernetes;
use crate::config::error::Problem;
use crate::config::suggest::quoted;

pub(super) const KEYS: [&str; 19] = [
    "command",
    "script",
    "judge",
    "needs",
    "env",
    "labels",
    "matrix",
    "shards",
    "artifacts",
    "cwd",
    "timeout",
    "grace",
    "drain_timeout",
    "retries",
    "accept_incomplete",
    "allow_empty",
    "strict",
    "watch",
    "kubernetes",
];
pub(super) const RETRY_KEYS: [&str; 3] = ["infra", "failed", "backoff"];

pub(super) type Text = Spanned<String>;

/// The values of `[suites.NAME]` or `[defaults]`; none where a key is missing or wrong.
#[derive(Default)]
pub(super) struct RawSuite {
    pub(super) command: Option<Vec<Text>>,
    pub(super) script: Option<Text>,
    /// Whether `command` or `script` is written, right or wrong.
    pub(super) says_what: bool,
    pub(super) judge: Option<Text>,
    pub(super) needs: Option<Vec<Text>>,
    pub(super) env: Vec<(String, Text)>,
    pub(super) labels: Vec<(String, Text)>,
    pub(super) matrix: Option<Vec<(String, Vec<String>)>>,
    pub(super) matrix_span: Span,
    /// Whether the matrix is wrong, so that its variables cannot be checked.
    pub(super) matrix_broken: bool,
    pub(super) shards: Option<u32>,
    /// Whether `shards` is written, right or wrong.
    pub(super) has_shards: bool,
    pub(super) artifacts: Option<Vec<Text>>,
    pub(super) cwd: Option<Text>,
    pub(super) timeout: Option<Duration>,
    pub(super) grace: Option<Duration>,
    pub(super) drain_timeout: Option<Duration>,
    pub(super) retry_infra: Option<u32>,
    pub(super) retry_failed: Option<u32>,
    pub(super) retry_backoff: Option<Duration>,
    pub(super) accept_incomplete: Option<bool>,
    pub(super) allow_empty: Option<bool>,
    pub(super) strict: Option<bool>,
    pub(super) watch: Option<Vec<Text>>,
    /// The table that chooses the executor.
    pub(super) kubernetes: Option<RawKubernetes>,
}

/// A suite as written.
pub(super) struct NamedSuite {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) raw: RawSuite,
}

impl Cx<'_> {
    pub(super) fn suite(&mut self, fields: &[Field<'_>], owner: &Path<'_>) -> RawSuite {
        let mut raw = RawSuite::default();
        for field in fields {
            match field.key() {
                "command" => {
                    raw.says_what = true;
                    raw.command = self.command(field);
                }
                "script" => {
                    raw.says_what = true;
                    raw.script = self.filled_string(field);
                }
                "judge" => raw.judge = self.filled_string(field),
                "needs" => raw.needs = self.strings(field, "[\"build\"]"),
                "env" => raw.env = self.pairs(field, "{ NAME = \"value\" }", Self::check_env),
                "labels" => raw.labels = self.pairs(field, "{ team = \"pay\" }", Self::check_label),
                "matrix" => {
                    raw.matrix_span = field.key_span.clone();
                    raw.matrix = self.matrix(field);
                    raw.matrix_broken = raw.matrix.is_none();
                }
                "shards" => {
                    raw.has_shards = true;
                    raw.shards = self.integer(field, 1..=10_000);
                }
                "artifacts" => raw.artifacts = self.strings(field, "[\"reports/*.xml\"]"),
                "cwd" => raw.cwd = self.filled_string(field),
                "timeout" => raw.timeout = self.duration(field, false),
                "grace" => raw.grace = self.duration(field, true),
                "drain_timeout" => raw.drain_timeout = self.duration(field, true),
                "retries" => self.retries(field, &mut raw),
                "accept_incomplete" => raw.accept_incomplete = self.boolean(field),
                "allow_empty" => raw.allow_empty = self.boolean(field),
                "strict" => raw.strict = self.boolean(field),
                "watch" => raw.watch = self.strings(field, "[\"src/**\"]"),
                "kubernetes" => raw.kubernetes = self.kubernetes_of(field, owner),
                "capture" => self.capture_elsewhere(field),
                _ => self.unknown_key(field, &KEYS),
            }
        }
        if raw.command.is_some()
            && let Some(script) = &raw.script
        {
            let problem = Problem::at(
                "two-commands",
                script.span(),
                format!("{owner} has both command and script"),
            )
            .label("take one of them out");
            self.add(problem);
        }
        raw
    }

    fn kubernetes_of(&mut self, field: &Field<'_>, owner: &Path<'_>) -> Option<RawKubernetes> {
        if owner.parent.is_some() {
            return Some(self.on_kubernetes(field));
        }
        let problem = Problem::at(
            "unknown-key",
            field.key_span.clone(),
            format!("{owner} cannot choose Kubernetes for every suite"),
        )
        .label("write [kubernetes] for what suites share")
        .help("a suite is on Kubernetes when it has a table of its own: [suites.NAME.kubernetes]");
        self.add(problem);
        None
    }

    fn capture_elsewhere(&mut self, field: &Field<'_>) {
        let problem = Problem::at(
            "unknown-key",
            field.key_span.clone(),
            format!("{} is a key of the kubernetes table", field.path),
        )
        .label("write kubernetes.capture");
        self.add(problem);
    }

    fn command(&mut self, field: &Field<'_>) -> Option<Vec<Text>> {
        if let DeValue::String(text) = field.value {
            let words: Vec<String> = text.split_whitespace().map(quoted).collect();
            let label = format!("write [{}]", words.join(", "));
            let problem = Problem::at(
                "wrong-type",
                field.span.clone(),
                format!("{} must be a list of strings, not a string", field.path),
            )
            .label(crate::config::suggest::clean(&label, 100))
            .help("command is a program and its arguments, no shell; for a line of shell write script = \"…\"");
            self.add(problem);
            return None;
        }
        let command = self.strings(field, "[\"pytest\", \"-q\"]")?;
        match command.first() {
            None => {
                self.bad_value(field, "is empty", "write [\"pytest\", \"-q\"]");
                None
            }
            Some(program) if program.get_ref().is_empty() => {
                let span = program.span();
                let problem =
                    Problem::at("bad-value", span, format!("{} has no program", field.path))
                        .label("the program's name is empty");
                self.add(problem);
                None
            }
            Some(_) => Some(command),
        }
    }

    fn pairs(
        &mut self,
        field: &Field<'_>,
        like: &str,
        check: fn(&mut Self, &Field<'_>) -> bool,
    ) -> Vec<(String, Text)> {
        let mut pairs = Vec::new();
        for field in self.table(field, like).unwrap_or_default() {
            if !check(self, &field) {
                continue;
            }
            if let Some(value) = self.string(&field) {
                pairs.push((field.key().to_owned(), value));
            }
        }
        pairs
    }

    fn check_env(&mut self, field: &Field<'_>) -> bool {
        let name = field.key();
        let label = match name {
            "" => "it is empty",
            "TRIBUNAL_SHARD_INDEX" | "TRIBUNAL_SHARD_TOTAL" => "tribunal sets it",
            _ if name.contains('=') => "\"=\" cannot be in it",
            _ if name.contains('\0') => "NUL cannot be in it",
            _ => return true,
        };
        self.bad_key(field, "a variable", label);
        false
    }

    fn check_label(&mut self, field: &Field<'_>) -> bool {
        let name = field.key();
        let label = match name {
            "" => "it is empty",
            _ if name.contains('=') => "\"=\" cannot be in it: --label takes NAME=VALUE",
            _ if name.chars().any(char::is_control) => "control characters cannot be in it",
            _ => return true,
        };
        self.bad_key(field, "a label", label);
        false
    }

    fn bad_key(&mut self, field: &Field<'_>, what: &str, label: &str) {
        let problem = Problem::at(
            "bad-name",
            field.key_span.clone(),
            format!("{} cannot be the name of {what}", quoted(field.key())),
        )
        .label(label);
        self.add(problem);
    }

    fn matrix(&mut self, field: &Field<'_>) -> Option<Vec<(String, Vec<String>)>> {
        let fields = self.table(field, "{ python = [\"3.11\", \"3.13\"] }")?;
        if fields.is_empty() {
            self.bad_value(field, "is empty", "give it a list, or take it out");
        }
        let mut matrix = Some(Vec::with_capacity(fields.len()));
        for field in &fields {
            let good_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let name = field.key();
            if name.is_empty() || !name.chars().all(good_name) {
                self.bad_key(field, "a matrix list", "names are made of A-Z a-z 0-9 _ -");
                matrix = None;
                continue;
            }
            let values = self.list(field, "[\"3.11\", \"3.13\"]", Self::matrix_value);
            if values.as_ref().is_some_and(Vec::is_empty) {
                self.bad_value(
                    field,
                    "is empty",
                    "no value, no suite: give it at least one",
                );
                matrix = None;
            }
            match (values, &mut matrix) {
                (Some(values), Some(matrix)) => matrix.push((name.to_owned(), values)),
                _ => matrix = None,
            }
        }
        matrix
    }

    fn matrix_value(&mut self, field: &Field<'_>) -> Option<String> {
        let value = match field.value {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Integer(_) if let Some(value) = whole(field.value) => value.to_string(),
            DeValue::Float(_) => {
                // 3.10 is the classic: as a number it is 3.1.
                let written = self.text.get(field.span.clone()).unwrap_or("").trim();
                let label = format!("write {}", quoted(written));
                self.wrong_type(field, "a list of strings, integers or booleans", label);
                return None;
            }
            other => {
                let problem = Problem::at(
                    "wrong-type",
                    field.span.clone(),
                    format!(
                        "{} must be a list of strings, integers or booleans, not of {}",
                        field.path,
                        kind(other)
                    ),
                );
                self.add(problem);
                return None;
            }
        };
        let label = match value.chars().find(|c| c.is_control()) {
            _ if value.is_empty() => "it is empty",
            Some(_) => "control characters cannot be in it",
            None if value.len() > 200 => "it is longer than 200 bytes",
            None => return Some(value),
        };
        self.bad_value(field, "has a value that cannot be part of a name", label);
        None
    }

    fn retries(&mut self, field: &Field<'_>, raw: &mut RawSuite) {
        if let Some(number) = whole(field.value) {
            self.wrong_type(field, "a table", format!("write {{ failed = {number} }}"));
            return;
        }
        for field in self
            .table(field, "{ infra = 2, failed = 0 }")
            .unwrap_or_default()
        {
            match field.key() {
                "infra" => raw.retry_infra = self.integer(&field, 0..=100),
                "failed" => raw.retry_failed = self.integer(&field, 0..=100),
                "backoff" => raw.retry_backoff = self.duration(&field, true),
                _ => self.unknown_key(&field, &RETRY_KEYS),
            }
        }
    }
}
