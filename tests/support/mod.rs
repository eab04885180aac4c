//! A project in a temporary folder, and the real binary in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// A folder with a `pipeline.toml`.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

/// What the binary did.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// One cache of compiled judges for all tests, so that only the first one compiles.
fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("judge-cache"))
}

/// The binary, with an environment that does not depend on where the tests run.
pub(crate) fn tribunal() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tribunal"));
    for name in [
        "CI",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
        "CI_SYSTEM_NAME",
        "GITHUB_ACTIONS",
        "GITHUB_STEP_SUMMARY",
        "GITHUB_OUTPUT",
        "FORGEJO_ACTIONS",
        "GITEA_ACTIONS",
        "GITLAB_CI",
        "BUILDKITE",
        "TEAMCITY_VERSION",
        "TF_BUILD",
        "JENKINS_URL",
        "ACCESSIBLE",
        "TRIBUNAL_LIVE",
    ] {
        command.env_remove(name);
    }
    command
        .env("TRIBUNAL_CACHE_DIR", cache())
        // Nobody's own taste.
        .env("XDG_CONFIG_HOME", "/nowhere")
        .stdin(Stdio::null());
    command
}

impl Project {
    /// Makes one whose pipeline has these lines after `version = 1` and a name.
    pub(crate) fn new(pipeline: &str) -> Self {
        Self::raw(&format!("version = 1\nname = \"test\"\n{pipeline}"))
    }

    /// Makes one whose `pipeline.toml` is exactly this.
    pub(crate) fn raw(pipeline: &str) -> Self {
        let project = Self::empty();
        project.write("pipeline.toml", pipeline);
        project
    }

    /// Makes one without a pipeline.
    pub(crate) fn empty() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a folder"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("below the project")).expect("a folder");
        fs::write(&path, text).expect("written");
        path
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = tribunal();
        command.args(args).current_dir(self.path());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn tribunal(&self, args: &[&str]) -> Ran {
        ran(&self.command(args).output().expect("the binary starts"))
    }

    /// Runs the pipeline and returns its exit code and summary.
    pub(crate) fn run(&self, args: &[&str]) -> (Option<i32>, Value) {
        let ran = self.tribunal(&[&["run", "--format", "json"], args].concat());
        let summary = serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{error}\nstdout: {}\nstderr: {}", ran.out, ran.err));
        (ran.code, summary)
    }

    /// The newest run's folder.
    pub(crate) fn latest(&self) -> PathBuf {
        fs::canonicalize(self.path().join(".tribunal/runs/latest")).expect("a run")
    }
}

pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The suite of that name in a summary.
pub(crate) fn suite<'a>(summary: &'a Value, name: &str) -> &'a Value {
    let suites = summary["suites"].as_array().expect("a list");
    suites
        .iter()
        .find(|suite| suite["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {summary:#}"))
}

/// Whether a python3 with pytest is there; says so where it is not.
pub(crate) fn has_pytest() -> bool {
    let found = Command::new("python3")
        .args(["-m", "pytest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        skipped("python3 -m pytest does not run here; `make test` installs it");
    }
    found
}

/// Says loudly that a test could not do its work here.
#[expect(clippy::print_stdout, reason = "seen with --nocapture and on failure")]
pub(crate) fn skipped(why: &str) {
    println!("SKIPPED: {why}");
}
