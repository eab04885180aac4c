//! The whole document: its tables, and what only several of them together can get wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use super::problem::{Problems, suggest};
use super::reader::{At, Reader, json};
use super::suite::{self, SuiteKeys};
use super::{BUILTIN_JUDGES, Pipeline, SuiteDecl};
use crate::plan::{Command, JudgeLimits, JudgeSource, JudgeSpec, ReportFormat, ReportTarget};

/// The only version there is.
const VERSION: u32 = 1;

/// Reads a parsed document. `None` only when there are problems.
pub(super) fn read(
    table: &DeTable<'_>,
    file: &Path,
    root: &Path,
    problems: &mut Problems,
) -> Option<Pipeline> {
    let mut top = Reader::new(table, "", problems);
    version(&mut top);
    let name = top.string("name").map(|name| name.value);
    let (mut jobs, mut fail_fast) = (None, false);
    if let Some(mut run) = top.table("run") {
        jobs = run
            .number("jobs", 1, 10_000)
            .and_then(|jobs| usize::try_from(jobs).ok());
        fail_fast = run.bool("fail_fast").unwrap_or(false);
        run.finish();
    }
    let custom_judges = judges(&mut top, root);
    let reports = reports(&mut top, root);
    let defaults = top.table("defaults").map(suite::read).unwrap_or_default();
    let suites = suites(&mut top, &defaults, &custom_judges, root);
    if top.get("kubernetes").is_some() {
        let span = top.key_span("kubernetes");
        top.problems().add(
            "not-supported",
            span,
            "[kubernetes] is not supported by this version",
            "remove this table",
        );
    }
    top.finish();
    problems.is_empty().then(|| Pipeline {
        name: name.unwrap_or_else(|| {
            root.file_name().map_or_else(
                || "pipeline".to_owned(),
                |name| name.to_string_lossy().into_owned(),
            )
        }),
        file: file.to_owned(),
        root: root.to_owned(),
        jobs,
        fail_fast,
        custom_judges,
        suites,
        reports,
    })
}

fn version(top: &mut Reader<'_, '_>) {
    if top.get("version").is_none() {
        top.problems()
            .add("no-version", 0..0, "the pipeline has no version", "")
            .help("write version = 1 as the first line");
        return;
    }
    top.number("version", VERSION, VERSION);
}

fn judges(top: &mut Reader<'_, '_>, root: &Path) -> BTreeMap<String, JudgeSpec> {
    let mut found = BTreeMap::new();
    let Some(mut table) = top.table("judges") else {
        return found;
    };
    for (name, value) in table.entries() {
        if let Some((span, label)) = suite::name_problem(&name) {
            let message = format!("a judge cannot be called \"{}\"", name.value);
            table.problems().add("bad-name", span, message, label);
        }
        let path = table.name(&name.value);
        let Some(keys) = value.get_ref().as_table() else {
            table.problems().add(
                "wrong-type",
                value.span(),
                format!("{path} is not a table"),
                "",
            );
            continue;
        };
        if let Some(spec) = judge(Reader::new(keys, path, table.problems()), &name, root) {
            found.insert(name.value, spec);
        }
    }
    found
}

