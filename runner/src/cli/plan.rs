//! `tribunal plan`: what would run?

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use unicode_width::UnicodeWidthStr as _;

use super::Failure;
use super::check::json;
use crate::config::{Pipeline, clean, quoted};
use crate::model::ExitStatus;
use crate::plan::{CaptureMode, Plan, Selection, Suite, Target, resolve};

/// Show what would run, and touch nothing
#[derive(Args, Debug)]
#[command(
    long_about = "Show what would run, with matrix and shards multiplied and filters applied.\n\n\
        Runs nothing, reads no environment, opens no connection.",
    after_help = "\
Examples:
  tribunal plan                        every suite
  tribunal plan unit                   all variants of suite unit, and what it needs
  tribunal plan 'unit[python=3.13]'    one variant (brackets are literal)
  tribunal plan 'api-*' '*python=3.13*'  by glob: *, ?, {a,b}
  tribunal plan --label team=pay       by label; all given labels must match
  tribunal plan --format json | jq -r '.suites[].name'

Exit codes: 0 a plan, 2 the pipeline or a filter is wrong, 4 nothing matches"
)]
pub(crate) struct PlanArgs {
    /// Suites to select, by name or glob; all without one
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// Only suites with this label; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub(crate) labels: Vec<(String, String)>,
    /// The pipeline file
    #[arg(long, value_name = "FILE", default_value = "pipeline.toml")]
    pub(crate) pipeline: PathBuf,
    /// How to show it
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    pub(crate) format: PlanFormat,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// A table
    Human,
    /// One JSON object: the whole plan, durations in milliseconds
    Json,
}

/// Parses `NAME=VALUE` of `--label`.
pub(crate) fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it like team=pay".to_owned()),
    }
}

/// Prints the plan to `out`; what is wrong goes to `err`. `cores` is this machine's.
pub(crate) fn plan(
    args: &PlanArgs,
    cores: usize,
    out: &mut dyn Write,
    err: &mut dyn Write,
    colour: bool,
) -> io::Result<ExitStatus> {
    let pipeline = match Pipeline::load(&args.pipeline) {
        Ok(pipeline) => pipeline,
        Err(error) => {
            err.write_all(error.render(colour).as_bytes())?;
            return Ok(ExitStatus::Usage);
        }
    };
    let selection = Selection {
        filters: args.filters.clone(),
        labels: args.labels.clone(),
        cores,
        ..Selection::default()
    };
    let plan = match resolve(&pipeline, &selection) {
        Ok(plan) => plan,
        Err(error) => {
            let failure = Failure::from(error);
            err.write_all(failure.render(colour).as_bytes())?;
            return Ok(failure.status());
        }
    };
    match args.format {
        PlanFormat::Json => json(out, &plan)?,
        PlanFormat::Human => out.write_all(table(&plan).as_bytes())?,
    }
    Ok(ExitStatus::Passed)
}

const HEAD: [&str; 6] = ["suite", "judge", "executor", "timeout", "needs", "command"];

/// The plan as a table, then a line that adds it up.
fn table(plan: &Plan) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    for (index, suite) in plan.suites.iter().enumerate() {
        let mut row = row(plan, suite);
        if plan.added.binary_search(&index).is_ok()
            && let Some(name) = row.first_mut()
        {
            name.push_str(" (needed)");
        }
        rows.push(row);
    }
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let mut table = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    let suites = plan.suites.len();
    let plural = if suites == 1 { "" } else { "s" };
    table.push_str(&on_cluster(plan));
    table.push_str(&summary(plan, &format!("{suites} suite{plural}")));
    table
}

/// What a table has no room for: where in which cluster.
fn on_cluster(plan: &Plan) -> String {
    let Some(cluster) = &plan.cluster else {
        return String::new();
    };
    let context = match &cluster.context {
        Some(context) => format!("context {}", quoted(context)),
        None => "the current context".to_owned(),
    };
    let mut text = format!("\nkubernetes: {context}, {} Jobs at once\n", cluster.jobs);
    for suite in &plan.suites {
        let Target::Kubernetes(spec) = &suite.target else {
            continue;
        };
        let namespace = match &spec.namespace {
            Some(namespace) => format!("namespace {}", clean(namespace, 100)),
            None => "the context's namespace".to_owned(),
        };
        let capture = match spec.capture {
            CaptureMode::Stream => "capture stream (the log API)".to_owned(),
            CaptureMode::Sealed => "capture sealed".to_owned(),
            CaptureMode::Auto => match spec.never_sealed(&suite.command) {
                None => "capture sealed, where the cluster allows it".to_owned(),
                Some(why) => format!("capture stream: {}", clean(&why, 200)),
            },
        };
        let line = format!(
            "  {}: image {}, {namespace}, {capture}\n",
            clean(&suite.name, usize::MAX),
            clean(&spec.image, 200),
        );
        text.push_str(&line);
    }
    text.push('\n');
    text
}

fn summary(plan: &Plan, suites: &str) -> String {
    let needed = match plan.added.len() {
        0 => String::new(),
        added => format!(" ({added} of them only because others need them)"),
    };
    let jobs = plan.jobs;
    format!("{suites}{needed}, {jobs} at once; nothing was run\n")
}

