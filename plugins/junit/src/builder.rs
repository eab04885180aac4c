//! From elements to test cases and to what a report declares about itself.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use crate::case::{Draft, Found, Kind, Origin, value};
use crate::text::{clip, count};
use tribunal_judge_kit::xml::{Attribute, Place, Sink};

/// Roots of test reports that are not `JUnit`, and what they are.
const FOREIGN: [(&str, &str); 7] = [
    ("assemblies", "an xUnit.net report"),
    ("assembly", "an xUnit.net report"),
    ("test-run", "an NUnit 3 report"),
    ("test-results", "an NUnit 2 report"),
    ("TestRun", "a Visual Studio test report (TRX)"),
    (
        "failsafe-summary",
        "a summary of Maven Failsafe, not a report",
    ),
    ("robot", "a Robot Framework output"),
];

/// So many bad elements are looked up in the report; the verdict rests on the first that stays bad.
const PLACED: u64 = 100;

/// Returns what a root element belongs to when it is another tool's test report.
pub(crate) fn foreign_report(root: &str) -> Option<&'static str> {
    FOREIGN
        .iter()
        .find(|(name, _)| *name == root)
        .map(|(_, what)| *what)
}

/// What reports declare in their attributes against what is in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The worst surplus of failures and errors: declared, and found.
    pub(crate) failures: Option<(u64, u64)>,
    /// The worst surplus of test cases: declared, and found.
    pub(crate) tests: Option<(u64, u64)>,
    /// A document that declares so many tests and holds none.
    pub(crate) hollow: Option<u64>,
}

/// What a report is made of, in its order.
#[derive(Debug)]
pub(crate) enum Piece {
    Case(Found),
    /// A suite has ended that says how many tests it has: whether that is as many as there are cases in it, so that
    /// cases of one name are tests of their own and not runs of one.
    Suite {
        each_is_a_test: bool,
    },
    /// A document has ended.
    End,
}

#[derive(Debug)]
enum Frame {
    Suite(Box<Suite>),
    Case,
    /// A child of a case or a suite that says what became of it.
    Result,
    /// Inside of a case, of no meaning.
    Inner,
    /// Its text and its children do not matter: output, properties.
    Ignored,
}

#[derive(Debug)]
struct Suite {
    origin: Rc<Origin>,
    tests: Option<u64>,
    /// Declared as skipped or disabled.
    skipped: u64,
    /// Declared as failures and errors.
    bad: u64,
    /// Cases and bad elements found before this suite began.
    cases_before: u64,
    bad_before: u64,
}

/// The builder.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    frames: Vec<Frame>,
    draft: Option<Draft>,
    /// The draft before, for its memory.
    spare: Draft,
    /// A draft that stands for a suite, not for a `<testcase>`.
    of_suite: bool,
    /// Found since it was last taken, as many as are `given`; the rest is memory to be used again.
    found: Vec<Piece>,
    given: usize,
    cases: u64,
    bad: u64,
    /// Where the tag that comes stands: kept until something bad has been found.
    place: Place,
    /// The most tests that a suite of this document declares to have run.
    promised: u64,
    /// Documents begun.
    pub(crate) documents: u64,
    /// The first root that is no `JUnit` report.
    pub(crate) other_root: Option<String>,
    pub(crate) declared: Declared,
}

fn worse(old: Option<(u64, u64)>, declared: u64, found: u64) -> Option<(u64, u64)> {
    let gap = |(declared, found): (u64, u64)| declared.saturating_sub(found);
    let better = declared > found && old.is_none_or(|old| gap(old) < declared - found);
    if better { Some((declared, found)) } else { old }
}

impl Builder {
    fn kept_place(&self) -> Place {
        if self.bad < PLACED {
            self.place
        } else {
            Place::default()
        }
    }

