//! Compiled judges on disk: compiling takes about a second per megabyte, loading microseconds.
//!
//! An entry is named by the digest of the WebAssembly and of all that compiled code depends on. Compiled
//! code is native code, so the directory must belong to this user alone, and an entry is used only if its
//! own digest is right: what is torn, damaged or put under another name is compiled again. Every problem
//! costs time and never a verdict.

use std::borrow::Cow;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use etcetera::BaseStrategy as _;
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::compile::{Allowance, Compiler};
use super::engine::compatibility;
use super::error::Problem;

/// Changes when the layout of an entry does.
const MAGIC: &[u8; 16] = b"tribunal-cwasm-2";
/// Magic and digest stand behind the code: mapping wants code at the file's beginning, and does not mind an end.
const TAIL: usize = MAGIC.len() + 32;
/// Changes when something that was a judge no longer is one, or is adapted in another way.
const RULES: &[u8] = concat!(env!("CARGO_PKG_VERSION"), " rules 1").as_bytes();
/// Bits of a mode that let others write.
const OTHERS_WRITE: u32 = 0o022;

/// Where compiled judges are kept.
#[derive(Debug)]
pub struct Cache {
    /// None: judges are compiled in memory, each time.
    dir: Option<PathBuf>,
    warning: Option<String>,
    compiler: Compiler,
}

impl Cache {
    /// The user's own: `$TRIBUNAL_CACHE_DIR`, else `tribunal/judges` in the user's cache directory.
    pub fn of_user() -> Self {
        let named = std::env::var_os("TRIBUNAL_CACHE_DIR").filter(|dir| !dir.is_empty());
        match named {
            Some(dir) => Self::at(PathBuf::from(dir)),
            None => match etcetera::choose_base_strategy() {
                Ok(base) => Self::at(base.cache_dir().join("tribunal").join("judges")),
                Err(_) => Self::refused("no home directory is known; set TRIBUNAL_CACHE_DIR"),
            },
        }
    }

    /// Keeps compiled judges in `dir`, which is made if it is not there; a directory that others could
    /// write to is not used.
    pub fn at(dir: PathBuf) -> Self {
        match prepare(&dir) {
            Ok(()) => Self {
                dir: Some(dir),
                warning: None,
                compiler: Compiler::Here,
            },
            Err(why) => Self::refused(&format!("{} {why}", dir.display())),
        }
    }

    fn refused(why: &str) -> Self {
        Self {
            dir: None,
            warning: Some(format!("compiled judges are not cached: {why}")),
            compiler: Compiler::Here,
        }
    }

    /// Why nothing is cached, in a sentence for people.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Compiles in a process of its own, which is this program: see [`compile`](super::compile).
    #[must_use]
    pub fn compiling_in(mut self, program: PathBuf) -> Self {
        self.compiler = Compiler::Child(program, Allowance::default());
        self
    }

    /// The same directory, compiling in this process.
    pub(super) fn compiling_here(&self) -> Self {
        Self {
            dir: self.dir.clone(),
            warning: self.warning.clone(),
            compiler: Compiler::Here,
        }
    }

    /// As [`compiling_in`](Self::compiling_in), with other limits.
    #[must_use]
    pub fn compiling_within(mut self, program: PathBuf, allowance: Allowance) -> Self {
        self.compiler = Compiler::Child(program, allowance);
        self
    }

    /// Loads what the file with this digest compiles to; else makes a component of it, compiles and stores it.
    ///
    /// # Errors
    /// Those of `prepare`, and when the component cannot be compiled.
    pub(super) fn component<'a>(
        &self,
        engine: &Engine,
        digest: &[u8; 32],
        prepare: impl FnOnce() -> Result<Cow<'a, [u8]>, Problem>,
    ) -> Result<Component, Problem> {
        let entry = self
            .dir
            .as_deref()
            .map(|dir| Entry::new(dir, digest, &compatibility(engine)));
        if let Some(component) = entry.as_ref().and_then(|entry| entry.load(engine)) {
            return Ok(component);
        }
        let code = self.compiler.compile(engine, &prepare()?)?;
        if let Some(entry) = &entry
            && entry.store(&code).is_err()
        {
            // A disk that is full or read-only: the next run compiles again.
        }
        deserialize(engine, &code).ok_or_else(|| {
            Problem::Engine("what was compiled does not fit this processor".to_owned())
        })
    }

    /// Whether compiled code for the file with this digest is there.
    pub(super) fn holds(&self, engine: &Engine, digest: &[u8; 32]) -> bool {
        let entry = self
            .dir
            .as_deref()
            .map(|dir| Entry::new(dir, digest, &compatibility(engine)));
        entry.is_some_and(|entry| entry.open().is_some())
    }
}

