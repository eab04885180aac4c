//! TOML to [`Pipeline`], every mistake with its place. The only room that names `toml`.
//!
//! The parser's recovering front end gives a tree with spans; `read` walks it by hand and collects
//! problems instead of stopping at the first (serde stops, and loses spans in its clever enums).
//! `render` shows them. Nothing here runs, connects or reads the environment.

use std::path::{Path, PathBuf};

mod error;
mod human;
mod load;
pub mod lock;
pub(crate) mod personal;
mod read;
mod render;
mod schema;
mod suggest;
pub(crate) mod variants;
pub(crate) mod vars;

pub use error::{ConfigError, MAX_SHOWN, Problem};
pub use load::{EXAMPLE, MAX_BYTES};
pub(crate) use render::told;
pub use schema::{BUILTIN_JUDGES, Keep, Pipeline, SuiteConfig};
pub(crate) use suggest::{clean, closest, listed, quoted};

/// The JSON schema (draft-07) of `pipeline.toml`, for editors. `tests/config` holds it against every file there.
pub const SCHEMA: &str = include_str!("../../../docs/schemas/pipeline.schema.json");

/// Reads a size like `1GB` or `512MiB`, in bytes.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    human::size(text).map_err(|error| error.to_string())
}

impl Pipeline {
    /// Reads and checks a pipeline file of at most [`MAX_BYTES`].
    ///
    /// Besides the text, looks whether the files of `[judges.NAME] path` are there. Fails with every
    /// mistake found, or with the one reason why the file could not be read.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        load::load(path)
    }

    /// Checks a pipeline's text without touching any file.
    ///
    /// `file_name` is for messages, and its folder is what relative paths start from. Fails with
    /// every mistake found.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, ConfigError> {
        let file = PathBuf::from(file_name);
        read::pipeline(text, file_name, &file, &|_| true)
    }
}

#[cfg(test)]
mod tests;
