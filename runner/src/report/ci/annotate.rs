//! What is worth an annotation: failing cases with their place first, then suites that are not decided with why, then
//! the other failures, whole suites before cases without a place. As many as a system shows; the rest is counted, with the command that shows it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::model::{Case, Completeness, RunSummary, SuiteStatus, SuiteSummary};
use crate::report::terminal::{clean, text};
use crate::report::words;

/// Annotations of each level that GitHub and Azure show of one step; more are dropped without a word.
pub(super) const EACH: usize = 10;
/// Under the 4,096 characters at which they cut a message.
pub(super) const MESSAGE: usize = 4_000;
/// Lines of a case's details.
const LINES: usize = 20;
const COLUMNS: usize = 400;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One thing to be shown beside the code, or above the log. Its texts are cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Annotation {
    pub(super) level: Level,
    /// Relative to the checkout.
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) title: String,
    pub(super) message: String,
}

/// Where the files are that cases name.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The checkout; paths of annotations are relative to it.
    pub workspace: Option<PathBuf>,
    /// The pipeline's folder.
    pub root: PathBuf,
    /// The working directories of suites, where they have their own, by the suite's name.
    pub folders: BTreeMap<String, PathBuf>,
}

impl Places {
    /// Returns a case's file relative to the checkout; none when it is elsewhere.
    fn find(&self, suite: &str, file: &str) -> Option<String> {
        let named = Path::new(file);
        let folders = [
            self.folders.get(suite),
            Some(&self.root),
            self.workspace.as_ref(),
        ];
        let mut candidates = folders
            .into_iter()
            .flatten()
            .map(|folder| folder.join(named));
        let first = candidates.next()?;
        let there = std::iter::once(first.clone())
            .chain(candidates)
            .find(|path| path.is_file());
        let path = normal(&there.unwrap_or(first));
        let relative = match &self.workspace {
            Some(workspace) => path.strip_prefix(normal(workspace)).ok()?.to_owned(),
            None if named.is_absolute() => return None,
            None => normal(named),
        };
        let inside = !relative.starts_with("..") && !relative.as_os_str().is_empty();
        inside.then(|| relative.to_string_lossy().into_owned())
    }
}

/// A path without `.` and, as far as that can be told without looking, `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => _ = normal.pop(),
            part => normal.push(part),
        }
    }
    normal
}

/// Returns the annotations of a run, at most [`EACH`] of each level.
pub(super) fn of(summary: &RunSummary, places: &Places) -> Vec<Annotation> {
    let mut all = capped(errors(summary, places), omitted(summary), summary);
    all.extend(capped(warnings(summary), 0, summary));
    all.push(Annotation {
        level: Level::Notice,
        file: None,
        line: None,
        title: format!(
            "{} {}",
            words::verdict(summary),
            clean::line(&summary.pipeline)
        ),
        message: words::counts(summary),
    });
    all
}

/// Failing cases that the summary only counts.
fn omitted(summary: &RunSummary) -> u64 {
    let failed = summary
        .suites
        .iter()
        .filter(|suite| words::is_problem(suite.status));
    failed.map(|suite| suite.failing_omitted).sum()
}

fn errors(summary: &RunSummary, places: &Places) -> Vec<Annotation> {
    let suites = words::by_urgency(summary);
    let cases = suites
        .iter()
        .filter(|suite| words::is_problem(suite.status))
        .flat_map(|suite| {
            suite
                .failing
                .iter()
                .map(move |case| of_case(suite, case, places))
        });
    let (located, others): (Vec<_>, Vec<_>) = cases.partition(|case| case.line.is_some());
    let with = |wanted: fn(&SuiteSummary) -> bool| {
        suites
            .iter()
            .filter(move |suite| wanted(suite))
            .map(|s| of_suite(s))
    };
    let mut all = located;
    all.extend(with(|suite| suite.status.is_undecided()));
    all.extend(with(|suite| {
        suite.status.is_failure() && suite.failing.is_empty()
    }));
    all.extend(others);
    all
}