fn judge(mut reader: Reader<'_, '_>, name: &At<String>, root: &Path) -> Option<JudgeSpec> {
    let (path, builtin) = (reader.string("path"), reader.string("builtin"));
    let sha256 = reader.string("sha256");
    let config = reader
        .get("config")
        .map(|value| (json(value.get_ref()), value));
    let mut limits = JudgeLimits::default();
    if let Some(mut table) = reader.table("limits") {
        limits.memory = table.size("memory").unwrap_or(limits.memory);
        limits.cpu = table.duration("cpu").unwrap_or(limits.cpu);
        table.finish();
    }
    if let Some(pin) = &sha256
        && (pin.value.len() != 64 || !pin.value.chars().all(|c| c.is_ascii_hexdigit()))
    {
        let message = format!("{} is not a SHA-256", reader.name("sha256"));
        reader.problems().add(
            "bad-sha256",
            pin.span.clone(),
            message,
            "64 hexadecimal digits; sha256sum prints them",
        );
    }
    if let Some((_, value)) = config.as_ref().filter(|(config, _)| !config.is_object()) {
        let message = format!("{} is not a table", reader.name("config"));
        reader
            .problems()
            .add("wrong-type", value.span(), message, "like { minimum = 85 }");
    }
    let source = match (path, builtin) {
        (Some(_), Some(builtin)) => {
            let message = format!("judge \"{}\" has a path and a builtin", name.value);
            reader
                .problems()
                .add("two-sources", builtin.span, message, "keep one of the two");
            None
        }
        (Some(path), None) => Some(JudgeSource::File(root.join(path.value))),
        (None, Some(builtin)) if BUILTIN_JUDGES.contains(&builtin.value.as_str()) => {
            Some(JudgeSource::Builtin(builtin.value))
        }
        (None, Some(builtin)) => {
            let label = suggest(&builtin.value, BUILTIN_JUDGES);
            let message = format!("there is no built-in judge \"{}\"", builtin.value);
            reader
                .problems()
                .add("unknown-judge", builtin.span, message, label);
            None
        }
        (None, None) => {
            let message = format!("judge \"{}\" has no path", name.value);
            reader.problems().add(
                "no-path",
                name.span.clone(),
                message,
                "path = \"judges/x.wasm\", or builtin = \"pytest\"",
            );
            None
        }
    };
    reader.finish();
    Some(JudgeSpec {
        source: source?,
        sha256: sha256.map(|pin| pin.value.to_ascii_lowercase()),
        config: config.map_or_else(|| serde_json::json!({}), |(config, _)| config),
        limits,
    })
}

fn reports(top: &mut Reader<'_, '_>, root: &Path) -> Vec<ReportTarget> {
    let Some(mut table) = top.table("report") else {
        return Vec::new();
    };
    let mut targets = Vec::new();
    for (name, format) in ReportFormat::ALL {
        if let Some(path) = table.string(name) {
            targets.push(ReportTarget {
                format,
                path: root.join(path.value),
            });
        }
    }
    table.finish();
    targets
}

fn suites(
    top: &mut Reader<'_, '_>,
    defaults: &SuiteKeys,
    judges: &BTreeMap<String, JudgeSpec>,
    root: &Path,
) -> Vec<SuiteDecl> {
    let Some(mut table) = top.table("suites") else {
        if top.get("suites").is_none() {
            top.problems()
                .add("no-suites", 0..0, "the pipeline has no suites", "")
                .help("write [suites.unit] and below it command = [\"pytest\", \"-q\"] and judge = \"pytest\"");
        }
        return Vec::new();
    };
    let entries = table.entries();
    let names: Vec<String> = entries.iter().map(|(name, _)| name.value.clone()).collect();
    if entries.is_empty() {
        let message = "the pipeline has no suites".to_owned();
        table.problems().add("no-suites", 0..0, message, "");
    }
    let known_judges: Vec<&str> = BUILTIN_JUDGES
        .into_iter()
        .chain(judges.keys().map(String::as_str))
        .collect();
    let mut decls = Vec::new();
    for (name, value) in entries {
        if let Some((span, label)) = suite::name_problem(&name) {
            let message = format!("a suite cannot be called \"{}\"", name.value);
            table.problems().add("bad-name", span, message, label);
        }
        let path = table.name(&name.value);
        let Some(keys) = value.get_ref().as_table() else {
            table.problems().add(
                "wrong-type",
                value.span(),
                format!("{path} is not a table"),
                "",
            );
            continue;
        };
        let keys = suite::read(Reader::new(keys, path, table.problems()));
        check(
            &name,
            &keys,
            defaults,
            (&known_judges, &names),
            table.problems(),
        );
        decls.push(declare(name, keys, defaults, root));
    }
    super::cycles::find(&decls, table.problems());
    decls
}

