//! The truth table: from the end, the capture and what a parser established to a status.
//!
//! Every built-in judge decides by [`rule`] and by nothing else. A row's number is that of the table in
//! `plugins/README.md`; `tribunal explain` prints it.

use tribunal_sdk::{Capture, Completeness, EndState, Status};

/// What the output says of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// The final marker is there, and nothing is red.
    Green,
    /// Something is red.
    Red,
    /// There is no final marker.
    None,
    /// It cannot be read.
    Unparsable,
    /// The final marker is there, and no test ran.
    NoTests,
}

/// How the number of tests that ended stands to what was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// It is the number.
    Balanced,
    /// Nothing was announced.
    Unknown,
    /// Fewer, or something began and did not end.
    Short,
    /// More.
    More,
}

/// All that a verdict rests on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// How the attempt ended.
    pub end: &'a EndState,
    /// The state of the output.
    pub capture: &'a Capture,
    /// What the output says.
    pub colour: Colour,
    /// Whether it is all of it.
    pub count: Count,
    /// Whether tests passed only after they had failed.
    pub flaky: bool,
    /// Exit codes by which this tool says that no test ran.
    pub empty_codes: &'a [i32],
}

macro_rules! rows {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $status:ident, $reason:literal, $rule:literal;)+) => {
        /// A row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Row { $($(#[doc = $doc])+ $name,)+ }

        impl Row {
            /// Every row.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns its number in the table, like `5` or `12s`.
            pub fn number(self) -> &'static str {
                match self { $(Self::$name => $number,)+ }
            }

            /// Returns what it decides.
            pub fn status(self) -> Status {
                match self { $(Self::$name => Status::$status,)+ }
            }

            /// Returns the value of the verdict's `reason` label; empty for a pass.
            pub fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)+ }
            }

            /// Returns the rule in words.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)+ }
            }
        }
    };
}

rows! {
    /// The one way to pass.
    Pass = "1", Passed, "", "ended by itself with 0, output whole, final marker seen, tests ran, none failed";
    /// Fewer tests ended than were announced.
    Incomplete = "2", Failed, "incomplete", "exit 0 and nothing red, but not every announced test ended";
    /// No final marker.
    NoSummary = "3", Failed, "no-summary", "exit 0, but the format's final marker is missing";
    /// Unreadable.
    Unparsable = "4", Errored, "unparsable", "exit 0, but the output cannot be read";
    /// Red and exit 0.
    RedDespiteZero = "5", Failed, "tests-failed", "a red result beats exit 0";
    /// Nothing ran.
    NoTests = "6", Empty, "no-tests", "exit 0, but no test ran";
    /// Green, balanced, with a hole in the output.
    HoleBalanced = "7", Passed, "", "exit 0 and green; output is missing, and the announced count balances";
    /// Green with a hole in the output and nothing to balance against.
    HoleUnknown = "7u", Errored, "output-incomplete", "exit 0 and green, but output is missing and no count proves that nothing red was in it";
    /// No marker, and the output is not all there.
    LostTail = "8", Errored, "output-incomplete", "exit 0, no final marker, and output is missing";
    /// Out of memory.
    OutOfMemory = "9", Failed, "oom", "killed for memory, whatever the output says";
    /// Red.
    Red = "10", Failed, "tests-failed", "tests failed, and the exit code says so";
    /// Green and exit not 0.
    GreenDespiteCode = "11", Failed, "exit-code", "an exit code that is not 0 beats a green summary";
    /// No marker and exit not 0.
    NoSummaryCode = "12", Failed, "no-summary", "the exit code is not 0 and the final marker is missing";
    /// Unreadable and exit not 0.
    UnparsableCode = "12u", Failed, "unparsable", "the exit code is not 0 and the output cannot be read";
    /// Nothing ran, and the exit code says so.
    NoTestsCode = "13", Empty, "no-tests", "no test ran, and the exit code says so";
    /// The host's time limit.
    TimedOut = "15", Failed, "timeout", "the time limit passed, whatever the output says";
    /// Moved away.
    Evicted = "15e", Errored, "evicted", "the cluster moved it away: not the suite's doing";
    /// Ended by a signal.
    Signal = "16", Failed, "signal", "ended by a signal, whatever the output says";
    /// Nobody saw its end.
    Lost = "17", Errored, "lost", "its end was not seen";
    /// It never ran.
    StartFailed = "17s", Errored, "start-failed", "it did not start";
    /// Someone cancelled it.
    Cancelled = "17c", Errored, "cancelled", "it was cancelled";
    /// Green after retries.
    Flaky = "19", Passed, "", "as row 1, but tests passed only after they had failed";
    /// More than announced.
    More = "20", Passed, "", "as row 1, but more tests ended than were announced";
}

