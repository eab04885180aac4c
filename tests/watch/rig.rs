//! Judges that say one thing or the other, and the binary read line by line while it runs.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::support::{Project, Ran};

const SHELL: &str = include_str!("../plugins/shell.wat");
/// Reads the output to its end.
const READ: &str = "(local.set $l (call $open (i32.const 2)))
    (block $end (loop $more
      (call $read (local.get $l) (i32.const 65536) (i32.const 8192))
      (br_if $end (i32.eqz (i32.load (i32.const 8196))))
      (br $more)))";
/// Accepts every config.
const ANY: &str = "(i32.const 1100)";

/// A judge that reports the case `a_case` as passed, reads all, and says passed.
pub(crate) fn passing() -> Vec<u8> {
    judge(
        &format!("(call $case (i32.const 3072)) {READ} (i32.const 2048)"),
        ANY,
    )
}

/// A judge that reports the case `a_case` as failed, reads all, and says failed.
pub(crate) fn failing() -> Vec<u8> {
    judge(
        &format!(
            "(i32.store8 (i32.const 3080) (i32.const 1)) (call $case (i32.const 3072)) {READ}
             (i32.store8 (i32.const 2052) (i32.const 1)) (i32.const 2048)"
        ),
        ANY,
    )
}

/// One that passes but accepts no config that is longer than `{}`.
pub(crate) fn choosy() -> Vec<u8> {
    let body = format!("{READ} (i32.const 2048)");
    // A list of one string ("fine") where the config has more than two bytes.
    let validate =
        "(i32.store (i32.const 8192) (i32.const 1300)) (i32.store (i32.const 8196) (i32.const 4))
        (i32.store (i32.const 8200) (i32.const 8192))
        (i32.store (i32.const 8204) (i32.gt_u (local.get 1) (i32.const 2)))
        (i32.const 8200)";
    judge(&body, validate)
}

fn judge(body: &str, validate: &str) -> Vec<u8> {
    let core = format!(
        r#"(func (export "describe") (result i32) (i32.const 1024))
        (func (export "validate") (param i32 i32) (result i32) {validate})
        (func (export "judge") (result i32) (local $l i32) {body})"#
    );
    let text = SHELL.replace(";; CORE", &core).replace("PAGES", "32");
    wat::parse_str(text).expect("WebAssembly text")
}

/// A pipeline whose suite waits for the file `go` and is judged by `mine.wasm`.
pub(crate) const WAITING: &str = "[judges.mine]\npath = 'mine.wasm'\n\
    [suites.a]\nscript = 'echo hello; touch up; while ! test -e go; do sleep 0.02; done; echo bye'\njudge = 'mine'\n";
/// A pipeline whose suite ends at once.
pub(crate) const SHORT: &str =
    "[judges.mine]\npath = 'mine.wasm'\n[suites.a]\nscript = 'echo hello'\njudge = 'mine'\n";

/// The binary at work; ended when dropped.
pub(crate) struct Live {
    child: Child,
    lines: Receiver<String>,
    seen: String,
}

impl Live {
    pub(crate) fn start(project: &Project, args: &[&str]) -> Self {
        let mut command = project.command(args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (sender, lines) = mpsc::channel();
        let errors = sender.clone();
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let err = BufReader::new(child.stderr.take().expect("a pipe"));
        thread::spawn(move || {
            out.lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        thread::spawn(move || {
            err.lines()
                .map_while(Result::ok)
                .try_for_each(|line| errors.send(line))
        });
        Self {
            child,
            lines,
            seen: String::new(),
        }
    }

    /// Reads on until a line has `part` in it, and returns that line.
    pub(crate) fn until(&mut self, part: &str) -> String {
        loop {
            match self.lines.recv_timeout(Duration::from_mins(1)) {
                Ok(line) => {
                    self.seen.push_str(&line);
                    self.seen.push('\n');
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(error) => panic!("no line with {part:?} ({error}) in:\n{}", self.seen),
            }
        }
    }

    /// Everything that was read so far.
    pub(crate) fn seen(&self) -> &str {
        &self.seen
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        let status = self.child.wait().expect("it ends");
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(10)) {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        Ran {
            code: status.code(),
            out: std::mem::take(&mut self.seen),
            err: String::new(),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Of a test that failed: nothing may be left running.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Puts bytes in a file's place, as builders do.
pub(crate) fn rename_over(path: &Path, bytes: &[u8]) {
    let beside: PathBuf = path.with_extension("part");
    std::fs::write(&beside, bytes).expect("written");
    std::fs::rename(&beside, path).expect("renamed");
}

/// Waits until a file is there.
pub(crate) fn wait_for(path: &Path) {
    let begun = std::time::Instant::now();
    while !path.exists() {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{} did not come",
            path.display()
        );
        thread::sleep(Duration::from_millis(10));
    }
}
