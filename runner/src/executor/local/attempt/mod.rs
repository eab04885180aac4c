//! The life of an attempt, from start to end: runs, is stopped if need be, drains, is swept up.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use rustix::process::{Signal, WaitIdStatus};
use tokio::sync::mpsc::UnboundedSender;

use super::group::Group;
use super::pipes::Pipes;
use super::start::{Job, Started};
use super::{Cancel, Wish};
use crate::capture::Writer;
use crate::event::Phase;
use crate::model::{Completeness, EndState, Leftover, Termination, millis};
use crate::os;

mod sweep;

/// How often the end is looked for where the system cannot tell it.
const POLL: Duration = Duration::from_millis(10);
/// Between two KILLs to a group that is not empty yet.
const KILL_AGAIN: Duration = Duration::from_millis(50);
/// How long killed processes may take to be gone; one in an uninterruptible call can take for ever.
const GONE_WITHIN: Duration = Duration::from_secs(10);
/// Shorter programs are not asked for their CPU time: the clock has steps of 10 ms.
const WORTH_A_LOOK: Duration = Duration::from_millis(20);
/// A program that has run so long is worth telling about.
const WORTH_TELLING: Duration = Duration::from_millis(20);

type PhaseSender = UnboundedSender<(Phase, String)>;

/// Runs one attempt to its end. Blocks.
pub(super) fn run(job: &Job, output: Writer, wish: Wish, phase: &PhaseSender) -> Termination {
    let cancel = wish.now();
    if cancel.level() > 0 {
        return not_started(output, &cancel);
    }
    let started = match job.start(&wish) {
        Ok(started) => started,
        Err(_) if wish.now().level() > 0 => return not_started(output, &wish.now()),
        Err(problem) => {
            output.finish(Completeness::Unavailable, problem.reason.clone());
            return Termination::new(EndState::StartFailed {
                reason: problem.reason,
                transient: problem.transient,
            });
        }
    };
    Attempt::new(job, started, output, wish, phase).live()
}

fn not_started(output: Writer, cancel: &Cancel) -> Termination {
    output.finish(Completeness::Unavailable, "it was not started");
    let reason = cancel.reason().to_owned();
    Termination::new(EndState::Cancelled { reason })
}

/// How the program ended, as far as it was seen.
enum End {
    Seen(WaitIdStatus),
    Unseen(String),
}

/// The attempt is being ended from outside.
struct Stop {
    /// What becomes of it, whatever the program says.
    end: EndState,
    kill_at: Instant,
}

/// A program that runs, and what is being done about it.
struct Attempt<'a> {
    job: &'a Job,
    wish: Wish,
    phase: &'a PhaseSender,
    group: Group,
    pid: i32,
    watch: Option<std::os::fd::OwnedFd>,
    at: Instant,
    pipes: Pipes,
    stop: Option<Stop>,
    leftovers: Vec<Leftover>,
}

impl<'a> Attempt<'a> {
    fn new(
        job: &'a Job,
        started: Started,
        output: Writer,
        wish: Wish,
        phase: &'a PhaseSender,
    ) -> Self {
        Self {
            job,
            wish,
            phase,
            group: Group::new(started.pid),
            pid: started.pid.as_raw_nonzero().get(),
            watch: started.watch,
            at: started.at,
            pipes: Pipes::new(started.stdout, started.stderr, output),
            stop: None,
            leftovers: Vec::new(),
        }
    }

    fn live(mut self) -> Termination {
        let end = self.until_ended();
        let duration = self.at.elapsed();
        let cpu_ms = (duration >= WORTH_A_LOOK)
            .then(|| self.group.leader_cpu_ms())
            .flatten();
        if self.stop.is_some() {
            self.empty_group();
        }
        let cut = self.drain();
        self.sweep_group();
        self.group.settle();
        self.pipes.finish(cut);
        let end = match (self.stop, end) {
            (Some(stop), _) => stop.end,
            (None, End::Seen(status)) => end_state(&status),
            (None, End::Unseen(reason)) => EndState::Lost { reason },
        };
        Termination {
            duration_ms: millis(duration),
            cpu_ms,
            place: format!("pid {}", self.pid),
            leftovers: self.leftovers,
            ..Termination::new(end)
        }
    }

