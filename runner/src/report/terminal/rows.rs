//! The rows of the live region: a suite each, and one for the run.

use super::line::{Columns, DURATION};
use super::state::{State, Suite};
use super::style::{CYAN, DIM, GREEN, Line, Look, MAGENTA, NORMAL, RED, YELLOW};
use super::{expected, text};

/// Columns of the state's word, and of the bar.
const STATE: usize = 10;
/// Columns of the state's word and of the time below [`BAR_FROM`]: how far the suite is must still be in sight.
const STATE_NARROW: usize = 7;
const TIME_NARROW: usize = 6;
const BAR: usize = 18;
const BAR_WIDE: usize = 24;
/// A shorter bar shows nothing.
const BAR_LEAST: usize = 6;
/// From here on there is a bar, and from here on there are more columns.
const BAR_FROM: usize = 60;
pub(super) const WIDE_FROM: usize = 120;
/// Columns of what stands behind the duration, where more follows.
const PROGRESS: usize = 36;
const PLACE: usize = 24;
const CAPTURED: usize = 9;
/// What the keys are, where they are listened to and there is room.
const KEYS: &str = "? keys  i info  enter mark  q cancel";

/// Returns the region: at most `rows` rows of suites, and the last for the run.
pub(super) fn region(
    look: Look,
    columns: Columns,
    state: &State,
    now_ms: u64,
    rows: usize,
    keys: bool,
) -> Vec<Line> {
    let running = state.running();
    let wide = columns.width >= Some(WIDE_FROM);
    let mut lines = vec![Line::new()];
    if wide && !running.is_empty() {
        lines.push(head(columns));
    }
    // The row that says "and more" takes the place of a suite's.
    let shown = if running.len() > rows {
        rows.saturating_sub(1)
    } else {
        running.len()
    };
    lines.extend(running.iter().take(shown).map(|suite| {
        let line = row(look, columns, suite, now_ms);
        if wide {
            more(line, columns, suite)
        } else {
            line
        }
    }));
    if running.len() > shown {
        let rest = running.len() - shown;
        let mark = look.ellipsis();
        lines.push(Line::new().with(DIM, format!("  {mark} and {rest} more running")));
    }
    let status = status(state, now_ms);
    lines.push(match columns.width.filter(|_| keys) {
        Some(width) => with_keys(status, width),
        None => status,
    });
    lines
        .into_iter()
        .map(|line| columns.fit(line, look))
        .collect()
}

fn head(columns: Columns) -> Line {
    let name = text::left("SUITE", columns.name);
    let state = text::left("STATE", STATE);
    let time = text::right("TIME", DURATION);
    let progress = text::left("PROGRESS", PROGRESS);
    let place = text::left("WHERE", PLACE);
    let head = format!(
        "  {name} {state} {time}  {progress}  FAILED  ATTEMPT  {place}  {}  LAST OUTPUT",
        text::right("CAPTURED", CAPTURED)
    );
    Line::new().with(DIM, head)
}

fn row(look: Look, columns: Columns, suite: &Suite, now_ms: u64) -> Line {
    let failures = suite.has_failures();
    let narrow = columns.width < Some(BAR_FROM);
    let (state_columns, time_columns) = if narrow {
        (STATE_NARROW, TIME_NARROW)
    } else {
        (STATE, DURATION)
    };
    let (state_word, state_style) = match suite.word() {
        "running" if suite.slow => ("slow", YELLOW),
        word => (word, CYAN),
    };
    let line = Line::new()
        .add("  ")
        .with(
            if failures { RED } else { NORMAL },
            columns.name(&suite.name, look),
        )
        .add(" ")
        .with(state_style, text::left(state_word, state_columns))
        .add(format!(
            " {}  ",
            text::right(
                &text::rough(now_ms.saturating_sub(suite.since_ms)),
                time_columns
            )
        ));
    let wide = columns.width >= Some(WIDE_FROM);
    if let Some(at) = suite.retry_at_ms {
        return line.with(
            YELLOW,
            format!("retry in {}", text::rough(at.saturating_sub(now_ms) + 999)),
        );
    }
    let Some(progress) = suite.progress else {
        let what = if suite.detail.is_empty() || suite.word() == "running" {
            &suite.command
        } else {
            &suite.detail
        };
        return line.with(DIM, what);
    };
    let failed = format!("{} failed", progress.failed);
    let line = match progress.total {
        Some(total) if total > 0 => {
            let of = format!("{}/{total}", progress.done);
            let most = if wide { BAR_WIDE } else { BAR };
            // What counts is in sight before the bar is.
            let after = text::width(&of) + text::width(&failed) + 5;
            let room = columns
                .width
                .map_or(most, |width| width.saturating_sub(line.width() + after));
            let bar = match room.min(most) {
                _ if narrow => String::new(),
                ..BAR_LEAST => String::new(),
                room => format!("{}  ", bar(look, progress.done, total, room)),
            };
            line.add(format!("{bar}{of}"))
        }
        _ => line.add(text::plural(u64::from(progress.done), "case")),
    };
    if wide || (narrow && progress.failed == 0) {
        return line;
    }
    let style = if failures { RED } else { NORMAL };
    line.add("  ").with(style, failed)
}

