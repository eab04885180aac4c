//! The reader against keepers that break, lie and vanish: real frames, real records, no cluster.

use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::{mpsc, watch};
use tribunal_seal::wire::{Anchor, End, Kind, StreamState, StreamTotal, Summary, encode};

use super::super::drain::ContainerPhase;
use super::reader::{Limits, Read, Source, read};
use super::{MainEnd, Shelf};
use crate::capture::{self, Channel};
use crate::model::{CaptureReport, Completeness};

mod fake;

use fake::{Keeper, Log};

const SESSION: [u8; 16] = [7; 16];

/// What a pod wrote: the spool, and the last word.
struct Pod {
    spool: Vec<u8>,
    line: String,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

fn pod(pieces: &[(bool, &[u8])], file: Option<&[u8]>) -> Pod {
    let mut spool = Vec::new();
    let mut state = Anchor::new(SESSION);
    encode(&mut spool, Kind::Anchor, 1, 0, &state.encode());
    let mut streams = [Vec::new(), Vec::new()];
    for (is_err, bytes) in pieces {
        let index = usize::from(*is_err);
        let kind = if *is_err { Kind::Stderr } else { Kind::Stdout };
        encode(&mut spool, kind, 1, state.streams[index].bytes(), bytes);
        state.streams[index].update(bytes);
        streams[index].extend_from_slice(bytes);
    }
    if let Some(bytes) = file {
        let mut hasher = tribunal_seal::wire::Hasher::default();
        hasher.update(bytes);
        encode(&mut spool, Kind::File, 1, 1, b"out/r.xml");
        encode(&mut spool, Kind::FileData, 1, 2, bytes);
        encode(&mut spool, Kind::FileEnd, 1, 3, &hasher.digest());
        encode(&mut spool, Kind::Left, 1, 4, b"`x` was not collected");
    }
    let total = |index: usize| StreamTotal {
        bytes: state.streams[index].bytes(),
        state: StreamState::Whole,
        digest: state.streams[index].digest(),
    };
    let summary = Summary {
        end: End::Exited(0),
        streams: [total(0), total(1)],
        files: 0,
        spool: spool.len() as u64,
        note: String::new(),
    };
    let line = summary.line();
    encode(&mut spool, Kind::End, 1, 0, line.as_bytes());
    let [stdout, stderr] = streams;
    Pod {
        spool,
        line,
        stdout,
        stderr,
    }
}

struct Outcome {
    read: Read,
    report: CaptureReport,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    _dir: tempfile::TempDir,
}

async fn run(keeper: &Keeper, token: &str, message: &str, log: Option<&[u8]>) -> Outcome {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut writer, capture) = capture::create(dir.path());
    let end = MainEnd {
        message: message.to_owned(),
        code: Some(0),
    };
    let (_phase, phase) = watch::channel(ContainerPhase::Ended { at: None });
    let (_main, main) = watch::channel(Some(end));
    let logs = Log(log.map(<[u8]>::to_vec));
    let source = Source {
        link: keeper,
        token,
        logs: &logs,
        log_file: dir.path().join("containers/suite.log"),
        phase,
        main,
        observed: mpsc::unbounded_channel().0,
    };
    let limits = Limits {
        drain_timeout: Duration::from_secs(30),
        silence: Duration::from_secs(10),
        pause: (Duration::from_millis(50), Duration::from_secs(1)),
        gone: Duration::from_secs(1),
        bye: Duration::from_secs(2),
    };
    let shelf = Shelf::new(dir.path().join("artifacts"));
    let read = read(source, &mut writer, shelf, &limits).await;
    let report = writer.finish(read.drained.completeness, read.drained.note.clone());
    let mut streams = [Vec::new(), Vec::new()];
    for (stream, into) in [capture::Stream::Stdout, capture::Stream::Stderr]
        .into_iter()
        .zip(&mut streams)
    {
        let mut reader = capture.reader(Channel::Only(stream));
        while let Ok(bytes) = reader.read(1 << 16).await {
            if bytes.is_empty() {
                break;
            }
            into.extend_from_slice(&bytes);
        }
    }
    let [stdout, stderr] = streams;
    Outcome {
        read,
        report,
        stdout,
        stderr,
        _dir: dir,
    }
}

