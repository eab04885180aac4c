//! From a component to native code: the one step whose cost an untrusted file decides.
//!
//! A few kilobytes can keep a compiler busy for hours or take all memory. So files of users are compiled in a
//! process of their own, this same program started as `tribunal __compile`, which limits itself in memory and
//! CPU time, and which is ended when it takes too long. What it sends back is native code that we would have
//! made ourselves: it is as trusted as this program is.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::clean;
use super::engine::{self, compatibility};
use super::error::Problem;
use super::limits::human_bytes;
use super::trap::one_line;
use crate::model::{human_ms, millis};

/// The hidden command's name.
pub const COMMAND: &str = "__compile";
/// How often people are told that it still compiles.
const STEP: Duration = Duration::from_secs(2);

/// What compiling one judge may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Addresses, in bytes: memory and what is mapped.
    pub memory: u64,
    /// CPU time, of all threads together; whole seconds, rounded up.
    pub cpu: Duration,
    /// Time on the wall.
    pub wall: Duration,
    /// Bytes of compiled code.
    pub code: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            memory: 6 << 30,
            cpu: Duration::from_mins(5),
            wall: Duration::from_mins(10),
            code: 512 << 20,
        }
    }
}

/// Who compiles.
#[derive(Debug)]
pub(super) enum Compiler {
    /// This process: for what is inside the binary, and where there is no program to start.
    Here,
    /// This program, as a process with limits.
    Child(PathBuf, Allowance),
}

impl Compiler {
    /// Compiles a component for `engine`. `during` is called every two seconds with the time it took so far.
    ///
    /// # Errors
    /// When it is not valid, or costs more than it may.
    pub(super) fn compile(
        &self,
        engine: &Engine,
        wasm: &[u8],
        during: &dyn Fn(Duration),
    ) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Child(program, allowance) => {
                // Never in here after all: what has no limits is not for an untrusted file.
                let kind = kind_of(engine)
                    .ok_or_else(|| Problem::Engine("no process compiles for it".to_owned()))?;
                in_child(program, kind, *allowance, wasm, during)
            }
            Self::Here => here(engine, wasm),
        }
    }
}

fn here(engine: &Engine, wasm: &[u8]) -> Result<Vec<u8>, Problem> {
    Component::from_binary(engine, wasm)
        .and_then(|component| component.serialize())
        .map_err(|error| Problem::Damaged(one_line(&error)))
}

/// The engine that a child has to make to compile for this one; none if it has no such engine.
fn kind_of(engine: &Engine) -> Option<&'static str> {
    let asked = compatibility(engine);
    let same = |other: Result<&'static Engine, Problem>| {
        other.is_ok_and(|other| compatibility(other) == asked)
    };
    if same(engine::engine()) {
        Some("plain")
    } else {
        same(engine::counting()).then_some("counting")
    }
}

fn in_child(
    program: &Path,
    kind: &str,
    allowance: Allowance,
    wasm: &[u8],
    during: &dyn Fn(Duration),
) -> Result<Vec<u8>, Problem> {
    let failed = |error: &io::Error| {
        Problem::Engine(format!(
            "{} could not be started to compile: {error}",
            program.display()
        ))
    };
    let mut child = Command::new(program)
        .arg(COMMAND)
        .arg(kind)
        .arg(allowance.memory.to_string())
        .arg(allowance.cpu.as_secs().max(1).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (sender, answer) = mpsc::channel();
    let waited = thread::scope(|scope| {
        scope.spawn(move || {
            if let Some(mut stdin) = stdin
                && stdin.write_all(wasm).is_err()
            {
                // It ended early; its exit says why.
            }
        });
        scope.spawn(move || {
            let mut code = Vec::new();
            if let Some(stdout) = stdout {
                drop(stdout.take(allowance.code + 1).read_to_end(&mut code));
            }
            drop(sender.send(code));
        });
        let words = scope.spawn(move || {
            let mut words = Vec::new();
            if let Some(stderr) = stderr {
                drop(stderr.take(64 << 10).read_to_end(&mut words));
            }
            String::from_utf8_lossy(&words).into_owned()
        });
        let begun = Instant::now();
        let code = loop {
            let left = allowance.wall.saturating_sub(begun.elapsed());
            match answer.recv_timeout(left.min(STEP)) {
                Ok(code) => break Some(code),
                Err(RecvTimeoutError::Timeout) if begun.elapsed() < allowance.wall => {
                    during(begun.elapsed());
                }
                Err(_) => break None,
            }
        };
        let fits = |code: &Vec<u8>| code.len() as u64 <= allowance.code;
        if !code.as_ref().is_some_and(fits) {
            // Its pipes close with it, and with them the threads end.
            drop(child.kill());
        }
        (code, words.join().unwrap_or_default())
    });
    finish(child, waited, allowance)
}

fn finish(
    mut child: Child,
    (code, words): (Option<Vec<u8>>, String),
    allowance: Allowance,
) -> Result<Vec<u8>, Problem> {
    let costly = |why: String| Err(Problem::TooCostly { why });
    let status = child
        .wait()
        .map_err(|error| Problem::Engine(format!("the compiler was lost: {error}")))?;
    let Some(code) = code else {
        let wall = human_ms(millis(allowance.wall));
        return costly(format!("took longer than {wall}"));
    };
    if code.len() as u64 > allowance.code {
        let size = human_bytes(allowance.code);
        return costly(format!("gives more than {size} of code"));
    }
    if status.success() {
        return Ok(code);
    }
    // Threads and what is mapped need addresses too.
    let starved = [
        "memory allocation",
        "out of memory",
        "Cannot allocate memory",
        "Resource temporarily unavailable",
    ];
    if starved.iter().any(|sign| words.contains(sign)) {
        let memory = human_bytes(allowance.memory);
        return costly(format!("needed more than {memory} of memory"));
    }
    if status.code() == Some(1) {
        return Err(Problem::Damaged(clean::line(words.trim(), 600)));
    }
    match std::os::unix::process::ExitStatusExt::signal(&status) {
        // SIGXCPU, or the SIGKILL that follows it.
        Some(24 | 9) => {
            let cpu = human_ms(millis(allowance.cpu));
            costly(format!("took more than {cpu} of CPU time"))
        }
        _ => costly(format!(
            "ended the compiler ({status}): {}",
            clean::line(words.trim(), 300)
        )),
    }
}

/// What the hidden command does: compiles standard input to standard output, within limits that it sets itself.
///
/// # Errors
/// What people are told of it.
pub fn compile_stdin(kind: &str, memory: u64, cpu_seconds: u64) -> Result<(), String> {
    let limit = |resource, value: u64| {
        let limit = Rlimit {
            current: Some(value),
            maximum: Some(value),
        };
        setrlimit(resource, limit).map_err(|error| format!("no limit could be set: {error}"))
    };
    limit(Resource::As, memory)?;
    limit(Resource::Cpu, cpu_seconds)?;
    limit(Resource::Core, 0)?;
    let engine = match kind {
        "plain" => engine::engine(),
        "counting" => engine::counting(),
        _ => return Err(format!("no engine is called {kind}")),
    };
    let engine = engine.map_err(|problem| problem.to_string())?;
    let mut wasm = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut wasm)
        .map_err(|error| format!("standard input: {error}"))?;
    let code = Component::from_binary(engine, &wasm)
        .and_then(|component| component.serialize())
        .map_err(|error| one_line(&error))?;
    io::stdout()
        .lock()
        .write_all(&code)
        .map_err(|error| format!("standard output: {error}"))
}
