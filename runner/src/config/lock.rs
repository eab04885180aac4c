//! `tribunal.lock`: the digests of a pipeline's own judges, to be kept in version control.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The file's name; it lies beside the pipeline.
pub const LOCK_FILE: &str = "tribunal.lock";
const VERSION: i64 = 1;

/// Why a lock cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The system refuses it.
    #[error("it cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no lock of this version.
    #[error("it is no lock: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl LockError {
    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Unreadable { path, .. } | Self::Damaged { path, .. } => path,
        }
    }
}

/// Digests (64 lower-case hex digits) by the judges' names.
pub type Digests = BTreeMap<String, String>;

/// Where the lock of the pipeline in `root` is.
pub fn path(root: &Path) -> PathBuf {
    root.join(LOCK_FILE)
}

/// Reads the lock of the pipeline in `root`.
pub fn read(root: &Path) -> Result<Digests, LockError> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Lock {
        version: i64,
        #[serde(default)]
        judges: BTreeMap<String, String>,
    }
    let path = path(root);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(LockError::Unreadable { path, source }),
    };
    let damaged = |why: String| LockError::Damaged {
        path: path.clone(),
        why,
    };
    let lock: Lock = toml::from_str(&text).map_err(|error| damaged(error.message().to_owned()))?;
    if lock.version != VERSION {
        let found = lock.version;
        return Err(damaged(format!(
            "it is of version {found}, this tribunal reads version {VERSION}"
        )));
    }
    lock.judges
        .into_iter()
        .map(|(name, digest)| match digest.strip_prefix("sha256:") {
            Some(hex) if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Ok((name, hex.to_ascii_lowercase()))
            }
            _ => Err(damaged(format!("judge {name} has no sha256 digest"))),
        })
        .collect()
}

/// The text of a lock.
pub fn render(digests: &Digests) -> String {
    let mut text = format!(
        "# Digests of this pipeline's own judges: `tribunal run --locked` accepts no other bytes.\n\
         # Written by `tribunal lock`; keep it in version control.\n\
         version = {VERSION}\n\n[judges]\n"
    );
    for (name, digest) in digests {
        // A name has no character that would need an escape.
        writeln!(text, "\"{name}\" = \"sha256:{digest}\"").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_anything_else_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let digests = Digests::from([("clean-log".to_owned(), "ab".repeat(32))]);
        std::fs::write(path(dir.path()), render(&digests)).expect("written");
        assert_eq!(read(dir.path()).expect("a lock"), digests);
        for (text, part) in [
            ("", "missing field `version`"),
            ("version = 2\n", "version 2"),
            (
                "version = 1\n[judges]\na = \"x\"\n",
                "judge a has no sha256",
            ),
            ("version = 1\nextra = 1\n", "unknown field"),
        ] {
            std::fs::write(path(dir.path()), text).expect("written");
            let error = read(dir.path()).expect_err("no lock").to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
