//! The tests that every judge must pass with its own samples: the rows of the truth table, its recorded
//! runs, and what may be done to an output without ever making a verdict greener.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tribunal_sdk::{Capture, EndState, Signal, Status, TestCase, Verdict};

use crate::book::Notice;
use crate::finding::Finding;
use crate::shell::{Format, Reading};
use crate::table::NOTHING_MISSING;

mod cuts;
mod properties;
mod rows;

pub use cuts::check_cuts;
pub use properties::check_properties;
pub use rows::{Samples, check_table};

/// What a judge may see of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Standard output.
    pub stdout: &'a [u8],
    /// Standard error.
    pub stderr: &'a [u8],
    /// Collected files: name and content.
    pub artifacts: &'a [(String, Vec<u8>)],
    /// How it ended.
    pub end: &'a EndState,
    /// The state of the output.
    pub capture: &'a Capture,
    /// In which pieces the bytes arrive.
    pub chunk: usize,
}

/// A verdict with its cases: the last report of each id.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The cases by id.
    pub cases: BTreeMap<String, TestCase>,
}

/// A judge as a function of bytes.
pub type Subject = fn(&Input<'_>) -> Judged;

/// Judges with a format that is read line by line: a [`Subject`].
pub fn text<F: Format>(input: &Input<'_>) -> Judged {
    let mut cases = BTreeMap::new();
    let mut tell = |notice| {
        if let Notice::Case(case) = notice {
            let case: TestCase = case;
            cases.insert(case.id.clone(), case);
        }
    };
    let mut read = |bytes: &[u8]| {
        let mut reading = Reading::<F>::new();
        for chunk in bytes.chunks(input.chunk) {
            reading.feed(chunk).into_iter().for_each(&mut tell);
        }
        let (finding, rest) = reading.end();
        rest.into_iter().for_each(&mut tell);
        finding
    };
    let finding = read(input.stdout).join(read(input.stderr));
    let verdict = crate::verdict::decide(&finding, input.end, input.capture);
    Judged { verdict, cases }
}

/// The verdict of a format that is read line by line on standard output alone, after exit 0.
pub fn verdict_on<F: Format>(stdout: &str) -> Verdict {
    let judged = text::<F>(&Input {
        stdout: stdout.as_bytes(),
        stderr: b"",
        artifacts: &[],
        end: &EndState::Exited(0),
        capture: &whole(),
        chunk: 4_096,
    });
    judged.verdict
}

/// Reads a file, or the output where its name is empty: where it comes from, bytes as long as there are any, and
/// who is told what is found on the way.
pub type ReadFile = fn(&str, &mut dyn FnMut() -> Vec<u8>, &mut dyn FnMut(Notice)) -> Finding;

/// Judges with a format that is read from collected files, or else from standard output.
pub fn files(input: &Input<'_>, nothing: Finding, read: ReadFile) -> Judged {
    let mut cases = BTreeMap::new();
    let mut tell = |notice| {
        if let Notice::Case(case) = notice {
            let case: TestCase = case;
            cases.insert(case.id.clone(), case);
        }
    };
    let mut one = |name: &str, bytes: &[u8]| {
        let mut chunks = bytes.chunks(input.chunk);
        let mut next = || chunks.next().unwrap_or_default().to_vec();
        read(name, &mut next, &mut tell)
    };
    let mut found = nothing;
    for (name, bytes) in input.artifacts {
        found = found.join(one(name, bytes));
    }
    if !found.seen {
        found = one("", input.stdout);
    }
    let verdict = crate::verdict::decide(&found, input.end, input.capture);
    Judged { verdict, cases }
}

/// What a scenario says must come out.
#[derive(Clone, Debug, Deserialize)]
pub struct Expect {
    /// `passed`, `failed`, `errored`, `empty`.
    pub status: String,
    /// An exit code, or a signal's name.
    pub end: End,
    /// The numbers, where the scenario fixes them.
    pub counts: Option<ExpectCounts>,
    /// How many cases are listed, where the scenario fixes it.
    pub cases: Option<usize>,
}

/// An exit code or a signal's name.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum End {
    /// An exit code.
    Code(i32),
    /// A signal, like `SIGKILL`.
    Signal(String),
}

/// How many cases ended how.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the words of the contract")]
pub struct ExpectCounts {
    pub passed: u32,
    pub failed: u32,
    pub errored: u32,
    pub skipped: u32,
    pub flaky: u32,
}

/// One recorded run.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// `version/scenario`.
    pub name: String,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it printed elsewhere.
    pub stderr: Vec<u8>,
    /// What it left.
    pub artifacts: Vec<(String, Vec<u8>)>,
    /// What is true of it.
    pub expect: Expect,
}

impl Fixture {
    /// Returns how it ended.
    pub fn end(&self) -> EndState {
        match &self.expect.end {
            End::Code(code) => EndState::Exited(*code),
            End::Signal(name) => EndState::Signaled(Signal {
                number: 9,
                name: name.clone(),
                core_dumped: false,
            }),
        }
    }

