//! `tribunal check`: is the pipeline right?

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::config::{ConfigError, Pipeline, Problem};
use crate::model::ExitStatus;
use crate::plan::{Selection, resolve};

/// Check a pipeline file and say everything that is wrong with it
#[derive(Args, Debug)]
#[command(
    long_about = "Check a pipeline file and say everything that is wrong with it, all at once.\n\n\
        Runs nothing, reads no environment, opens no connection.",
    after_help = "\
Examples:
  tribunal check                          check pipeline.toml
  tribunal check --pipeline ci/slow.toml  check another file
  tribunal check --format concise         one line a mistake, for editors
  tribunal check --format json            for programs

Exit codes: 0 it is right, 2 it is not"
)]
pub(crate) struct CheckArgs {
    /// The pipeline file
    #[arg(long, value_name = "FILE", default_value = "pipeline.toml")]
    pub(crate) pipeline: PathBuf,
    /// How to say it
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
}

/// How mistakes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the line, carets and advice
    Human,
    /// One line a mistake
    Concise,
    /// One JSON object on standard output
    Json,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct CheckResult<'a> {
    version: u32,
    file: &'a str,
    ok: bool,
    suites: usize,
    judges: usize,
    errors: &'a [Problem],
    errors_total: usize,
}

/// Checks the pipeline; mistakes go to `err`, or as JSON to `out`.
pub(crate) fn check(
    args: &CheckArgs,
    out: &mut dyn Write,
    err: &mut dyn Write,
    colour: bool,
) -> io::Result<ExitStatus> {
    let file = shown(&args.pipeline);
    let (suites, judges) = match Pipeline::load(&args.pipeline) {
        Ok(pipeline) => size(&pipeline),
        Err(error) => return refuse(args.format, &error, out, err, colour),
    };
    if args.format == CheckFormat::Json {
        let result = CheckResult {
            version: 1,
            file: &file,
            ok: true,
            suites,
            judges,
            errors: &[],
            errors_total: 0,
        };
        json(out, &result)?;
    } else {
        let (suites, judges) = (counted(suites, "suite"), counted(judges, "judge"));
        writeln!(out, "{file}: {suites}, {judges}: ok")?;
    }
    Ok(ExitStatus::Passed)
}

fn refuse(
    format: CheckFormat,
    error: &ConfigError,
    out: &mut dyn Write,
    err: &mut dyn Write,
    colour: bool,
) -> io::Result<ExitStatus> {
    match format {
        CheckFormat::Human => err.write_all(error.render(colour).as_bytes())?,
        CheckFormat::Concise => err.write_all(error.concise().as_bytes())?,
        CheckFormat::Json => {
            let result = CheckResult {
                version: 1,
                file: error.file(),
                ok: false,
                suites: 0,
                judges: 0,
                errors: error.problems(),
                errors_total: error.total(),
            };
            json(out, &result)?;
        }
    }
    Ok(ExitStatus::Usage)
}

/// How many suites, all variants counted, and how many judges they use.
fn size(pipeline: &Pipeline) -> (usize, usize) {
    resolve(pipeline, &Selection::default())
        .map_or((0, 0), |plan| (plan.suites.len(), plan.judges.len()))
}

fn counted(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

fn shown(path: &Path) -> String {
    crate::config::clean(&path.to_string_lossy(), 300)
}

/// Writes one JSON object and a line feed.
pub(super) fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, format: CheckFormat) -> (ExitStatus, String, String) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("pipeline.toml");
        std::fs::write(&file, text).expect("writable");
        let args = CheckArgs {
            pipeline: file.clone(),
            format,
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = check(&args, &mut out, &mut err, false).expect("a vector takes everything");
        let tell = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("text");
            text.replace(&*file.to_string_lossy(), "pipeline.toml")
        };
        (status, tell(out), tell(err))
    }

    const GOOD: &str = "version = 1\n\
        [suites.a]\ncommand = [\"true\"]\nshards = 3\n\
        [suites.b]\ncommand = [\"true\"]\njudge = \"pytest\"\n";

    #[test]
    fn a_good_pipeline_takes_one_line() {
        let (status, out, err) = run(GOOD, CheckFormat::Human);
        assert_eq!(status, ExitStatus::Passed);
        assert_eq!(out, "pipeline.toml: 4 suites, 2 judges: ok\n");
        assert_eq!(err, "");
    }

    #[test]
    fn mistakes_go_to_standard_error_and_exit_with_2() {
        let (status, out, err) = run("version = 2\n[suites.a]\n", CheckFormat::Concise);
        assert_eq!(status, ExitStatus::Usage);
        assert_eq!(out, "");
        insta::assert_snapshot!(err, @r#"
        pipeline.toml:1:11: bad-value: version is not known to this tribunal: it knows version 1
        pipeline.toml:2:9: no-command: suite "a" does not say what to run: it needs a command or a script
        2 errors in pipeline.toml; nothing was run
        "#);
    }

    #[test]
    fn json_says_the_same_on_standard_output() {
        let (status, out, err) = run("version = 2\n[suites.a]\n", CheckFormat::Json);
        assert_eq!((status, err.as_str()), (ExitStatus::Usage, ""));
        let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(value.pointer("/ok"), Some(&serde_json::json!(false)));
        assert_eq!(value.pointer("/errors_total"), Some(&serde_json::json!(2)));
        assert_eq!(
            value.pointer("/errors/1/code"),
            Some(&serde_json::json!("no-command"))
        );
        assert_eq!(value.pointer("/errors/1/line"), Some(&serde_json::json!(2)));

        let (status, out, _) = run(GOOD, CheckFormat::Json);
        let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(status, ExitStatus::Passed);
        assert_eq!(value.pointer("/suites"), Some(&serde_json::json!(4)));
    }
}
