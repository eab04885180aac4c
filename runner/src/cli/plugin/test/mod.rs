//! `tribunal plugin test`: a judge on recorded outputs, with what it cost.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::options;
use super::super::{Failure, print};
use crate::model::ExitStatus;
use crate::plan::JudgeSpec;
use crate::plugin::{Probe, Usage};
use crate::report::terminal::clean;

mod case;
mod conformance;
mod record;

use case::{CaseFolder, Expected, hear};

/// Tries a judge on its cases: folders with output.log, evidence.json, artifacts/ and expected.json.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal plugin test coverage.wasm                        every folder in cases/
  tribunal plugin test coverage.wasm --record latest/unit   one more, from a real run
  tribunal plugin test coverage.wasm --update               what it says now is right
  tribunal plugin test coverage.wasm --conformance          hostile input, no cases

What expected.json leaves out is not compared.")]
pub(super) struct TestArgs {
    /// A .wasm file, a judge of the pipeline, or a built-in one.
    judge: String,
    /// Only these cases.
    #[arg(value_name = "CASE")]
    only: Vec<String>,
    /// Where the cases are [default: cases/ here, else beside the judge's file].
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Makes a case of a suite of a stored run first.
    #[arg(long, value_name = "RUN/SUITE")]
    record: Option<String>,
    /// Writes what the judge says into expected.json.
    #[arg(long, conflicts_with = "conformance")]
    update: bool,
    /// Runs what any judge must bear instead of the cases.
    #[arg(long, conflicts_with = "record")]
    conformance: bool,
    /// The judge's configuration, for --record and --conformance.
    #[arg(long, value_name = "JSON")]
    config: Option<String>,
    /// The pipeline whose [judges] are meant [default: pipeline.toml, where there is one].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

pub(super) fn test(args: &TestArgs) -> Result<ExitStatus, Failure> {
    let mut spec = options::find_spec(&args.judge, args.pipeline.as_deref())?;
    if let Some(text) = &args.config {
        spec.config = serde_json::from_str(text)
            .map_err(|error| Failure::usage(format!("--config is not JSON: {error}")))?;
    }
    let cache = super::look::cache();
    let refused = |problem| Failure::judge_file(Path::new(&args.judge), &problem);
    if args.conformance {
        let probe = Probe::plain(&spec, &cache).map_err(refused)?;
        return conform(&probe, &spec, &cache);
    }
    // A case brings its own config: the judge is only asked about it when it is run.
    let mut bare = spec.clone();
    if args.config.is_none() && args.record.is_none() {
        bare.config = serde_json::Value::Null;
    }
    let probe = Probe::counting(&bare, &cache)
        .or_else(|_| Probe::counting(&spec, &cache))
        .map_err(refused)?;
    let cases = cases_dir(args);
    if let Some(asked) = &args.record {
        let folder = record::record(asked, &cases, &probe, &spec)?;
        print(format!("recorded {}\n", folder.display()).as_bytes())?;
    }
    run_cases(args, &cases, &probe)
}

/// `--cases`, `cases/` here, or beside the judge.
fn cases_dir(args: &TestArgs) -> PathBuf {
    let here = PathBuf::from("cases");
    if let Some(dir) = &args.cases {
        return dir.clone();
    }
    match Path::new(&args.judge).parent() {
        Some(beside) if !here.is_dir() && beside.join("cases").is_dir() => beside.join("cases"),
        _ => here,
    }
}

fn run_cases(args: &TestArgs, dir: &Path, probe: &Probe) -> Result<ExitStatus, Failure> {
    let entries = std::fs::read_dir(dir).map_err(|error| {
        Failure::usage(format!(
            "{}: {error}; make a case with --record RUN/SUITE, or name the folder with --cases",
            dir.display()
        ))
    })?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let (mut ran, mut differ) = (0, 0);
    for folder in folders {
        let case = CaseFolder::read(&folder).map_err(Failure::usage)?;
        if !args.only.is_empty() && !args.only.contains(&case.name) {
            continue;
        }
        ran += 1;
        let evidence = case.evidence().map_err(Failure::usage)?;
        let heard = block_on(hear(probe, evidence))?;
        let got = Expected::of(&heard.answer, &heard.cases);
        let difference = case.expected.difference(&got);
        let changed = args.update && !difference.is_empty();
        if changed {
            record::write(&case.path.join("expected.json"), &got)?;
        } else if !difference.is_empty() {
            differ += 1;
        }
        let word = match (difference.is_empty(), changed) {
            (true, _) => "ok",
            (false, true) => "updated",
            (false, false) => "DIFFERS",
        };
        let says = match &heard.answer {
            Ok(verdict) => verdict.summary.clone(),
            Err(error) => error.to_string(),
        };
        let mut text = format!("{word:<8} {}: {}\n", case.name, clean::line(&says));
        writeln!(text, "         {}", cost(heard.usage)).expect("a string takes everything");
        for line in difference {
            writeln!(text, "    {}", clean::line(&line)).expect("a string takes everything");
        }
        if let Err(error) = &heard.answer {
            for line in error.details().lines().take(30) {
                writeln!(text, "    {}", clean::line(line)).expect("a string takes everything");
            }
        }
        print(text.as_bytes())?;
    }
    if ran == 0 {
        return Err(Failure::usage(format!(
            "{} has no such case",
            dir.display()
        )));
    }
    print(format!("{ran} cases, {differ} differ\n").as_bytes())?;
    Ok(if differ == 0 {
        ExitStatus::Passed
    } else {
        ExitStatus::Failed
    })
}

/// CPU time, peak memory and instructions.
pub(super) fn cost(usage: Usage) -> String {
    let micros = usage.cpu.as_micros();
    let time = format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10);
    let kib = usage.memory / 1024;
    let memory = format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024);
    match usage.fuel {
        Some(fuel) => format!("{time}, peak {memory}, {fuel} instructions"),
        None => format!("{time}, peak {memory}"),
    }
}

fn conform(
    probe: &Probe,
    spec: &JudgeSpec,
    cache: &crate::plugin::Cache,
) -> Result<ExitStatus, Failure> {
    let scratch = std::env::temp_dir().join(format!("tribunal-conformance-{}", std::process::id()));
    std::fs::create_dir_all(&scratch)
        .map_err(|error| Failure::refused("make a folder", &scratch, error))?;
    let mut findings = conformance::bad_configs(spec, cache);
    let heard = block_on(conformance::run(probe, spec, &scratch));
    // What the system's temporary folder keeps, it cleans up itself.
    drop(std::fs::remove_dir_all(&scratch));
    findings.extend(heard?.map_err(Failure::errored)?);
    let (mut text, mut bad) = (String::new(), 0);
    for (name, wrong) in &findings {
        match wrong {
            None => writeln!(text, "ok       {name}"),
            Some(why) => {
                bad += 1;
                writeln!(text, "WRONG    {name}: {}", clean::line(why))
            }
        }
        .expect("a string takes everything");
    }
    writeln!(text, "{} inputs, {bad} wrong", findings.len()).expect("a string takes everything");
    print(text.as_bytes())?;
    Ok(if bad == 0 {
        ExitStatus::Passed
    } else {
        ExitStatus::Failed
    })
}

/// Runs a future to its end.
pub(super) fn block_on<F: Future>(future: F) -> Result<F::Output, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::errored(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(future))
}
