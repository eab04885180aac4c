//! Names of signals.

use rustix::process::Signal;

const NAMES: [(Signal, &str); 30] = [
    (Signal::HUP, "SIGHUP"),
    (Signal::INT, "SIGINT"),
    (Signal::QUIT, "SIGQUIT"),
    (Signal::ILL, "SIGILL"),
    (Signal::TRAP, "SIGTRAP"),
    (Signal::ABORT, "SIGABRT"),
    (Signal::BUS, "SIGBUS"),
    (Signal::FPE, "SIGFPE"),
    (Signal::KILL, "SIGKILL"),
    (Signal::USR1, "SIGUSR1"),
    (Signal::SEGV, "SIGSEGV"),
    (Signal::USR2, "SIGUSR2"),
    (Signal::PIPE, "SIGPIPE"),
    (Signal::ALARM, "SIGALRM"),
    (Signal::TERM, "SIGTERM"),
    (Signal::CHILD, "SIGCHLD"),
    (Signal::CONT, "SIGCONT"),
    (Signal::STOP, "SIGSTOP"),
    (Signal::TSTP, "SIGTSTP"),
    (Signal::TTIN, "SIGTTIN"),
    (Signal::TTOU, "SIGTTOU"),
    (Signal::URG, "SIGURG"),
    (Signal::XCPU, "SIGXCPU"),
    (Signal::XFSZ, "SIGXFSZ"),
    (Signal::VTALARM, "SIGVTALRM"),
    (Signal::PROF, "SIGPROF"),
    (Signal::WINCH, "SIGWINCH"),
    (Signal::IO, "SIGIO"),
    (Signal::SYS, "SIGSYS"),
    #[cfg(target_os = "linux")]
    (Signal::POWER, "SIGPWR"),
    #[cfg(not(target_os = "linux"))]
    (Signal::INFO, "SIGINFO"),
];

/// Returns the name of a signal of this system, like `SIGKILL`; `signal 40` for one without a name.
pub(crate) fn signal_name(number: i32) -> String {
    NAMES
        .iter()
        .find(|(signal, _)| signal.as_raw() == number)
        .map_or_else(
            || format!("signal {number}"),
            |(_, name)| (*name).to_owned(),
        )
}

/// Finds a signal by what people call it: `SIGKILL`, `KILL`, `kill` or `9`.
pub(crate) fn signal_by_name(asked: &str) -> Option<(i32, String)> {
    if let Ok(number) = asked.parse::<i32>() {
        return (1..=64)
            .contains(&number)
            .then(|| (number, signal_name(number)));
    }
    let upper = asked.to_ascii_uppercase();
    let name = if upper.starts_with("SIG") {
        upper
    } else {
        format!("SIG{upper}")
    };
    NAMES
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(signal, _)| (signal.as_raw(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_found_by_any_of_their_names() {
        for asked in ["SIGKILL", "KILL", "kill", "9"] {
            assert_eq!(
                signal_by_name(asked),
                Some((9, "SIGKILL".to_owned())),
                "{asked}"
            );
        }
        for asked in ["", "SIG", "NOPE", "0", "-9", "65"] {
            assert_eq!(signal_by_name(asked), None, "{asked}");
        }
    }
}