    fn suite(&self) -> Rc<Origin> {
        let suite = self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Suite(suite) => Some(Rc::clone(&suite.origin)),
            _ => None,
        });
        suite.unwrap_or_default()
    }

    fn open_suite(&mut self, attributes: &[Attribute]) -> Frame {
        let outer = self.suite();
        let or = |name, outer: &str| match value(attributes, name) {
            "" => outer.to_owned(),
            own => clip(own, 1024).to_owned(),
        };
        let path = {
            let mut hasher = DefaultHasher::new();
            // Some writers give suites an id and no name.
            let name = match value(attributes, "name") {
                "" => value(attributes, "id"),
                name => name,
            };
            (outer.path, name).hash(&mut hasher);
            hasher.finish()
        };
        let number = |name| count(value(attributes, name));
        Frame::Suite(Box::new(Suite {
            origin: Rc::new(Origin {
                path,
                suite: or("name", &outer.suite),
                hostname: or("hostname", &outer.hostname),
                file: or("file", &outer.file),
            }),
            tests: number("tests"),
            skipped: ["skipped", "skip", "disabled"]
                .into_iter()
                .filter_map(number)
                .sum(),
            bad: ["failures", "errors"]
                .into_iter()
                .filter_map(number)
                .fold(0, u64::saturating_add),
            cases_before: self.cases,
            bad_before: self.bad,
        }))
    }

    fn open_result(&mut self, kind: Kind, attributes: &[Attribute]) -> Frame {
        if self.draft.is_none() {
            let mut draft = Draft::of_suite(self.suite());
            draft.place = self.kept_place();
            self.draft = Some(draft);
            self.of_suite = true;
        }
        if matches!(
            kind,
            Kind::Error | Kind::Failure | Kind::Flaky | Kind::Rerun
        ) {
            self.bad += 1;
        }
        if let Some(draft) = &mut self.draft {
            draft.begin(kind, attributes);
        }
        Frame::Result
    }

    fn close_suite(&mut self, suite: &Suite) {
        let cases = self.cases - suite.cases_before;
        self.declared.failures = worse(
            self.declared.failures,
            suite.bad,
            self.bad - suite.bad_before,
        );
        if let Some(tests) = suite.tests {
            let each_is_a_test = tests >= cases;
            *self.next() = Piece::Suite { each_is_a_test };
            let ran = tests.saturating_sub(suite.skipped);
            self.declared.tests = worse(self.declared.tests, ran, cases);
            self.promised = self.promised.max(ran);
        }
        if self.frames.is_empty() {
            if cases == 0 && self.promised > 0 {
                self.declared.hollow = self.declared.hollow.max(Some(self.promised));
            }
            self.promised = 0;
            *self.next() = Piece::End;
        }
    }

    /// A known report's root is worth more than whatever else looked like an element.
    fn replaces_root(&self, name: &str) -> bool {
        let old = self.other_root.as_deref().and_then(foreign_report);
        old.is_none() && foreign_report(name).is_some()
    }

    fn finish_draft(&mut self) {
        self.of_suite = false;
        if let Some(mut draft) = self.draft.take() {
            let piece = self.next();
            if !matches!(piece, Piece::Case(_)) {
                *piece = Piece::Case(Found::default());
            }
            if let Piece::Case(found) = piece {
                draft.finish(found);
            }
            self.spare = draft;
        }
    }

    /// The place of the next piece, with what was there before.
    fn next(&mut self) -> &mut Piece {
        if self.given == self.found.len() {
            self.found.push(Piece::End);
        }
        self.given += 1;
        &mut self.found[self.given - 1]
    }

    /// Returns what was found since the last call.
    pub(crate) fn take(&mut self) -> &mut [Piece] {
        let given = std::mem::take(&mut self.given);
        &mut self.found[..given]
    }
}

impl Sink for Builder {
    const ROOT: &'static str = "testsuite";
    const INNER: &'static [&'static str] = &["testcase"];
    const ORPHAN: &'static str =
        "a <testcase> outside of any <testsuite>: the beginning is missing";
    const CLOSING: &'static [&'static str] = &["testsuites", "testsuite", "testcase"];
    const ATTRIBUTES: &'static [&'static str] = &[
        "name",
        "classname",
        "time",
        "file",
        "line",
        "message",
        "type",
        "status",
        "result",
        "tests",
        "failures",
        "errors",
        "skipped",
        "skip",
        "disabled",
        "hostname",
        "id",
    ];

    fn root(&mut self, name: &str) -> bool {
        let ours = matches!(name, "testsuites" | "testsuite");
        if ours {
            self.documents += 1;
        } else if self.other_root.is_none() || self.replaces_root(name) {
            self.other_root = Some(clip(name, 100).to_owned());
        }
        ours
    }

    fn wants_place(&self) -> bool {
        self.bad < PLACED
    }

    fn place(&mut self, place: Place) {
        self.place = place;
    }

    fn open(&mut self, name: &str, attributes: &mut [Attribute]) {
        let parent = self.frames.last();
        let frame = match (parent, name) {
            (Some(Frame::Ignored), _)
            | (_, "system-out" | "system-err" | "properties" | "attachments") => Frame::Ignored,
            (None | Some(Frame::Suite(_)), "testcase") => {
                let mut draft = std::mem::take(&mut self.spare);
                draft.start(self.suite(), attributes);
                draft.place = self.kept_place();
                self.draft = Some(draft);
                self.cases += 1;
                Frame::Case
            }
            (None | Some(Frame::Suite(_)), _) => match Kind::of(name) {
                Some(kind @ (Kind::Error | Kind::Failure)) => self.open_result(kind, attributes),
                Some(_) => Frame::Ignored,
                // An unknown wrapper is looked through.
                None => self.open_suite(attributes),
            },
            (Some(Frame::Case | Frame::Inner), _) => match Kind::of(name) {
                Some(kind) => self.open_result(kind, attributes),
                None => Frame::Inner,
            },
            // `stackTrace` of Surefire: its text belongs to the result.
            (Some(Frame::Result), _) => Frame::Inner,
        };
        self.frames.push(frame);
    }

    fn wants_text(&self) -> bool {
        matches!(
            self.frames.as_slice(),
            [.., Frame::Result] | [.., Frame::Result, Frame::Inner]
        )
    }

    fn text(&mut self, text: &str) {
        if let Some(draft) = &mut self.draft {
            draft.text(text);
        }
    }

    fn close(&mut self) {
        match self.frames.pop() {
            Some(Frame::Suite(suite)) => self.close_suite(&suite),
            Some(Frame::Case) => self.finish_draft(),
            Some(Frame::Result) => {
                if let Some(draft) = &mut self.draft {
                    draft.end();
                }
                if self.of_suite {
                    self.finish_draft();
                }
            }
            Some(Frame::Inner | Frame::Ignored) | None => {}
        }
    }
}
