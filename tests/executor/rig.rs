//! Runs one suite and shows everything that came of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tribunal::capture::{self, Capture};
use tribunal::event::Phase;
use tribunal::executor::local::LocalExecutor;
use tribunal::executor::{AttemptContext, Cancel, Executor as _};
use tribunal::model::{CaptureReport, EndState, Termination};
use tribunal::plan::{Command, Retries, Suite, Target};

/// A suite to be run once, in a directory of its own.
pub(crate) struct Rig {
    pub(crate) suite: Suite,
    pub(crate) run: String,
    dir: tempfile::TempDir,
}

/// Everything that came of it.
pub(crate) struct Outcome {
    pub(crate) termination: Termination,
    pub(crate) capture: CaptureReport,
    pub(crate) phases: Vec<Phase>,
    /// From the call to the answer.
    pub(crate) took: Duration,
    pub(crate) dir: tempfile::TempDir,
}

/// What can be done while it runs.
pub(crate) struct Control {
    pub(crate) cancel: watch::Sender<Cancel>,
    pub(crate) capture: std::sync::Arc<Capture>,
}

impl Control {
    /// Waits until the suite has written something.
    pub(crate) async fn speaks(&self) {
        let mut reader = self.capture.reader(capture::Channel::Combined);
        let first = reader.read(1).await.expect("the log can be read");
        assert!(!first.is_empty(), "it ended without a word");
    }

    pub(crate) fn cancel(&self, cancel: Cancel) {
        self.cancel.send_replace(cancel);
    }
}

impl Rig {
    /// A suite that runs a shell script.
    pub(crate) fn script(text: &str) -> Self {
        Self::new(Command::Script(text.to_owned()))
    }

    /// A suite that runs a Python program.
    pub(crate) fn python(text: &str) -> Self {
        Self::argv(&["python3", "-c", text])
    }

    pub(crate) fn argv(argv: &[&str]) -> Self {
        Self::new(Command::Argv(argv.iter().map(|&a| a.to_owned()).collect()))
    }

    fn new(command: Command) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            run: format!("test-{}-{number}", std::process::id()),
            suite: suite(command, dir.path().to_owned()),
            dir,
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Suite)) -> Self {
        change(&mut self.suite);
        self
    }

    /// The suite's working directory.
    pub(crate) fn cwd(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Runs it to its end.
    pub(crate) async fn run(self) -> Outcome {
        self.run_while(async |_| ()).await
    }

    /// Runs it, and `meanwhile` beside it.
    pub(crate) async fn run_while(self, meanwhile: impl AsyncFnOnce(Control)) -> Outcome {
        let dir = self.dir.path().join("attempt");
        std::fs::create_dir(&dir).expect("the attempt's directory");
        let (output, capture) = capture::create(&dir);
        let (cancel, receiver) = watch::channel(Cancel::None);
        let (phase, mut phases) = mpsc::unbounded_channel();
        let (observed, _) = mpsc::unbounded_channel();
        let cx = AttemptContext {
            run: self.run,
            attempt: 1,
            dir,
            output,
            artifacts: tokio::sync::oneshot::channel().0,
            cancel: receiver,
            phase,
            observed,
        };
        let control = Control {
            cancel,
            capture: std::sync::Arc::clone(&capture),
        };
        let began = Instant::now();
        let execution = async {
            let termination = LocalExecutor.execute(&self.suite, cx).await;
            (termination, began.elapsed())
        };
        let ((termination, took), ()) = tokio::join!(execution, meanwhile(control));
        let capture = tokio::time::timeout(Duration::from_secs(1), capture.ended())
            .await
            .expect("the capture is finished before the executor answers");
        let mut seen = Vec::new();
        while let Ok((phase, _)) = phases.try_recv() {
            seen.push(phase);
        }
        Outcome {
            termination,
            capture,
            phases: seen,
            took,
            dir: self.dir,
        }
    }
}

impl Outcome {
    pub(crate) fn end(&self) -> &EndState {
        &self.termination.end
    }

    /// The path of the captured log; there is none when nothing was written.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.dir.path().join("attempt").join(capture::LOG_FILE)
    }

    /// The captured bytes.
    pub(crate) fn log(&self) -> Vec<u8> {
        std::fs::read(self.log_path()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.log()).expect("text")
    }

    /// A start that failed: why.
    pub(crate) fn start_failure(&self) -> &str {
        match self.end() {
            EndState::StartFailed { reason, .. } => reason,
            other => panic!("it was started: {other:?}"),
        }
    }
}

/// A suite with short times.
fn suite(command: Command, cwd: PathBuf) -> Suite {
    Suite {
        name: "unit".to_owned(),
        base: "unit".to_owned(),
        slug: "unit".to_owned(),
        judge: "exit-code".to_owned(),
        target: Target::Local,
        command,
        cwd,
        env: BTreeMap::new(),
        labels: BTreeMap::new(),
        matrix: BTreeMap::new(),
        shard: None,
        needs: Vec::new(),
        timeout: Duration::from_mins(1),
        grace: Duration::from_secs(10),
        drain_timeout: Duration::from_secs(10),
        retries: Retries {
            infra: 0,
            failed: 0,
            backoff: Duration::ZERO,
        },
        artifacts: Vec::new(),
        accept_incomplete: false,
        allow_empty: false,
        strict: false,
        watch: Vec::new(),
    }
}

/// Whether a process lives (a zombie does not).
pub(crate) fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        !after_name.trim_start().starts_with('Z')
    })
}

/// Runs an ignored test of this binary in a process of its own, for what counts per process.
pub(crate) fn alone(test: &str) {
    let binary = std::env::current_exe().expect("this binary");
    let output = std::process::Command::new(binary)
        .args([
            test,
            "--exact",
            "--ignored",
            "--test-threads=1",
            "--nocapture",
        ])
        .output()
        .expect("this binary runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{test} failed:\n{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
