//! `plugin inspect`, `check`, `list`, `schema` and `componentize`: looking at judges.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::super::options::{self, Format};
use super::super::{Failure, print, print_json};
use crate::model::ExitStatus;
use crate::plan::{JudgeLimits, JudgeSource, JudgeSpec};
use crate::plugin::{Cache, Inspection, Probe};

/// Says what a file is: contract, imports, digest, config schema, size, and whether its code is cached.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// The WebAssembly file.
    file: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// Says whether judges fit this tribunal: loads them as `run` would, without running anything.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// WebAssembly files, or names of the pipeline's judges.
    #[arg(required = true)]
    judges: Vec<String>,
    /// The pipeline whose [judges] are meant [default: pipeline.toml, where there is one].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

/// Lists the judges that a pipeline can use: built in, and its own.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The pipeline [default: pipeline.toml, where there is one].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

/// Prints the JSON schema of what a program that is a judge is given, or of what it prints.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Which.
    #[arg(value_enum)]
    which: Schema,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Schema {
    /// The variable `TRIBUNAL_EVIDENCE`.
    Evidence,
    /// What is printed to standard output.
    Verdict,
}

/// Makes a component of a core module. `run` does the same by itself when it loads one.
#[derive(Debug, Args)]
pub(super) struct ComponentizeArgs {
    /// The core module.
    file: PathBuf,
    /// The component [default: the file's name with .component.wasm].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A judge from a file, without anything a pipeline would add.
pub(super) fn plain_spec(path: &Path) -> JudgeSpec {
    JudgeSpec {
        source: JudgeSource::File(path.to_owned()),
        sha256: None,
        config: serde_json::Value::Null,
        limits: JudgeLimits::default(),
    }
}

/// The user's cache, compiling as `run` does.
pub(super) fn cache() -> Cache {
    Cache::of_program().telling(options::complain)
}

pub(super) fn schema(args: &SchemaArgs) -> Result<ExitStatus, Failure> {
    let text = match args.which {
        Schema::Evidence => crate::plugin::EVIDENCE_SCHEMA,
        Schema::Verdict => crate::plugin::VERDICT_SCHEMA,
    };
    print(text.as_bytes())?;
    Ok(ExitStatus::Passed)
}

pub(super) fn componentize(args: &ComponentizeArgs) -> Result<ExitStatus, Failure> {
    let failed =
        |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", args.file.display()));
    let component = crate::plugin::componentize(&args.file).map_err(|problem| failed(&problem))?;
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| args.file.with_extension("component.wasm"));
    std::fs::write(&output, &component)
        .map_err(|error| Failure::refused("write it", &output, error))?;
    print(format!("{}: {} bytes\n", output.display(), component.len()).as_bytes())?;
    Ok(ExitStatus::Passed)
}

pub(super) fn inspect(args: &InspectArgs) -> Result<ExitStatus, Failure> {
    let cache = cache();
    let problem = |problem| Failure::judge_file(&args.file, &problem);
    let found = crate::plugin::inspect(&args.file, &cache).map_err(problem)?;
    // What it says of itself needs it to run, which it may refuse.
    let probe = Probe::plain(&plain_spec(&args.file), &cache);
    match args.format {
        Format::Json => print_json(&as_json(&found, &probe))?,
        Format::Human => print(as_text(&args.file, &found, &probe).as_bytes())?,
    }
    Ok(if probe.is_ok() {
        ExitStatus::Passed
    } else {
        ExitStatus::Usage
    })
}

type Probed = Result<Probe, crate::plugin::Problem>;

fn as_json(found: &Inspection, probe: &Probed) -> serde_json::Value {
    let info = probe.as_ref().ok().map(Probe::info);
    let schema = info.and_then(|info| info.config_schema.as_deref());
    json!({
        "format": found.format,
        "tier": found.tier,
        "size": found.size,
        "sha256": found.sha256,
        "imports": found.imports,
        "exports": found.exports,
        "cached": found.cached,
        "problem": probe.as_ref().err().map(ToString::to_string),
        "name": info.map(|info| &info.name),
        "version": info.map(|info| &info.version),
        "description": info.map(|info| &info.description),
        "config_schema": schema.map(|text| {
            serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.to_owned()))
        }),
    })
}

fn as_text(file: &Path, found: &Inspection, probe: &Probed) -> String {
    let mut text = String::new();
    let mut put = |key: &str, value: &str| {
        for (at, line) in value.lines().enumerate() {
            let key = if at == 0 { key } else { "" };
            writeln!(text, "{key:<10} {line}").expect("a string takes everything");
        }
    };
    put("file", &file.display().to_string());
    put("format", found.format);
    let tier = match found.tier {
        "program" => "program: output on standard input, verdict as JSON on standard output",
        _ => "judge: tribunal:judge 0.1",
    };
    put("tier", tier);
    match probe {
        Ok(probe) => {
            let info = probe.info();
            put("name", format!("{} {}", info.name, info.version).trim());
            put("says", &info.description);
            if let Some(schema) = &info.config_schema {
                put("config", schema.trim());
            }
        }
        Err(problem) => put("problem", &problem.to_string()),
    }
    put("size", &format!("{} bytes", found.size));
    put("sha256", &found.sha256);
    put("imports", &found.imports.join("\n"));
    put("exports", &found.exports.join("\n"));
    put(
        "compiled",
        if found.cached {
            "in the cache"
        } else {
            "just now"
        },
    );
    text
}

pub(super) fn check(args: &CheckArgs) -> Result<ExitStatus, Failure> {
    let (mut good, mut bad) = (String::new(), Vec::new());
    for asked in &args.judges {
        match options::find_spec(asked, args.pipeline.as_deref()).map(|spec| {
            let probe = Probe::plain(&spec, &cache());
            probe.map_err(|problem| Failure::judge(asked, &problem))
        }) {
            Ok(Ok(probe)) => {
                let (info, digest) = (probe.info(), probe.digest());
                let version = if info.version.is_empty() {
                    String::new()
                } else {
                    format!(" {}", info.version)
                };
                writeln!(good, "{asked}: fine ({}{version}, {digest})", info.name)
                    .expect("a string takes everything");
            }
            Ok(Err(failure)) | Err(failure) => bad.push(failure),
        }
    }
    print(good.as_bytes())?;
    Failure::all(bad).map_or(Ok(ExitStatus::Passed), Err)
}

pub(super) fn list(args: &ListArgs) -> Result<ExitStatus, Failure> {
    let mut specs = std::collections::BTreeMap::new();
    for name in crate::plugin::builtin_names() {
        let mut spec = plain_spec(Path::new(""));
        spec.source = JudgeSource::Builtin(name.to_owned());
        specs.insert(name.to_owned(), spec);
    }
    let here = Path::new(options::PIPELINE);
    let pipeline = args.pipeline.as_deref();
    if let Some(path) = pipeline.or_else(|| here.is_file().then_some(here)) {
        specs.extend(options::load(path)?.judges);
    }
    let cache = cache();
    let mut text = String::new();
    for (name, spec) in &specs {
        let place = match &spec.source {
            JudgeSource::Builtin(_) => "built in".to_owned(),
            JudgeSource::File(path) => path.display().to_string(),
        };
        let says = match Probe::plain(spec, &cache) {
            Ok(probe) => probe.info().description.clone(),
            Err(problem) => format!("PROBLEM: {problem}"),
        };
        writeln!(text, "{name}\n  {place}\n  {says}").expect("a string takes everything");
    }
    print(text.as_bytes())?;
    Ok(ExitStatus::Passed)
}
