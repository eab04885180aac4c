//! One compiled judge on disk.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::OTHERS_WRITE;
use super::content::{Content, feed};
use super::seen::Seen;

/// Changes when the layout of an entry does.
const MAGIC: &[u8; 16] = b"tribunal-cwasm-3";
/// What stands behind the code: mapping wants code at the file's beginning, and does not mind an end.
const TAIL: usize = MAGIC.len() + 32 + 32;
/// Changes when something that was a judge no longer is one, or is adapted in another way.
const RULES: &[u8] = concat!(env!("CARGO_PKG_VERSION"), " rules 1").as_bytes();

/// One compiled judge.
pub(super) struct Entry {
    path: PathBuf,
    /// What its digest covers beside the code.
    key: [u8; 64],
}

/// An entry that is there, ours, and whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Bytes of code at the file's beginning.
    pub(super) len: u64,
    /// SHA-256 of the judge's file.
    pub(super) sha256: [u8; 32],
}

impl Entry {
    pub(super) fn new(dir: &Path, content: &Content, engine: &[u8; 32]) -> Self {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&content.0);
        let engine: [u8; 32] = Sha256::new()
            .chain_update(RULES)
            .chain_update(engine)
            .finalize()
            .into();
        key[32..].copy_from_slice(&engine);
        let engine = super::super::hex(engine.get(..8).unwrap_or(&engine));
        let content = super::super::hex(&content.0);
        Self {
            path: dir.join(format!("{content}-{engine}.cwasm")),
            key,
        }
    }

    /// The digest of what is in an entry, as it is read.
    fn digest(&self, sha256: &[u8; 32], code: impl io::Read) -> io::Result<[u8; 32]> {
        let mut hash = blake3::Hasher::new();
        hash.update(MAGIC).update(&self.key).update(sha256);
        feed(&mut hash, code)?;
        Ok(hash.finalize().into())
    }

    /// Looks at the entry's file.
    pub(super) fn open(&self) -> Option<Found> {
        let (file, found) = open_own(&self.path)?;
        let len = found.len().checked_sub(TAIL as u64)?;
        let mut tail = [0; TAIL];
        file.read_exact_at(&mut tail, len).ok()?;
        let tail = tail.strip_prefix(MAGIC.as_slice())?;
        let (sha256, digest) = tail.split_first_chunk::<32>()?;
        let seen = Seen::of(&self.path, &found, digest);
        if !seen.is_noted() {
            let right = self.digest(sha256, (&file).take(len)).ok()?;
            if right != digest {
                return None;
            }
            seen.note();
        }
        Some(Found {
            len,
            sha256: *sha256,
        })
    }

    /// The compiled code, mapped: what a judgement does not touch is never read. With the SHA-256 of the file it
    /// was made of.
    pub(super) fn load(&self, engine: &Engine) -> Option<(Component, [u8; 32])> {
        let found = self.open()?;
        Some((map(engine, &self.path)?, found.sha256))
    }

    /// Written beside and renamed: another tribunal sees the whole entry or none.
    pub(super) fn store(&self, sha256: &[u8; 32], code: &[u8]) -> io::Result<()> {
        beside(&self.path, |file| {
            file.write_all(code)?;
            file.write_all(MAGIC)?;
            file.write_all(sha256)?;
            file.write_all(&self.digest(sha256, code)?)
        })
    }
}

/// Writes a file of ours beside `path` and renames it over.
pub(super) fn beside(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!("{name}.{}-{count}.tmp", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut file| write(&mut file))
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() && fs::remove_file(&part).is_err() {
        // It was never made.
    }
    written
}

/// Opens a regular file that nobody else can write, and says what it is.
pub(super) fn open_own(path: &Path) -> Option<(File, Metadata)> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
        .ok()?;
    let found = file.metadata().ok()?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    let good = found.is_file() && ours && found.mode() & OTHERS_WRITE == 0;
    good.then_some((file, found))
}

/// Makes a component of compiled code; none when this engine does not take it.
pub(super) fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    #[expect(
        unsafe_code,
        reason = "what was compiled a moment ago, by us or by this same program"
    )]
    // SAFETY: `code` is unchanged output of `Component::serialize` of a compatible engine: see `Compiler`.
    unsafe {
        Component::deserialize(engine, code).ok()
    }
}

/// Maps compiled code; none when this engine does not take it.
fn map(engine: &Engine, path: &Path) -> Option<Component> {
    #[expect(
        unsafe_code,
        reason = "the one place that trusts stored code: its file is ours alone, and its digest says that it \
                  is what `serialize` of a compatible engine gave us"
    )]
    // SAFETY: the file is unchanged output of `Component::serialize`, as far as this user's own files can be
    // trusted: see `prepare` and `Entry::open`. Entries are never written in place, only renamed over, so what
    // is mapped stays as it is. wasmtime itself refuses what another version made.
    unsafe {
        Component::deserialize_file(engine, path).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// What a good entry holds.
    fn code(entry: &Entry) -> Option<Vec<u8>> {
        let found = entry.open()?;
        assert_eq!(found.sha256, FILE);
        let mut code = fs::read(&entry.path).ok()?;
        code.truncate(usize::try_from(found.len).ok()?);
        Some(code)
    }

    /// SHA-256 of the file that an entry is of.
    const FILE: [u8; 32] = [7; 32];

    fn entry(dir: &Path) -> Entry {
        Entry::new(dir, &Content([1; 32]), &[2; 32])
    }

    #[test]
    fn what_was_stored_is_loaded() {
        let dir = tempfile::tempdir().expect("a directory");
        let entry = entry(dir.path());
        assert_eq!(code(&entry), None);
        entry.store(&FILE, b"code").expect("stored");
        assert_eq!(code(&entry).as_deref(), Some(b"code".as_slice()));
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1);
    }

    #[test]
    fn what_is_torn_or_changed_is_not_used() {
        let dir = tempfile::tempdir().expect("a directory");
        let entry = entry(dir.path());
        entry.store(&FILE, b"code that runs").expect("stored");
        let whole = fs::read(&entry.path).expect("read");
        for len in 0..whole.len() {
            fs::write(&entry.path, &whole[..len]).expect("written");
            assert_eq!(code(&entry), None, "cut to {len} bytes");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&entry.path, &changed).expect("written");
            assert_eq!(code(&entry), None, "byte {at} changed");
        }
        fs::write(&entry.path, &whole).expect("written");
        assert!(code(&entry).is_some());
        fs::set_permissions(&entry.path, fs::Permissions::from_mode(0o666)).expect("changed");
        assert_eq!(code(&entry), None, "writable by others");
    }

    #[test]
    fn an_entry_under_another_name_or_behind_a_link_is_not_used() {
        let dir = tempfile::tempdir().expect("a directory");
        let one = entry(dir.path());
        one.store(&FILE, b"code").expect("stored");
        let other = Entry::new(dir.path(), &Content([3; 32]), &[2; 32]);
        fs::copy(&one.path, &other.path).expect("copied");
        assert_eq!(code(&other), None);
        fs::remove_file(&other.path).expect("removed");
        std::os::unix::fs::symlink(&one.path, &other.path).expect("linked");
        assert_eq!(code(&other), None);
    }
}