    /// Reads until the program has ended, by itself or not.
    fn until_ended(&mut self) -> End {
        let deadline = later(self.at, self.job.timeout);
        let mut next_kill: Option<Instant> = None;
        // Most programs of a large run end sooner than a person could read that they run.
        let mut tell_at = Some(later(self.at, WORTH_TELLING));
        loop {
            let next = match &self.stop {
                None => deadline,
                Some(stop) => next_kill.unwrap_or(stop.kill_at).max(stop.kill_at),
            };
            let now = Instant::now();
            if now >= next {
                // What ended by itself just before our signal was not ended by it.
                if let Some(end) = self.ended() {
                    return end;
                }
                match &self.stop {
                    None => self.ask_to_end(EndState::TimedOut {
                        limit_ms: millis(self.job.timeout),
                    }),
                    Some(stop) if now >= later(stop.kill_at, GONE_WITHIN) => {
                        return self.unkillable();
                    }
                    Some(_) => {
                        self.group.signal(&[Signal::KILL]);
                        next_kill = Some(later(now, KILL_AGAIN));
                    }
                }
                continue;
            }
            let program = self.watch.as_ref().map(std::os::fd::OwnedFd::as_fd);
            if tell_at.is_some_and(|at| now >= at) {
                tell_at = None;
                self.tell(Phase::Running, format!("pid {}", self.pid));
            }
            let timeout = tell_at.map_or(next, |at| at.min(next)) - now;
            let timeout = if program.is_some() {
                timeout
            } else {
                timeout.min(POLL)
            };
            let turn = self
                .pipes
                .turn(program, self.wish.waker.fd(), Some(timeout));
            let may_have_ended = turn.ended || turn.woken || self.watch.is_none();
            if may_have_ended && let Some(end) = self.ended() {
                return end;
            }
            if turn.woken {
                self.heed();
            }
        }
    }

    fn ended(&self) -> Option<End> {
        match self.group.leader_ended() {
            Ok(None) => None,
            Ok(Some(status)) => Some(End::Seen(status)),
            Err(error) => Some(End::Unseen(format!(
                "the system kept no exit status of pid {} ({error}): was tribunal started with \
                 SIGCHLD ignored?",
                self.pid
            ))),
        }
    }

    /// Does what the outside wishes, as far as it is stronger than what is being done.
    fn heed(&mut self) {
        self.wish.waker.clear();
        match (self.wish.now(), &mut self.stop) {
            (Cancel::None, _) | (Cancel::Graceful(_), Some(_)) => {}
            (Cancel::Graceful(reason), None) => self.ask_to_end(EndState::Cancelled { reason }),
            (Cancel::Kill(_), Some(stop)) => stop.kill_at = stop.kill_at.min(Instant::now()),
            (Cancel::Kill(reason), stop) => {
                *stop = Some(Stop {
                    end: EndState::Cancelled { reason },
                    kill_at: Instant::now(),
                });
            }
        }
    }

    fn ask_to_end(&mut self, end: EndState) {
        // A stopped process acts on TERM only when it goes on.
        self.group.signal(&[Signal::TERM, Signal::CONT]);
        self.stop = Some(Stop {
            end,
            kill_at: later(Instant::now(), self.job.grace),
        });
    }

    fn unkillable(&mut self) -> End {
        let reason = format!(
            "pid {} did not end {} s after KILL: it hangs in a call of the system",
            self.pid,
            GONE_WITHIN.as_secs()
        );
        End::Unseen(reason)
    }

    fn tell(&self, phase: Phase, detail: impl Into<String>) {
        // Nobody listens any more: nothing to tell.
        self.phase.send((phase, detail.into())).ok();
    }
}

fn end_state(status: &WaitIdStatus) -> EndState {
    if let Some(code) = status.exit_status() {
        return EndState::Exited { code };
    }
    match status.terminating_signal() {
        Some(signal) => EndState::Signaled {
            signal,
            name: os::signal_name(signal),
            core_dumped: status.dumped(),
        },
        None => EndState::Lost {
            reason: format!("the system said neither exit nor signal: {status:?}"),
        },
    }
}

/// `from` plus `by`, or a year when that is more than a clock can hold.
fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by)
        .unwrap_or_else(|| from + Duration::from_hours(365 * 24))
}
