//! Files that another tool may read at any time: written beside, then renamed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Returns the path to write beside `path` before renaming; makes the folder.
pub(super) fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path does not end in a file's name",
        )
    })?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    Ok(folder.join(beside))
}

/// Writes `bytes` to `path` in one step; makes its folder. On an error the old file stays as it is.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    let result = write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if result.is_err() {
        // The first error is the one to tell.
        fs::remove_file(&beside).unwrap_or(());
    }
    result
}

fn write(path: &PathBuf, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_whole_and_folders_made() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("a/b/out.xml");
        replace(&path, b"one").expect("written");
        replace(&path, b"two").expect("written again");
        assert_eq!(fs::read(&path).expect("there"), b"two");
        assert_eq!(
            fs::read_dir(dir.path().join("a/b"))
                .expect("a folder")
                .count(),
            1
        );
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).expect("a folder in the way");
        assert!(replace(&taken, b"x").is_err());
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
        assert!(replace(Path::new("/"), b"x").is_err());
    }
}
