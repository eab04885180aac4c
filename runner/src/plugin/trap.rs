//! What ended a judge, in plain sentences.

use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::clean;
use super::host::{HostFault, Misuse};
use super::limits::{Breach, MAX_CALL_BYTES, human_bytes};
use super::sandbox::State;
use crate::judge::JudgeError;

/// Bytes of a sentence.
const MAX_SENTENCE: usize = 1 << 10;
/// Bytes of stderr and backtrace together.
const MAX_DETAILS: usize = 128 << 10;

/// Says why a call into a judge failed.
pub(super) fn explain(error: &Error, state: &State) -> JudgeError {
    if let Some(breach) = state.limiter.breach() {
        return breach.clone().into();
    }
    let root = error.root_cause().to_string();
    if root.contains("fuel allocated for hostcalls") {
        let limit = human_bytes(MAX_CALL_BYTES as u64);
        return Breach {
            what: "message size",
            limit,
        }
        .into();
    }
    if let Some(fault) = error.downcast_ref::<HostFault>() {
        return JudgeError::Declined(fault.to_string());
    }
    let (trap, backtrace) = (
        error.downcast_ref::<Trap>(),
        error.downcast_ref::<WasmBacktrace>(),
    );
    let stderr = state.stderr.text();
    let summary = if let Some(misuse) = error.downcast_ref::<Misuse>() {
        misuse.to_string()
    } else if let Some(exit) = error.downcast_ref::<I32Exit>() {
        format!("it exited with code {} instead of answering", exit.0)
    } else if let Some(last_words) = last_words(&stderr) {
        last_words.to_owned()
    } else if let Some(trap) = trap {
        sentence(*trap)
    } else if backtrace.is_none() || is_bad_value(&root) {
        return JudgeError::Nonsense(clean::line(&root, MAX_SENTENCE));
    } else {
        root
    };
    let backtrace = backtrace.map(ToString::to_string).unwrap_or_default();
    JudgeError::Crashed {
        summary: clean::line(&summary, MAX_SENTENCE),
        details: clean::text(&format!("{stderr}\n{backtrace}"), MAX_DETAILS)
            .trim_start()
            .to_owned(),
    }
}

/// The line of a crash's text that says what happened.
fn last_words(stderr: &str) -> Option<&str> {
    let mut lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let first = lines.next()?;
    if first.starts_with("Traceback (most recent call last)") {
        return lines.next_back().or(Some(first));
    }
    // Since Rust 1.73 a panic's place and its message are two lines.
    let is_place = first.contains("panicked at ") && first.ends_with(':');
    is_place.then(|| lines.next()).flatten().or(Some(first))
}

/// Values that the contract does not allow, found when a call's arguments were read.
fn is_bad_value(root: &str) -> bool {
    [
        "invalid utf-8",
        "discriminant",
        "out of bounds of memory",
        "beyond end of memory",
        "not aligned",
        "unknown handle",
        "invalid char",
    ]
    .iter()
    .any(|sign| root.contains(sign))
}

fn sentence(trap: Trap) -> String {
    match trap {
        Trap::StackOverflow => "its stack overflowed: endless recursion?".to_owned(),
        Trap::UnreachableCodeReached => "it aborted without a message".to_owned(),
        Trap::MemoryOutOfBounds => "it used memory that it does not have".to_owned(),
        trap => {
            let text = trap.to_string();
            text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
        }
    }
}

/// An error chain as one line, from the outermost message to the innermost.
pub(super) fn one_line(error: &Error) -> String {
    let mut text = String::new();
    for message in error.chain().map(ToString::to_string) {
        if text.contains(&message) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&message);
    }
    clean::line(&text, MAX_SENTENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_what_happened() {
        let cases = [
            ("", None),
            ("\nplain\nmore", Some("plain")),
            (
                "thread '<unnamed>' panicked at src/lib.rs:3:5:\nindex out of bounds\nnote: x",
                Some("index out of bounds"),
            ),
            (
                "panicked at src/lib.rs:3:5:",
                Some("panicked at src/lib.rs:3:5:"),
            ),
            (
                "Traceback (most recent call last):\n  File \"x\"\nKeyError: 'a'\n",
                Some("KeyError: 'a'"),
            ),
        ];
        for (stderr, expected) in cases {
            assert_eq!(last_words(stderr), expected, "{stderr:?}");
        }
    }
}
