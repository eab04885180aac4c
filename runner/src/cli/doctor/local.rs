//! `tribunal doctor`, the local part: what this machine gives, and what the local suites need.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::clean;
use crate::os::facts;
use crate::plan::{Command, Plan, Target};
use crate::report::terminal::text::{bytes, number, plural};
use crate::report::terminal::{Flags, Mode, Settings};

/// Fewer open files than so many for each suite at once, and for tribunal itself, are few.
const FILES_A_SUITE: u64 = 16;
const FILES: u64 = 128;
/// Less space is little, and less than that is none.
const SPACE: u64 = 1 << 30;
const NO_SPACE: u64 = 64 << 20;
/// A larger project has more folders than that.
const WATCHES: u64 = 8192;
/// Programs that suites often start, and what looks at them.
const TOOLS: [(&str, &str); 3] = [
    ("sh", "suites with a script need it"),
    (
        "git",
        "without it, history cannot tell two results on one commit from a change",
    ),
    ("python3", "suites in Python need it"),
];

/// How well it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// Nothing to do.
    Ok,
    /// Suites run, but not as well as they could.
    Warn,
    /// Suites cannot run.
    Fail,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) state: State,
    pub(super) found: String,
    /// What to do; empty when there is nothing.
    pub(super) cure: String,
}

fn check(name: &'static str, state: State, found: impl Into<String>, cure: &str) -> Check {
    let cure = if state == State::Ok { "" } else { cure };
    Check {
        name,
        state,
        found: found.into(),
        cure: cure.to_owned(),
    }
}

fn warn_if(bad: bool) -> State {
    if bad { State::Warn } else { State::Ok }
}

/// Looks at everything. `plan` is the pipeline's, where there is one; `root` is where its runs are kept.
pub(super) fn examine(root: &Path, plan: Option<&Plan>) -> Vec<Check> {
    let jobs = plan.map_or_else(super::super::options::cores, |plan| plan.jobs);
    let mut checks = vec![system(), pidfd()];
    checks.extend(limits(jobs as u64));
    checks.extend(group());
    checks.push(disk(root));
    checks.push(cache());
    checks.extend(watches());
    checks.push(terminal());
    checks.extend(TOOLS.iter().map(|(name, why)| tool(name, why)));
    if let Some(plan) = plan {
        checks.push(programs(plan));
    }
    checks
}

fn system() -> Check {
    let cores = super::super::options::cores();
    let found = format!(
        "{} {}, {cores} cores for suites",
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    check("system", State::Ok, found, "")
}

fn pidfd() -> Check {
    let there = facts::has_pidfd();
    let found = if there {
        "processes are held by a descriptor"
    } else {
        "processes are asked for again and again"
    };
    let is_linux = cfg!(target_os = "linux");
    let cure =
        "Linux 5.3 or a container runtime that allows pidfd_open ends and finds processes at once";
    check("pidfd", warn_if(is_linux && !there), found, cure)
}

fn limits(jobs: u64) -> [Check; 2] {
    let (files, processes) = facts::limits();
    let told = |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), number);
    let wanted = FILES + jobs * FILES_A_SUITE;
    let few = files.is_some_and(|files| files < wanted);
    let cure = format!("ulimit -n {wanted}, for {jobs} suites at once");
    let few_processes = processes.is_some_and(|processes| processes < 64 * jobs);
    [
        check("open files", warn_if(few), told(files), &cure),
        check(
            "processes",
            warn_if(few_processes),
            told(processes),
            "ulimit -u: suites that start many processes may fail for want of them",
        ),
    ]
}

fn group() -> Option<Check> {
    let group = facts::group()?;
    let memory = match (group.memory, group.used) {
        (Some(limit), Some(used)) => format!("{} of {} used", bytes(used), bytes(limit)),
        (Some(limit), None) => format!("{} at most", bytes(limit)),
        (None, _) => "no limit of its own".to_owned(),
    };
    let pids = group.pids.map_or_else(String::new, |pids| {
        format!(", {} processes at most", number(pids))
    });
    let full = match (group.memory, group.used) {
        (Some(limit), Some(used)) => used > limit / 10 * 9,
        _ => false,
    };
    let cure = "more memory for this container, or fewer suites at once (--jobs): what does not fit is killed";
    Some(check(
        "cgroup",
        warn_if(full),
        format!("memory: {memory}{pids}"),
        cure,
    ))
}

fn disk(root: &Path) -> Check {
    let place = crate::run::dir::runs_dir(root);
    let shown = clean(&place.to_string_lossy(), 200);
    if !facts::is_writable(&place) {
        let cure = "make the folder writable: every run is kept there";
        return check(
            "disk",
            State::Fail,
            format!("{shown} cannot be written"),
            cure,
        );
    }
    match facts::free_bytes(&place) {
        Ok(free) => {
            let state = if free < NO_SPACE {
                State::Fail
            } else {
                warn_if(free < SPACE)
            };
            let cure = "make room (`tribunal runs prune` removes old runs): output that cannot be written is lost, and its suite is incomplete";
            check(
                "disk",
                state,
                format!("{} free for {shown}", bytes(free)),
                cure,
            )
        }
        Err(error) => check(
            "disk",
            State::Warn,
            format!("{shown}: {error}"),
            "see what mounts that folder",
        ),
    }
}

