//! The sources of a suite: which files they are, and whether their content is another than before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use sha2::{Digest as _, Sha256};

use super::{IGNORED, Print};

/// A glob that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{glob} is no glob: {why}")]
pub struct TreeError {
    /// The glob.
    pub glob: String,
    /// What is wrong with it.
    pub why: String,
}

/// Files below a folder that globs name, with what is known of their content.
pub struct Tree {
    root: PathBuf,
    globs: GlobSet,
    /// Where files can be at all: the part of each glob before its first wildcard.
    bases: Vec<PathBuf>,
    /// Content by file; it is read again only when the file looks different.
    known: BTreeMap<PathBuf, (Option<Print>, [u8; 32])>,
}

impl Tree {
    /// The files below `root` that one of `globs` names; nothing is read yet.
    ///
    /// # Errors
    /// When one of them is no glob.
    pub fn new(root: &Path, globs: &[String]) -> Result<Self, TreeError> {
        let mut set = GlobSetBuilder::new();
        let failed = |glob: &str, error: &globset::Error| TreeError {
            glob: glob.to_owned(),
            why: error.kind().to_string(),
        };
        for glob in globs {
            let built = GlobBuilder::new(glob).literal_separator(true).build();
            set.add(built.map_err(|error| failed(glob, &error))?);
        }
        let mut bases: Vec<PathBuf> = globs.iter().map(|glob| root.join(base(glob))).collect();
        bases.sort();
        bases.dedup();
        let all = bases.clone();
        bases.retain(|base| {
            !all.iter()
                .any(|other| other != base && base.starts_with(other))
        });
        Ok(Self {
            root: root.to_owned(),
            globs: set.build().map_err(|error| failed("", &error))?,
            bases,
            known: BTreeMap::new(),
        })
    }

    /// The folders to watch with all that is below them.
    pub fn bases(&self) -> impl Iterator<Item = &Path> {
        self.bases.iter().map(PathBuf::as_path)
    }

    /// Looks at the files and returns those that were made, changed in content or removed since the last look,
    /// relative to the root; the first look finds all of them.
    pub fn look(&mut self) -> Vec<PathBuf> {
        let mut seen = BTreeMap::new();
        let mut changed = Vec::new();
        for base in &self.bases {
            for path in walkdir::WalkDir::new(base)
                .into_iter()
                .filter_entry(|entry| !IGNORED.iter().any(|name| entry.file_name() == *name))
                .filter_map(Result::ok)
                .filter(|entry| !entry.file_type().is_dir())
                .map(walkdir::DirEntry::into_path)
            {
                let relative = path.strip_prefix(&self.root).unwrap_or(&path).to_owned();
                if !self.globs.is_match(&relative) {
                    continue;
                }
                let print = Print::of(&path);
                let content = match self.known.get(&relative) {
                    Some((known, content)) if *known == print => *content,
                    _ => Sha256::digest(fs::read(&path).unwrap_or_default()).into(),
                };
                let before = self.known.get(&relative).map(|(_, content)| *content);
                if before != Some(content) {
                    changed.push(relative.clone());
                }
                seen.insert(relative, (print, content));
            }
        }
        let gone = self.known.keys().filter(|path| !seen.contains_key(*path));
        changed.extend(gone.cloned());
        self.known = seen;
        changed
    }
}

/// The folders of a glob before its first wildcard.
fn base(glob: &str) -> PathBuf {
    let parts: Vec<&str> = glob.split('/').collect();
    let folders = parts.split_last().map_or(&[][..], |(_, folders)| folders);
    folders
        .iter()
        .take_while(|part| !part.contains(['*', '?', '[', '{', '\\']))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_content_is_a_change() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        fs::create_dir_all(root.join("src/deep")).expect("made");
        fs::write(root.join("src/a.py"), "1").expect("written");
        fs::write(root.join("src/deep/b.py"), "2").expect("written");
        fs::write(root.join("src/notes.txt"), "3").expect("written");
        let mut tree = Tree::new(root, &["src/**/*.py".to_owned()]).expect("globs");
        assert_eq!(
            tree.bases().collect::<Vec<_>>(),
            [root.join("src").as_path()]
        );
        assert_eq!(tree.look().len(), 2);
        assert!(tree.look().is_empty());
        fs::write(root.join("src/.new"), "1").expect("written");
        fs::rename(root.join("src/.new"), root.join("src/a.py")).expect("renamed");
        assert!(tree.look().is_empty(), "the same bytes in another file");
        fs::write(root.join("src/a.py"), "other").expect("written");
        fs::remove_file(root.join("src/deep/b.py")).expect("removed");
        let changed = tree.look();
        assert_eq!(
            changed,
            [PathBuf::from("src/a.py"), PathBuf::from("src/deep/b.py")]
        );
        assert!(Tree::new(root, &["[".to_owned()]).is_err());
    }

    #[test]
    fn a_glob_is_looked_for_where_its_first_wildcard_allows() {
        for (glob, folder) in [
            ("src/**", "src"),
            ("**/*.py", ""),
            ("a/b/c.txt", "a/b"),
            ("a*/b", ""),
            ("Makefile", ""),
        ] {
            assert_eq!(base(glob), Path::new(folder), "{glob}");
        }
    }
}
