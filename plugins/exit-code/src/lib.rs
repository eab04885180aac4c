//! The judge `exit-code`: a suite passed if, and only if, its program ended by itself with 0.
//!
//! It reads no output and counts no cases. Whether the output is complete is the host's matter:
//! its floor holds under this verdict as under every other.

use tribunal_sdk::{
    EndState, Error, Info, Judge, Status, Verdict, describe_end, evidence, export_judge, label,
};

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

export_judge!(ExitCode);

/// Returns the verdict for an end.
///
/// # Errors
/// [`Error::MissingEvidence`] when the end was not seen: then there is nothing to decide by.
pub fn decide(end: &EndState) -> Result<Verdict, Error> {
    let summary = describe_end(end);
    let status = match end {
        EndState::Exited(0) => Status::Passed,
        EndState::Exited(_)
        | EndState::Signaled(_)
        | EndState::TimedOut(_)
        | EndState::OomKilled(_) => Status::Failed,
        // Not the suite's doing.
        EndState::Evicted(_) | EndState::StartFailed(_) | EndState::Cancelled(_) => Status::Errored,
        EndState::Lost(_) | EndState::Other(_) => return Err(Error::MissingEvidence(summary)),
    };
    let reason = match end {
        EndState::Exited(0) => None,
        EndState::Exited(_) => Some("exit-code"),
        EndState::Signaled(_) => Some("signal"),
        EndState::TimedOut(_) => Some("timeout"),
        EndState::OomKilled(_) => Some("oom"),
        EndState::Evicted(_) => Some("evicted"),
        EndState::StartFailed(_) => Some("start-failed"),
        EndState::Cancelled(_) => Some("cancelled"),
        EndState::Lost(_) | EndState::Other(_) => Some("lost"),
    };
    Ok(Verdict {
        status,
        summary,
        counts: None,
        extra: reason
            .map(|reason| label("reason", reason))
            .into_iter()
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tribunal_sdk::Signal;

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
        assert_eq!(verdict.extra, [label("reason", "exit-code")]);
        assert_eq!(verdict.counts, None);
        assert!(
            decide(&EndState::Exited(0))
                .expect("a verdict")
                .extra
                .is_empty()
        );
    }
}
