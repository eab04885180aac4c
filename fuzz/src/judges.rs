//! The judges: bytes that look like a recorded run.

use std::fmt::Write as _;

use tribunal_judge_kit::book::is_bad;
use tribunal_judge_kit::testing::{Fixture, Input, whole};
use tribunal_judges::Format;
use tribunal_sdk::{Capture, Completeness, EndState, Signal, Status};

use crate::dice::Dice;
use crate::mutate::mutate;

/// A judge with its recorded runs.
pub(crate) struct Judge {
    format: Format,
    fixtures: Vec<Fixture>,
}

/// What it is given.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    artifacts: Vec<(String, Vec<u8>)>,
    end: EndState,
    capture: Capture,
    chunk: usize,
}

impl Judge {
    pub(crate) fn new(format: Format) -> Self {
        let fixtures = format.fixtures();
        Self { format, fixtures }
    }

    /// Makes an input.
    pub(crate) fn case(&self, dice: &mut Dice) -> Case {
        let Some(base) = dice.pick(&self.fixtures) else {
            unreachable!("every judge has recorded runs");
        };
        let mut case = Case {
            stdout: base.stdout.clone(),
            stderr: base.stderr.clone(),
            artifacts: base.artifacts.clone(),
            end: end(base, dice),
            capture: Capture {
                completeness: [Completeness::Proven, Completeness::Gap, Completeness::Cut]
                    [dice.below(3)],
                ..whole()
            },
            chunk: [1, 3, 17, 80, 4_096, 65_536][dice.below(6)],
        };
        let other = dice.pick(&self.fixtures).unwrap_or(base);
        let mut others = vec![other.stdout.as_slice(), other.stderr.as_slice()];
        others.extend(other.artifacts.iter().map(|(_, bytes)| bytes.as_slice()));
        others.retain(|bytes| !bytes.is_empty());
        let mut streams = vec![&mut case.stdout, &mut case.stderr];
        streams.extend(case.artifacts.iter_mut().map(|(_, bytes)| bytes));
        streams.retain(|bytes| !bytes.is_empty());
        let which = dice.below(streams.len());
        let chosen = streams.into_iter().nth(which);
        match chosen {
            Some(bytes) => mutate(bytes, &others, dice),
            None => mutate(&mut case.stdout, &others, dice),
        }
        case
    }

    /// Judges it; returns the rule that was broken.
    pub(crate) fn check(&self, case: &Case) -> Result<(), String> {
        let input = |chunk, end| Input {
            stdout: &case.stdout,
            stderr: &case.stderr,
            artifacts: &case.artifacts,
            end,
            capture: &case.capture,
            chunk,
        };
        let judged = (self.format.subject)(&input(case.chunk, &case.end));
        let verdict = &judged.verdict;
        let passed = verdict.status == Status::Passed;
        if passed && !matches!(case.end, EndState::Exited(0)) {
            return Err(format!("passed after {:?}: {}", case.end, verdict.summary));
        }
        let counts = verdict
            .counts
            .unwrap_or(tribunal_judge_kit::finding::NOTHING);
        if passed && (counts.failed > 0 || counts.errored > 0) {
            return Err(format!("passed with {counts:?}"));
        }
        if passed && counts.passed + counts.flaky == 0 {
            return Err("passed, and nothing ran".to_owned());
        }
        if let Some(case) = judged
            .cases
            .values()
            .find(|case| passed && is_bad(case.status))
        {
            return Err(format!("passed, and {} is {:?}", case.id, case.status));
        }
        let other = (self.format.subject)(&input(if case.chunk == 7 { 9 } else { 7 }, &case.end));
        if other != judged {
            return Err(format!(
                "other pieces, another verdict: {:?} and {:?}",
                judged.verdict, other.verdict
            ));
        }
        let code = EndState::Exited(1);
        if (self.format.subject)(&input(65_536, &code)).verdict.status == Status::Passed {
            return Err("passed after exit 1".to_owned());
        }
        Ok(())
    }
}

impl Case {
    /// Returns it for a file that a person reads.
    pub(crate) fn describe(&self) -> String {
        let mut text = format!(
            "ended: {:?}\ncapture: {:?}\npieces of {}\n",
            self.end, self.capture.completeness, self.chunk
        );
        let mut part = |name: &str, bytes: &[u8]| {
            write!(
                text,
                "--- {name}, {} bytes\n{}\n",
                bytes.len(),
                bytes.escape_ascii()
            )
            .unwrap_or(());
        };
        part("stdout", &self.stdout);
        part("stderr", &self.stderr);
        for (name, bytes) in &self.artifacts {
            part(name, bytes);
        }
        text
    }
}

/// Mostly exit 0: there is more to break.
fn end(base: &Fixture, dice: &mut Dice) -> EndState {
    match dice.below(8) {
        0 => base.end(),
        1 => EndState::Exited(i32::from(dice.next().to_le_bytes()[0])),
        2 => EndState::Signaled(Signal {
            number: 9,
            name: "SIGKILL".to_owned(),
            core_dumped: false,
        }),
        _ => EndState::Exited(0),
    }
}
