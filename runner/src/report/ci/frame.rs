//! How each system folds a part of the log, and how its commands say what a suite or a run came to.

use super::annotate::{self, Annotation, EACH, Level};
use super::command;
use super::guard;
use super::system::System;
use crate::model::{CaseStatus, RunSummary, SuiteStatus, SuiteSummary};
use crate::report::terminal::{clean, text};
use crate::report::words;

/// A part of the log that can be folded. Its texts are cleaned.
pub(super) struct Group<'a> {
    pub(super) title: &'a str,
    /// Unlike any other's in the run: letters, digits, `_`, `.` and `-`.
    pub(super) name: &'a str,
    /// Whether it is shown unfolded, where a system can do both.
    pub(super) open: bool,
    /// Seconds since 1970: when what it tells of began, and now.
    pub(super) began: u64,
    pub(super) now: u64,
}

/// Returns the line that begins a group.
pub(super) fn begin(system: System, group: &Group<'_>) -> String {
    let title = group.title;
    match system {
        System::Github | System::Forgejo => command::github("group", &[], title),
        System::Gitlab => command::gitlab_start(group.began, group.name, title),
        System::Buildkite => format!("{} {title}\n", if group.open { "+++" } else { "---" }),
        System::Teamcity => command::teamcity("blockOpened", &[("name", title)]),
        System::Azure => format!("##[group]{title}\n"),
        System::Jenkins | System::Woodpecker | System::Generic => format!("{title}\n"),
    }
}

/// Returns the line that ends a group. One of Buildkite's goes on until the next.
pub(super) fn end(system: System, group: &Group<'_>) -> String {
    match system {
        System::Github | System::Forgejo => command::github("endgroup", &[], ""),
        System::Gitlab => command::gitlab_end(group.now, group.name),
        System::Teamcity => command::teamcity("blockClosed", &[("name", group.title)]),
        System::Azure => "##[endgroup]\n".to_owned(),
        System::Buildkite | System::Jenkins | System::Woodpecker | System::Generic => String::new(),
    }
}

/// Returns the commands for a suite that has ended: `TeamCity`'s tests.
pub(super) fn suite(system: System, summary: &SuiteSummary, flow: &str) -> String {
    if system != System::Teamcity {
        return String::new();
    }
    let say = |name: &str, test: &str, more: &[(&str, &str)]| {
        let mut attributes = vec![("name", test)];
        attributes.extend_from_slice(more);
        attributes.push(("flowId", flow));
        command::teamcity(name, &attributes)
    };
    let name = clean::line(&summary.name);
    let mut out = say("testSuiteStarted", &name, &[]);
    let failing = summary
        .failing
        .iter()
        .filter(|case| matches!(case.status, CaseStatus::Failed | CaseStatus::Errored));
    let mut told = false;
    for case in failing {
        told = true;
        let test = clean::line(&case.id);
        let message = clean::line(case.message.as_deref().unwrap_or("failed"));
        let details = clean::text(case.details.as_deref().unwrap_or_default().as_bytes());
        let duration = case
            .duration_ms
            .filter(|ms| ms.is_finite() && *ms >= 0.0)
            .unwrap_or(0.0);
        out.push_str(&say("testStarted", &test, &[]));
        let details = command::cut(&details, annotate::MESSAGE);
        let message = command::cut(&message, annotate::MESSAGE);
        out.push_str(&say(
            "testFailed",
            &test,
            &[("message", &message), ("details", &details)],
        ));
        out.push_str(&say(
            "testFinished",
            &test,
            &[("duration", &format!("{duration:.0}"))],
        ));
    }
    let whole = "[suite]";
    let why = words::why(summary);
    let why = clean::line(&why);
    match summary.status {
        SuiteStatus::Skipped => out.push_str(&say("testIgnored", whole, &[("message", &why)])),
        SuiteStatus::Failed if told => {}
        status => {
            out.push_str(&say("testStarted", whole, &[]));
            if !status.is_pass() {
                out.push_str(&say("testFailed", whole, &[("message", &why)]));
            }
            let duration = summary.duration_ms.to_string();
            out.push_str(&say("testFinished", whole, &[("duration", &duration)]));
        }
    }
    out.push_str(&say("testSuiteFinished", &name, &[]));
    out
}

/// Returns the commands for a run that has ended: annotations, or what comes nearest to them.
pub(super) fn run(system: System, summary: &RunSummary, annotations: &[Annotation]) -> String {
    match system {
        System::Github => annotations.iter().map(github).collect(),
        System::Azure => annotations
            .iter()
            .filter(|a| a.level != Level::Notice)
            .map(azure)
            .collect(),
        System::Teamcity => problems(summary),
        _ => String::new(),
    }
}

// What an annotation says is guarded too: a reader that looks for a command anywhere must find only ours.

fn github(annotation: &Annotation) -> String {
    let [file, line] = place(annotation);
    let title = guard::line(&annotation.title);
    let properties = [("file", file.as_str()), ("line", &line), ("title", &title)];
    let message = command::cut(&annotation.message, annotate::MESSAGE);
    command::github(
        annotation.level.word(),
        &properties,
        &guard::lines(&message),
    )
}

fn azure(annotation: &Annotation) -> String {
    let [file, line] = place(annotation);
    let level = annotation.level.word();
    let properties = [
        ("type", level),
        ("sourcepath", &file),
        ("linenumber", &line),
    ];
    let message = format!("{}: {}", annotation.title, annotation.message);
    let message = command::cut(&message, annotate::MESSAGE);
    command::azure("task.logissue", &properties, &guard::lines(&message))
}

/// The file and the line, empty where there is none.
fn place(annotation: &Annotation) -> [String; 2] {
    let file = annotation.file.as_deref().unwrap_or_default();
    let line = annotation.line.map(|line| line.to_string());
    [guard::line(file).into_owned(), line.unwrap_or_default()]
}

/// `TeamCity` marks failed tests by itself; suites that are not decided are problems of the build.
fn problems(summary: &RunSummary) -> String {
    let problem = |description: &str, identity: &str| {
        let description = command::cut(description, annotate::MESSAGE);
        command::teamcity(
            "buildProblem",
            &[("description", &description), ("identity", identity)],
        )
    };
    let all: Vec<&SuiteSummary> = summary
        .suites
        .iter()
        .filter(|s| s.status.is_undecided())
        .collect();
    let shown = if all.len() > EACH {
        EACH - 1
    } else {
        all.len()
    };
    let mut out = String::new();
    for suite in all.iter().take(shown) {
        let status = words::status(suite.status);
        let what = format!(
            "{} {status}: {}",
            clean::line(&suite.name),
            clean::line(&words::why(suite))
        );
        out.push_str(&problem(&what, &identity(&suite.name)));
    }
    if all.len() > shown {
        let run = text::shell(summary.run.as_deref().unwrap_or("latest"));
        let more = text::plural((all.len() - shown) as u64, "more suite");
        out.push_str(&problem(
            &format!("and {more} not decided: tribunal show {run}"),
            "tribunal_more",
        ));
    }
    let status = format!("{} {}", words::verdict(summary), words::counts(summary));
    out.push_str(&command::teamcity("buildStatus", &[("text", &status)]));
    out
}

/// What `TeamCity` knows a problem by from build to build: at most 60 characters, a valid Java identifier.
fn identity(suite: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!(
        "tribunal_{}",
        suite.chars().map(word).take(50).collect::<String>()
    )
}
