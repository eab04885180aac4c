//! Every byte, in order, both streams apart.

use std::fs;

use tribunal_seal::wire::{End, Kind, LastWord, Proof, Stream};

use crate::support::{Pod, Reader, digest, seq};

#[test]
fn both_streams_arrive_apart_and_pass_through() {
    let pod = Pod::new();
    let mut seal = pod.shell("echo one; echo two >&2; printf 'a\\0b'; exit 3");
    let seen = pod.follow();
    assert_eq!(seen.proof, Some(Proof::Proven));
    assert_eq!(seen.bytes, [b"one\na\0b".to_vec(), b"two\n".to_vec()]);
    assert_eq!(seal.wait().code(), Some(3));
    assert_eq!(seal.log(Stream::Stdout), b"one\na\0b");
    assert_eq!(seal.log(Stream::Stderr), b"two\n");
    let summary = seen.summary().clone();
    assert_eq!(summary.end, End::Exited(3));
    assert_eq!(seal.last_word(), LastWord::Whole(summary));
    assert_eq!(seen.text(Kind::Ended), ["exit:3"]);
}

#[test]
fn order_between_writes_is_kept_within_each_stream_and_a_silent_suite_is_proven() {
    let pod = Pod::new();
    let mut seal = pod.seal(&[], &["true"]);
    let seen = pod.follow();
    assert_eq!(seen.proof, Some(Proof::Proven));
    assert_eq!(seen.bytes, [Vec::new(), Vec::new()]);
    assert_eq!(seal.wait().code(), Some(0));
}

#[test]
fn bursts_of_two_hundred_megabytes_are_exact() {
    let pod = Pod::new();
    let noise: Vec<u8> = (0..4_000_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    fs::write(pod.work.join("noise"), &noise).expect("written");
    let mut seal = pod.shell("seq 1 20000000 & cat noise noise >&2; wait");
    let seen = pod.follow();
    assert_eq!(seen.proof, Some(Proof::Proven));
    let expected = seq(20_000_000);
    assert_eq!(seen.hashers[0].bytes(), expected.len() as u64);
    assert_eq!(seen.hashers[0].digest(), digest(&expected));
    assert_eq!(seen.hashers[1].digest(), digest(&noise.repeat(2)));
    assert_eq!(seal.wait().code(), Some(0));
    // The runner acknowledged, so the spool stayed within its limit.
    assert!(pod.disk() <= (64 << 20) + (1 << 20), "{}", pod.disk());
}

#[test]
fn a_reader_that_breaks_off_anywhere_gets_every_byte_once() {
    let pod = Pod::new();
    let mut seal = pod.shell("seq 1 300000; seq 1 1000 >&2");
    let mut reader = Reader::default();
    // As a broken connection would: at any byte, not where frames or records end.
    let mut next = 1_usize;
    while reader.follower.proof().is_none() {
        next = (next * 7919 + 13) % 100_003;
        let lives = next;
        reader.follow(&pod, |_, brought| brought < lives);
    }
    assert_eq!(reader.seen.proof, Some(Proof::Proven));
    assert_eq!(reader.seen.stdout(), seq(300_000));
    assert_eq!(reader.seen.bytes[1], seq(1000));
    assert_eq!(seal.wait().code(), Some(0));
}

#[test]
fn a_program_may_open_its_output_again() {
    let pod = Pod::new();
    let mut seal =
        pod.shell("echo a > /dev/stdout; echo b >&1; echo c > /proc/self/fd/2; wc -c < /dev/null");
    let seen = pod.follow();
    assert_eq!(seen.stdout(), b"a\nb\n0\n");
    assert_eq!(seen.bytes[1], b"c\n");
    assert_eq!(seen.proof, Some(Proof::Proven));
    seal.wait();
}