/// Makes the directory, and finds out whether it may be trusted.
fn prepare(dir: &Path) -> Result<(), String> {
    match DirBuilder::new().recursive(true).mode(0o700).create(dir) {
        Ok(()) => {}
        Err(error) => return Err(format!("cannot be made: {error}")),
    }
    let found = fs::metadata(dir).map_err(|error| format!("cannot be used: {error}"))?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(
            "belongs to another user; set TRIBUNAL_CACHE_DIR to a directory of your own".to_owned(),
        );
    }
    if found.mode() & OTHERS_WRITE != 0 {
        let dir = dir.display();
        return Err(format!("can be written by others; run: chmod go-w {dir}"));
    }
    Ok(())
}

/// One compiled judge.
struct Entry {
    path: PathBuf,
    /// What its digest covers beside the code.
    key: [u8; 64],
}

impl Entry {
    fn new(dir: &Path, wasm: &[u8; 32], engine: &[u8; 32]) -> Self {
        let mut key = [0; 64];
        key[..32].copy_from_slice(wasm);
        let engine: [u8; 32] = Sha256::new()
            .chain_update(RULES)
            .chain_update(engine)
            .finalize()
            .into();
        key[32..].copy_from_slice(&engine);
        let engine = super::hex(engine.get(..8).unwrap_or(&engine));
        Self {
            path: dir.join(format!("{}-{engine}.cwasm", super::hex(wasm))),
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
    fn open(&self) -> Option<(File, u64)> {
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
    fn load(&self, engine: &Engine) -> Option<Component> {
        let (_file, _) = self.open()?;
        map(engine, &self.path)
    }

    /// Written beside and renamed: another tribunal sees the whole entry or none.
    fn store(&self, code: &[u8]) -> io::Result<()> {
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
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
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
    use crate::plugin::engine::engine;

    const WASM: &[u8] = b"\0asm\x0d\0\x01\0";

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

    #[test]
    fn a_directory_that_others_can_write_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("changed");
        let cache = Cache::at(dir.path().to_owned());
        assert!(cache.warning().expect("a warning").contains("chmod go-w"));
        let engine = engine().expect("an engine");
        cache
            .component(engine, &[0; 32], || Ok(Cow::Borrowed(WASM)))
            .expect("compiled");
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 0);
    }

    #[test]
    fn a_new_directory_is_private_and_a_file_in_its_place_only_warns() {
        let dir = tempfile::tempdir().expect("a directory");
        let inner = dir.path().join("a/b");
        assert_eq!(Cache::at(inner.clone()).warning(), None);
        let mode = fs::metadata(&inner).expect("made").mode();
        assert_eq!(mode & 0o777, 0o700);
        let file = dir.path().join("file");
        fs::write(&file, "").expect("written");
        assert!(Cache::at(file).warning().is_some());
    }

    #[test]
    fn an_empty_component_goes_through_the_cache() {
        let dir = tempfile::tempdir().expect("a directory");
        let cache = Cache::at(dir.path().to_owned());
        let engine = engine().expect("an engine");
        for _ in 0..2 {
            cache
                .component(engine, &[0; 32], || Ok(Cow::Borrowed(WASM)))
                .expect("a component");
        }
        let entries: Vec<_> = fs::read_dir(dir.path()).expect("listed").collect();
        assert_eq!(entries.len(), 1);
        assert!(
            cache
                .component(engine, &[9; 32], || Ok(Cow::Borrowed(
                    b"\0asm\x0d\0\x01\0junk".as_slice()
                )))
                .is_err()
        );
    }
}
