//! The judges of a pipeline: all loaded and asked before anything runs, all problems told at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use sha2::{Digest as _, Sha256};

use super::cache::Cache;
use super::convert::JudgeInfo;
use super::engine::engine;
use super::error::{LoadError, Problem};
use super::judgement::{Code, Loaded, WasmJudge};
use super::sandbox;
use super::source::compile;
use super::trap::one_line;
use super::{builtin, hex, load};
use crate::judge::Judge;
use crate::plan::{JudgeSource, JudgeSpec};

/// The judges of a pipeline, by name.
pub struct Registry {
    judges: BTreeMap<String, Arc<WasmJudge>>,
    specs: BTreeMap<String, JudgeSpec>,
    cache: Cache,
}

/// A judge whose new version is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Its name in the pipeline.
    pub judge: String,
    /// The digest of the version before.
    pub from: String,
    /// The digest of the new one.
    pub to: String,
}

impl Registry {
    /// Loads every judge, with the user's own cache of compiled code. `tell` hears what takes its time.
    ///
    /// Reads files, compiles, and runs the judges' `describe` and `validate-config`: blocks for milliseconds
    /// with a warm cache, for about a second per megabyte without. May be called from anywhere.
    ///
    /// # Errors
    /// Every judge that cannot be used, in the order of names.
    pub fn load(
        specs: &BTreeMap<String, JudgeSpec>,
        tell: fn(&str),
    ) -> Result<Self, Vec<LoadError>> {
        let mut registry = Self::load_with(specs, Cache::of_program().telling(tell))?;
        // From now on a report may have the terminal.
        registry.cache.quiet();
        Ok(registry)
    }

    /// Like [`load`](Self::load), with another cache.
    ///
    /// # Errors
    /// As `load`.
    pub fn load_with(
        specs: &BTreeMap<String, JudgeSpec>,
        cache: Cache,
    ) -> Result<Self, Vec<LoadError>> {
        let results = load_all(specs, &cache);
        let (mut judges, mut errors) = (BTreeMap::new(), Vec::new());
        for (name, result) in results {
            match result {
                Ok(loaded) => {
                    let judge = Arc::new(WasmJudge::new(name.clone(), loaded));
                    judges.insert(name, judge);
                }
                Err(problem) => errors.push(LoadError {
                    judge: name,
                    problem,
                }),
            }
        }
        if errors.is_empty() {
            Ok(Self {
                judges,
                specs: specs.clone(),
                cache,
            })
        } else {
            Err(errors)
        }
    }

    /// The judge of this name.
    pub fn get(&self, name: &str) -> Option<Arc<dyn Judge>> {
        let judge = self.judges.get(name)?;
        Some(Arc::clone(judge) as Arc<dyn Judge>)
    }

    /// All judges by name.
    pub fn judges(&self) -> BTreeMap<String, Arc<dyn Judge>> {
        let named = |(name, judge): (&String, &Arc<WasmJudge>)| {
            (name.clone(), Arc::clone(judge) as Arc<dyn Judge>)
        };
        self.judges.iter().map(named).collect()
    }

    /// What the judge of this name says about itself.
    pub fn info(&self, name: &str) -> Option<JudgeInfo> {
        Some(self.judges.get(name)?.current().info.clone())
    }

    /// Things people should know: that nothing is cached, and why.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.cache.warning().into_iter()
    }

    /// Puts a new version in the place of the judge `name`, and returns whether it is another one.
    /// Judgements under way end on the version they began with.
    ///
    /// # Errors
    /// When the new version cannot be used: the old one stays.
    pub fn reload(&self, name: &str, spec: &JudgeSpec) -> Result<bool, LoadError> {
        let one = BTreeMap::from([(name.to_owned(), spec.clone())]);
        let result = load_all(&one, &self.cache).pop_first();
        let (Some(judge), Some((name, result))) = (self.judges.get(name), result) else {
            return Ok(false);
        };
        let loaded = result.map_err(|problem| LoadError {
            judge: name,
            problem,
        })?;
        let is_new = loaded.code.digest != judge.current().code.digest;
        judge.replace(loaded);
        Ok(is_new)
    }

    /// The files that judges come from, each once.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self
            .specs
            .values()
            .filter_map(|spec| match &spec.source {
                JudgeSource::File(path) => Some(path.clone()),
                JudgeSource::Builtin(_) => None,
            })
            .collect();
        files.sort();
        files.dedup();
        files
    }

    /// Takes what the file `path` is now into force for every judge that comes from it: all of them in one
    /// step, or none. Returns those that changed; none, when the file's bytes are those in force. Reads,
    /// compiles and asks the judges, so it blocks.
    ///
    /// # Errors
    /// When the new version cannot be used by one of them: the old one stays for all.
    pub fn refresh(&self, path: &Path) -> Result<Vec<Replaced>, LoadError> {
        let source = JudgeSource::File(path.to_owned());
        let mut users = self.specs.clone();
        users.retain(|_, spec| spec.source == source);
        let Some(first) = users.keys().next().cloned() else {
            return Ok(Vec::new());
        };
        let bytes = load::read(path).map_err(|problem| LoadError {
            judge: first,
            problem,
        })?;
        let digest = format!("sha256:{}", hex(&Sha256::digest(&bytes)));
        let in_force = |name: &String| {
            let judge = self.judges.get(name);
            judge.is_some_and(|judge| judge.current().code.digest == digest)
        };
        if users.keys().all(in_force) {
            return Ok(Vec::new());
        }
        let mut fresh = Vec::new();
        for (judge, result) in load_all(&users, &self.cache) {
            match result {
                Ok(loaded) => fresh.push((judge, loaded)),
                Err(problem) => return Err(LoadError { judge, problem }),
            }
        }
        let mut replaced = Vec::new();
        for (name, loaded) in fresh {
            if let Some(judge) = self.judges.get(&name) {
                let (from, to) = (
                    judge.current().code.digest.clone(),
                    loaded.code.digest.clone(),
                );
                if from != to {
                    judge.replace(loaded);
                    let judge = name;
                    replaced.push(Replaced { judge, from, to });
                }
            }
        }
        Ok(replaced)
    }
}

