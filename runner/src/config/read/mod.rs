//! From text to [`Pipeline`]: the document as a whole, `[run]` and `[report]`.

use std::path::Path as FilePath;

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Problem};
use super::load::EXAMPLE;
use super::schema::{Keep, Pipeline, SuiteConfig};
use super::suggest::quoted;
use crate::plan::{Cluster, ReportFormat, ReportTarget};
use cx::{Cx, Field, Span, fields};

mod cx;
mod elsewhere;
mod judge;
#[cfg(test)]
mod keys;
mod kubernetes;
mod links;
mod merge;
mod names;
mod suite;
mod syntax;
mod target;
mod templates;

const KEYS: [&str; 8] = [
    "version",
    "name",
    "run",
    "defaults",
    "judges",
    "suites",
    "kubernetes",
    "report",
];
/// Jobs at once without `kubernetes.jobs`.
const JOBS_ON_A_CLUSTER: usize = 20;
const RUN_KEYS: [&str; 3] = ["jobs", "fail_fast", "keep"];
const KEEP_KEYS: [&str; 4] = ["runs", "days", "size", "auto"];

/// What the document says, as far as it could be read.
#[derive(Default)]
struct Document {
    name: Option<String>,
    jobs: Option<usize>,
    fail_fast: bool,
    keep: Keep,
    defaults: suite::RawSuite,
    judges: Vec<judge::Declared>,
    suites: Vec<suite::NamedSuite>,
    /// Names of suites that are there but wrong, so that needing them is not a second mistake.
    broken: Vec<String>,
    cluster: kubernetes::RawCluster,
    reports: Vec<ReportTarget>,
    has_version: bool,
    suites_span: Option<Span>,
    suites_are_wrong: bool,
}

/// Checks a pipeline's text.
///
/// `file` is where relative paths start, `file_name` what messages call it; `exists` answers whether
/// a judge's file is there.
pub(super) fn pipeline(
    text: &str,
    file_name: &str,
    file: &FilePath,
    exists: &dyn Fn(&FilePath) -> bool,
) -> Result<Pipeline, ConfigError> {
    if text.trim().trim_start_matches('\u{feff}').is_empty() {
        let problem = Problem::whole("empty-file", format!("{} is empty", quoted(file_name)))
            .help(format!("a pipeline starts like this:\n{EXAMPLE}"));
        return Err(ConfigError::unreadable(file_name, problem));
    }
    let (tree, errors) = DeTable::parse_recoverable(text);
    let broken = syntax::Broken::new(text, tree.get_ref(), &errors);
    drop(errors);

    let root = file.parent().unwrap_or(FilePath::new(""));
    let mut cx = Cx {
        text,
        sink: super::error::Sink::default(),
    };
    let document = cx.document(tree.get_ref(), root);
    for judge in &document.judges {
        judge::check_file(&mut cx, judge, exists);
    }
    let suites = cx.finish_suites(&document);
    let sink = broken.combine(cx.sink);
    if let Some(error) = sink.finish(file_name, text) {
        return Err(error);
    }
    Ok(Pipeline {
        name: document.name.unwrap_or_else(|| folder_name(root)),
        file: file.to_owned(),
        root: root.to_owned(),
        jobs: document.jobs,
        fail_fast: document.fail_fast,
        keep: document.keep,
        judges: document
            .judges
            .into_iter()
            .map(|judge| (judge.name, judge.spec))
            .collect(),
        cluster: Cluster {
            kubeconfig: document.cluster.kubeconfig,
            context: document.cluster.context,
            jobs: document.cluster.jobs.unwrap_or(JOBS_ON_A_CLUSTER),
        },
        suites,
        reports: document.reports,
    })
}

fn folder_name(root: &FilePath) -> String {
    match root.file_name() {
        Some(name) => super::suggest::clean(&name.to_string_lossy(), 100),
        None => "pipeline".to_owned(),
    }
}