fn of_case(suite: &SuiteSummary, case: &Case, places: &Places) -> Annotation {
    let file = case
        .file
        .as_deref()
        .and_then(|file| places.find(&suite.name, &clean::line(file)));
    let message = clean::line(case.message.as_deref().unwrap_or("failed"));
    let mut lines = vec![message.clone().into_owned()];
    if let Some(details) = &case.details {
        let details = clean::lines(details.as_bytes(), false, COLUMNS);
        lines.extend(
            details
                .into_iter()
                .filter(|line| *line != message)
                .take(LINES),
        );
    }
    if file.is_none()
        && let Some(named) = &case.file
    {
        let line = case.line.map(|line| format!(":{line}")).unwrap_or_default();
        lines.push(format!("in {}{line}", clean::line(named)));
    }
    Annotation {
        level: Level::Error,
        line: case.line.filter(|_| file.is_some()),
        file,
        title: clean::line(&format!("{}: {}", suite.name, case.id)).into_owned(),
        message: lines.join("\n"),
    }
}

fn of_suite(suite: &SuiteSummary) -> Annotation {
    Annotation {
        level: Level::Error,
        file: None,
        line: None,
        title: format!(
            "{} {}",
            clean::line(&suite.name),
            words::status(suite.status)
        ),
        message: clean::line(&words::why(suite)).into_owned(),
    }
}

fn warnings(summary: &RunSummary) -> Vec<Annotation> {
    let warning = |title: String, message: &str| Annotation {
        level: Level::Warning,
        file: None,
        line: None,
        title: clean::line(&title).into_owned(),
        message: clean::line(message).into_owned(),
    };
    let mut all = Vec::new();
    for suite in summary.suites.iter().filter(|suite| suite.status.is_pass()) {
        if suite.status == SuiteStatus::Flaky {
            let earlier = suite
                .history
                .iter()
                .find(|attempt| !attempt.status.is_pass());
            let why = earlier.map(words::earlier).unwrap_or_default();
            all.push(warning(
                format!("{} flaky", suite.name),
                &format!("{}; {why}", suite.summary),
            ));
        }
        let said = suite.warnings.iter();
        all.extend(said.map(|said| warning(suite.name.clone(), said)));
        let unverified = suite.capture.completeness == Completeness::Unverified;
        if unverified
            && !suite
                .warnings
                .iter()
                .any(|said| said.contains("unverified"))
        {
            all.push(warning(
                suite.name.clone(),
                "its output is unverified: the middle cannot be vouched for",
            ));
        }
    }
    all.extend(
        summary
            .warnings
            .iter()
            .map(|said| warning("tribunal".to_owned(), said)),
    );
    all
}

/// The first annotations of a level, and one that counts the others, so that none is dropped in silence.
fn capped(all: Vec<Annotation>, uncounted: u64, summary: &RunSummary) -> Vec<Annotation> {
    let total = all.len() as u64 + uncounted;
    let Some(level) = all
        .first()
        .map(|first| first.level)
        .filter(|_| total > EACH as u64)
    else {
        return all;
    };
    let mut kept = all;
    let rest = kept.split_off((EACH - 1).min(kept.len()));
    let more = rest.len() as u64 + uncounted;
    let undecided = rest.iter().filter(|annotation| {
        summary
            .suites
            .iter()
            .any(|suite| suite.status.is_undecided() && of_suite(suite).title == annotation.title)
    });
    let undecided = match undecided.count() as u64 {
        0 => String::new(),
        count => format!(", of them {} not decided", text::plural(count, "suite")),
    };
    let run = text::shell(summary.run.as_deref().unwrap_or("latest"));
    kept.push(Annotation {
        level,
        file: None,
        line: None,
        title: format!("and {} more", text::number(more)),
        message: format!(
            "and {} more{undecided}: tribunal show {run}",
            text::number(more)
        ),
    });
    kept
}
