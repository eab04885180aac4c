//! Judges of the second tier: any WASI program. The output is its standard input, the evidence is JSON in one
//! variable, and what it prints is the verdict as JSON.
//!
//! A program cannot be told later how the attempt ended, so it is started when that is known. For everything
//! else the rules are those of all judges: the same sandbox, limits, cleaning and floor.

mod answer;
mod evidence;
mod stdin;

pub(super) use answer::answer;
pub(super) use stdin::Stdin;

use super::sandbox::Subject;
use super::sink::Sink;
use crate::capture::Channel;

/// The variable with the evidence.
pub(super) const EVIDENCE: &str = "TRIBUNAL_EVIDENCE";
/// So that no library looks for the zone in files.
pub(super) const ZONE: (&str, &str) = ("TZ", "UTC");
/// Bytes of a program's answer.
pub(super) const MAX_ANSWER: usize = 32 << 20;

/// What a program is given and what it leaves.
pub(super) struct Program {
    pub(super) stdin: Stdin,
    pub(super) stdout: Sink,
    /// The evidence as JSON.
    pub(super) evidence: String,
    /// The variables as preview 1 has them.
    environment: Vec<u8>,
}

impl Program {
    /// Waits until the attempt has ended, and makes of it what a program is given.
    pub(super) async fn of(subject: &mut Subject) -> Self {
        let ended = subject.ended_at_last().await;
        let evidence = evidence::json(&subject.evidence.facts, &ended);
        let (name, value) = ZONE;
        let environment = format!("{EVIDENCE}={evidence}\0{name}={value}\0").into_bytes();
        Self {
            stdin: Stdin::new(subject.evidence.capture.reader(Channel::Combined)),
            stdout: Sink::with_room(MAX_ANSWER),
            evidence,
            environment,
        }
    }

    /// All variables, each with a NUL behind it.
    pub(super) fn environment(&self) -> &[u8] {
        &self.environment
    }
}
