//! The floor under every verdict: what the host never lets stand, whatever a judge says.
//!
//! A pure function from evidence to status. A `passed` needs all of this: an exit status was seen, the
//! host did not end the attempt, the output is all there, and the judge answered. What is missing
//! decides the word, and the reason names the evidence.

use super::JudgeError;
use crate::model::{
    CaptureReport, Completeness, Counts, EndState, SuiteStatus, Termination, Verdict, VerdictStatus,
};

/// What a suite allows by its own declaration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// `passed` may stand on incomplete output.
    pub accept_incomplete: bool,
    /// A suite without tests passes.
    pub allow_empty: bool,
    /// `unverified` output is `incomplete`.
    pub strict: bool,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The status.
    pub status: SuiteStatus,
    /// One line a person can act on.
    pub summary: String,
    /// The host's evidence, when the status is not the judge's word alone.
    pub reason: Option<String>,
    /// Things to know that do not change the status.
    pub warnings: Vec<String>,
}

/// An attempt's evidence and its judge's answer.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'a> {
    /// The judge's name.
    pub judge: &'a str,
    /// Its answer.
    pub answer: Result<&'a Verdict, &'a JudgeError>,
    /// How the attempt ended.
    pub termination: &'a Termination,
    /// Its output.
    pub capture: &'a CaptureReport,
    /// Whether a case was reported that did not pass.
    pub saw_failure: bool,
}

/// Rules on one attempt.
pub fn rule(matter: &Matter<'_>, policy: Policy) -> Ruling {
    let mut ruling = by_end(matter).unwrap_or_else(|| by_answer(matter, policy));
    warn_of_leftovers(matter.termination, &mut ruling.warnings);
    ruling
}

/// Ends that no answer can change into a pass.
fn by_end(matter: &Matter<'_>) -> Option<Ruling> {
    let end = &matter.termination.end;
    let said = said(matter);
    let status = match end {
        EndState::Cancelled { reason } if matter.saw_failure && reason.starts_with("fail-fast") => {
            SuiteStatus::Failed
        }
        EndState::Cancelled { .. } => SuiteStatus::Cancelled,
        EndState::TimedOut { .. } => SuiteStatus::TimedOut,
        EndState::StartFailed { .. } | EndState::Evicted { .. } => SuiteStatus::Errored,
        // Failing cases are positive evidence of failure, even when the exit was not seen.
        EndState::Lost { .. } | EndState::Other { .. } => match matter.answer {
            Ok(verdict) if verdict.status == VerdictStatus::Failed && has_failures(matter) => {
                return None;
            }
            _ => SuiteStatus::Errored,
        },
        EndState::Signaled { .. } | EndState::OomKilled { .. } => match matter.answer {
            Ok(verdict) if verdict.status == VerdictStatus::Failed => return None,
            _ => SuiteStatus::Failed,
        },
        EndState::Exited { .. } => return None,
    };
    let reason = (!said.is_empty()).then_some(said);
    Some(Ruling {
        status,
        summary: end.describe(),
        reason,
        warnings: Vec::new(),
    })
}

fn by_answer(matter: &Matter<'_>, policy: Policy) -> Ruling {
    let whole = is_whole(matter.capture, policy);
    match matter.answer {
        Ok(verdict) => by_verdict(matter, verdict, whole, policy),
        Err(_) if !whole => incomplete(matter),
        Err(error) => Ruling {
            status: SuiteStatus::Errored,
            summary: format!("judge \"{}\": {error}", matter.judge),
            reason: Some(format!(
                "the program: {}",
                matter.termination.end.describe()
            )),
            warnings: Vec::new(),
        },
    }
}

