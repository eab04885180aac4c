//! placeholder until merge
use crate::judge::Artifact;
use std::path::{Path, PathBuf};
pub struct Collected {
    pub files: Vec<Artifact>,
    pub warnings: Vec<String>,
}
pub fn collect(_c: &Path, _g: &[String], _d: &Path, _s: std::time::SystemTime) -> Collected {
    let _ = PathBuf::new();
    Collected {
        files: vec![],
        warnings: vec![],
    }
}
