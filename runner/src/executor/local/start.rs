//! Starting a program: environment, lookup in `PATH`, pipes, spawn.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::Access;
use rustix::process::Pid;

use super::Wish;
use super::explain::{self, Problem};
use crate::os::{self, LINEAGE_VAR, Mark, RUN_VAR};
use crate::plan::{Shard, Suite};

/// How often a start is tried when the machine is short of something.
pub(super) const TRIES: u32 = 5;
/// The pause before the second try; each further one is [`PAUSE_FACTOR`] times as long.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(10);
pub(super) const PAUSE_FACTOR: u32 = 4;

/// Where programs are looked for when there is no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What one attempt is to do; owns all it needs, because its thread may outlive the caller.
#[derive(Debug)]
pub(super) struct Job {
    /// The argument vector.
    argv: Vec<String>,
    cwd: PathBuf,
    env: BTreeMap<String, String>,
    /// Variables that a tribunal around this one may have set.
    unset: Vec<&'static str>,
    /// What this attempt's processes are known by.
    pub(super) mark: Mark,
    pub(super) timeout: Duration,
    pub(super) grace: Duration,
    pub(super) drain_timeout: Duration,
}

/// A program that runs.
#[derive(Debug)]
pub(super) struct Started {
    /// Its process, which leads a group of the same number. Never reaped before the group is dealt with.
    pub(super) pid: Pid,
    /// What becomes readable when it ends, where the system has that.
    pub(super) watch: Option<OwnedFd>,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    pub(super) at: Instant,
}

impl Job {
    pub(super) fn new(suite: &Suite, run: &str, attempt: u32) -> Self {
        let mut env = suite.env.clone();
        let mut unset = Vec::new();
        let entry = format!("{run}/{}/{attempt}", suite.slug);
        let lineage = match env::var(LINEAGE_VAR) {
            Ok(outer) if !outer.is_empty() => format!("{outer}:{entry}"),
            _ => entry.clone(),
        };
        env.extend([
            ("TRIBUNAL".to_owned(), "1".to_owned()),
            (RUN_VAR.to_owned(), run.to_owned()),
            ("TRIBUNAL_SUITE".to_owned(), suite.name.clone()),
            ("TRIBUNAL_ATTEMPT".to_owned(), attempt.to_string()),
            (LINEAGE_VAR.to_owned(), lineage),
        ]);
        if let Some(Shard { index, total }) = suite.shard {
            env.insert("TRIBUNAL_SHARD_INDEX".to_owned(), index.to_string());
            env.insert("TRIBUNAL_SHARD_TOTAL".to_owned(), total.to_string());
        } else {
            unset.extend(["TRIBUNAL_SHARD_INDEX", "TRIBUNAL_SHARD_TOTAL"]);
        }
        Self {
            argv: suite.command.argv(),
            cwd: suite.cwd.clone(),
            env,
            unset,
            mark: Mark::Attempt(entry),
            timeout: suite.timeout,
            grace: suite.grace,
            drain_timeout: suite.drain_timeout,
        }
    }

    /// Starts the program. Tries again, with growing pauses, while the machine is short of processes,
    /// memory or descriptors, or the program's file is still being written.
    pub(super) fn start(&self, wish: &Wish) -> Result<Started, Problem> {
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            let problem = match self.try_start() {
                Ok(started) => return Ok(started),
                Err(problem) => problem,
            };
            if !problem.transient || tries == TRIES {
                return Err(problem);
            }
            wish.sleep(pause);
            if wish.now().level() > 0 {
                return Err(problem);
            }
            pause *= PAUSE_FACTOR;
            tries += 1;
        }
    }

    fn try_start(&self) -> Result<Started, Problem> {
        let Some(name) = self.argv.first() else {
            return Err(explain::empty_command());
        };
        // A path is taken as it stands, so that a script sees it as its `$0`.
        let (program, full) = if name.contains('/') {
            // Without the `.` in it, for messages.
            (
                PathBuf::from(name),
                self.cwd.join(name).components().collect(),
            )
        } else {
            let found = self.find(name)?;
            (found.clone(), found)
        };
        let explained = |error: io::Error| explain::spawn(&error, name, &full, &self.cwd);
        let (stdout, stdout_writer) = io::pipe().map_err(explained)?;
        let (stderr, stderr_writer) = io::pipe().map_err(explained)?;
        // All of this stays on std's posix_spawn path: a program that needs no `PATH`,
        // `process_group` and no `pre_exec`. A fork would cost more with every byte this process has in memory.
        let mut command = Command::new(&program);
        command
            .arg0(name)
            .args(self.argv.iter().skip(1))
            .current_dir(&self.cwd)
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(stdout_writer)
            .stderr(stderr_writer)
            .process_group(0);
        for name in &self.unset {
            command.env_remove(name);
        }
        let at = Instant::now();
        let child = command.spawn().map_err(explained)?;
        // Closes our copies of the pipes' writing ends, without which there would be no end of output.
        drop(command);
        let pid = Pid::from_child(&child);
        Ok(Started {
            pid,
            watch: os::watch(pid),
            stdout: stdout.into(),
            stderr: stderr.into(),
            at,
        })
    }

    /// The absolute path of a bare name, found as the suite itself would find it.
    fn find(&self, name: &str) -> Result<PathBuf, Problem> {
        let path = match self.env.get("PATH") {
            Some(path) => OsString::from(path),
            None => env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()),
        };
        let mut not_executable = None;
        // An empty entry is the working directory; `join` makes it and relative ones absolute.
        for folder in env::split_paths(&path) {
            let candidate = self.cwd.join(folder).join(name);
            let candidate: PathBuf = candidate.components().collect();
            if !candidate.is_file() {
                continue;
            }
            if is_executable(&candidate) {
                return Ok(candidate);
            }
            not_executable.get_or_insert(candidate);
        }
        Err(explain::not_found(name, &path, not_executable, &self.cwd))
    }
}

/// Whether this user may execute it.
fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, Access::EXEC_OK).is_ok()
}
