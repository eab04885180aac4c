//! Sealed capture: a program of ours in the pod counts, hashes and keeps every byte until it is here.
//!
//! `seal/PROTOCOL.md` says what happens in the pod. Here: which suites ([`survey`]), how the program gets there
//! ([`delivery`]), how its spool is read ([`reader`]), and what that proves ([`proof`]).

mod collect;
mod delivery;
mod link;
mod proof;
mod reader;
mod splice;
mod survey;

#[cfg(test)]
mod tests;

pub(super) use collect::Shelf;
pub(super) use delivery::Delivery;
pub(super) use link::KubeLink;
pub(super) use proof::MainEnd;
pub(super) use reader::Source;
pub(super) use reader::{Limits, Read, read};
pub(super) use survey::Choice;
pub use survey::{Survey, survey};

include!(concat!(env!("OUT_DIR"), "/seals.rs"));

/// The container that keeps.
pub(super) const KEEPER: &str = "tribunal-keeper";
/// The keeper's port, on the pod's loopback alone.
pub(super) const PORT: u16 = 14_741;

/// What makes one attempt's pod a sealed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealing {
    /// The `ConfigMap` with the program.
    pub(super) config_map: String,
    /// The architecture that the program is for.
    pub(super) arch: String,
    /// What a runner must know to be served.
    pub(super) token: String,
}
