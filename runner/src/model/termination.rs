//! How an attempt ended.

use serde::{Deserialize, Serialize};

/// The cause of an attempt's end, as established by the executor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EndState {
    /// The program ended by itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// The program was ended by a signal the executor did not send.
    Signaled {
        /// The signal's number on the system it ran on.
        signal: i32,
        /// Its name with prefix, like `SIGKILL`.
        name: String,
        /// Whether a core image was written.
        core_dumped: bool,
    },
    /// The executor ended it because its `timeout` had passed.
    TimedOut {
        /// The limit in milliseconds.
        limit_ms: u64,
    },
    /// Killed for memory.
    OomKilled {
        /// The limit, like `512Mi`, where it is known.
        limit: Option<String>,
        /// The exit code seen, if any (0 happens: kubernetes/kubernetes#131530).
        code: Option<i32>,
    },
    /// The cluster moved it away: eviction, preemption, a drained node.
    Evicted {
        /// The cluster's reason.
        reason: String,
    },
    /// It never ran.
    StartFailed {
        /// Why: not found, not executable, no such directory, no such image.
        reason: String,
        /// Whether trying again could help (no process slots, a registry that timed out).
        transient: bool,
    },
    /// It was cancelled: a signal to tribunal, fail-fast.
    Cancelled {
        /// By what.
        reason: String,
    },
    /// Its end was not seen.
    Lost {
        /// What is known instead.
        reason: String,
    },
    /// Anything else.
    Other {
        /// In words.
        reason: String,
    },
}

impl EndState {
    /// A sentence fragment a person can act on: `exit 1`, `killed by SIGSEGV`, `timed out after 30s`.
    pub fn describe(&self) -> String {
        match self {
            Self::Exited { code } => format!("exit {code}"),
            Self::Signaled {
                name, core_dumped, ..
            } => {
                format!(
                    "killed by {name}{}",
                    if *core_dumped { " (core dumped)" } else { "" }
                )
            }
            Self::TimedOut { limit_ms } => format!("timed out after {}", human_ms(*limit_ms)),
            Self::OomKilled {
                limit: Some(limit), ..
            } => {
                format!("killed: out of memory (limit {limit})")
            }
            Self::OomKilled { limit: None, .. } => "killed: out of memory".to_owned(),
            Self::Evicted { reason } => format!("evicted: {reason}"),
            Self::StartFailed { reason, .. } => format!("could not be started: {reason}"),
            Self::Cancelled { reason } => format!("cancelled: {reason}"),
            Self::Lost { reason } => format!("its end was not seen: {reason}"),
            Self::Other { reason } => reason.clone(),
        }
    }

    /// Whether the suite cannot be blamed: the attempt may be repeated by `retries.infra`.
    pub fn is_infra(&self) -> bool {
        match self {
            Self::Evicted { .. } | Self::Lost { .. } => true,
            Self::StartFailed { transient, .. } => *transient,
            _ => false,
        }
    }
}

/// Whole milliseconds of a duration.
pub(crate) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds for people: `450ms`, `30s`, `1m30s`, `2h05m`.
pub(crate) fn human_ms(ms: u64) -> String {
    let secs = ms / 1000;
    match (ms, secs) {
        (0..=999, _) => format!("{ms}ms"),
        (_, 0..=59) if !ms.is_multiple_of(1000) => format!("{}.{}s", secs, (ms % 1000) / 100),
        (_, 0..=59) => format!("{secs}s"),
        (_, 60..=3599) if secs.is_multiple_of(60) => format!("{}m", secs / 60),
        (_, 60..=3599) => format!("{}m{:02}s", secs / 60, secs % 60),
        _ if secs % 3600 < 60 => format!("{}h", secs / 3600),
        _ => format!("{}h{:02}m", secs / 3600, secs % 3600 / 60),
    }
}

/// A process that was still there after its suite's program had ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Its process id.
    pub pid: u32,
    /// Its name or command line, as the system tells it.
    pub command: String,
    /// Whether it held the suite's output open.
    pub held_output: bool,
}

/// What is known of one container of an attempt's pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Its name in the pod.
    pub name: String,
    /// How it ended.
    pub end: EndState,
    /// The cluster's message, if any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Something the cluster said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its type, like `DisruptionTarget`.
    pub kind: String,
    /// Its reason, in one word.
    pub reason: String,
    /// Its message.
    pub message: String,
}

/// How an attempt ended, with all that is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Termination {
    /// The cause.
    #[serde(flatten)]
    pub end: EndState,
    /// From start to end of the program, in milliseconds.
    pub duration_ms: u64,
    /// CPU time of the program and its waited-for children, in milliseconds, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
    /// Where it ran, like `pid 4711` or a pod's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Processes that outlived the program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<Leftover>,
    /// Containers, for attempts that have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<Container>,
    /// Conditions, for attempts that have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

impl Termination {
    /// A bare termination: only a cause.
    pub fn new(end: EndState) -> Self {
        Self {
            end,
            duration_ms: 0,
            cpu_ms: None,
            place: String::new(),
            leftovers: Vec::new(),
            containers: Vec::new(),
            conditions: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_a_person_would_write_them() {
        let cases = [
            (0, "0ms"),
            (450, "450ms"),
            (1_500, "1.5s"),
            (30_000, "30s"),
            (90_000, "1m30s"),
            (1_800_000, "30m"),
            (7_500_000, "2h05m"),
        ];
        for (ms, text) in cases {
            assert_eq!(human_ms(ms), text);
        }
    }

    #[test]
    fn a_termination_survives_json() {
        let mut termination = Termination::new(EndState::Signaled {
            signal: 9,
            name: "SIGKILL".to_owned(),
            core_dumped: false,
        });
        termination.leftovers.push(Leftover {
            pid: 1,
            command: "x".into(),
            held_output: true,
        });
        let json = serde_json::to_string(&termination).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Termination>(&json).expect("own output"),
            termination
        );
    }
}
