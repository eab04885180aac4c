//! `tribunal judge`: judges any log on disk or from a pipe.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::{Failure, explain, options, print_json, print_lines};

mod input;
mod text;

use crate::judge::floor::{self, Matter, Policy};
use crate::judge::{Artifact, Ended, Evidence, Facts, Judge, JudgeError, Notice, UNHEARD};
use crate::model::{
    AttemptSummary, CaptureReport, CaptureSummary, EndState, ExitStatus, RunStatus, RunSummary,
    SUMMARY_VERSION, SuiteSummary, Termination, Verdict, millis,
};
use crate::run::cases::CaseBook;

/// Judges a log: what would tribunal have said of a suite that left this output and ended like that?
///
/// Nothing is run and nothing is stored. Without `--exit-code`, `--signal` or `--oom-killed` the end is
/// unknown, and what has an unknown end never passes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tribunal judge pytest pytest.log --exit-code 0
  pytest -q | tribunal judge pytest - --exit-code 0
  tribunal judge junit --exit-code 1 --artifact reports/junit.xml
  tribunal judge ./coverage.wasm unit.log --exit-code 0 --config '{\"minimum\": 85}'
  tribunal judge pytest pod.log --oom-killed --format json

Exit codes are those of `tribunal run`.")]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(super) struct JudgeArgs {
    /// A built-in judge (auto, pytest, junit, go-test, ...), a judge of the pipeline, or a .wasm file.
    judge: String,
    /// The log; `-` reads standard input; without it the output is empty.
    #[arg(value_name = "FILE|-")]
    file: Option<PathBuf>,
    /// It ended by itself with this exit code.
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        conflicts_with = "signal"
    )]
    exit_code: Option<i32>,
    /// It was killed by this signal (SIGSEGV, KILL, 9).
    #[arg(long, value_name = "NAME")]
    signal: Option<String>,
    /// It was killed for memory.
    #[arg(long)]
    oom_killed: bool,
    /// Part of the output is missing.
    #[arg(long)]
    incomplete: bool,
    /// A file the suite left; may be repeated.
    #[arg(long, value_name = "PATH")]
    artifact: Vec<PathBuf>,
    /// The judge's configuration.
    #[arg(long, value_name = "JSON")]
    config: Option<String>,
    /// A suite without tests passes.
    #[arg(long)]
    allow_empty: bool,
    /// The pipeline whose [judges] are meant [default: pipeline.toml, where there is one].
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
    /// Also says which row of the truth table decided, and quotes the line it rests on.
    #[arg(long)]
    explain: bool,
    /// How to print the verdict.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(super) fn judge(args: &JudgeArgs) -> Result<ExitStatus, Failure> {
    let (judge, config_json) = options::judge(
        &args.judge,
        args.config.as_deref(),
        args.pipeline.as_deref(),
    )?;
    let end = input::end_state(args)?;
    let artifacts = args
        .artifact
        .iter()
        .map(|path| input::artifact(path))
        .collect::<Result<_, _>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::errored(format!("cannot start: {error}")))?;
    let hearing = Hearing {
        judge,
        config_json,
        end,
        artifacts,
    };
    let (summary, verdict) = runtime.block_on(hear(args, hearing))?;
    match args.format {
        Format::Json => print_json(&summary)?,
        Format::Human => {
            let mut text = text::render(&summary);
            if args.explain
                && let (Some(suite), Some(verdict)) = (summary.suites.first(), &verdict)
            {
                text.push_str(&explain::of_verdict(&suite.judge.name, verdict));
            }
            print_lines(&text)?;
        }
    }
    Ok(summary.status.into())
}

struct Hearing {
    judge: Arc<dyn Judge>,
    config_json: String,
    end: EndState,
    artifacts: Vec<Artifact>,
}

