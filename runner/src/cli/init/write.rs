//! The text of a new pipeline, with the comments that a first reader needs.

use std::fmt::Write as _;

use super::{Found, Runs, SCHEMA_PATH};
use crate::config::BUILTIN_JUDGES;

const TOP: &str = "\
# What `tribunal run` runs. `tribunal check` says whether it is right, `tribunal plan` what would run.
";

const DEFAULTS: &str = "
# For every suite; each may say otherwise.
[defaults]
timeout = \"30m\"
# Attempts after a fault of the machine, and after a failure of the suite's own (it is then flaky, not passed).
# retries = { infra = 2, failed = 0 }
";

const EXAMPLE: &str = "
# An example: replace the command by what runs your tests, and the judge by the one that knows its output.
# Judges: JUDGES.
[suites.example]
command = [\"echo\", \"hello\"]
judge = \"exit-code\"
";

const REPORTS: &str = "
# Files for other programs, written at the end of every run.
[report]
junit = \"out/junit.xml\"
html = \"out/report.html\"
";

/// Returns the pipeline for what was found. `reports` are globs of `JUnit` XML that lies around; in CI, where
/// `for_ci` says so, reports are written, for the system reads them.
pub(super) fn pipeline(name: &str, found: &[Found], reports: &[String], for_ci: bool) -> String {
    let mut text = format!(
        "#:schema {SCHEMA_PATH}\n{TOP}version = 1\nname = {}\n",
        quoted(name)
    );
    text.push_str(DEFAULTS);
    if found.is_empty() {
        text.push_str(&EXAMPLE.replace("JUDGES", &BUILTIN_JUDGES.join(", ")));
    }
    for found in found {
        text.push('\n');
        text.push_str(&suite(found));
    }
    let judged = found.iter().any(|found| found.judge == "junit");
    if !reports.is_empty() && !judged {
        let globs = reports.join(" ");
        let list = list(reports);
        text.push_str(&for_reports(&globs, &list));
    }
    for line in REPORTS.lines() {
        let quiet = !for_ci && !line.is_empty() && !line.starts_with('#');
        put(
            &mut text,
            format_args!("{}{line}", if quiet { "# " } else { "" }),
        );
    }
    text
}

/// A suite for reports whose writer is not known.
fn for_reports(globs: &str, list: &str) -> String {
    format!(
        "\n# There is JUnit XML in {globs}. The suite that writes it can be judged by it:\n\
         # [suites.junit]\n# command = [\"…\"]\n# judge = \"junit\"\n# artifacts = {list}\n"
    )
}

fn suite(found: &Found) -> String {
    let mut text = format!("# Found by {}.\n", found.by);
    for note in &found.notes {
        put(&mut text, format_args!("# {note}"));
    }
    put(&mut text, format_args!("[suites.{}]", found.suite));
    if let Some(cwd) = &found.cwd {
        put(&mut text, format_args!("cwd = {}", quoted(cwd)));
    }
    match &found.runs {
        Runs::Command(words) => put(&mut text, format_args!("command = {}", list(words))),
        Runs::Script(script) => put(&mut text, format_args!("script = \"\"\"\n{script}\n\"\"\"")),
    }
    put(&mut text, format_args!("judge = {}", quoted(found.judge)));
    if let Some(needs) = &found.needs {
        put(&mut text, format_args!("needs = [{}]", quoted(needs)));
    }
    if !found.artifacts.is_empty() {
        put(
            &mut text,
            format_args!("artifacts = {}", list(&found.artifacts)),
        );
    }
    for (name, value) in &found.env {
        put(
            &mut text,
            format_args!("env = {{ {name} = {} }}", quoted(value)),
        );
    }
    text
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes everything");
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// A string of TOML. Its escapes are those of JSON, but for U+007F.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}