fn row(plan: &Plan, suite: &Suite) -> [String; HEAD.len()] {
    let mut needs: Vec<&str> = suite
        .needs
        .iter()
        .filter_map(|&index| plan.suites.get(index))
        .map(|suite| suite.base.as_str())
        .collect();
    needs.dedup();
    let needs = if needs.is_empty() {
        "-".to_owned()
    } else {
        needs.join(",")
    };
    let timeout = crate::model::millis(suite.timeout);
    [
        clean(&suite.name, usize::MAX),
        suite.judge.clone(),
        suite.target.executor().to_owned(),
        crate::model::human_ms(timeout),
        needs,
        clean(&command_line(suite), 100),
    ]
}

/// The command for people: arguments with anything unusual in them are quoted.
fn command_line(suite: &Suite) -> String {
    match &suite.command {
        crate::plan::Command::Argv(argv) => argv
            .iter()
            .map(|argument| {
                let usual = |c: char| c.is_alphanumeric() || "%+,-./:=@_[]*".contains(c);
                if !argument.is_empty() && argument.chars().all(usual) {
                    argument.clone()
                } else {
                    quoted(argument)
                }
            })
            .collect::<Vec<_>>()
            .join(" "),
        other => other.display(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPELINE: &str = r#"version = 1
[run]
jobs = 3
[suites.build]
command = ["make", "-j 2"]
[suites.unit]
command = ["pytest", "-q", "${matrix.python}"]
judge = "pytest"
needs = ["build"]
matrix = { python = ["3.11", "3.13"] }
timeout = "90s"
labels = { team = "pay" }
[suites.lint]
script = """
  ruff check \u001b
  ruff format --check
"""
"#;

    fn run(filters: &[&str], labels: &[&str], format: PlanFormat) -> (ExitStatus, String, String) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("pipeline.toml");
        std::fs::write(&file, PIPELINE).expect("writable");
        let args = PlanArgs {
            filters: filters.iter().map(|&filter| filter.to_owned()).collect(),
            labels: labels
                .iter()
                .map(|text| label(text).expect("a label"))
                .collect(),
            pipeline: file,
            format,
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = plan(&args, 8, &mut out, &mut err, false).expect("a vector takes everything");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (status, text(out), text(err))
    }

    #[test]
    fn a_table_of_everything() {
        let (status, out, err) = run(&[], &[], PlanFormat::Human);
        assert_eq!((status, err.as_str()), (ExitStatus::Passed, ""));
        insta::assert_snapshot!(out, @r#"
        suite              judge      executor  timeout  needs  command
        build              exit-code  local     30m      -      make "-j 2"
        unit[python=3.11]  pytest     local     1m30s    build  pytest -q 3.11
        unit[python=3.13]  pytest     local     1m30s    build  pytest -q 3.13
        lint               exit-code  local     30m      -      ruff check \u{1b} …
        4 suites, 3 at once; nothing was run
        "#);
    }

    #[test]
    fn what_is_needed_comes_along_and_is_marked() {
        let (_, out, _) = run(&["unit[python=3.13]"], &["team=pay"], PlanFormat::Human);
        insta::assert_snapshot!(out, @r#"
        suite              judge      executor  timeout  needs  command
        build (needed)     exit-code  local     30m      -      make "-j 2"
        unit[python=3.13]  pytest     local     1m30s    build  pytest -q 3.13
        2 suites (1 of them only because others need them), 3 at once; nothing was run
        "#);
    }

    #[test]
    fn nothing_selected_is_its_own_exit_code() {
        let (status, out, err) = run(&["unti"], &[], PlanFormat::Human);
        assert_eq!((status, out.as_str()), (ExitStatus::Empty, ""));
        insta::assert_snapshot!(err, @r#"
        error: no suite matches "unti"
        hint: did you mean "unit"?
        "#);
        let (status, _, err) = run(&["lint"], &["team=pay"], PlanFormat::Human);
        assert_eq!(status, ExitStatus::Empty);
        insta::assert_snapshot!(err, @"
        error: no suite of those that the filters match has the label team=pay
        hint: labels: team=pay
        ");
        let (status, _, err) = run(&["{a"], &[], PlanFormat::Human);
        assert_eq!(status, ExitStatus::Usage);
        insta::assert_snapshot!(err, @r#"
        error: "{a" is not a name or glob of suites: unclosed alternate group; missing '}'
        hint: * stands for anything, ? for one character
        "#);
    }

    #[test]
    fn json_is_the_plan() {
        let (_, out, _) = run(&["lint"], &[], PlanFormat::Json);
        let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(
            value.pointer("/suites/0/name"),
            Some(&serde_json::json!("lint"))
        );
        assert_eq!(value.pointer("/jobs"), Some(&serde_json::json!(3)));
    }

    #[test]
    fn labels_need_an_equals_sign() {
        assert!(label("team").is_err() && label("=x").is_err());
        assert_eq!(label("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
    }
}