fn cache() -> Check {
    let cache = crate::plugin::Cache::of_user();
    match cache.warning() {
        None => check("judge cache", State::Ok, "compiled judges are kept", ""),
        Some(why) => {
            let cure =
                "judges are compiled for every run: set TRIBUNAL_CACHE_DIR to a folder of your own";
            check("judge cache", State::Warn, clean(why, 300), cure)
        }
    }
}

fn watches() -> Option<Check> {
    let watches = facts::watches()?;
    let cure = format!("sysctl fs.inotify.max_user_watches={}", WATCHES * 16);
    let found = format!("{} watches for `tribunal watch`", number(watches));
    Some(check("inotify", warn_if(watches < WATCHES), found, &cure))
}

fn terminal() -> Check {
    let settings = Settings::from_env(Flags::default());
    let (columns, rows) = (settings.size)();
    let mode = match settings.mode {
        Mode::Live => format!("live, {columns} columns, {rows} rows"),
        Mode::Plain => "plain lines".to_owned(),
    };
    let with = |is: bool, what: &str| {
        if is {
            format!(", {what}")
        } else {
            format!(", no {what}")
        }
    };
    let found = format!(
        "{mode}{}{}",
        with(settings.color, "colour"),
        with(settings.unicode, "symbols beyond ASCII")
    );
    check("terminal", State::Ok, found, "")
}

fn tool(name: &'static str, why: &str) -> Check {
    match find(Path::new(name), Path::new(""), None) {
        Some(path) => check(name, State::Ok, clean(&path.to_string_lossy(), 200), ""),
        None => check(name, State::Warn, "not found in PATH", why),
    }
}

/// Whether the programs of local suites are there: what `needs` builds may come later.
fn programs(plan: &Plan) -> Check {
    let mut missing: Vec<String> = Vec::new();
    let mut seen = 0_usize;
    for suite in &plan.suites {
        let Command::Argv(argv) = &suite.command else {
            continue;
        };
        let (Target::Local, Some(program)) = (&suite.target, argv.first()) else {
            continue;
        };
        seen += 1;
        let path = suite.env.get("PATH").map(String::as_str);
        if find(Path::new(program), &suite.cwd, path).is_none() {
            missing.push(format!(
                "{} ({})",
                clean(program, 100),
                clean(&suite.name, 100)
            ));
        }
    }
    if missing.is_empty() {
        return check(
            "suites",
            State::Ok,
            format!(
                "the programs of {} are there",
                plural(seen as u64, "local suite")
            ),
            "",
        );
    }
    let shown = crate::config::listed(missing.iter().map(String::as_str), 8);
    let cure = "install them, or correct the command; a suite that others build is there later";
    check("suites", State::Warn, format!("not found: {shown}"), cure)
}

/// Where a program is: a path from the suite's folder, or a name in PATH.
fn find(program: &Path, cwd: &Path, path: Option<&str>) -> Option<PathBuf> {
    let is_file = |path: PathBuf| path.is_file().then_some(path);
    if program.components().count() > 1 || program.is_absolute() {
        return is_file(cwd.join(program));
    }
    let path = path.map_or_else(|| std::env::var_os("PATH").unwrap_or_default(), Into::into);
    std::env::split_paths(&path).find_map(|folder| is_file(folder.join(program)))
}

/// A line for each finding, and its cure below it.
pub(super) fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let word = match check.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        text.extend([format!("{word:<4}  {:<11}  {}\n", check.name, check.found)]);
        if !check.cure.is_empty() {
            text.extend([format!("{:19}{}\n", "", check.cure)]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_its_cure_is_below_it() {
        let checks = [
            check("disk", State::Fail, "12 MiB free", "make room"),
            check("open files", State::Ok, "1,024", "not said"),
            check("git", State::Warn, "not found in PATH", "install it"),
        ];
        insta::assert_snapshot!(text(&checks), @"
        FAIL  disk         12 MiB free
                           make room
        ok    open files   1,024
        warn  git          not found in PATH
                           install it
        ");
    }

    #[test]
    fn every_check_finds_something_here() {
        let dir = tempfile::tempdir().expect("a folder");
        let checks = examine(dir.path(), None);
        assert!(checks.len() >= 9, "{checks:?}");
        for check in &checks {
            assert!(!check.found.is_empty(), "{check:?}");
            assert_eq!(check.cure.is_empty(), check.state == State::Ok, "{check:?}");
        }
        assert!(find(Path::new("sh"), Path::new(""), None).is_some());
        assert!(find(Path::new("no-such-program"), Path::new(""), None).is_none());
        assert!(find(Path::new("sh"), Path::new(""), Some("/nowhere")).is_none());
    }
}
