//! Collected reports that were cut short.

use tribunal_sdk::{EndState, Status};

use super::{Fixture, Input, Subject, whole};

/// Checks that no green report passes without its end: each collected file of `fixtures` is cut at every `step`th byte.
///
/// # Panics
/// When one passes, and when there were too few to say so.
pub fn check_cuts(subject: Subject, fixtures: &[Fixture], step: usize) {
    let green = fixtures
        .iter()
        .filter(|fixture| fixture.expect.status == "passed");
    let mut cuts = 0;
    for fixture in green {
        for (name, bytes) in &fixture.artifacts {
            for cut in (0..bytes.trim_ascii_end().len()).step_by(step) {
                let judged = subject(&Input {
                    stdout: &fixture.stdout,
                    stderr: &fixture.stderr,
                    artifacts: &[(name.clone(), bytes[..cut].to_vec())],
                    end: &EndState::Exited(0),
                    capture: &whole(),
                    chunk: 65_536,
                });
                let status = judged.verdict.status;
                assert_ne!(status, Status::Passed, "{} cut at {cut}", fixture.name);
                cuts += 1;
            }
        }
    }
    assert!(cuts > 1_000, "only {cuts} cuts");
}
