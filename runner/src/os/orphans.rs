//! What a run leaves behind: daemons that left their group and their parent.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::{Mark, reap, signal_marked, system};
use crate::model::Leftover;

/// How long killed processes may take to be gone; one in an uninterruptible call can take for ever.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// Returns the living processes that were started by a run: those whose environment says so, however
/// deep below it and in whatever group or session.
///
/// Reads the whole process table: milliseconds, so once a run and not once a suite. Finds nothing on
/// systems other than Linux.
pub fn orphans(run_id: &str) -> Vec<Leftover> {
    system::marked(&Mark::Run(run_id.to_owned()))
        .iter()
        .map(|found| found.leftover(false))
        .collect()
}

/// Ends every process that a run left behind: asks with TERM, waits at most `grace`, then kills until none
/// is left. Returns those it found, also the ones that could not be killed within 5 seconds more.
///
/// Blocks. To be called when the run's own suites have ended.
pub fn kill_orphans(run_id: &str, grace: Duration) -> Vec<Leftover> {
    let mark = Mark::Run(run_id.to_owned());
    let started = Instant::now();
    let mut named: Vec<Leftover> = Vec::new();
    let mut asked: HashSet<Pid> = HashSet::new();
    loop {
        let looked = Instant::now();
        let found = system::marked(&mark);
        if found.is_empty() || started.elapsed() > grace.saturating_add(GONE_WITHIN) {
            break;
        }
        let force = started.elapsed() >= grace;
        for process in &found {
            let first = asked.insert(process.pid);
            if first {
                named.push(process.leftover(false));
            }
            if force {
                signal_marked(process.pid, &mark, &[Signal::KILL]);
            } else if first {
                // A stopped process acts on TERM only when it goes on.
                signal_marked(process.pid, &mark, &[Signal::TERM, Signal::CONT]);
            }
        }
        std::thread::sleep(looked.elapsed().max(Duration::from_millis(5)));
    }
    // Orphans are children of a subreaper; of another process they are not ours to reap.
    for pid in asked {
        reap(pid).ok();
    }
    named
}
