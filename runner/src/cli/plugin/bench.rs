//! `tribunal plugin bench`: what a judge costs here: loading, a small log, a large one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::sync::{mpsc, watch};

use super::super::options;
use super::super::{Failure, print};
use crate::capture::Capture;
use crate::judge::{Ended, Evidence, Facts};
use crate::model::{CaptureReport, Completeness, EndState, ExitStatus, Termination};
use crate::plugin::Probe;

/// Measures a judge: loading it from the cache, judging 64 KiB, and reading a large log.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// A .wasm file, a judge of the pipeline, or a built-in one.
    judge: String,
    /// Judgements of the small log.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// MiB of the large log; 0 leaves it out.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(..4000))]
    large: u32,
    /// A log to be judged instead of a made one.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

const LINE: &str = "2026-01-01T00:00:00Z INFO  request 17 took 12 ms and all is well\n";

pub(super) fn bench(args: &BenchArgs) -> Result<ExitStatus, Failure> {
    let spec = options::find_spec(&args.judge, None)?;
    let cache = super::look::cache();
    let refused = |problem| Failure::judge(&args.judge, &problem);
    let first = Probe::plain(&spec, &cache).map_err(refused)?.took;
    let probe = Probe::plain(&spec, &cache).map_err(refused)?;
    print(
        format!(
            "load, first   {}\nload, cached  {}\n",
            ms(first),
            ms(probe.took)
        )
        .as_bytes(),
    )?;
    let scratch = std::env::temp_dir().join(format!("tribunal-bench-{}", std::process::id()));
    let fault = |error: std::io::Error| Failure::refused("measure", &scratch, error);
    std::fs::create_dir_all(&scratch).map_err(fault)?;
    let measured = measure(args, &probe, &scratch).map_err(fault);
    drop(std::fs::remove_dir_all(&scratch));
    print(measured?.as_bytes())?;
    Ok(ExitStatus::Passed)
}

fn measure(args: &BenchArgs, probe: &Probe, scratch: &Path) -> std::io::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let log = match &args.log {
        Some(path) => path.clone(),
        None => write(scratch, "small.log", 64 << 10)?,
    };
    let mut times = Vec::new();
    for _ in 0..args.repeat {
        let start = Instant::now();
        runtime.block_on(judge(probe, &log))?;
        times.push(start.elapsed());
    }
    times.sort();
    let (median, least) = (times[times.len() / 2], times[0]);
    let small = format!(
        "judge         {} (least {}, of {})\n",
        ms(median),
        ms(least),
        args.repeat
    );
    if args.large == 0 {
        return Ok(small);
    }
    let log = write(scratch, "large.log", u64::from(args.large) << 20)?;
    let start = Instant::now();
    runtime.block_on(judge(probe, &log))?;
    let took = start.elapsed();
    let rate = (u128::from(args.large) << 20) / took.as_micros().max(1);
    Ok(format!(
        "{small}{} MiB       {}, {rate} MB/s\n",
        args.large,
        ms(took)
    ))
}

/// A log of so many bytes, to the line.
fn write(folder: &Path, name: &str, bytes: u64) -> std::io::Result<PathBuf> {
    let path = folder.join(name);
    let block = LINE.repeat(1000);
    let mut file = std::fs::File::create(&path)?;
    let mut left = bytes;
    while left >= block.len() as u64 {
        file.write_all(block.as_bytes())?;
        left -= block.len() as u64;
    }
    let lines = usize::try_from(left).unwrap_or(0) / LINE.len();
    file.write_all(LINE.repeat(lines).as_bytes())?;
    Ok(path)
}

async fn judge(probe: &Probe, log: &Path) -> std::io::Result<()> {
    let mut report = CaptureReport::nothing(Completeness::Complete, "");
    report.bytes = log.metadata()?.len();
    report.stdout_bytes = report.bytes;
    let capture = Capture::of_file(log.to_owned(), report.clone())?;
    let (sender, ended) = watch::channel(None);
    sender.send_replace(Some(Arc::new(Ended {
        termination: Termination::new(EndState::Exited { code: 0 }),
        capture: report,
        artifacts: Vec::new(),
    })));
    let facts = Arc::new(Facts::default());
    let (notices, mut heard) = mpsc::channel(crate::judge::UNHEARD);
    let evidence = Evidence {
        facts,
        capture,
        ended,
    };
    let listening = async { while heard.recv().await.is_some() {} };
    let ((answer, _), ()) = tokio::join!(probe.judge(evidence, notices), listening);
    // Whatever it says is as good as anything else; that it cannot say it is not.
    match answer {
        Err(error) if !matches!(error, crate::judge::JudgeError::Declined(_)) => {
            Err(std::io::Error::other(error.to_string()))
        }
        _ => Ok(()),
    }
}

fn ms(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03} ms", micros / 1000, micros % 1000)
}