/// The names of the judges inside the binary, sorted.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    builtin::BUILTINS.iter().map(|(name, _)| *name)
}

/// A judge's `config` table as judges get it.
pub fn config_json(spec: &JudgeSpec) -> String {
    if spec.config.is_null() {
        "{}".to_owned()
    } else {
        spec.config.to_string()
    }
}

type Results = BTreeMap<String, Result<Loaded, Problem>>;

fn load_all(specs: &BTreeMap<String, JudgeSpec>, cache: &Cache) -> Results {
    let linker = match engine().map(|engine| (engine, sandbox::linker(engine))) {
        Ok((_, Ok(linker))) => linker,
        Ok((_, Err(error))) => return all(specs, &Problem::Engine(one_line(&error))),
        Err(problem) => return all(specs, &problem),
    };
    // Judges of one file differ in config and limits alone: it is compiled once.
    let mut sources: Vec<(&JudgeSource, Option<&str>)> = Vec::new();
    for spec in specs.values() {
        let source = (&spec.source, spec.sha256.as_deref());
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    // Threads of their own: this may be called from inside a runtime, which must not be entered twice.
    thread::scope(|scope| {
        let linker = &linker;
        let compiling: Vec<_> = sources
            .into_iter()
            .map(|source| (source, scope.spawn(move || compile(source, linker, cache))))
            .collect();
        let compiled: Vec<_> = compiling
            .into_iter()
            .map(|(source, thread)| (source, join(thread)))
            .collect();
        let asking: Vec<_> = specs
            .iter()
            .filter_map(|(name, spec)| {
                let key = (&spec.source, spec.sha256.as_deref());
                let (_, code) = compiled.iter().find(|(source, _)| *source == key)?;
                let code = code.clone();
                Some((name, scope.spawn(move || ask(code?, spec))))
            })
            .collect();
        asking
            .into_iter()
            .map(|(name, thread)| (name.clone(), join(thread)))
            .collect()
    })
}

fn all(specs: &BTreeMap<String, JudgeSpec>, problem: &Problem) -> Results {
    let names = specs.keys().cloned();
    names.map(|name| (name, Err(problem.clone()))).collect()
}

/// A panic in there is ours, and goes on here.
fn join<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Loads one judge so that its instructions are counted.
pub(super) fn load_counting(spec: &JudgeSpec, cache: &Cache) -> Result<Loaded, Problem> {
    let engine = super::engine::counting()?;
    let linker = sandbox::linker(engine).map_err(|error| Problem::Engine(one_line(&error)))?;
    let source = (&spec.source, spec.sha256.as_deref());
    let mut code = compile(source, &linker, cache)?;
    code.pooled = None;
    code.counts_fuel = true;
    ask(code, spec)
}

/// Loads one judge as `run` does.
pub(super) fn load_plain(spec: &JudgeSpec, cache: &Cache) -> Result<Loaded, Problem> {
    let engine = engine()?;
    let linker = sandbox::linker(engine).map_err(|error| Problem::Engine(one_line(&error)))?;
    let source = (&spec.source, spec.sha256.as_deref());
    ask(compile(source, &linker, cache)?, spec)
}

fn ask(code: Code, spec: &JudgeSpec) -> Result<Loaded, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Problem::Engine(error.to_string()))?;
    let limits = spec.limits;
    let info = runtime.block_on(code.ask(limits, &config_json(spec)))?;
    Ok(Loaded { code, limits, info })
}

/// The SHA-256 of a judge's file in lower-case hex, read as judges are read.
///
/// # Errors
/// When it cannot be read.
pub fn digest_of(path: &Path) -> Result<String, Problem> {
    Ok(hex(&Sha256::digest(load::read(path)?)))
}
