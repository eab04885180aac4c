//! What a judge may call: one file an interface of the contract.

use super::sandbox::{State, Subject};

mod artifacts;
mod evidence;
mod log;
mod search;
mod speak;
mod suite;

#[expect(unreachable_pub, reason = "the generated contract re-exports it")]
pub use artifacts::OpenArtifact;
#[expect(unreachable_pub, reason = "the generated contract re-exports it")]
pub use log::OpenLog;

/// The contract, as wasmtime reads it.
pub(super) mod bind {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "judge",
        imports: {
            // What is called for every case does not wait: `State::pass_on`.
            "tribunal:judge/host.report-case": trappable,
            "tribunal:judge/host.progress": trappable,
            default: async | trappable,
        },
        exports: { default: async },
        with: {
            "tribunal:judge/evidence.log": super::OpenLog,
            "tribunal:judge/evidence.artifact": super::OpenArtifact,
        },
    });
}

/// A judge used a function as it may not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Misuse(pub(super) String);

/// The host could not do its part, through no fault of the judge.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct HostFault(pub(super) String);

impl State {
    /// What is judged.
    ///
    /// # Errors
    /// Ends the call when the judge was only asked about itself.
    fn subject(&mut self) -> wasmtime::Result<&mut Subject> {
        self.subject.as_mut().ok_or_else(|| {
            let rule = "describe and validate-config must not use `suite` or `evidence`";
            Misuse(rule.to_owned()).into()
        })
    }
}

impl bind::tribunal::judge::types::Host for State {}