const PIECES: &[(bool, &[u8])] = &[
    (false, b"first line of it\n"),
    (true, b"an error\n"),
    (false, b"second line of it\n"),
    (false, b"third and last line, rather longer\n"),
];

#[tokio::test(start_paused = true)]
async fn a_whole_spool_is_proven_and_the_keeper_let_go() {
    let pod = pod(PIECES, Some(b"<testsuite/>"));
    let keeper = Keeper::new(&pod.spool, &[], None);
    let outcome = run(&keeper, "secret", &pod.line, None).await;
    assert_eq!(outcome.report.completeness, Completeness::Proven);
    assert_eq!(
        (&outcome.stdout, &outcome.stderr),
        (&pod.stdout, &pod.stderr)
    );
    assert!(outcome.read.released && *keeper.done.lock().expect("a lock"));
    let collected = outcome.read.collected;
    assert_eq!(collected.files.len(), 1);
    assert_eq!(collected.files[0].name, "out/r.xml");
    let text = std::fs::read(&collected.files[0].path).expect("a file");
    assert_eq!(text, b"<testsuite/>");
    assert_eq!(collected.warnings, ["`x` was not collected"]);
}

#[tokio::test(start_paused = true)]
async fn a_break_at_any_byte_costs_nothing() {
    let pod = pod(PIECES, Some(b"<testsuite/>"));
    for cut in 1..pod.spool.len() + 60 {
        let keeper = Keeper::new(&pod.spool, &[cut, 40 + cut % 97], None);
        let outcome = run(&keeper, "secret", &pod.line, None).await;
        assert_eq!(outcome.report.completeness, Completeness::Proven, "{cut}");
        assert_eq!(outcome.stdout, pod.stdout, "{cut}");
        assert_eq!(outcome.stderr, pod.stderr, "{cut}");
        assert_eq!(outcome.read.collected.files.len(), 1, "{cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_that_was_changed_is_never_proven_to_be_right() {
    let pod = pod(PIECES, None);
    let mut proven_not = 0;
    for at in (0..pod.spool.len()).step_by(3) {
        let mut spool = pod.spool.clone();
        spool[at] ^= 0x20;
        let keeper = Keeper::new(&spool, &[], None);
        let outcome = run(&keeper, "secret", &pod.line, None).await;
        // Behind the last output it harms nothing: the termination message has counts and digests too.
        if outcome.report.completeness == Completeness::Proven {
            assert_eq!(outcome.stdout, pod.stdout, "{at}");
            assert_eq!(outcome.stderr, pod.stderr, "{at}");
        } else {
            proven_not += 1;
        }
    }
    assert!(proven_not > 50, "{proven_not}");
}

#[tokio::test(start_paused = true)]
async fn another_count_in_the_termination_message_is_a_gap() {
    let pod = pod(PIECES, None);
    let keeper = Keeper::new(&pod.spool, &[], None);
    let other = pod.line.replace("stderr=9:", "stderr=10:");
    let outcome = run(&keeper, "secret", &other, None).await;
    assert_eq!(outcome.report.completeness, Completeness::Gap);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_that_vanishes_is_made_up_for_by_the_log() {
    let pod = pod(&PIECES[..1], None);
    let whole = pod_of_stdout();
    // All of the first record, and nothing more.
    let cut = pod.spool.len() - 300;
    let keeper = Keeper::new(&whole.spool, &[cut.max(700)], Some(1));
    let outcome = run(&keeper, "secret", &whole.line, Some(&whole.stdout)).await;
    assert_eq!(outcome.stdout, whole.stdout);
    assert!(outcome.report.gaps.is_empty(), "{:?}", outcome.report);
    assert!(
        outcome.report.completeness.is_whole(),
        "{:?}",
        outcome.report
    );
    assert_ne!(outcome.report.completeness, Completeness::Proven);
}

#[tokio::test(start_paused = true)]
async fn without_a_log_the_gap_has_its_exact_size() {
    let whole = pod_of_stdout();
    let keeper = Keeper::new(&whole.spool, &[700], Some(1));
    let outcome = run(&keeper, "secret", &whole.line, None).await;
    assert_eq!(outcome.report.completeness, Completeness::Gap);
    let missing = (whole.stdout.len() - outcome.stdout.len()) as u64;
    assert!(missing > 0);
    assert_eq!(outcome.report.gaps[0].bytes, Some(missing));
    assert!(whole.stdout.starts_with(&outcome.stdout));
}

#[tokio::test(start_paused = true)]
async fn a_log_whose_beginning_rotated_away_is_joined_by_content_or_not_at_all() {
    let whole = pod_of_lines(400);
    let lost_early = || Keeper::new(&whole.spool, &[16_000], Some(1));
    let rotated = &whole.stdout[1000..];
    let outcome = run(&lost_early(), "secret", &whole.line, Some(rotated)).await;
    assert!(outcome.stdout == whole.stdout, "{:?}", outcome.report);
    assert_ne!(outcome.report.completeness, Completeness::Proven);
    let later = &whole.stdout[whole.stdout.len() - 40..];
    let outcome = run(&lost_early(), "secret", &whole.line, Some(later)).await;
    assert_eq!(outcome.report.completeness, Completeness::Gap);
    let missing = (whole.stdout.len() - outcome.stdout.len()) as u64;
    assert_eq!(outcome.report.gaps[0].bytes, Some(missing));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_is_refused_and_said() {
    let pod = pod(PIECES, None);
    let keeper = Keeper::new(&pod.spool, &[], None);
    let outcome = run(&keeper, "guessed", &pod.line, None).await;
    assert_eq!(outcome.report.completeness, Completeness::Gap);
    let note = outcome.report.note;
    assert!(note.contains("who are you?"), "{note}");
}

#[test]
fn artifacts_never_leave_their_folder() {
    let names = ["../up", "/etc/x", "a/../../b", "", "a\0b"];
    for name in names {
        let dir = tempfile::tempdir().expect("a folder");
        let mut shelf = Shelf::new(dir.path().join("in"));
        let mut spool = Vec::new();
        encode(&mut spool, Kind::File, 1, 1, name.as_bytes());
        encode(&mut spool, Kind::FileData, 1, 2, b"x");
        encode(&mut spool, Kind::FileEnd, 1, 3, &[0; 32]);
        let mut records = tribunal_seal::wire::Records::new(0);
        records.push(&spool);
        while let Ok(Some(record)) = records.take() {
            shelf.take(&record);
        }
        let collected = shelf.finish();
        assert!(collected.files.is_empty(), "{name}");
        assert_eq!(collected.warnings.len(), 1, "{name}");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }
}

/// Ten records of one stream, lines that all differ.
fn pod_of_stdout() -> Pod {
    pod_of_lines(10)
}

fn pod_of_lines(count: u32) -> Pod {
    let lines: Vec<String> = (0..count)
        .map(|n| format!("this is line number {n}\n"))
        .collect();
    let pieces: Vec<(bool, &[u8])> = lines.iter().map(|line| (false, line.as_bytes())).collect();
    pod(&pieces, None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_breaks_the_bytes_are_right_or_the_capture_says_so(
        pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..12),
        cuts in prop::collection::vec(1_usize..3000, 0..6),
        gone in prop::option::of(1_usize..4),
        log in any::<bool>(),
    ) {
        let pieces: Vec<(bool, &[u8])> = pieces.iter().map(|(err, bytes)| (*err, &bytes[..])).collect();
        let pod = pod(&pieces, None);
        let keeper = Keeper::new(&pod.spool, &cuts, gone);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let combined: Vec<u8> = pieces.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
        let log = log.then_some(&combined[..]);
        let outcome = runtime.block_on(run(&keeper, "secret", &pod.line, log));
        if outcome.report.completeness == Completeness::Proven {
            prop_assert_eq!(outcome.stdout, pod.stdout);
            prop_assert_eq!(outcome.stderr, pod.stderr);
        } else {
            prop_assert!(gone.is_some());
            let there = outcome.report.bytes;
            let all = (pod.stdout.len() + pod.stderr.len()) as u64;
            prop_assert!(there == all || !outcome.report.completeness.is_whole());
        }
    }
}
