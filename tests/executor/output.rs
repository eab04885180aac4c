//! Not one byte is lost.

use std::io::Read as _;

use sha2::{Digest as _, Sha256};
use tribunal::capture::{Capture, Channel, Stream};
use tribunal::model::{Completeness, EndState};

use crate::rig::{Outcome, Rig, alone};

/// A file's SHA-256.
fn digest(path: &std::path::Path) -> Vec<u8> {
    let mut file = std::fs::File::open(path).expect("the log");
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).expect("the log can be read");
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
    }
    hash.finalize().to_vec()
}

async fn stream(outcome: &Outcome, stream: Stream) -> Vec<u8> {
    let dir = outcome.log_path();
    let dir = dir.parent().expect("the attempt's directory");
    let capture = Capture::open(dir, outcome.capture.clone()).expect("a stored capture");
    let mut reader = capture.reader(Channel::Only(stream));
    let mut all = Vec::new();
    loop {
        let bytes = reader.read(1 << 16).await.expect("the log can be read");
        if bytes.is_empty() {
            return all;
        }
        all.extend(bytes);
    }
}

/// Writes `mib` MiB of incompressible bytes as fast as it can, and leaves their digest in a file.
const BURST: &str = r"
import hashlib, os, sys
mib, block, h = int(sys.argv[1]), bytearray(os.urandom(1 << 20)), hashlib.sha256()
for n in range(mib):
    block[0:8] = n.to_bytes(8, 'little')
    h.update(block)
    view = memoryview(block)
    while view:
        view = view[os.write(1, view):]
open('digest', 'wb').write(h.digest())
";

pub(crate) async fn burst(mib: u64) {
    let outcome = Rig::argv(&["python3", "-c", BURST, &mib.to_string()])
        .run()
        .await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 0 });
    assert_eq!(outcome.capture.bytes, mib << 20);
    assert_eq!(outcome.capture.stdout_bytes, mib << 20);
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
    let written = std::fs::read(outcome.dir.path().join("digest")).expect("a digest");
    assert_eq!(digest(&outcome.log_path()), written);
}

#[tokio::test]
async fn a_burst_of_10_mib_is_there_to_the_byte() {
    burst(10).await;
}

#[test]
fn a_burst_of_1_gib_is_there_to_the_byte_and_takes_no_memory() {
    alone("scale::one_gib_in_flat_memory");
}

#[tokio::test]
async fn no_final_newline_nul_and_invalid_utf_8_stay_as_they_are() {
    let outcome = Rig::script(r"printf 'a\0b\377\376\nno end'").run().await;
    assert_eq!(outcome.log(), b"a\0b\xff\xfe\nno end");
    assert_eq!(outcome.capture.lines, 1);
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
}

#[tokio::test]
async fn a_line_of_100_mb_is_one_line() {
    let text = "import os\nb = b'x' * 1000000\nfor _ in range(100):\n v = memoryview(b)\n \
                while v: v = v[os.write(1, v):]\nos.write(1, b'\\n')";
    let outcome = Rig::python(text).run().await;
    assert_eq!(outcome.capture.bytes, 100_000_001);
    assert_eq!(outcome.capture.lines, 1);
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
}

#[tokio::test]
async fn both_streams_are_apart_and_in_order() {
    // A pause after each word, longer than the reader needs to see it.
    let text = "for i in 1 2 3; do echo o$i; sleep 0.05; echo e$i >&2; sleep 0.05; done";
    let outcome = Rig::script(text).run().await;
    assert_eq!(outcome.text(), "o1\ne1\no2\ne2\no3\ne3\n");
    assert_eq!(stream(&outcome, Stream::Stdout).await, b"o1\no2\no3\n");
    assert_eq!(stream(&outcome, Stream::Stderr).await, b"e1\ne2\ne3\n");
    assert_eq!(outcome.capture.stderr_bytes, 9);
}

#[tokio::test]
async fn two_floods_at_once_are_both_whole() {
    let text = "(yes out | head -c 20000000)& (yes err | head -c 20000000) >&2; wait";
    let outcome = Rig::script(text).run().await;
    assert_eq!(outcome.capture.stdout_bytes, 20_000_000);
    assert_eq!(outcome.capture.stderr_bytes, 20_000_000);
    let expected = |word: &[u8]| {
        word.iter()
            .copied()
            .cycle()
            .take(20_000_000)
            .collect::<Vec<_>>()
    };
    assert!(stream(&outcome, Stream::Stdout).await == expected(b"out\n"));
    assert!(stream(&outcome, Stream::Stderr).await == expected(b"err\n"));
}

#[tokio::test]
async fn a_suite_that_closes_its_output_early_is_waited_for() {
    let outcome = Rig::script("echo last; exec >&- 2>&-; sleep 0.3; exit 4")
        .run()
        .await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 4 });
    assert_eq!(outcome.text(), "last\n");
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
    assert!(outcome.termination.duration_ms >= 300);
}

#[tokio::test]
async fn silence_makes_no_file() {
    let outcome = Rig::argv(&["true"]).run().await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 0 });
    assert_eq!(outcome.capture.completeness, Completeness::Proven);
    assert!(!outcome.log_path().exists());
}

#[tokio::test]
async fn a_program_gets_nothing_to_read() {
    let outcome = Rig::script("cat; echo end").run().await;
    assert_eq!(outcome.text(), "end\n");
}
