//! Numbers and reasons as people read them.

use tribunal_judge_kit::text::grouped;

use crate::grammar::Tally;
use crate::parser::Reader;

/// Returns the numbers of a summary without failures, like `410 passed, 2 skipped`.
pub fn tally_words(tally: &Tally) -> String {
    let mut parts = Vec::new();
    for (count, word) in [
        (tally.failed, "failed"),
        (tally.passed, "passed"),
        (tally.skipped, "skipped"),
        (tally.xfailed, "xfailed"),
        (tally.xpassed, "xpassed"),
        (tally.errors, "errors"),
        (
            tally.reruns,
            if tally.reruns == 1 { "rerun" } else { "reruns" },
        ),
    ] {
        if count > 0 {
            parts.push(format!("{} {word}", grouped(u64::from(count))));
        }
    }
    if parts.is_empty() {
        "no tests ran".to_owned()
    } else {
        parts.join(", ")
    }
}

/// Returns why pytest or a plugin ended with this code, as far as the output tells.
pub fn explain_exit(code: i32, reader: &Reader, bang: Option<&str>) -> String {
    if let Some(bang) = bang {
        return bang.to_owned();
    }
    if let Some(line) = &reader.internal {
        let text = line.trim_start_matches("INTERNALERROR>").trim();
        return format!("internal error: {text}");
    }
    if reader.coverage {
        return "coverage below the threshold".to_owned();
    }
    match (code, &reader.usage) {
        (2 | 4, Some(usage)) => format!("usage error: {usage}"),
        (1, Some(error)) => error.clone(),
        _ => match code {
            2 => "interrupted",
            3 => "internal error",
            4 => "usage error",
            5 => "no tests collected",
            6 => "more warnings than allowed",
            7 => "flaky tests",
            _ => "a plugin or the interpreter's end set it",
        }
        .to_owned(),
    }
}
