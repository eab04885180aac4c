//! The program in the pod: `seal run` starts the suite, `seal keeper` keeps what it writes, `seal guard` starts the keeper.

#[cfg(target_os = "linux")]
mod args;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod guard;
#[cfg(target_os = "linux")]
mod keeper;
#[cfg(target_os = "linux")]
mod lock;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod signals;

use std::io::{self, Write as _};
use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let command = match args::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(reason) => {
            say(&format!("{reason}\n{}", args::USAGE));
            return ExitCode::from(run::FAILED);
        }
    };
    let done = match &command {
        args::Command::Keeper(options) => signals::Signals::of_keeper()
            .and_then(|signals| keeper::keep(options, &signals))
            .map(|()| 0),
        args::Command::Guard(options) => {
            signals::Signals::of_seal().and_then(|signals| guard::guard(options, &signals))
        }
        args::Command::Run(options) => {
            signals::Signals::of_seal().map(|signals| run::run(options, &signals))
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("{error}\n"));
            ExitCode::from(run::FAILED)
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    say("this program runs in the pods of Linux nodes only\n");
    ExitCode::FAILURE
}

fn say(what: &str) {
    let line = format!("tribunal seal: {what}");
    io::stderr().write_all(line.as_bytes()).ok();
}
