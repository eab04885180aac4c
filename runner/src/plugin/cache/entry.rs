//! One compiled judge on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::OTHERS_WRITE;

/// Changes when the layout of an entry does.
const MAGIC: &[u8; 16] = b"tribunal-cwasm-2";
/// Magic and digest stand behind the code: mapping wants code at the file's beginning, and does not mind an end.
const TAIL: usize = MAGIC.len() + 32;
/// Changes when something that was a judge no longer is one, or is adapted in another way.
const RULES: &[u8] = concat!(env!("CARGO_PKG_VERSION"), " rules 1").as_bytes();

/// One compiled judge.
pub(super) struct Entry {
    path: PathBuf,
    /// What its digest covers beside the code.
    key: [u8; 64],
}

impl Entry {
    pub(super) fn new(dir: &Path, wasm: &[u8; 32], engine: &[u8; 32]) -> Self {
        let mut key = [0; 64];
        key[..32].copy_from_slice(wasm);
        let engine: [u8; 32] = Sha256::new()
            .chain_update(RULES)
            .chain_update(engine)
            .finalize()
            .into();
        key[32..].copy_from_slice(&engine);
        let engine = super::super::hex(engine.get(..8).unwrap_or(&engine));
        Self {
            path: dir.join(format!("{}-{engine}.cwasm", super::super::hex(wasm))),
            key,
        }
    }

    /// The digest of what is in an entry, as it is read.
    fn digest(&self, mut code: impl io::Read) -> io::Result<[u8; 32]> {
        let mut hash = Sha256::new().chain_update(MAGIC).chain_update(self.key);
        let mut buffer = vec![0; 256 << 10];
        loop {
            match code.read(&mut buffer)? {
                0 => return Ok(hash.finalize().into()),
                n => hash.update(buffer.get(..n).unwrap_or_default()),
            }
        }
    }

    /// The entry's file and the length of its code, if it is there, ours, and whole.
    pub(super) fn open(&self) -> Option<(File, u64)> {
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&self.path)
            .ok()?;
        let found = file.metadata().ok()?;
        let ours = found.uid() == rustix::process::geteuid().as_raw();
        if !found.is_file() || !ours || found.mode() & OTHERS_WRITE != 0 {
            return None;
        }
        let len = found.len().checked_sub(TAIL as u64)?;
        let digest = self.digest((&file).take(len)).ok()?;
        let mut tail = [0; TAIL];
        file.read_exact(&mut tail).ok()?;
        (tail.strip_prefix(MAGIC.as_slice())? == digest).then_some((file, len))
    }

    /// The compiled code, mapped: what a judgement does not touch is never read.
    pub(super) fn load(&self, engine: &Engine) -> Option<Component> {
        let (_file, _) = self.open()?;
        map(engine, &self.path)
    }

    /// Written beside and renamed: another tribunal sees the whole entry or none.
    pub(super) fn store(&self, code: &[u8]) -> io::Result<()> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let beside = self
            .path
            .with_extension(format!("{}-{count}.tmp", std::process::id()));
        let written = self.write(&beside, code);
        if written.is_err() && fs::remove_file(&beside).is_err() {
            // It was never made.
        }
        written
    }

    fn write(&self, beside: &Path, code: &[u8]) -> io::Result<()> {
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(beside)?;
        file.write_all(code)?;
        file.write_all(MAGIC)?;
        file.write_all(&self.digest(code)?)?;
        fs::rename(beside, &self.path)
    }
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
        let (_, len) = entry.open()?;
        let mut code = fs::read(&entry.path).ok()?;
        code.truncate(usize::try_from(len).ok()?);
        Some(code)
    }

    fn entry(dir: &Path) -> Entry {
        Entry::new(dir, &[1; 32], &[2; 32])
    }

    #[test]
    fn what_was_stored_is_loaded() {
        let dir = tempfile::tempdir().expect("a directory");
        let entry = entry(dir.path());
        assert_eq!(code(&entry), None);
        entry.store(b"code").expect("stored");
        assert_eq!(code(&entry).as_deref(), Some(b"code".as_slice()));
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1);
    }

    #[test]
    fn what_is_torn_or_changed_is_not_used() {
        let dir = tempfile::tempdir().expect("a directory");
        let entry = entry(dir.path());
        entry.store(b"code that runs").expect("stored");
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
        one.store(b"code").expect("stored");
        let other = Entry::new(dir.path(), &[3; 32], &[2; 32]);
        fs::copy(&one.path, &other.path).expect("copied");
        assert_eq!(code(&other), None);
        fs::remove_file(&other.path).expect("removed");
        std::os::unix::fs::symlink(&one.path, &other.path).expect("linked");
        assert_eq!(code(&other), None);
    }
}
