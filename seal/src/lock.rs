//! The lock that the seal holds as long as it lives: the kernel lets go of it, however it ends.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::FlockOperation;

const NAME: &str = "seal.lock";

fn open(folder: &Path) -> io::Result<File> {
    let path = folder.join(NAME);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o666)
        .open(&path)?;
    // The containers may run as different users. Whoever did not make it may not, and need not.
    rustix::fs::chmod(&path, rustix::fs::Mode::from_raw_mode(0o666)).ok();
    Ok(file)
}

/// Takes the lock; held until the file is dropped or the process ends.
pub(crate) fn take(folder: &Path) -> io::Result<File> {
    let file = open(folder)?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// Whether a seal lives.
pub(crate) fn is_held(folder: &Path) -> bool {
    let Ok(file) = open(folder) else {
        return false;
    };
    // Dropping the file lets go of it again.
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared).is_err()
}
