//! `tribunal history`: what the stored runs say together.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, civil};
use serde::Serialize;

use super::options::Format;
use super::{Failure, options, print, print_json, project_root};
use crate::config::clean;
use crate::history::{self, History, Want};
use crate::model::ExitStatus;

mod changes;
mod text;

/// Compares the stored runs: what is flaky, what is slow, what is new.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal history flaky                    suites and cases that pass and fail without a change
  tribunal history slowest --since 7d       how long suites usually take, and the trend
  tribunal history new                      what the newest run broke and fixed
  tribunal history new 7f3k --against 6a1c  what run 7f3k broke since run 6a1c
  tribunal history diff 6a1c latest         every difference between two runs
  tribunal history flaky --format json | jq '.rows[].suite'

Reads the runs in .tribunal/runs, no database; `tribunal runs prune` decides how many there are. A run that \
cannot be read is left out with a warning. The exit code says whether history could be read, not what it says.")]
pub(super) struct HistoryArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Suites and cases that pass and fail without a change of the source.
    ///
    /// Flaky is what passed after a failure in one run, or what passed and failed on one commit without changed
    /// files. It takes 5 runs to say so, and what failed in each of the last 3 runs is broken, not flaky.
    Flaky(CommonArgs),
    /// How long suites usually take, the slowest first, and whether that changes.
    ///
    /// Only runs in which a suite passed are counted. The trend compares the newer half of them with the older.
    Slowest(SlowestArgs),
    /// What a run broke and fixed.
    ///
    /// Each suite is compared with the newest earlier run in which it came to a verdict: of the default branch
    /// where there is one, else of any.
    New(changes::NewArgs),
    /// Every difference between two runs.
    Diff(changes::DiffArgs),
}

#[derive(Debug, Args)]
struct SlowestArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// At most so many suites.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
}

#[derive(Debug, Args)]
struct CommonArgs {
    /// At most so many runs, the newest.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    last: u32,
    /// Only runs begun since: `7d`, `12h`, `2 weeks`, `2026-11-01`.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// Only runs of this branch.
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Where the runs are, and how to print what they say.
#[derive(Debug, Args)]
struct PlaceArgs {
    /// The pipeline whose runs are meant [default: the nearest folder upwards that has runs].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// What `--format json` prints around the findings.
#[derive(Serialize)]
struct Findings<T: Serialize> {
    version: u32,
    pipeline: Option<String>,
    /// Ids of the runs that were read, oldest first.
    runs: Vec<String>,
    warnings: Vec<String>,
    #[serde(flatten)]
    found: T,
}

pub(super) fn history(args: &HistoryArgs) -> Result<ExitStatus, Failure> {
    match &args.what {
        What::Flaky(common) => flaky(common),
        What::Slowest(args) => slowest(args),
        What::New(args) => changes::new(args),
        What::Diff(args) => changes::diff(args),
    }
}

impl CommonArgs {
    fn load(&self) -> Result<History, Failure> {
        let want = Want {
            last: usize::try_from(self.last).ok(),
            since: self.since,
            branch: self.branch.clone(),
            ..Want::default()
        };
        let history = history::load(&self.place.root(), &want)?;
        self.place.warn(&history);
        Ok(history)
    }
}

impl PlaceArgs {
    fn root(&self) -> PathBuf {
        project_root(self.pipeline.as_ref())
    }

    fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Says what could not be read; in JSON it is in the document.
    fn warn(&self, history: &History) {
        if !self.is_json() {
            for warning in &history.warnings {
                options::complain(&format!("warning: left out: {}", clean(warning, 400)));
            }
        }
    }

    /// Prints what was found: as JSON, or the text with a line that says what it rests on.
    fn tell<T: Serialize>(
        &self,
        history: History,
        found: T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<ExitStatus, Failure> {
        if self.is_json() {
            print_json(&Findings {
                version: 1,
                pipeline: history.runs.last().map(|run| run.pipeline.clone()),
                runs: history.runs.iter().map(|run| run.id.clone()).collect(),
                warnings: history.warnings,
                found,
            })?;
        } else {
            let basis = text::basis(&history);
            print(format!("{}{basis}", text(&found)).as_bytes())?;
        }
        Ok(ExitStatus::Passed)
    }
}

fn flaky(args: &CommonArgs) -> Result<ExitStatus, Failure> {
    let history = args.load()?;
    let found = history::flaky(&history.runs);
    args.place.tell(history, found, text::flaky)
}

fn slowest(args: &SlowestArgs) -> Result<ExitStatus, Failure> {
    #[derive(Serialize)]
    struct Rows {
        rows: Vec<history::Slow>,
        more: usize,
    }
    let history = args.common.load()?;
    let mut rows = history::slowest(&history.runs);
    let more = rows.len().saturating_sub(args.limit);
    rows.truncate(args.limit);
    let tell = |found: &Rows| text::slowest(&found.rows, found.more);
    args.common.place.tell(history, Rows { rows, more }, tell)
}

/// Reads `7d` as a time so long ago, `2026-11-01` as the beginning of that day in UTC.
fn since(text: &str) -> Result<Timestamp, String> {
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    if let Ok(span) = text.parse::<Span>() {
        let then = now
            .checked_sub(span.abs())
            .map_err(|error| error.to_string())?;
        return Ok(then.timestamp());
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let day: Result<civil::Date, _> = text.parse();
    day.and_then(|day| day.to_zoned(TimeZone::UTC))
        .map(|start| start.timestamp())
        .map_err(|_| "write it like 7d, 12h, \"2 weeks\" or 2026-11-01".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let day = since("2026-11-01").expect("a day");
        assert_eq!(day.to_string(), "2026-11-01T00:00:00Z");
        let now = Timestamp::now();
        let hours = |text: &str| {
            let ago = now.duration_since(since(text).expect("a time"));
            (ago.as_secs() + 1800) / 3600
        };
        assert_eq!(
            ["7d", "12h", "2 weeks", "1 day"].map(hours),
            [168, 12, 336, 24]
        );
        assert!(since("yesterday").is_err());
    }
}