/// What a suite gets wrong together with the rest of the file.
fn check(
    name: &At<String>,
    keys: &SuiteKeys,
    defaults: &SuiteKeys,
    (judges, suites): (&[&str], &[String]),
    problems: &mut Problems,
) {
    if keys.command.is_none()
        && defaults.command.is_none()
        && !problems.covers("command", &name.value)
    {
        let message = format!("suite \"{}\" has neither command nor script", name.value);
        problems.add(
            "no-command",
            name.span.clone(),
            message,
            "command = [\"program\", \"argument\"] or script = \"...\"",
        );
    }
    if let Some(judge) = keys.judge.as_ref().or(defaults.judge.as_ref())
        && !judges.contains(&judge.value.as_str())
    {
        let label = suggest(&judge.value, judges.iter().copied());
        let message = format!("suite \"{}\" uses judge \"{}\"", name.value, judge.value);
        let help = format!("judges: {}", judges.join(", "));
        problems
            .add("unknown-judge", judge.span.clone(), message, label)
            .help(help);
    }
    for need in keys.needs.iter().flatten() {
        if need.value == name.value {
            let message = format!("suite \"{}\" needs itself", name.value);
            problems.add("cycle", need.span.clone(), message, "it would never start");
        } else if !suites.contains(&need.value) {
            let label = suggest(&need.value, suites.iter().map(String::as_str));
            let message = format!(
                "suite \"{}\" needs \"{}\", which is not there",
                name.value, need.value
            );
            problems.add("unknown-need", need.span.clone(), message, label);
        }
    }
    let axes = keys
        .matrix
        .as_ref()
        .or(defaults.matrix.as_ref())
        .map_or(&[][..], Vec::as_slice);
    let sharded = keys.shards.or(defaults.shards).is_some();
    for variable in keys.variables.iter().chain(&defaults.variables) {
        if let Some(label) = suite::variable_problem(&variable.value, axes, sharded) {
            let message = format!("suite \"{}\" has no ${{{}}}", name.value, variable.value);
            problems.add("unknown-variable", variable.span.clone(), message, label);
        }
    }
}

fn declare(name: At<String>, keys: SuiteKeys, defaults: &SuiteKeys, root: &Path) -> SuiteDecl {
    let merged = |own: Option<BTreeMap<String, String>>,
                  common: &Option<BTreeMap<String, String>>| {
        let mut map = common.clone().unwrap_or_default();
        map.extend(own.unwrap_or_default());
        map
    };
    let needs = keys
        .needs
        .or_else(|| defaults.needs.clone())
        .unwrap_or_default();
    SuiteDecl {
        name: name.value,
        name_span: name.span,
        command: keys
            .command
            .or_else(|| defaults.command.clone())
            .unwrap_or_else(|| Command::Argv(vec![String::new()])),
        judge: keys
            .judge
            .or_else(|| defaults.judge.clone())
            .map_or_else(|| "exit-code".to_owned(), |judge| judge.value),
        needs: needs
            .into_iter()
            .map(|need| (need.value, need.span))
            .collect(),
        env: merged(keys.env, &defaults.env),
        labels: merged(keys.labels, &defaults.labels),
        matrix: keys
            .matrix
            .or_else(|| defaults.matrix.clone())
            .unwrap_or_default(),
        shards: keys.shards.or(defaults.shards),
        artifacts: keys
            .artifacts
            .or_else(|| defaults.artifacts.clone())
            .unwrap_or_default(),
        cwd: keys
            .cwd
            .or_else(|| defaults.cwd.clone())
            .map_or_else(|| root.to_owned(), |cwd| clean_join(root, &cwd)),
        timeout: keys
            .timeout
            .or(defaults.timeout)
            .unwrap_or(Duration::from_mins(30)),
        grace: keys
            .grace
            .or(defaults.grace)
            .unwrap_or(Duration::from_secs(10)),
        drain_timeout: keys
            .drain_timeout
            .or(defaults.drain_timeout)
            .unwrap_or(Duration::from_secs(30)),
        retries: keys.retries.or(defaults.retries).resolve(),
        accept_incomplete: keys
            .accept_incomplete
            .or(defaults.accept_incomplete)
            .unwrap_or(false),
        allow_empty: keys.allow_empty.or(defaults.allow_empty).unwrap_or(false),
        strict: keys.strict.or(defaults.strict).unwrap_or(false),
    }
}

/// `root` for `.`; else joined, so that messages show no `/./`.
fn clean_join(root: &Path, cwd: &str) -> PathBuf {
    root.join(cwd).components().collect()
}
