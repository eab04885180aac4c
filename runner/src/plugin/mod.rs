//! WebAssembly judges: the only room that names `wasmtime`.
//!
//! [`Registry::load`] makes judges of what the pipeline declares; each is a [`Judge`](crate::judge::Judge).
//! A file becomes a judge in these steps: `load` (whole, a component, no forbidden imports), `cache`
//! (compiled code), `registry` (linked, asked what it is, asked whether it accepts its config). A
//! judgement is a fresh `sandbox` with its `limits`, under a CPU `meter`, in which the judge calls the
//! functions of `host`; `trap` says what went wrong in words. `reload` brings new versions into force.

mod builtin;
mod cache;
mod clean;
mod convert;
mod engine;
mod error;
mod host;
mod judgement;
mod limits;
mod load;
mod meter;
mod pool;
mod registry;
mod reload;
mod sandbox;
mod sink;
mod trap;
mod wasi;

pub use cache::Cache;
pub use convert::JudgeInfo;
pub use error::{LoadError, Problem};
pub use registry::{Registry, Replaced, builtin_names, config_json, digest_of};
pub use reload::{News, Reloader};

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}
