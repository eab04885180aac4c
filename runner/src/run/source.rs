//! Which state of the source a run was about: commit, branch, and whether files had been changed since.
//!
//! Asked of `git` beside the run, never before it: a large working copy must not delay a suite.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::dir::RunDir;

/// Its file's name in the run's directory.
pub const FILE: &str = "source.json";
/// Version of the file's format. Fields are only added within a version.
pub const SOURCE_VERSION: u32 = 1;
/// How long the end of a run waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Variables of CI systems with the branch, for checkouts that are on none.
const CI_BRANCH: [&str; 8] = [
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_COMMIT_REF_NAME",
    "BUILDKITE_BRANCH",
    "BUILD_SOURCEBRANCHNAME",
    "BRANCH_NAME",
    "CI_COMMIT_BRANCH",
    "TEAMCITY_BUILD_BRANCH",
];

/// The state of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// [`SOURCE_VERSION`].
    pub version: u32,
    /// The commit's full name; none before the first.
    #[serde(default)]
    pub commit: Option<String>,
    /// The branch; none when it is not known.
    #[serde(default)]
    pub branch: Option<String>,
    /// Whether files differed from the commit, new ones among them.
    pub dirty: bool,
}

impl Source {
    /// Reads what a run stored; none where it stored nothing, or nothing that this version reads.
    pub fn of(dir: &RunDir) -> Option<Self> {
        let text = std::fs::read(dir.path().join(FILE)).ok()?;
        let source: Self = serde_json::from_slice(&text).ok()?;
        (source.version == SOURCE_VERSION).then_some(source)
    }
}

/// An answer of `git` under way.
#[derive(Debug)]
pub struct Looking(Option<mpsc::Receiver<()>>);

/// Asks `git` on a thread of its own and stores the answer in the run's directory. Without a repository,
/// or without `git`, nothing is stored.
pub fn look(root: &Path, dir: &RunDir) -> Looking {
    if repository(root).is_none() {
        return Looking(None);
    }
    let (root, dir) = (root.to_owned(), dir.clone());
    let (tell, told) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("source".to_owned())
        .spawn(move || {
            if let Some(source) = ask(&root) {
                // History does without it.
                drop(dir.write_json(FILE, &source));
            }
            drop(tell);
        });
    Looking(thread.is_ok().then_some(told))
}

impl Looking {
    /// Waits for the answer, but not for long.
    pub fn finish(self) {
        if let Some(told) = self.0 {
            // The sender's end is the message.
            told.recv_timeout(PATIENCE).ok();
        }
    }
}

fn ask(root: &Path) -> Option<Source> {
    let output = Command::new("git")
        // Reads only: no index is refreshed, no hook and no monitor is started, nothing is fetched.
        .args(["--no-optional-locks", "-c", "core.fsmonitor=false", "-C"])
        .arg(root)
        .args(["status", "--porcelain=v2", "--branch"])
        .args(["--untracked-files=normal", "--ignore-submodules=none"])
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| parse(&String::from_utf8_lossy(&output.stdout), branch(root)))
}

/// Reads what `git status --porcelain=v2 --branch` says; `branch` is what else is known of it.
fn parse(text: &str, branch: Option<String>) -> Source {
    let of = |key: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key))?;
        (!value.starts_with('(')).then(|| value.to_owned())
    };
    Source {
        version: SOURCE_VERSION,
        commit: of("# branch.oid "),
        branch: of("# branch.head ").or(branch),
        dirty: text.lines().any(|line| !line.starts_with('#')),
    }
}

/// The branch that is checked out, without starting `git`: what `HEAD` says, or what the CI system says.
pub fn branch(root: &Path) -> Option<String> {
    let head = std::fs::read_to_string(repository(root)?.join("HEAD")).ok()?;
    match head.trim().strip_prefix("ref: refs/heads/") {
        Some(branch) => Some(branch.to_owned()),
        None => CI_BRANCH
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty())),
    }
}

/// The branch that others start from: where the remote's `HEAD` points, else `main` or `master`.
pub fn default_branch(root: &Path) -> Option<String> {
    let git = common(repository(root)?);
    let head = std::fs::read_to_string(git.join("refs/remotes/origin/HEAD"));
    if let Ok(head) = head
        && let Some(branch) = head.trim().strip_prefix("ref: refs/remotes/origin/")
    {
        return Some(branch.to_owned());
    }
    let packed = std::fs::read_to_string(git.join("packed-refs")).unwrap_or_default();
    ["main", "master"]
        .into_iter()
        .find(|name| {
            git.join("refs/heads").join(name).is_file()
                || packed
                    .lines()
                    .any(|line| line.ends_with(&format!(" refs/heads/{name}")))
        })
        .map(str::to_owned)
}

/// The folder with `HEAD` of the repository that a folder is in.
fn repository(root: &Path) -> Option<PathBuf> {
    let found = root
        .ancestors()
        .map(|folder| folder.join(".git"))
        .find(|path| path.exists())?;
    if found.is_dir() {
        return Some(found);
    }
    // Worktrees and submodules have a file that says where it is.
    let text = std::fs::read_to_string(&found).ok()?;
    let path = text.trim().strip_prefix("gitdir: ")?;
    Some(found.parent()?.join(path))
}

/// The folder that all worktrees of a repository share.
fn common(git: PathBuf) -> PathBuf {
    match std::fs::read_to_string(git.join("commondir")) {
        Ok(path) => git.join(path.trim()),
        Err(_) => git,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn porcelain_is_read() {
        let clean = "# branch.oid 6a1c0000000000000000000000000000000000ff\n# branch.head main\n";
        let source = parse(clean, None);
        assert_eq!(source.branch.as_deref(), Some("main"));
        assert!(source.commit.is_some() && !source.dirty);
        let detached = "# branch.oid (initial)\n# branch.head (detached)\n? new.txt\n";
        let source = parse(detached, Some("from-ci".to_owned()));
        assert_eq!((source.commit, source.dirty), (None, true));
        assert_eq!(source.branch.as_deref(), Some("from-ci"));
    }

    #[test]
    fn a_repository_is_asked() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        assert_eq!(branch(root), None);
        let git = |args: &[&str]| {
            let base = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
            let done = Command::new("git")
                .arg("-C")
                .arg(root)
                .args(base)
                .args(args)
                .output();
            done.is_ok_and(|done| done.status.success())
        };
        if !git(&["init", "-q", "-b", "main"]) {
            println!("SKIPPED: no git here");
            return;
        }
        std::fs::write(root.join("a"), "1").expect("written");
        assert!(git(&["add", "a"]) && git(&["commit", "-q", "-m", "first"]));
        let clean = ask(root).expect("an answer");
        assert!(clean.commit.is_some() && !clean.dirty, "{clean:?}");
        assert_eq!(branch(root).as_deref(), Some("main"));
        assert_eq!(default_branch(root).as_deref(), Some("main"));
        std::fs::write(root.join("b"), "1").expect("written");
        assert!(ask(root).expect("an answer").dirty);
    }
}
