//! `tribunal plan`: what would run.

use clap::Args;
use unicode_width::UnicodeWidthStr as _;

use super::options::{Format, SelectArgs};
use super::{Failure, print, print_json};
use crate::model::{ExitStatus, human_ms};
use crate::plan::Plan;

/// Shows what would run, in the order of the file; touches nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal plan
  tribunal plan 'unit*' --label team=pay
  tribunal plan --format json | jq '.suites[].name'")]
pub(super) struct PlanArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn plan(args: &PlanArgs) -> Result<ExitStatus, Failure> {
    let plan = args.select.plan(&args.select.selection())?;
    match args.format {
        Format::Json => print_json(&plan)?,
        Format::Human => print(table(&plan).as_bytes())?,
    }
    Ok(ExitStatus::Passed)
}

fn table(plan: &Plan) -> String {
    let head = ["SUITE", "JUDGE", "WHERE", "TIMEOUT", "NEEDS", "COMMAND"].map(str::to_owned);
    let mut rows = vec![head];
    for suite in &plan.suites {
        let mut needs: Vec<&str> = suite
            .needs
            .iter()
            .map(|need| plan.suites[*need].base.as_str())
            .collect();
        needs.dedup();
        let timeout = u64::try_from(suite.timeout.as_millis()).unwrap_or(u64::MAX);
        rows.push([
            suite.name.clone(),
            suite.judge.clone(),
            suite.target.executor().to_owned(),
            human_ms(timeout),
            if needs.is_empty() {
                "-".to_owned()
            } else {
                needs.join(",")
            },
            suite.command.display(),
        ]);
    }
    let widths: [usize; 6] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].width())
            .max()
            .unwrap_or(0)
    });
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            line.push_str(cell);
            let gap = if column < 5 {
                widths[column] - cell.width() + 2
            } else {
                0
            };
            line.extend(std::iter::repeat_n(' ', gap));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let at_once = plan.jobs;
    format!("{text}{} suites, {at_once} at once\n", plan.suites.len())
}
