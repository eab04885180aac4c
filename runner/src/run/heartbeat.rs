//! The sign of life of a run: a file that is touched while its process works for it.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use super::dir::RunDir;

/// Its name in the run's directory.
pub const FILE: &str = "heartbeat";
/// How often it is renewed.
const EVERY: Duration = Duration::from_secs(5);
/// A run whose sign is older has none; design: renewed at least every 10 s, given up after 90 s.
pub const OLD: Duration = Duration::from_secs(90);

/// Renews the file until it is dropped. A thread of its own: it beats while everything else waits.
#[derive(Debug)]
pub struct Heartbeat {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    /// Begins to beat. Fails when no thread can be started.
    pub fn start(dir: &RunDir) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let path: PathBuf = dir.path().join(FILE);
        let thread = std::thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || {
                loop {
                    // A full disk must not end the run: the next beat tries again.
                    std::fs::write(&path, format!("{}\n", jiff::Timestamp::now())).ok();
                    if !matches!(stopped.recv_timeout(EVERY), Err(RecvTimeoutError::Timeout)) {
                        return;
                    }
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Since when a run has given no sign; `None` where it never gave one.
pub fn age(dir: &RunDir) -> Option<Duration> {
    let beat = std::fs::metadata(dir.path().join(FILE))
        .ok()?
        .modified()
        .ok()?;
    // A clock that was set back makes a sign from the future: it is fresh.
    Some(SystemTime::now().duration_since(beat).unwrap_or_default())
}

/// Whether a run without a summary is lost: its process is gone *and* its sign is old. The process may be on
/// another machine or in another container, where only the file can be seen.
pub fn is_lost(process_alive: bool, age: Option<Duration>) -> bool {
    !process_alive && age.is_none_or(|age| age > OLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_lost_only_without_process_and_without_a_recent_sign() {
        let (fresh, old) = (Some(Duration::from_secs(89)), Some(Duration::from_secs(91)));
        assert!(!is_lost(true, old));
        assert!(!is_lost(false, fresh));
        assert!(is_lost(false, old));
        assert!(is_lost(false, None));
        assert!(!is_lost(true, None));
    }
}