fn by_verdict(matter: &Matter<'_>, verdict: &Verdict, whole: bool, policy: Policy) -> Ruling {
    // Without failing cases, "failed" may only mean that the judge did not find in the output what is
    // missing from it: the very mistake this program exists to avoid.
    let decided = verdict.status == VerdictStatus::Failed
        && (has_failures(matter)
            || !matches!(matter.termination.end, EndState::Exited { code: 0 }));
    if !whole && !decided && !policy.accept_incomplete {
        return incomplete(matter);
    }
    let mut ruling = Ruling {
        status: SuiteStatus::Passed,
        summary: verdict.summary.clone(),
        reason: None,
        warnings: Vec::new(),
    };
    if matter.capture.completeness > Completeness::Complete {
        ruling.warnings.push(capture_in_words(matter.capture));
    }
    ruling.status = match verdict.status {
        VerdictStatus::Passed if verdict.counts.is_some_and(|counts| counts.flaky > 0) => {
            SuiteStatus::Flaky
        }
        VerdictStatus::Passed => SuiteStatus::Passed,
        VerdictStatus::Failed => SuiteStatus::Failed,
        VerdictStatus::Errored => SuiteStatus::Errored,
        VerdictStatus::Skipped => SuiteStatus::Skipped,
        VerdictStatus::Empty if policy.allow_empty => {
            ruling.reason = Some("allow_empty = true".to_owned());
            SuiteStatus::Passed
        }
        VerdictStatus::Empty => SuiteStatus::Empty,
    };
    ruling
}

/// The output is not all there: nothing can be said.
fn incomplete(matter: &Matter<'_>) -> Ruling {
    let reason = match matter.answer {
        Ok(verdict) => {
            let word = match verdict.status {
                VerdictStatus::Passed => "passed",
                VerdictStatus::Failed => "failed",
                VerdictStatus::Errored => "errored",
                VerdictStatus::Skipped => "skipped",
                VerdictStatus::Empty => "empty",
            };
            // A judge that says what is missing has it from the capture, as the summary has.
            let told = format!(" ({})", matter.capture.note);
            let said = verdict.summary.replace(&told, "");
            format!(
                "judge \"{}\" said {word} ({said}): not accepted, output is missing",
                matter.judge
            )
        }
        Err(error) => format!("judge \"{}\": {error}", matter.judge),
    };
    Ruling {
        status: SuiteStatus::Incomplete,
        summary: capture_in_words(matter.capture),
        reason: Some(reason),
        warnings: Vec::new(),
    }
}

fn is_whole(capture: &CaptureReport, policy: Policy) -> bool {
    match capture.completeness {
        Completeness::Unverified => !policy.strict,
        other => other.is_whole(),
    }
}

/// What is wrong with the output, in a sentence.
fn capture_in_words(capture: &CaptureReport) -> String {
    let missing = capture.missing();
    let what = match capture.completeness {
        Completeness::Gap if missing > 0 => format!("{missing} bytes of output are missing"),
        Completeness::Gap => "output is missing".to_owned(),
        Completeness::Cut => format!("the output did not end: cut after {} bytes", capture.bytes),
        Completeness::Unavailable => "there is no output to be had".to_owned(),
        // Reports look for this word.
        Completeness::Unverified if capture.note.is_empty() => {
            "the output is unverified: its log rotated".to_owned()
        }
        Completeness::Unverified => return format!("the output is unverified: {}", capture.note),
        Completeness::Proven | Completeness::Complete => "the output is all there".to_owned(),
    };
    // Who held the output open is told where the leftovers are.
    if capture.note.is_empty() || capture.completeness == Completeness::Cut {
        what
    } else {
        format!("{what} ({})", capture.note)
    }
}

fn has_failures(matter: &Matter<'_>) -> bool {
    let counted = |counts: Counts| counts.failed > 0 || counts.errored > 0;
    matter.saw_failure
        || matter
            .answer
            .is_ok_and(|verdict| verdict.counts.is_some_and(counted))
}

/// What the judge said, as a remark beside the host's own words.
fn said(matter: &Matter<'_>) -> String {
    match matter.answer {
        // A judge that counts nothing only repeats how the program ended.
        Ok(verdict) if verdict.counts.is_some() || matter.saw_failure => {
            format!("judge \"{}\": {}", matter.judge, verdict.summary)
        }
        Ok(_) => String::new(),
        Err(error) => format!("judge \"{}\": {error}", matter.judge),
    }
}

fn warn_of_leftovers(termination: &Termination, warnings: &mut Vec<String>) {
    for left in &termination.leftovers {
        let held = if left.held_output {
            ", which held the output open,"
        } else {
            ""
        };
        warnings.push(format!(
            "process {} ({}){held} outlived the suite and was ended",
            left.pid, left.command
        ));
    }
}

#[cfg(test)]
mod tests;
