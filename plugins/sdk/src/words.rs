//! Sentences that every judge needs.

use crate::{EndState, Label};

/// Returns a label.
///
/// ```
/// assert_eq!(tribunal_sdk::label("slowest", "3 s").value, "3 s");
/// ```
pub fn label(key: &str, value: impl Into<String>) -> Label {
    Label {
        key: key.to_owned(),
        value: value.into(),
    }
}

/// Returns how the attempt ended, in a few words without a full stop, like `exit 1` or
/// `killed by SIGKILL`.
///
/// ```
/// use tribunal_sdk::{EndState, describe_end};
///
/// assert_eq!(describe_end(&EndState::Exited(127)), "exit 127 (the shell did not find the command)");
/// assert_eq!(describe_end(&EndState::TimedOut(90_000.0)), "timed out after 90 s");
/// assert_eq!(describe_end(&EndState::OomKilled("512Mi".to_owned())), "out of memory at 512Mi");
/// ```
pub fn describe_end(end: &EndState) -> String {
    match end {
        EndState::Exited(code) => match code {
            126 => "exit 126 (the shell could not execute the command)".to_owned(),
            127 => "exit 127 (the shell did not find the command)".to_owned(),
            _ => match code.checked_sub(128).and_then(signal_name) {
                Some(name) => format!("exit {code} (a child was killed by {name})"),
                None => format!("exit {code}"),
            },
        },
        EndState::Signaled(signal) => {
            let core = if signal.core_dumped {
                " (core dumped)"
            } else {
                ""
            };
            format!("killed by {}{core}", signal.name)
        }
        EndState::TimedOut(limit_ms) => format!("timed out after {}", duration(*limit_ms)),
        EndState::OomKilled(limit) if limit.is_empty() => "out of memory".to_owned(),
        EndState::OomKilled(limit) => format!("out of memory at {limit}"),
        EndState::Evicted(reason) => with_reason("evicted", reason),
        EndState::StartFailed(reason) => with_reason("did not start", reason),
        EndState::Cancelled(reason) => with_reason("cancelled", reason),
        EndState::Lost(known) => with_reason("its end was not seen", known),
        EndState::Other(text) => with_reason("ended in a way this judge does not know", text),
    }
}

fn with_reason(what: &str, reason: &str) -> String {
    if reason.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {reason}")
    }
}

/// Returns the signals that shells report as 128 + number, on every common system.
fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

fn duration(milliseconds: f64) -> String {
    // In whole numbers: printing floats would be a quarter of a small judge's size.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and a limit is a whole number of milliseconds"
    )]
    let milliseconds = milliseconds as u64;
    let tenths = |unit: u64| {
        let tenths = milliseconds.saturating_mul(10).saturating_add(unit / 2) / unit;
        match tenths % 10 {
            0 => (tenths / 10).to_string(),
            rest => format!("{}.{rest}", tenths / 10),
        }
    };
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..120_000 => format!("{} s", tenths(1_000)),
        _ => format!("{} min", tenths(60_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signal;

    #[test]
    fn ends_read_like_words() {
        let signal = Signal {
            number: 11,
            name: "SIGSEGV".to_owned(),
            core_dumped: true,
        };
        for (end, words) in [
            (EndState::Exited(3), "exit 3"),
            (EndState::Exited(-1), "exit -1"),
            (
                EndState::Exited(137),
                "exit 137 (a child was killed by SIGKILL)",
            ),
            (
                EndState::Exited(127),
                "exit 127 (the shell did not find the command)",
            ),
            (
                EndState::Signaled(signal),
                "killed by SIGSEGV (core dumped)",
            ),
            (EndState::TimedOut(250.0), "timed out after 250 ms"),
            (EndState::TimedOut(1500.0), "timed out after 1.5 s"),
            (EndState::TimedOut(1_800_000.0), "timed out after 30 min"),
            (
                EndState::OomKilled("512Mi".to_owned()),
                "out of memory at 512Mi",
            ),
            (EndState::OomKilled(String::new()), "out of memory"),
            (EndState::Lost(String::new()), "its end was not seen"),
            (
                EndState::StartFailed("no such file".to_owned()),
                "did not start: no such file",
            ),
        ] {
            assert_eq!(describe_end(&end), words);
        }
    }
}
