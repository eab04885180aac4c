//! Rows of the truth table by samples of a format.

use tribunal_sdk::{Capture, Completeness, EndState, Signal, Status};

use super::{Input, Subject, whole};

/// Outputs of one format. All are whole, as the tool would write them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Samples<'a> {
    /// Passes after exit 0. Announced and counted tests balance, where the format announces any.
    pub green: &'a str,
    /// Whether `green` announces how many tests there are.
    pub balanced: bool,
    /// A test failed.
    pub red: &'a str,
    /// The program ended inside the run: the final marker is missing.
    pub no_summary: &'a str,
    /// The final marker is there, and a test that was announced did not end.
    pub short: Option<&'a str>,
    /// No test ran.
    pub empty: Option<&'a str>,
    /// The exit code by which the tool says that no test ran, if it has one.
    pub empty_code: Option<i32>,
    /// It cannot be read.
    pub unparsable: Option<&'a str>,
    /// A test passed after it had failed, the rest is green.
    pub flaky: Option<&'a str>,
}

struct Check<'a> {
    subject: Subject,
    problems: Vec<String>,
    samples: Samples<'a>,
}

impl Check<'_> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that a row of the table stays one line"
    )]
    fn row(&mut self, row: &str, text: &str, end: EndState, hole: Completeness, want: Status) {
        let capture = Capture {
            completeness: hole,
            ..whole()
        };
        let judged = (self.subject)(&Input {
            stdout: text.as_bytes(),
            stderr: b"",
            artifacts: &[],
            end: &end,
            capture: &capture,
            chunk: 65_536,
        });
        let verdict = judged.verdict;
        let got = verdict
            .extra
            .iter()
            .find(|label| label.key == "explain.row")
            .map_or("", |label| label.value.as_str());
        // What cannot be read is shown where it stands.
        let placed = verdict
            .extra
            .iter()
            .any(|label| label.key == "explain.byte");
        if matches!(row, "4" | "12u") && !placed {
            let text = format!("row {row} names no line and byte: {}", verdict.summary);
            self.problems.push(text);
        }
        if verdict.status != want || got != row {
            self.problems.push(format!(
                "row {row} after {end:?}, {hole:?}: {:?} by row {got}, not {want:?}: {}",
                verdict.status, verdict.summary
            ));
        }
    }

    fn whole_rows(&mut self) {
        let samples = self.samples;
        let code = EndState::Exited;
        let proven = Completeness::Proven;
        self.row("1", samples.green, code(0), proven, Status::Passed);
        let unverified = Completeness::Unverified;
        self.row("1", samples.green, code(0), unverified, Status::Passed);
        if let Some(short) = samples.short {
            self.row("2", short, code(0), proven, Status::Failed);
        }
        self.row("3", samples.no_summary, code(0), proven, Status::Failed);
        self.row("3", "", code(0), proven, Status::Failed);
        if let Some(text) = samples.unparsable {
            self.row("4", text, code(0), proven, Status::Errored);
            self.row("12u", text, code(1), proven, Status::Failed);
        }
        self.row("5", samples.red, code(0), proven, Status::Failed);
        if let Some(text) = samples.empty {
            self.row("6", text, code(0), proven, Status::Empty);
            if let Some(empty) = samples.empty_code {
                self.row("13", text, code(empty), proven, Status::Empty);
            }
        }
        for bad in [1, 3, 101, 139] {
            self.row("10", samples.red, code(bad), proven, Status::Failed);
            self.row("11", samples.green, code(bad), proven, Status::Failed);
            self.row("12", samples.no_summary, code(bad), proven, Status::Failed);
        }
        if let Some(text) = samples.flaky {
            self.row("19", text, code(0), proven, Status::Passed);
            self.row("11", text, code(1), proven, Status::Failed);
        }
    }

    fn holes(&mut self) {
        let samples = self.samples;
        for hole in [
            Completeness::Gap,
            Completeness::Cut,
            Completeness::Unavailable,
        ] {
            let (row, status) = if samples.balanced {
                ("7", Status::Passed)
            } else {
                ("7u", Status::Errored)
            };
            self.row(row, samples.green, EndState::Exited(0), hole, status);
            let none = samples.no_summary;
            self.row("8", none, EndState::Exited(0), hole, Status::Errored);
            self.row("5", samples.red, EndState::Exited(0), hole, Status::Failed);
        }
    }

    fn ends(&mut self) {
        let why = || "why".to_owned();
        let signal = Signal {
            number: 11,
            name: "SIGSEGV".to_owned(),
            core_dumped: true,
        };
        for (row, end, status) in [
            ("9", EndState::OomKilled(why()), Status::Failed),
            ("15", EndState::TimedOut(1.0), Status::Failed),
            ("15e", EndState::Evicted(why()), Status::Errored),
            ("16", EndState::Signaled(signal), Status::Failed),
            ("17", EndState::Lost(why()), Status::Errored),
            ("17", EndState::Other(why()), Status::Errored),
            ("17s", EndState::StartFailed(why()), Status::Errored),
            ("17c", EndState::Cancelled(why()), Status::Errored),
        ] {
            for text in [self.samples.green, self.samples.red] {
                self.row(row, text, end.clone(), Completeness::Proven, status);
            }
        }
    }
}

/// Checks a judge against every row of the truth table for which it has a sample.
///
/// # Panics
/// With every difference, if there is one.
pub fn check_table(subject: Subject, samples: Samples<'_>) {
    let mut check = Check {
        subject,
        problems: Vec::new(),
        samples,
    };
    check.whole_rows();
    check.holes();
    check.ends();
    let problems = check.problems;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
