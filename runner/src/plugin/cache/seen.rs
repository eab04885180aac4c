//! Which entries were found whole before, so that megabytes of code are not read again at every start.
//!
//! A note beside an entry says what its file looked like when its digest was right: device, inode, size, and the
//! times of its last change. Whatever is done to the file after that changes a time that no program can set
//! (`ctime`), and then it is read and compared again. Whoever could forge the note could as well write an
//! entry with a right digest: what keeps others out is the folder, which is this user's alone.

use std::fs::Metadata;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::super::hex;
use super::entry::{beside, open_own};

/// A file that was changed a moment ago may be changed again without a difference in its times.
const SETTLED: Duration = Duration::from_secs(2);

/// What an entry's file looks like.
pub(super) struct Seen {
    path: PathBuf,
    look: String,
    changed: Duration,
}

impl Seen {
    /// What it looks like now; `digest` is the one it carries.
    pub(super) fn of(entry: &Path, found: &Metadata, digest: &[u8]) -> Self {
        let look = format!(
            "{} {} {} {}.{:09} {}.{:09} {}\n",
            found.dev(),
            found.ino(),
            found.size(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec(),
            hex(digest)
        );
        Self {
            path: entry.with_extension("seen"),
            look,
            changed: Duration::new(
                u64::try_from(found.ctime()).unwrap_or(u64::MAX >> 1),
                u32::try_from(found.ctime_nsec()).unwrap_or(0),
            ),
        }
    }

    /// Whether it was found whole when it looked just like this.
    pub(super) fn is_noted(&self) -> bool {
        let mut noted = String::new();
        open_own(&self.path).is_some_and(|(file, _)| {
            file.take(1 << 10).read_to_string(&mut noted).is_ok() && noted == self.look
        })
    }

    /// Notes that it is whole.
    pub(super) fn note(&self) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let settled = now.is_ok_and(|now| now.saturating_sub(self.changed) > SETTLED);
        if settled && beside(&self.path, |file| file.write_all(self.look.as_bytes())).is_err() {
            // A disk that is full or read-only: the next start reads it all again.
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes};
    use std::os::unix::fs::PermissionsExt as _;
    use std::thread;

    use super::*;

    fn seen(path: &Path) -> Seen {
        Seen::of(path, &fs::metadata(path).expect("there"), &[1; 32])
    }

    /// A file that has been left alone for long enough, and a note of it.
    fn noted(dir: &Path) -> PathBuf {
        let path = dir.join("a.cwasm");
        fs::write(&path, "code").expect("written");
        seen(&path).note();
        assert!(!seen(&path).is_noted(), "it was written a moment ago");
        thread::sleep(SETTLED + Duration::from_millis(50));
        seen(&path).note();
        assert!(seen(&path).is_noted());
        path
    }

    #[test]
    fn what_was_changed_in_any_way_is_not_taken_for_seen() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = noted(dir.path());
        let before = fs::metadata(&path).expect("there");
        // The same size, and the time of its last change put back.
        fs::write(&path, "c0de").expect("written");
        let times = FileTimes::new().set_modified(before.modified().expect("a time"));
        let file = File::options().write(true).open(&path).expect("there");
        file.set_times(times).expect("set");
        let after = fs::metadata(&path).expect("there");
        assert_eq!(before.modified().ok(), after.modified().ok());
        assert!(!seen(&path).is_noted());
    }

    #[test]
    fn a_note_that_others_could_have_written_does_not_count() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = noted(dir.path());
        let note = path.with_extension("seen");
        fs::set_permissions(&note, fs::Permissions::from_mode(0o666)).expect("changed");
        assert!(!seen(&path).is_noted());
        let elsewhere = dir.path().join("elsewhere");
        fs::set_permissions(&note, fs::Permissions::from_mode(0o600)).expect("changed");
        fs::rename(&note, &elsewhere).expect("renamed");
        std::os::unix::fs::symlink(&elsewhere, &note).expect("linked");
        assert!(!seen(&path).is_noted(), "behind a link");
    }
}