fn bar(look: Look, done: u32, total: u32, columns: usize) -> String {
    let filled = columns * done.min(total) as usize / (total as usize).max(1);
    let (full, empty) = if look.unicode {
        ("█", "░")
    } else {
        ("#", ".")
    };
    format!("{}{}", full.repeat(filled), empty.repeat(columns - filled))
}

/// What there is room for on a wide screen.
fn more(line: Line, columns: Columns, suite: &Suite) -> Line {
    let start = 2 + columns.name + 1 + STATE + 1 + DURATION + 2;
    let line = line.cut(start + PROGRESS, "");
    let fill = (start + PROGRESS + 2).saturating_sub(line.width());
    let failed = suite
        .progress
        .map_or("-".to_owned(), |progress| progress.failed.to_string());
    let place = if suite.detail.is_empty() {
        "-"
    } else {
        &suite.detail
    };
    line.add(" ".repeat(fill))
        .with(
            if suite.has_failures() { RED } else { NORMAL },
            text::right(&failed, 6),
        )
        .add(format!(
            "  {}  ",
            text::right(&suite.attempt.to_string(), 7)
        ))
        .add(text::left(&text::cut(place, PLACE, ""), PLACE))
        .add(format!(
            "  {}",
            text::right(&text::bytes(suite.captured), CAPTURED)
        ))
        .with(DIM, format!("  {}", last(suite)))
}

/// The case that failed last, else the last line of output.
fn last(suite: &Suite) -> &str {
    [&suite.last, &suite.printed]
        .into_iter()
        .find(|text| !text.is_empty())
        .map_or("-", String::as_str)
}

/// The row for the run with the keys at its right end, where they fit.
fn with_keys(line: Line, width: usize) -> Line {
    let room = width.saturating_sub(line.width() + 1);
    let short = "? keys";
    let keys = [KEYS, short]
        .into_iter()
        .find(|keys| room >= text::width(keys) + 3);
    match keys {
        Some(keys) => line.with(DIM, text::right(keys, room)),
        None => line,
    }
}

/// The row for the run.
fn status(state: &State, now_ms: u64) -> Line {
    let totals = state.totals;
    let line = match state.cancelling {
        Some(false) => Line::new().with(YELLOW, "cancelling, press again to kill  "),
        Some(true) => Line::new().with(YELLOW, "killing  "),
        None => Line::new(),
    };
    let mut line = line.add(format!("{}/{} done", totals.done, totals.selected));
    let parts = [
        (totals.failed, "failed", RED),
        (totals.undecided, "not decided", MAGENTA),
        (totals.flaky, "flaky", YELLOW),
        (totals.not_run, "not run", DIM),
        (totals.running, "running", NORMAL),
        (
            totals.selected.saturating_sub(totals.running + totals.done),
            "waiting",
            DIM,
        ),
    ];
    if totals.done > 0 && totals.done == totals.passed {
        line = line.with(GREEN, "  all passed");
    }
    for (count, word, style) in parts {
        if count > 0 {
            line = line.add("  ").with(style, format!("{count} {word}"));
        }
    }
    let line = line.with(DIM, format!("   {}", text::rough(now_ms)));
    match state.left_ms(now_ms).filter(|_| state.cancelling.is_none()) {
        Some(left) => line.with(DIM, format!(", about {} left", expected::about(left))),
        None => line,
    }
}

/// Returns how far a suite is, or when it is tried again; empty where nobody said.
pub(super) fn doing(suite: &Suite, now_ms: u64) -> String {
    match (suite.retry_at_ms, suite.progress) {
        (Some(at), _) => format!("retry in {}", text::rough(at.saturating_sub(now_ms) + 999)),
        (None, Some(progress)) => match progress.total {
            Some(total) => format!("{}/{total}", progress.done),
            None => text::plural(u64::from(progress.done), "case"),
        },
        (None, None) => String::new(),
    }
}

/// Returns the line that says what is under way when nothing was printed for long.
pub(super) fn heartbeat(state: &State, now_ms: u64) -> Line {
    const SHOWN: usize = 8;
    let running = state.running();
    let parts: Vec<String> = running
        .iter()
        .take(SHOWN)
        .map(|suite| {
            let time = text::rough(now_ms.saturating_sub(suite.since_ms));
            let what = match doing(suite, now_ms) {
                what if !what.is_empty() => what,
                _ if suite.word() == "running" => String::new(),
                _ if !suite.detail.is_empty() => suite.detail.clone(),
                _ => suite.word().to_owned(),
            };
            format!("{} {time} {what}", suite.name)
                .trim_end()
                .to_owned()
        })
        .collect();
    let more = running.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!(", and {more} more")
    } else {
        String::new()
    };
    let word = if running.is_empty() {
        "waiting"
    } else {
        "running"
    };
    let parts = if parts.is_empty() {
        text::plural(
            u64::from(state.totals.selected - state.totals.done),
            "suite",
        )
    } else {
        parts.join(", ")
    };
    Line::new().add(format!("{word} {}: {parts}{more}", text::rough(now_ms)))
}