/// Returns the row that decides.
pub fn rule(facts: &Facts<'_>) -> Row {
    let code = match facts.end {
        EndState::Exited(code) => *code,
        EndState::Signaled(_) => return Row::Signal,
        EndState::TimedOut(_) => return Row::TimedOut,
        EndState::OomKilled(_) => return Row::OutOfMemory,
        EndState::Evicted(_) => return Row::Evicted,
        EndState::StartFailed(_) => return Row::StartFailed,
        EndState::Cancelled(_) => return Row::Cancelled,
        EndState::Lost(_) | EndState::Other(_) => return Row::Lost,
    };
    if code != 0 {
        return match facts.colour {
            Colour::Red => Row::Red,
            Colour::NoTests if facts.empty_codes.contains(&code) => Row::NoTestsCode,
            Colour::Green | Colour::NoTests => Row::GreenDespiteCode,
            Colour::None => Row::NoSummaryCode,
            Colour::Unparsable => Row::UnparsableCode,
        };
    }
    let hole = is_lossy(facts.capture);
    match facts.colour {
        Colour::Red => return Row::RedDespiteZero,
        Colour::Unparsable => return Row::Unparsable,
        Colour::None if hole => return Row::LostTail,
        Colour::None => return Row::NoSummary,
        Colour::Green | Colour::NoTests => {}
    }
    if facts.count == Count::Short {
        return Row::Incomplete;
    }
    if facts.colour == Colour::NoTests {
        return Row::NoTests;
    }
    match (hole, facts.count) {
        (true, Count::Unknown) => Row::HoleUnknown,
        (true, _) => Row::HoleBalanced,
        _ if facts.flaky => Row::Flaky,
        (false, Count::More) => Row::More,
        (false, _) => Row::Pass,
    }
}

/// The state of an output that is all there, for judges that read none.
pub const NOTHING_MISSING: Capture = Capture {
    completeness: Completeness::Proven,
    bytes: 0.0,
    lines: 0.0,
    missing: 0.0,
    note: String::new(),
};

/// Whether bytes are known to be missing.
pub fn is_lossy(capture: &Capture) -> bool {
    match capture.completeness {
        Completeness::Proven | Completeness::Complete | Completeness::Unverified => false,
        Completeness::Gap | Completeness::Cut | Completeness::Unavailable => true,
    }
}

/// Returns what is missing, in words.
pub fn hole_words(capture: &Capture) -> &str {
    match (capture.note.as_str(), capture.completeness) {
        ("", Completeness::Gap) => "bytes are missing",
        ("", Completeness::Cut) => "it had not ended at the drain deadline",
        ("", _) => "there is none",
        (note, _) => note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURS: [Colour; 5] = [
        Colour::Green,
        Colour::Red,
        Colour::None,
        Colour::Unparsable,
        Colour::NoTests,
    ];
    const COUNTS: [Count; 4] = [Count::Balanced, Count::Unknown, Count::Short, Count::More];

    fn ends() -> Vec<EndState> {
        let why = || "why".to_owned();
        let signal = tribunal_sdk::Signal {
            number: 11,
            name: "SIGSEGV".to_owned(),
            core_dumped: false,
        };
        let mut all: Vec<_> = [0, 1, 5, 139].map(EndState::Exited).into();
        all.extend([
            EndState::Signaled(signal),
            EndState::TimedOut(1.0),
            EndState::OomKilled(why()),
            EndState::Evicted(why()),
            EndState::StartFailed(why()),
            EndState::Cancelled(why()),
            EndState::Lost(why()),
            EndState::Other(why()),
        ]);
        all
    }

    #[test]
    fn every_combination_has_its_row_and_passed_has_one_source() {
        let holes = [
            Completeness::Proven,
            Completeness::Complete,
            Completeness::Unverified,
            Completeness::Gap,
            Completeness::Cut,
            Completeness::Unavailable,
        ];
        let mut met = Vec::new();
        for end in &ends() {
            for completeness in holes {
                let capture = Capture {
                    completeness,
                    bytes: 0.0,
                    lines: 0.0,
                    missing: 0.0,
                    note: String::new(),
                };
                for colour in COLOURS {
                    for count in COUNTS {
                        for flaky in [false, true] {
                            let row = rule(&Facts {
                                end,
                                capture: &capture,
                                colour,
                                count,
                                flaky,
                                empty_codes: &[5],
                            });
                            let may_pass = matches!(end, EndState::Exited(0))
                                && colour == Colour::Green
                                && count != Count::Short
                                && (!is_lossy(&capture) || count != Count::Unknown);
                            assert_eq!(row.status() == Status::Passed, may_pass, "{row:?}");
                            assert_eq!(row.reason().is_empty(), may_pass, "{row:?}");
                            if colour == Colour::NoTests && row.status() == Status::Empty {
                                assert!(matches!(end, EndState::Exited(0 | 5)));
                            }
                            met.push(row);
                        }
                    }
                }
            }
        }
        for row in Row::ALL {
            assert!(met.contains(row), "nothing leads to {row:?}");
        }
    }
}
