//! `[kubernetes]` and `[suites.NAME.kubernetes]`: keys and values.

use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use super::cx::{Cx, Field, Span, whole};
use super::names::{self, Rule};
use super::suite::Text;
use crate::config::error::Problem;
use crate::config::suggest::quoted;
use crate::plan::{CaptureMode, Toleration};

pub(super) const KEYS: [&str; 17] = [
    "namespace",
    "image",
    "image_pull_policy",
    "working_dir",
    "service_account",
    "image_pull_secrets",
    "resources",
    "node_selector",
    "tolerations",
    "labels",
    "annotations",
    "ttl",
    "provisioning_timeout",
    "capture",
    "spool_limit",
    "hold",
    "pod",
];
pub(super) const RUN_KEYS: [&str; 20] = [
    "kubeconfig",
    "context",
    "jobs",
    "namespace",
    "image",
    "image_pull_policy",
    "working_dir",
    "service_account",
    "image_pull_secrets",
    "resources",
    "node_selector",
    "tolerations",
    "labels",
    "annotations",
    "ttl",
    "provisioning_timeout",
    "capture",
    "spool_limit",
    "hold",
    "pod",
];
/// A spool holds a few records at least, and no node has more to give than this.
const SPOOL: std::ops::RangeInclusive<u64> = (1 << 20)..=(1 << 40);
pub(super) const TOLERATION_KEYS: [&str; 5] = ["key", "operator", "value", "effect", "seconds"];

/// `[kubernetes]`: what is of the run, and what every suite on Kubernetes falls back on.
#[derive(Default)]
pub(super) struct RawCluster {
    pub(super) kubeconfig: Option<PathBuf>,
    pub(super) context: Option<String>,
    pub(super) jobs: Option<usize>,
    pub(super) suite: RawKubernetes,
}

/// The values of one table; none where a key is missing or wrong.
#[derive(Default)]
pub(super) struct RawKubernetes {
    /// Where the table's name is written.
    pub(super) span: Span,
    pub(super) namespace: Option<Text>,
    pub(super) image: Option<Text>,
    /// Whether `image` is written, right or wrong.
    pub(super) says_image: bool,
    pub(super) image_pull_policy: Option<String>,
    pub(super) working_dir: Option<Text>,
    pub(super) service_account: Option<Text>,
    pub(super) image_pull_secrets: Option<Vec<Text>>,
    pub(super) requests: Vec<(String, String)>,
    pub(super) limits: Vec<(String, String)>,
    pub(super) node_selector: Vec<(String, Text)>,
    pub(super) tolerations: Option<Vec<Toleration>>,
    pub(super) labels: Vec<(String, Text)>,
    pub(super) annotations: Vec<(String, Text)>,
    pub(super) ttl: Option<Duration>,
    pub(super) provisioning_timeout: Option<Duration>,
    pub(super) capture: Option<CaptureMode>,
    /// Where the mode is written.
    pub(super) capture_span: Span,
    pub(super) spool_limit: Option<u64>,
    pub(super) hold: Option<Duration>,
    pub(super) pod: Option<serde_json::Value>,
}