impl Cx<'_> {
    fn document(&mut self, tree: &DeTable<'_>, root: &FilePath) -> Document {
        let mut document = Document::default();
        for field in fields(tree, None) {
            match field.key() {
                "version" => {
                    document.has_version = true;
                    self.version(&field);
                }
                "name" => document.name = self.pipeline_name(&field),
                "run" => self.run(&field, &mut document),
                "defaults" => {
                    if let Some(fields) = self.table(&field, "[defaults]") {
                        document.defaults = self.suite(&fields, &field.path);
                    }
                }
                "judges" => document.judges = self.judges(&field, root),
                "suites" => {
                    document.suites_span = Some(field.key_span.clone());
                    document.suites_are_wrong = !matches!(field.value, DeValue::Table(_));
                    self.suites(&field, &mut document);
                }
                "report" => document.reports = self.reports(&field, root),
                "kubernetes" => document.cluster = self.cluster(&field, root),
                _ => self.unknown_key(&field, &KEYS),
            }
        }
        self.missing(&document);
        document
    }

    fn missing(&mut self, document: &Document) {
        if !document.has_version {
            self.add(
                Problem::whole("missing-version", "the pipeline does not say its version")
                    .help("write version = 1 as the first line")
                    .absence(),
            );
        }
        let any = !document.suites.is_empty() || !document.broken.is_empty();
        if !any && !document.suites_are_wrong {
            let mut problem = Problem::whole("no-suites", "the pipeline has no suites")
                .help(format!("a suite looks like this:\n{}", suite_example()));
            problem.span.clone_from(&document.suites_span);
            self.add(problem.absence());
        }
    }

    fn version(&mut self, field: &Field<'_>) {
        let DeValue::Integer(_) = field.value else {
            self.wrong_type(field, "the integer 1", "write 1".to_owned());
            return;
        };
        if cx::whole(field.value) != Some(1) {
            self.bad_value(field, "is not known to this tribunal", "it knows version 1");
        }
    }

    fn pipeline_name(&mut self, field: &Field<'_>) -> Option<String> {
        let name = self.filled_string(field)?.into_inner();
        if name.chars().any(char::is_control) || name.chars().count() > 100 {
            self.bad_value(field, "must be one line of at most 100 characters", "");
            return None;
        }
        Some(name)
    }

    fn run(&mut self, field: &Field<'_>, document: &mut Document) {
        for field in self.table(field, "[run]").unwrap_or_default() {
            match field.key() {
                "jobs" => {
                    document.jobs = self
                        .integer(&field, 1..=10_000)
                        .and_then(|jobs| usize::try_from(jobs).ok());
                }
                "fail_fast" => document.fail_fast = self.boolean(&field).unwrap_or(false),
                "keep" => self.keep(&field, &mut document.keep),
                _ => self.unknown_key(&field, &RUN_KEYS),
            }
        }
    }

    fn keep(&mut self, field: &Field<'_>, keep: &mut Keep) {
        let like = "{ runs = 100, days = 30, size = \"1GB\" }";
        for field in self.table(field, like).unwrap_or_default() {
            match field.key() {
                "runs" => keep.runs = self.integer(&field, 1..=1_000_000).unwrap_or(keep.runs),
                "days" => keep.days = self.integer(&field, 1..=36_500).unwrap_or(keep.days),
                "size" => {
                    let range = 1_000_000..=1 << 50;
                    let size = self.size(&field, range, "from 1MB to 1024TiB");
                    keep.bytes = size.unwrap_or(keep.bytes);
                }
                "auto" => keep.auto = self.boolean(&field).unwrap_or(false),
                _ => self.unknown_key(&field, &KEEP_KEYS),
            }
        }
    }

    fn reports(&mut self, field: &Field<'_>, root: &FilePath) -> Vec<ReportTarget> {
        let names = ReportFormat::ALL.map(|(name, _)| name);
        let mut reports: Vec<ReportTarget> = Vec::new();
        for field in self.table(field, "[report]").unwrap_or_default() {
            let format = ReportFormat::ALL
                .iter()
                .find(|(name, _)| *name == field.key());
            match format {
                Some(&(_, format)) => {
                    let Some(path) = self.filled_string(&field) else {
                        continue;
                    };
                    let path = root.join(path.get_ref());
                    if reports.iter().any(|report| report.path == path) {
                        self.bad_value(
                            &field,
                            "is the path of another report too",
                            "choose another",
                        );
                    }
                    reports.push(ReportTarget { format, path });
                }
                None => self.unknown_key(&field, &names),
            }
        }
        reports
    }

    fn suites(&mut self, field: &Field<'_>, document: &mut Document) {
        for field in self.table(field, "[suites.NAME]").unwrap_or_default() {
            let name_ok = self.check_name(&field, "suite");
            let Some(fields) = self.table(&field, "[suites.NAME]") else {
                document.broken.push(field.key().to_owned());
                continue;
            };
            let raw = self.suite(&fields, &field.path);
            if name_ok {
                document.suites.push(suite::NamedSuite {
                    name: field.key().to_owned(),
                    span: field.key_span.clone(),
                    raw,
                });
            } else {
                document.broken.push(field.key().to_owned());
            }
        }
    }

    fn finish_suites(&mut self, document: &Document) -> Vec<SuiteConfig> {
        let mut suites = Vec::with_capacity(document.suites.len());
        for suite in &document.suites {
            let merged = merge::Merged {
                name: suite,
                own: &suite.raw,
                defaults: &document.defaults,
                cluster: &document.cluster.suite,
            };
            suites.extend(merged.finish(self));
        }
        links::check_judges(self, document);
        links::check_needs(self, document);
        links::check_variants(self, document, &suites);
        suites
    }

    /// Checks a name that becomes part of paths and of what people type.
    fn check_name(&mut self, field: &Field<'_>, what: &str) -> bool {
        let name = field.key();
        let bad = name
            .chars()
            .find(|&c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
        let label = match bad {
            _ if name.is_empty() => "it is empty".to_owned(),
            Some(c) => format!("{} cannot be in it", quoted(&c.to_string())),
            None if name.starts_with(['.', '-']) => "it starts with . or -".to_owned(),
            None if name.len() > 100 => "it is longer than 100 characters".to_owned(),
            None => return true,
        };
        let problem = Problem::at(
            "bad-name",
            field.key_span.clone(),
            format!("{} cannot be the name of a {what}", quoted(name)),
        )
        .label(label)
        .help("names are made of A-Z a-z 0-9 . _ - and start with a letter, a digit or _");
        self.add(problem);
        false
    }
}

/// The suite of [`EXAMPLE`], without the first line.
fn suite_example() -> &'static str {
    EXAMPLE.split_once('\n').map_or(EXAMPLE, |(_, rest)| rest)
}
