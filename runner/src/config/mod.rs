//! TOML to [`Pipeline`], every mistake with its place. The only room that names `toml`.

/// What `pipeline.toml` declares.
#[derive(Clone, Debug)]
pub struct Pipeline {}
