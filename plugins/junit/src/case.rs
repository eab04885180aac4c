//! One `<testcase>`: from its attributes and children to what became of it.

use std::rc::Rc;

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::names::other_hash;
use tribunal_sdk::{CaseStatus, Label, TestCase, label};

use crate::text::{clip, count, first_line, milliseconds};
use tribunal_judge_kit::xml::{Attribute, KEEP, Place};

/// The longest name, in bytes.
const NAME: usize = 1024;
/// The longest message, in bytes.
const MESSAGE: usize = 500;

/// What a child element says about its test case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Error,
    Failure,
    Skipped,
    /// `flakyFailure`, `flakyError`: an attempt that failed before one that passed.
    Flaky,
    /// `rerunFailure`, `rerunError`: an attempt that failed after one that failed.
    Rerun,
    /// `warning` of `PHPUnit`.
    Warning,
}

impl Kind {
    pub(crate) fn of(element: &str) -> Option<Self> {
        Some(match element {
            "error" => Self::Error,
            "failure" => Self::Failure,
            "skipped" | "ignored" => Self::Skipped,
            "flakyFailure" | "flakyError" => Self::Flaky,
            "rerunFailure" | "rerunError" => Self::Rerun,
            "warning" => Self::Warning,
            _ => return None,
        })
    }

    /// The message of the highest is the case's.
    fn rank(self) -> u8 {
        match self {
            Self::Error => 6,
            Self::Failure => 5,
            Self::Rerun => 4,
            Self::Skipped => 3,
            Self::Flaky => 2,
            Self::Warning => 1,
        }
    }
}

/// The suite a case is in, as far as a case needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// A digest of the names of all suites around it: suites of the same name differ in it.
    pub(crate) path: u64,
    pub(crate) suite: String,
    pub(crate) hostname: String,
    pub(crate) file: String,
}

/// A test case as it stands in a report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// What makes two entries of one id attempts of one test; `None` for a case without any name, which is
    /// never the same as another one.
    pub(crate) identity: Option<u64>,
    pub(crate) case: TestCase,
    /// Where it begins, where that was kept.
    pub(crate) place: Place,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            identity: None,
            case: case("", CaseStatus::Passed),
            place: Place::default(),
        }
    }
}

/// A test case while it is being read.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    origin: Rc<Origin>,
    name: String,
    classname: String,
    file: String,
    line: String,
    time: String,
    /// `status` and `result`.
    words: [String; 2],
    kinds: Vec<Kind>,
    message: Option<(u8, String)>,
    details: String,
    /// Where in `details` the current result begins.
    start: usize,
    /// Of the current result: its kind, and what to say when its text is empty.
    current: Option<(Kind, String)>,
    attempts: u32,
    /// Where it begins.
    pub(crate) place: Place,
}

/// Returns the value of an attribute; empty when it is not there.
pub(crate) fn value<'a>(attributes: &'a [Attribute], name: &str) -> &'a str {
    let found = attributes.iter().find(|a| a.name == name);
    found.map_or("", |a| a.value.as_str())
}

impl Draft {
    /// Begins with a `<testcase>`. The draft may have been used before: reports hold half a million.
    pub(crate) fn start(&mut self, origin: Rc<Origin>, attributes: &mut [Attribute]) {
        self.origin = origin;
        let [status, result] = &mut self.words;
        let mut texts = [
            ("name", &mut self.name),
            ("classname", &mut self.classname),
            ("time", &mut self.time),
            ("file", &mut self.file),
            ("line", &mut self.line),
            ("status", status),
            ("result", result),
        ];
        for (_, text) in &mut texts {
            text.clear();
        }
        for Attribute { name, value } in attributes {
            if let Some((_, text)) = texts.iter_mut().find(|(wanted, _)| wanted == name) {
                std::mem::swap(*text, value);
                text.truncate(text.floor_char_boundary(NAME));
            }
        }
        self.kinds.clear();
        self.message = None;
        self.details.clear();
        self.start = 0;
        self.current = None;
        self.attempts = 0;
    }

    /// A case made up for an error of a whole suite.
    pub(crate) fn of_suite(origin: Rc<Origin>) -> Self {
        let suite = if origin.suite.is_empty() {
            "report"
        } else {
            &origin.suite
        };
        let name = format!("{suite} (suite error)");
        Self {
            origin,
            name,
            ..Self::default()
        }
    }