    /// Judges it, with other bytes on standard output and error if given.
    pub fn judge(&self, subject: Subject, stdout: &[u8], stderr: &[u8], end: &EndState) -> Judged {
        subject(&Input {
            stdout,
            stderr,
            artifacts: &self.artifacts,
            end,
            capture: &whole(),
            chunk: 65_536,
        })
    }

    /// Judges it as it was recorded.
    pub fn plain(&self, subject: Subject) -> Judged {
        self.judge(subject, &self.stdout, &self.stderr, &self.end())
    }
}

/// A capture with nothing missing.
pub fn whole() -> Capture {
    NOTHING_MISSING
}

/// Returns the recorded runs of a tool: `tests/fixtures/<tool>/<version>/expect.json` lists them, and
/// `<scenario>.stdout`, `.stderr` and `<scenario>.artifact.<name>` hold what they left.
pub fn fixtures(tool: &str) -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let mut out = Vec::new();
    for folder in entries(&root.join(tool)) {
        let Ok(index) = fs::read(folder.join("expect.json")) else {
            continue;
        };
        let version = file_name(&folder);
        let index: BTreeMap<String, Expect> =
            serde_json::from_slice(&index).expect("a valid expect.json");
        for (name, expect) in index {
            let read = |kind: &str| fs::read(folder.join(format!("{name}.{kind}")));
            let prefix = format!("{name}.artifact.");
            let artifacts = entries(&folder)
                .into_iter()
                .filter_map(|path| {
                    let name = file_name(&path).strip_prefix(&prefix)?.to_owned();
                    Some((name, fs::read(path).expect("the artifact")))
                })
                .collect();
            out.push(Fixture {
                stdout: read("stdout").unwrap_or_default(),
                stderr: read("stderr").unwrap_or_default(),
                name: format!("{version}/{name}"),
                artifacts,
                expect,
            });
        }
    }
    assert!(!out.is_empty(), "no fixtures for {tool}: are they there?");
    out
}

/// Returns recorded reports that lie beside each other: `tests/fixtures/<tool>/expect.json` lists the files.
pub fn flat(tool: &str) -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let folder = root.join(tool);
    let index = fs::read(folder.join("expect.json")).expect("an expect.json");
    let index: BTreeMap<String, Expect> =
        serde_json::from_slice(&index).expect("a valid expect.json");
    let read = |name: String, expect| Fixture {
        stdout: Vec::new(),
        stderr: Vec::new(),
        artifacts: vec![(name.clone(), fs::read(folder.join(&name)).expect(&name))],
        name,
        expect,
    };
    index
        .into_iter()
        .map(|(name, expect)| read(name, expect))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    all.sort();
    all
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().expect("a name");
    name.to_string_lossy().into_owned()
}

/// Returns a status as `expect.json` writes it.
pub fn status_word(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::Errored => "errored",
        Status::Skipped => "skipped",
        Status::Empty => "empty",
    }
}

/// Checks that every recorded run gets its scenario's verdict, however it is cut into chunks.
///
/// # Panics
/// With every difference, if there is one.
pub fn check_fixtures(subject: Subject, fixtures: &[Fixture]) {
    let problems: Vec<_> = fixtures
        .iter()
        .filter_map(|fixture| problem(subject, fixture))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for fixture in fixtures {
        let plain = fixture.plain(subject);
        for chunk in [1, 7, 80] {
            let pieces = subject(&Input {
                stdout: &fixture.stdout,
                stderr: &fixture.stderr,
                artifacts: &fixture.artifacts,
                end: &fixture.end(),
                capture: &whole(),
                chunk,
            });
            assert_eq!(plain, pieces, "{} by {chunk}", fixture.name);
        }
    }
}

fn problem(subject: Subject, fixture: &Fixture) -> Option<String> {
    let judged = fixture.plain(subject);
    let (verdict, expect) = (&judged.verdict, &fixture.expect);
    let mut problems = Vec::new();
    let status = status_word(verdict.status);
    if status != expect.status {
        problems.push(format!("is {status}, not {}", expect.status));
    }
    if let (Some(want), Some(got)) = (&expect.counts, &verdict.counts) {
        let got = [got.passed, got.failed, got.errored, got.skipped, got.flaky];
        let want = [
            want.passed,
            want.failed,
            want.errored,
            want.skipped,
            want.flaky,
        ];
        if got != want {
            problems.push(format!("counts {got:?}, not {want:?}"));
        }
    }
    if let Some(cases) = expect.cases.filter(|cases| *cases != judged.cases.len()) {
        let got: Vec<_> = judged.cases.keys().collect();
        problems.push(format!("cases {got:?}, not {cases}"));
    }
    (!problems.is_empty()).then(|| {
        let problems = problems.join("; ");
        format!("{}: {problems} (`{}`)", fixture.name, verdict.summary)
    })
}
