//! The judge `exit-code`: a suite passed if, and only if, its program ended by itself with 0.
//!
//! It reads no output and counts no cases. Whether the output is complete is the host's matter:
//! its floor holds under this verdict as under every other.

use tribunal_judge_kit::table::{Colour, Count, Facts, NOTHING_MISSING, Row, rule};
use tribunal_judge_kit::{Fact, verdict::explain};
use tribunal_sdk::{EndState, Error, Info, Judge, Verdict, describe_end, evidence, label};

/// The judge.
pub struct ExitCode;

impl Judge for ExitCode {
    fn info() -> Info {
        Info {
            name: "exit-code".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Passed if and only if the program ended by itself with exit code 0."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        decide(&evidence::ended())
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(ExitCode);

/// Returns the verdict for an end.
///
/// # Errors
/// [`Error::MissingEvidence`] when the end was not seen: then there is nothing to decide by.
pub fn decide(end: &EndState) -> Result<Verdict, Error> {
    let summary = describe_end(end);
    // The program is its own only test: 0 is green, and the output's state is the host's matter.
    let row = rule(&Facts {
        end,
        capture: &NOTHING_MISSING,
        colour: Colour::Green,
        count: Count::Balanced,
        flaky: false,
        empty_codes: &[],
    });
    if row == Row::Lost {
        return Err(Error::MissingEvidence(summary));
    }
    let reason = (!row.reason().is_empty()).then(|| label("reason", row.reason()));
    let mut extra: Vec<_> = reason.into_iter().collect();
    extra.extend(explain(row, Some(&Fact::of(&summary))));
    Ok(Verdict {
        status: row.status(),
        summary,
        counts: None,
        extra,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tribunal_sdk::{Signal, Status};

    fn status(end: &EndState) -> Option<Status> {
        decide(end).ok().map(|verdict| verdict.status)
    }

    #[test]
    fn only_exit_zero_passes() {
        assert_eq!(status(&EndState::Exited(0)), Some(Status::Passed));
        for code in [1, 2, 77, 126, 127, 137, 255, -1] {
            assert_eq!(
                status(&EndState::Exited(code)),
                Some(Status::Failed),
                "{code}"
            );
        }
    }

    #[test]
    fn every_other_end_is_told_apart() {
        let text = || "why".to_owned();
        let killed = EndState::Signaled(Signal {
            number: 9,
            name: "SIGKILL".to_owned(),
            core_dumped: false,
        });
        assert_eq!(status(&killed), Some(Status::Failed));
        assert_eq!(status(&EndState::TimedOut(10.0)), Some(Status::Failed));
        assert_eq!(status(&EndState::OomKilled(text())), Some(Status::Failed));
        assert_eq!(status(&EndState::Evicted(text())), Some(Status::Errored));
        assert_eq!(
            status(&EndState::StartFailed(text())),
            Some(Status::Errored)
        );
        assert_eq!(status(&EndState::Cancelled(text())), Some(Status::Errored));
        assert_eq!(status(&EndState::Lost(text())), None);
        assert_eq!(status(&EndState::Other(text())), None);
    }

    #[test]
    fn the_summary_says_how_it_ended_and_the_reason_is_labelled() {
        let verdict = decide(&EndState::Exited(2)).expect("a verdict");
        assert_eq!(verdict.summary, "exit 2");
        assert_eq!(verdict.extra[0], label("reason", "exit-code"));
        assert_eq!(verdict.counts, None);
        assert!(
            decide(&EndState::Exited(0))
                .expect("a verdict")
                .extra
                .iter()
                .all(|label| label.key.starts_with("explain."))
        );
    }
}