    /// A child element that says what became of the case begins.
    pub(crate) fn begin(&mut self, kind: Kind, attributes: &[Attribute]) {
        if self.kinds.len() < 1000 && !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
        if matches!(kind, Kind::Flaky | Kind::Rerun) {
            self.attempts = self.attempts.saturating_add(1);
        }
        if !self.details.is_empty() {
            self.text("\n\n");
        }
        self.start = self.details.len();
        let [message, class] = ["message", "type"].map(|name| value(attributes, name));
        self.propose(kind, first_line(message, MESSAGE));
        if message.trim().contains('\n') {
            self.text(message);
            self.text("\n");
        }
        self.current = Some((kind, clip(class.trim(), MESSAGE).to_owned()));
    }

    fn propose(&mut self, kind: Kind, message: Option<&str>) {
        let better = self
            .message
            .as_ref()
            .is_none_or(|(rank, _)| *rank < kind.rank());
        if let Some(message) = message.filter(|_| better) {
            self.message = Some((kind.rank(), message.to_owned()));
        }
    }

    /// Text of the child element; what is beyond [`KEEP`] bytes in all is dropped.
    pub(crate) fn text(&mut self, text: &str) {
        self.details
            .push_str(clip(text, KEEP.saturating_sub(self.details.len())));
    }

    /// The child element ends.
    pub(crate) fn end(&mut self) {
        let Some((kind, class)) = self.current.take() else {
            return;
        };
        let text = self
            .details
            .get(self.start..)
            .unwrap_or_default()
            .to_owned();
        self.propose(
            kind,
            first_line(&text, MESSAGE).or(Some(class.as_str()).filter(|c| !c.is_empty())),
        );
    }

    fn status(&self) -> CaseStatus {
        if self.kinds.is_empty() && self.words.iter().all(String::is_empty) {
            return CaseStatus::Passed;
        }
        let has = |kind| self.kinds.contains(&kind);
        let word = |words: &[&str]| {
            let is = |said: &String| words.iter().any(|word| word.eq_ignore_ascii_case(said));
            self.words.iter().any(|said| !said.is_empty() && is(said))
        };
        if has(Kind::Error) || word(&["error", "errored"]) {
            CaseStatus::Errored
        } else if has(Kind::Failure)
            || word(&["fail", "failed", "failure"])
            || (has(Kind::Rerun) && !has(Kind::Flaky))
        {
            CaseStatus::Failed
        } else if has(Kind::Skipped)
            || word(&[
                "disabled",
                "skipped",
                "notrun",
                "ignored",
                "pending",
                "suppressed",
            ])
        {
            CaseStatus::Skipped
        } else if has(Kind::Flaky) {
            CaseStatus::Flaky
        } else {
            CaseStatus::Passed
        }
    }

    /// Puts the case into `found`, where another one may have been; `id` is empty when it has no name at all.
    pub(crate) fn finish(&mut self, found: &mut Found) {
        let status = self.status();
        // The class of every test of Node.js is "test"; its suites say more.
        let class = match self.classname.trim() {
            "test" => self.origin.suite.trim(),
            class => class,
        };
        let name = self.name.trim();
        let parts = match (class, name) {
            (_, "") => [class, "", ""],
            (class, name) if class.is_empty() || class == name => [name, "", ""],
            _ => [class, "::", name],
        };
        let mut id = std::mem::take(&mut found.case.id);
        id.clear();
        for part in parts {
            id.push_str(part);
        }
        let file = if self.file.is_empty() {
            &self.origin.file
        } else {
            &self.file
        };
        let details = self.details.trim_end();
        let extra: Vec<Label> = (self.attempts > 0)
            .then(|| label("failed-attempts", self.attempts.to_string()))
            .into_iter()
            .collect();
        found.case = TestCase {
            status,
            duration_ms: milliseconds(&self.time),
            message: self.message.take().map(|(_, message)| message),
            details: (!details.is_empty()).then(|| details.to_owned()),
            line: count(&self.line)
                .and_then(|line| u32::try_from(line).ok())
                .filter(|line| *line > 0),
            file: (!file.is_empty()).then(|| file.to_owned()),
            id,
            extra,
        };
        let identity = || {
            let all = [
                &self.origin.hostname,
                &self.classname,
                &self.name,
                &self.file,
                &self.line,
            ];
            other_hash(self.origin.path, &all.map(String::as_str))
        };
        found.identity = (!found.case.id.is_empty()).then(identity);
        found.place = self.place;
    }
}
