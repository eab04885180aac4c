//! The capture against a model: any interleaving of two streams comes back byte for byte.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::Completeness;

fn block<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}

async fn read_all(capture: &Arc<Capture>, channel: Channel, max: usize) -> Vec<u8> {
    let mut reader = capture.reader(channel);
    let mut all = Vec::new();
    loop {
        let bytes = reader.read(max).await.expect("readable");
        if bytes.is_empty() {
            return all;
        }
        assert!(bytes.len() <= max);
        all.extend(bytes);
    }
}

proptest! {
    #[test]
    fn every_byte_comes_back_from_every_channel(
        chunks in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..60),
        max in 1_usize..50,
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        let (mut writer, capture) = create(dir.path());
        let (mut out, mut err, mut both) = (Vec::<u8>::new(), Vec::<u8>::new(), Vec::<u8>::new());
        for (is_err, bytes) in &chunks {
            let stream = if *is_err { Stream::Stderr } else { Stream::Stdout };
            writer.write(stream, bytes);
            if *is_err { err.extend(bytes) } else { out.extend(bytes) }
            both.extend(bytes);
        }
        let report = writer.finish(Completeness::Proven, "");
        prop_assert_eq!(report.bytes, both.len() as u64);
        prop_assert_eq!(report.stderr_bytes, err.len() as u64);
        let stored = Capture::open(dir.path(), report).expect("what was just written");
        for capture in [capture, stored] {
            for (channel, expected) in [
                (Channel::Combined, &both),
                (Channel::Only(Stream::Stdout), &out),
                (Channel::Only(Stream::Stderr), &err),
            ] {
                prop_assert_eq!(&block(read_all(&capture, channel, max)), expected);
                let tail = block(capture.reader(channel).tail(max)).expect("readable");
                prop_assert_eq!(&tail[..], &expected[expected.len().saturating_sub(max)..]);
            }
        }
    }
}

#[test]
fn readers_follow_while_the_log_grows() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut writer, capture) = create(dir.path());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    let readers = [
        Channel::Combined,
        Channel::Only(Stream::Stdout),
        Channel::Only(Stream::Stderr),
    ]
    .map(|channel| {
        let capture = Arc::clone(&capture);
        runtime
            .handle()
            .clone()
            .spawn(async move { read_all(&capture, channel, 700).await })
    });
    let (mut out, mut err) = (Vec::new(), Vec::new());
    for i in 0..20_000_u32 {
        let line = format!("line {i}\n");
        if i % 7 == 0 {
            writer.write(Stream::Stderr, line.as_bytes());
            err.extend(line.bytes());
        } else {
            writer.write(Stream::Stdout, line.as_bytes());
            out.extend(line.bytes());
        }
    }
    let report = writer.finish(Completeness::Proven, "");
    assert_eq!(report.lines, 20_000);
    let [both, stdout, stderr] = readers.map(|task| runtime.block_on(task).expect("no panic"));
    assert_eq!(both.len() as u64, report.bytes);
    assert_eq!((stdout, stderr), (out, err));
}

#[test]
fn a_disk_that_refuses_becomes_a_gap_with_its_size() {
    let dir = tempfile::tempdir().expect("a folder");
    // A folder where the log should be: every write fails, as on a disk that is gone.
    std::fs::create_dir(dir.path().join(LOG_FILE)).expect("a folder");
    let (mut writer, capture) = create(dir.path());
    writer.write(Stream::Stdout, b"12345");
    writer.write(Stream::Stdout, b"678");
    let report = writer.finish(Completeness::Proven, "");
    assert_eq!(report.completeness, Completeness::Gap);
    assert_eq!(
        (report.bytes, report.missing(), report.gaps.len()),
        (0, 8, 1)
    );
    assert!(
        report.note.contains("could not be written"),
        "{}",
        report.note
    );
    assert_eq!(block(read_all(&capture, Channel::Combined, 10)), b"");
}

#[test]
fn an_abandoned_capture_is_cut() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut writer, capture) = create(dir.path());
    writer.write(Stream::Stderr, b"half a li");
    drop(writer);
    assert_eq!(block(capture.ended()).completeness, Completeness::Cut);
    assert_eq!(
        block(read_all(&capture, Channel::Only(Stream::Stderr), 4)),
        b"half a li"
    );
}

#[test]
fn silence_leaves_no_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let (writer, _) = create(dir.path());
    let report = writer.finish(Completeness::Proven, "");
    assert_eq!(report.bytes, 0);
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
    Capture::open(dir.path(), report).expect("nothing to open");
}
