//! Compiled judges on disk: compiling takes about a second per megabyte, loading microseconds.
//!
//! An entry is named by the digest of the WebAssembly and of all that compiled code depends on. Compiled
//! code is native code, so the directory must belong to this user alone, and an entry is used only if its
//! own digest is right: what is torn, damaged or put under another name is compiled again. Every problem
//! costs time and never a verdict. `content` names files, `entry` is one file of the cache, `seen` spares reading
//! it whole at every start.

use std::borrow::Cow;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy as _;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::compile::{Allowance, Compiler};
use super::engine::compatibility;
use super::error::Problem;
use super::limits::human_bytes;
use crate::model::{human_ms, millis};

mod content;
mod entry;
mod seen;

pub(super) use content::Content;
use entry::{Entry, deserialize};

/// Bits of a mode that let others write.
const OTHERS_WRITE: u32 = 0o022;

/// Where compiled judges are kept.
#[derive(Debug)]
pub struct Cache {
    /// None: judges are compiled in memory, each time.
    dir: Option<PathBuf>,
    warning: Option<String>,
    compiler: Compiler,
    /// Whom to tell that something takes its time.
    tell: Option<fn(&str)>,
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

    /// The user's own, compiling in a process of this program; where this program cannot be found, in here.
    pub fn of_program() -> Self {
        match std::env::current_exe() {
            Ok(program) => Self::of_user().compiling_in(program),
            Err(_) => Self::of_user(),
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
                tell: None,
            },
            Err(why) => Self::refused(&format!("{} {why}", dir.display())),
        }
    }

    fn refused(why: &str) -> Self {
        Self {
            dir: None,
            warning: Some(format!("compiled judges are not cached: {why}")),
            compiler: Compiler::Here,
            tell: None,
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

    /// Tells people, in a line, what a judge's first compilation takes; every two seconds.
    #[must_use]
    pub fn telling(mut self, tell: fn(&str)) -> Self {
        self.tell = Some(tell);
        self
    }

    /// Tells nobody any more.
    pub(super) fn quiet(&mut self) {
        self.tell = None;
    }

    /// The same directory, compiling in this process.
    pub(super) fn compiling_here(&self) -> Self {
        Self {
            dir: self.dir.clone(),
            warning: self.warning.clone(),
            compiler: Compiler::Here,
            tell: self.tell,
        }
    }

    /// As [`compiling_in`](Self::compiling_in), with other limits.
    #[must_use]
    pub fn compiling_within(mut self, program: PathBuf, allowance: Allowance) -> Self {
        self.compiler = Compiler::Child(program, allowance);
        self
    }

    /// Loads what a file with this content was compiled to, with the SHA-256 of that file.
    pub(super) fn find(&self, engine: &Engine, content: &Content) -> Option<(Component, [u8; 32])> {
        self.entry(engine, content)?.load(engine)
    }

    /// Loads what a file with this content compiles to; else makes a component of it, compiles and stores it.
    /// `name` is for people, `sha256` for whoever finds it later.
    ///
    /// # Errors
    /// Those of `prepare`, and when the component cannot be compiled.
    pub(super) fn component<'a>(
        &self,
        name: &str,
        engine: &Engine,
        (content, sha256): (&Content, &[u8; 32]),
        prepare: impl FnOnce() -> Result<Cow<'a, [u8]>, Problem>,
    ) -> Result<Component, Problem> {
        if let Some((component, _)) = self.find(engine, content) {
            return Ok(component);
        }
        let wasm = prepare()?;
        let during = |so_far: Duration| {
            if let Some(tell) = self.tell {
                let (size, time) = (human_bytes(wasm.len() as u64), human_ms(millis(so_far)));
                tell(&format!("compiling {name} ({size}), once: {time} so far"));
            }
        };
        let code = self.compiler.compile(engine, &wasm, &during)?;
        if let Some(entry) = self.entry(engine, content)
            && entry.store(sha256, &code).is_err()
        {
            // A disk that is full or read-only: the next run compiles again.
        }
        deserialize(engine, &code).ok_or_else(|| {
            Problem::Engine("what was compiled does not fit this processor".to_owned())
        })
    }

    /// Whether compiled code for a file with this content is there.
    pub(super) fn holds(&self, engine: &Engine, content: &Content) -> bool {
        let entry = self.entry(engine, content);
        entry.is_some_and(|entry| entry.open().is_some())
    }

    fn entry(&self, engine: &Engine, content: &Content) -> Option<Entry> {
        let dir = self.dir.as_deref()?;
        Some(Entry::new(dir, content, &compatibility(engine)))
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::plugin::engine::engine;

    const WASM: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_directory_that_others_can_write_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("changed");
        let cache = Cache::at(dir.path().to_owned());
        assert!(cache.warning().expect("a warning").contains("chmod go-w"));
        let engine = engine().expect("an engine");
        cache
            .component("test", engine, (&Content::of(WASM), &[0; 32]), || {
                Ok(Cow::Borrowed(WASM))
            })
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
                .component("test", engine, (&Content::of(WASM), &[0; 32]), || {
                    Ok(Cow::Borrowed(WASM))
                })
                .expect("a component");
        }
        let entries = fs::read_dir(dir.path()).expect("listed");
        let paths = entries.map(|entry| entry.expect("readable").path());
        let codes = paths.filter(|path| path.extension().is_some_and(|end| end != "seen"));
        assert_eq!(codes.count(), 1);
        assert!(
            cache
                .component("test", engine, (&Content::of(b"9"), &[9; 32]), || Ok(
                    Cow::Borrowed(b"\0asm\x0d\0\x01\0junk".as_slice())
                ))
                .is_err()
        );
    }
}
