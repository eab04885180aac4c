//! The judges inside the binary: built from `plugins/` by `build.rs`.

use super::error::Problem;

include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

/// The WebAssembly of a built-in judge.
///
/// # Errors
/// When there is none of this name.
pub(super) fn find(name: &str) -> Result<&'static [u8], Problem> {
    let found = BUILTINS.iter().find(|(builtin, _)| *builtin == name);
    found.map(|(_, bytes)| *bytes).ok_or_else(|| {
        let known: Vec<_> = BUILTINS.iter().map(|(name, _)| *name).collect();
        Problem::UnknownBuiltin {
            known: known.join(", "),
        }
    })
}
