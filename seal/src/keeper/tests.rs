//! Taking over a spool that is torn or damaged at any byte.

use std::fs;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use proptest::prelude::*;
use tribunal_seal::wire::{Kind, Proof, RECORD_HEADER, RecordHeader, Records, Stream, Verifier};

use super::spool::{FLAG_OPEN, Spool};

const LIMIT: u64 = 4 << 20;

/// A spool of one segment with these pieces on stdout, not at its end.
fn begun(folder: &Path, pieces: &[&[u8]]) -> Spool {
    let mut spool = Spool::create(folder, LIMIT).expect("made");
    spool.append(Kind::Begun, 1, b"pid=1").expect("told");
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    for piece in pieces {
        writer.write_all(piece).expect("fits");
        let moved = spool.absorb(Stream::Stdout, reader.as_fd(), piece.len());
        assert_eq!(moved.expect("moved"), piece.len());
    }
    spool
}

fn file(folder: &Path) -> std::path::PathBuf {
    folder.join("spool-0000000000000000")
}

/// Stdout so far, what it is worth, and what is said of gaps.
type Seen = (Vec<u8>, Option<Proof>, Vec<String>);

/// Reads it as a runner does.
fn read(spool: &Spool) -> Result<Seen, String> {
    let mut records = Records::new(spool.first());
    let mut verifier = Verifier::default();
    let (mut stdout, mut gaps) = (Vec::new(), Vec::new());
    for segment in &spool.segments {
        let length = usize::try_from(segment.length).expect("small");
        let mut bytes = vec![0; length];
        segment.file.read_exact_at(&mut bytes, 0).expect("read");
        records.push(&bytes);
        while let Some(record) = records.take().map_err(|broken| broken.to_string())? {
            verifier
                .take(&record)
                .map_err(|broken| broken.to_string())?;
            match record.header.kind {
                Kind::Stdout => stdout.extend_from_slice(record.payload),
                Kind::Gap => gaps.push(record.text()),
                _ => {}
            }
        }
    }
    Ok((stdout, verifier.proof(), gaps))
}

#[test]
fn a_spool_torn_at_any_byte_is_taken_over_as_a_beginning() {
    let home = tempfile::tempdir().expect("a folder");
    let pieces: [&[u8]; 3] = [b"one\n", b"two\0two", b"three"];
    drop(begun(home.path(), &pieces));
    let whole = fs::read(file(home.path())).expect("read");
    let all = pieces.concat();
    for cut in 0..=whole.len() {
        fs::write(file(home.path()), &whole[..cut]).expect("written");
        let (spool, _) = Spool::open(home.path(), LIMIT).expect("taken over");
        let (stdout, proof, gaps) = read(&spool).expect("true");
        assert!(all.starts_with(&stdout), "cut at {cut}");
        assert_eq!(proof, None);
        // Once bytes were in the file behind their header, what is missing is said.
        let in_file = whole.len() - cut;
        assert!(
            stdout == all || !gaps.is_empty() || in_file > 5,
            "cut at {cut}"
        );
    }
}

#[test]
fn a_record_that_was_being_moved_is_completed_with_all_that_is_there() {
    for moved in 0..=9_u8 {
        let home = tempfile::tempdir().expect("a folder");
        let spool = begun(home.path(), &[b"one\n"]);
        let header = RecordHeader {
            kind: Kind::Stdout,
            flags: FLAG_OPEN,
            length: 9,
            time: 7,
            position: 4,
        };
        let mut bytes = header.sealed(&[]).to_vec();
        bytes.extend_from_slice(b"two\nthree".get(..moved.into()).expect("short"));
        let segment = spool.segments.back().expect("one");
        segment
            .file
            .write_all_at(&bytes, segment.length)
            .expect("written");
        drop(spool);
        let (spool, continued) = Spool::open(home.path(), LIMIT).expect("taken over");
        assert!(continued);
        let (stdout, _, gaps) = read(&spool).expect("true");
        let expected = [b"one\n", b"two\nthree".get(..moved.into()).expect("short")].concat();
        assert_eq!(stdout, expected);
        assert!(gaps.is_empty(), "{gaps:?}");
        assert_eq!(spool.state.bytes(Stream::Stdout), expected.len() as u64);
    }
}

#[test]
fn a_spool_over_many_segments_is_taken_up_with_its_digest() {
    let home = tempfile::tempdir().expect("a folder");
    let piece = vec![b'x'; 60_000];
    // Segments have 512 KiB here; what the runner has, goes.
    let mut spool = begun(home.path(), &[&piece[..]; 30]);
    assert!(spool.segments.len() > 2);
    let mut expected = spool.state.clone();
    spool.acked = spool.end();
    spool.logged(spool.end());
    spool.release().expect("gone");
    assert_eq!(spool.segments.len(), 1);
    let end = spool.end();
    drop(spool);
    let (spool, _) = Spool::open(home.path(), LIMIT).expect("taken over");
    assert_eq!(spool.end(), end);
    expected.told = spool.state.told;
    assert_eq!(spool.state, expected);
}

proptest! {
    #[test]
    fn a_damaged_spool_neither_panics_nor_invents(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 1..6),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let home = tempfile::tempdir().expect("a folder");
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        drop(begun(home.path(), &pieces));
        let mut bytes = fs::read(file(home.path())).expect("read");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(RECORD_HEADER.max(cut.index(bytes.len() * 2)).min(bytes.len()));
        fs::write(file(home.path()), &bytes).expect("written");
        if let Ok((spool, _)) = Spool::open(home.path(), LIMIT)
            && let Ok((stdout, _, _)) = read(&spool)
        {
            let all = pieces.concat();
            prop_assert!(all.starts_with(&stdout), "{:?} from {:?}", stdout, all);
        }
    }
}