impl Cx<'_> {
    pub(super) fn cluster(&mut self, field: &Field<'_>, root: &FilePath) -> RawCluster {
        let mut raw = RawCluster::default();
        raw.suite.span = field.key_span.clone();
        let fields = self.table(field, "[kubernetes]").unwrap_or_default();
        for field in &fields {
            match field.key() {
                "kubeconfig" => {
                    let path = self.filled_string(field);
                    raw.kubeconfig = path.map(|path| root.join(path.get_ref()));
                }
                "context" => raw.context = self.filled_string(field).map(Text::into_inner),
                "jobs" => {
                    let jobs = self.integer(field, 1..=10_000);
                    raw.jobs = jobs.and_then(|jobs| usize::try_from(jobs).ok());
                }
                _ => {
                    if !self.pod_key(field, &mut raw.suite) {
                        self.unknown_key(field, &RUN_KEYS);
                    }
                }
            }
        }
        raw
    }

    pub(super) fn on_kubernetes(&mut self, field: &Field<'_>) -> RawKubernetes {
        let mut raw = RawKubernetes {
            span: field.key_span.clone(),
            ..RawKubernetes::default()
        };
        let Some(fields) = self.table(field, "[suites.NAME.kubernetes]") else {
            raw.says_image = true;
            return raw;
        };
        for field in &fields {
            match field.key() {
                "kubeconfig" | "context" | "jobs" => {
                    let problem = Problem::at(
                        "unknown-key",
                        field.key_span.clone(),
                        format!("{} is for all suites, not for one", field.path),
                    )
                    .label("move it to [kubernetes]");
                    self.add(problem);
                }
                _ => {
                    if !self.pod_key(field, &mut raw) {
                        self.unknown_key(field, &KEYS);
                    }
                }
            }
        }
        raw
    }

    /// Reads a key that both tables may have; false when it is none.
    fn pod_key(&mut self, field: &Field<'_>, raw: &mut RawKubernetes) -> bool {
        match field.key() {
            "namespace" => raw.namespace = self.named(field, Rule::Label),
            "image" => {
                raw.says_image = true;
                raw.image = self.named(field, Rule::Image);
            }
            "image_pull_policy" => {
                raw.image_pull_policy = self.one_of(field, &["Always", "IfNotPresent", "Never"]);
            }
            "working_dir" => raw.working_dir = self.named(field, Rule::AbsolutePath),
            "service_account" => raw.service_account = self.named(field, Rule::Subdomain),
            "image_pull_secrets" => {
                raw.image_pull_secrets = self.list(field, "[\"registry\"]", |cx, element| {
                    cx.named(element, Rule::Subdomain)
                });
            }
            "resources" => self.resources(field, raw),
            "node_selector" => {
                raw.node_selector = self.map(field, "{ disk = \"ssd\" }", Rule::LabelValue);
            }
            "tolerations" => {
                let like = "[{ key = \"ci\", operator = \"Exists\" }]";
                raw.tolerations = self.list(field, like, |cx, element| cx.toleration(element));
            }
            "labels" => raw.labels = self.map(field, "{ team = \"pay\" }", Rule::LabelValue),
            "annotations" => {
                raw.annotations = self.map(field, "{ \"example.com/owner\" = \"pay\" }", Rule::Any);
            }
            "ttl" => raw.ttl = self.duration(field, true),
            "provisioning_timeout" => raw.provisioning_timeout = self.duration(field, false),
            "capture" => {
                raw.capture = self.capture(field);
                raw.capture_span = field.span.clone();
            }
            "spool_limit" => raw.spool_limit = self.size(field, SPOOL, "from 1MiB to 1TiB"),
            "hold" => raw.hold = self.duration(field, false),
            "pod" => {
                if matches!(field.value, toml::de::DeValue::Table(_)) {
                    raw.pod = self.json(field, field.value, &field.span);
                } else {
                    self.wrong_type(field, "a table", "write { hostNetwork = true }".to_owned());
                }
            }
            _ => return false,
        }
        true
    }

    /// A string that keeps to a rule of Kubernetes.
    fn named(&mut self, field: &Field<'_>, rule: Rule) -> Option<Text> {
        let text = if rule == Rule::Any || rule == Rule::LabelValue {
            self.string(field)?
        } else {
            self.filled_string(field)?
        };
        // What variables will say is known to the plan only; the API server checks it again.
        if text.get_ref().contains("${") {
            return Some(text);
        }
        match names::broken(rule, text.get_ref()) {
            None => Some(text),
            Some(why) => {
                let message = format!("is not {}: {}", rule.what(), quoted(text.get_ref()));
                self.bad_value(field, &message, why);
                None
            }
        }
    }

    fn one_of(&mut self, field: &Field<'_>, words: &[&'static str]) -> Option<String> {
        let text = self.filled_string(field)?.into_inner();
        if words.contains(&text.as_str()) {
            return Some(text);
        }
        let meant = self.closest(&text, words.iter().copied());
        let problem = Problem::at(
            "bad-value",
            field.span.clone(),
            format!("{} cannot be {}", field.path, quoted(&text)),
        )
        .did_you_mean(meant)
        .help(format!("one of: {}", words.join(", ")));
        self.add(problem);
        None
    }

    fn capture(&mut self, field: &Field<'_>) -> Option<CaptureMode> {
        let word = self.one_of(field, &["stream", "sealed", "auto"])?;
        Some(match word.as_str() {
            "stream" => CaptureMode::Stream,
            "sealed" => CaptureMode::Sealed,
            _ => CaptureMode::Auto,
        })
    }

    fn resources(&mut self, field: &Field<'_>, raw: &mut RawKubernetes) {
        let like = "{ requests = { cpu = \"500m\", memory = \"1Gi\" } }";
        for field in self.table(field, like).unwrap_or_default() {
            match field.key() {
                "requests" => raw.requests = self.quantities(&field),
                "limits" => raw.limits = self.quantities(&field),
                _ => self.unknown_key(&field, &["requests", "limits"]),
            }
        }
    }

    fn quantities(&mut self, field: &Field<'_>) -> Vec<(String, String)> {
        let mut quantities = Vec::new();
        let like = "{ cpu = \"500m\", memory = \"1Gi\" }";
        for field in self.table(field, like).unwrap_or_default() {
            let text = match whole(field.value) {
                Some(number) if number >= 0 => Some(number.to_string()),
                _ => self.filled_string(&field).map(Text::into_inner),
            };
            let Some(text) = text else { continue };
            match names::broken(Rule::Quantity, &text) {
                None if self.key(&field, "a resource") => {
                    quantities.push((field.key().to_owned(), text));
                }
                None => {}
                Some(why) => {
                    let message = format!("is not a quantity: {}", quoted(&text));
                    self.bad_value(&field, &message, why);
                }
            }
        }
        quantities
    }

    fn map(&mut self, field: &Field<'_>, like: &str, rule: Rule) -> Vec<(String, Text)> {
        let mut pairs = Vec::new();
        for field in self.table(field, like).unwrap_or_default() {
            if self.key(&field, "a label or annotation")
                && let Some(value) = self.named(&field, rule)
            {
                pairs.push((field.key().to_owned(), value));
            }
        }
        pairs
    }

    /// Checks a qualified name: `name` or `prefix.example/name`.
    fn key(&mut self, field: &Field<'_>, what: &str) -> bool {
        let ours = field.key().starts_with("tribunal.dev/");
        let why = match names::broken(Rule::QualifiedName, field.key()) {
            _ if ours => "tribunal sets these itself".to_owned(),
            None => return true,
            Some(why) => why,
        };
        let problem = Problem::at(
            "bad-name",
            field.key_span.clone(),
            format!("{} cannot be the name of {what}", quoted(field.key())),
        )
        .label(why);
        self.add(problem);
        false
    }

    fn toleration(&mut self, field: &Field<'_>) -> Option<Toleration> {
        let mut toleration = Toleration::default();
        let before = self.sink.count();
        for field in self.table(field, "{ key = \"ci\" }")? {
            match field.key() {
                "key" => {
                    toleration.key = self
                        .named(&field, Rule::QualifiedName)
                        .map(Text::into_inner);
                }
                "operator" => toleration.operator = self.one_of(&field, &["Exists", "Equal"]),
                "value" => {
                    toleration.value = self.named(&field, Rule::LabelValue).map(Text::into_inner);
                }
                "effect" => {
                    let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
                    toleration.effect = self.one_of(&field, &effects);
                }
                "seconds" => {
                    toleration.seconds = self.integer(&field, 0..=u32::MAX).map(i64::from);
                }
                _ => self.unknown_key(&field, &TOLERATION_KEYS),
            }
        }
        if self.sink.count() > before {
            return None;
        }
        let exists = toleration.operator.as_deref() == Some("Exists");
        let wrong = if exists && toleration.value.is_some() {
            "\"Exists\" looks at no value: take value out"
        } else if !exists && toleration.key.is_none() {
            "without a key, operator must be \"Exists\""
        } else if toleration.seconds.is_some() && toleration.effect.as_deref() != Some("NoExecute")
        {
            "seconds are for effect \"NoExecute\" only"
        } else {
            return Some(toleration);
        };
        self.bad_value(field, "has a toleration that no cluster takes", wrong);
        None
    }
}
