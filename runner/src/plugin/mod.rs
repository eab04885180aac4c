//! WebAssembly judges: the only room that names `wasmtime`.
//!
//! [`Registry::load`] makes judges of what the pipeline declares; each is a [`Judge`](crate::judge::Judge).
//! A file becomes a judge in these steps: `load` (whole, no forbidden imports, made a component by `adapt`
//! where it is a core module), `compile` (in a process of its own) and `cache` (compiled code), `source` (linked),
//! `registry` (asked what it is, asked whether it accepts its config). `command` is the second tier: programs. A
//! judgement is a fresh `sandbox` with its `limits`, under a CPU `meter`, in which the judge calls the
//! functions of `host`; `trap` says what went wrong in words. `reload` brings new versions into force.

mod adapt;
mod builtin;
mod cache;
mod clean;
mod command;
pub mod compile;
mod convert;
mod engine;
mod error;
mod host;
mod judgement;
mod limits;
mod load;
mod meter;
mod pool;
mod probe;
mod registry;
mod reload;
mod sandbox;
mod sink;
mod source;
mod trap;
mod wasi;

pub use cache::Cache;
pub use convert::JudgeInfo;
pub use error::{LoadError, Problem};
pub use judgement::Usage;
pub use probe::{Inspection, Probe, componentize, inspect};
pub use registry::{Registry, Replaced, builtin_names, config_json, digest_of};
pub use reload::{News, Reloader};

/// The contract with judges, as text.
pub const WIT: &str = adapt::WIT;
/// JSON schema of what a program finds in `TRIBUNAL_EVIDENCE`.
pub const EVIDENCE_SCHEMA: &str = include_str!("../../../docs/schemas/evidence.schema.json");
/// JSON schema of what a program prints.
pub const VERDICT_SCHEMA: &str = include_str!("../../../docs/schemas/verdict.schema.json");

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}
