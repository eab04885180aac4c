//! From where a judge's bytes are to code that is linked and ready.

use std::borrow::Cow;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

use super::cache::{Cache, Content};
use super::error::Problem;
use super::host::bind::JudgePre;
use super::judgement::{Code, Linked};
use super::load::Tier;
use super::sandbox::State;
use super::trap::one_line;
use super::{builtin, hex, load, pool};
use crate::plan::JudgeSource;

/// Compiles and links a judge, or finds that done. Nothing of it runs.
///
/// # Errors
/// When it can be no judge, or is not the one that is pinned.
pub(super) fn compile(
    (source, pin): (&JudgeSource, Option<&str>),
    linker: &Linker<State>,
    cache: &Cache,
) -> Result<Code, Problem> {
    // Built-in judges are ours, and small: no process for each of them.
    let here = cache.compiling_here();
    let (file, cache) = match source {
        JudgeSource::Builtin(name) => (File::Ours(name, builtin::find(name)?), &here),
        JudgeSource::File(path) => (File::At(path), cache),
    };
    let (mut content, mut size) = file.content()?;
    let held_to = |sha256: &[u8; 32]| {
        let found = hex(sha256);
        match pin.filter(|pin| !pin.eq_ignore_ascii_case(&found)) {
            Some(pinned) => Err(Problem::Pin {
                pinned: pinned.to_owned(),
                found,
            }),
            None => Ok(format!("sha256:{found}")),
        }
    };
    let name = file.name();
    let mut bytes = None;
    let (component, digest) = if let Some((component, sha256)) =
        cache.find(linker.engine(), &content)
    {
        // Of the very bytes that were read now: their content says so.
        (component, held_to(&sha256)?)
    } else {
        let read = file.read()?;
        // It may have been replaced in between: everything is of the bytes that are compiled.
        (content, size) = (Content::of(&read), read.len() as u64);
        let sha256: [u8; 32] = Sha256::digest(&read).into();
        let digest = held_to(&sha256)?;
        let prepare = || load::prepare(&read);
        let component = cache.component(&name, linker.engine(), (&content, &sha256), prepare)?;
        bytes = Some((read, sha256));
        (component, digest)
    };
    let pre = link(linker, &component).map_err(|why| match file.read() {
        Ok(bytes) => load::misfit(&bytes, why),
        Err(problem) => problem,
    })?;
    // Only a shortcut: without it, every judgement gets fresh memory.
    let pooled = pool::for_size(size).and_then(|pool| {
        let engine = pool.engine();
        let component = match (cache.find(engine, &content), &bytes) {
            (Some((component, _)), _) => component,
            // Where nothing is kept, it is compiled once more.
            (None, Some((bytes, sha256))) => {
                let prepare = || load::prepare(bytes);
                let content = (&content, sha256);
                cache.component(&name, engine, content, prepare).ok()?
            }
            (None, None) => return None,
        };
        link(pool.linker(), &component).ok()
    });
    Ok(Code {
        pre,
        pooled,
        digest,
        name,
        counts_fuel: false,
    })
}

/// Where a judge's bytes are.
#[derive(Clone, Copy)]
enum File<'a> {
    /// In this program, under a name.
    Ours(&'a str, &'static [u8]),
    At(&'a Path),
}

impl<'a> File<'a> {
    /// What it is called in the cache, and its size.
    fn content(self) -> Result<(Content, u64), Problem> {
        match self {
            Self::Ours(_, bytes) => Ok((Content::of(bytes), bytes.len() as u64)),
            Self::At(path) => load::content(path),
        }
    }

    fn read(self) -> Result<Cow<'a, [u8]>, Problem> {
        match self {
            Self::Ours(_, bytes) => Ok(Cow::Borrowed(bytes)),
            Self::At(path) => Ok(Cow::Owned(load::read(path)?)),
        }
    }

    /// For people.
    fn name(self) -> String {
        match self {
            Self::Ours(name, _) => name.to_owned(),
            Self::At(path) => {
                let name = path.file_stem().unwrap_or_default();
                name.to_string_lossy().into_owned()
            }
        }
    }
}

/// Links a component as what its exports say it is.
fn link(linker: &Linker<State>, component: &Component) -> Result<Linked, String> {
    let engine = linker.engine();
    let exports = component.component_type();
    let exports: Vec<&str> = exports.exports(engine).map(|(name, _)| name).collect();
    linker
        .instantiate_pre(component)
        .and_then(|pre| match Tier::of(exports) {
            Some(Tier::Program) => CommandPre::new(pre).map(Linked::Program),
            _ => JudgePre::new(pre).map(Linked::Judge),
        })
        .map_err(|error| one_line(&error))
}