async fn hear(
    args: &JudgeArgs,
    hearing: Hearing,
) -> Result<(RunSummary, Option<Verdict>), Failure> {
    let (begun, started_at) = (Instant::now(), Timestamp::now().to_string());
    let scratch = input::Scratch::default();
    let (capture, pump) = input::open(args, &scratch)?;
    let (ended_tx, ended_rx) = watch::channel(None);
    let (notices_tx, mut notices) = mpsc::channel(UNHEARD);
    let name = name_of(args);
    let facts = Arc::new(Facts {
        pipeline: String::new(),
        suite: name.clone(),
        attempt: 1,
        executor: "file".to_owned(),
        command: Vec::new(),
        labels: Vec::new(),
        config_json: hearing.config_json,
    });
    let evidence = Evidence {
        facts,
        capture: Arc::clone(&capture),
        ended: ended_rx,
    };
    let mut termination = Termination::new(hearing.end);
    let mut book = CaseBook::new(0, 1);
    let ending = async {
        if let Some(pump) = pump {
            // The thread cannot panic; what it could not read is in the capture's report.
            drop(pump.await);
        }
        let capture = capture.ended().await;
        termination.duration_ms = millis(begun.elapsed());
        ended_tx.send_replace(Some(Arc::new(Ended {
            termination: termination.clone(),
            capture: capture.clone(),
            artifacts: hearing.artifacts,
        })));
        capture
    };
    let listening = async {
        while let Some(notice) = notices.recv().await {
            if let Notice::Log { level, message } = &notice
                && args.format == Format::Human
            {
                drop(print_lines(&format!("{level}: {message}\n")));
            }
            book.note(notice);
        }
    };
    let judging = hearing.judge.judge(evidence, notices_tx);
    let (report, answer, ()) = tokio::join!(ending, judging, listening);
    let verdict = answer.as_ref().ok().cloned();
    let suite = conclude(
        args,
        name,
        &hearing.judge,
        (answer, &termination, &report),
        &mut book,
    );
    let summary = RunSummary {
        version: SUMMARY_VERSION,
        run: None,
        pipeline: String::new(),
        status: RunStatus::of([suite.status]),
        started_at,
        duration_ms: millis(begun.elapsed()),
        cancelled_by: None,
        suites: vec![suite],
        warnings: Vec::new(),
    };
    Ok((summary, verdict))
}

fn conclude(
    args: &JudgeArgs,
    name: String,
    judge: &Arc<dyn Judge>,
    (answer, termination, report): (Result<Verdict, JudgeError>, &Termination, &CaptureReport),
    book: &mut CaseBook,
) -> SuiteSummary {
    let identity = judge.identity();
    let policy = Policy {
        allow_empty: args.allow_empty,
        ..Policy::default()
    };
    let matter = Matter {
        judge: &identity.name,
        answer: answer.as_ref(),
        termination,
        capture: report,
        saw_failure: book.saw_failure(),
    };
    let mut ruling = floor::rule(&matter, policy);
    if let Err(error) = &answer
        && !error.details().is_empty()
    {
        ruling.warnings.push(error.details().to_owned());
    }
    let counts = answer
        .ok()
        .and_then(|verdict| verdict.counts)
        .or(book.counts());
    let (failing, failing_omitted) = book.failing();
    SuiteSummary {
        name,
        status: ruling.status,
        summary: ruling.summary.clone(),
        reason: ruling.reason,
        attempts: 1,
        duration_ms: termination.duration_ms,
        capture: CaptureSummary {
            completeness: report.completeness,
            bytes: report.bytes,
            lines: report.lines,
        },
        counts: counts.unwrap_or_default(),
        judge: identity,
        end: Some(termination.end.clone()),
        warnings: ruling.warnings,
        history: vec![AttemptSummary {
            attempt: 1,
            status: ruling.status,
            summary: ruling.summary,
            duration_ms: termination.duration_ms,
            first_failure: failing.first().cloned(),
        }],
        failing,
        failing_omitted,
        dir: None,
    }
}

fn name_of(args: &JudgeArgs) -> String {
    match args.file.as_deref() {
        None => "nothing".to_owned(),
        Some(path) if path == Path::new("-") => "stdin".to_owned(),
        Some(path) => path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned(),
    }
}
