//! The seal: every byte that a suite in a pod writes is counted, hashed and kept until the runner has it.
//!
//! [`wire`] is what the program in the pod and the runner agree on, without any I/O. `PROTOCOL.md` says it in
//! words.

pub mod wire;
