//! The codec against torn, mutated and resumed input.

use proptest::prelude::*;

use super::*;

/// A spool of one run, as a keeper would write it, and its streams.
fn spool(pieces: &[(Stream, Vec<u8>)], anchor_every: usize) -> (Vec<u8>, [Vec<u8>; 2]) {
    let mut state = Anchor::new([7; SESSION]);
    let mut bytes = Vec::new();
    let mut streams = [Vec::new(), Vec::new()];
    encode(&mut bytes, Kind::Anchor, 1, 0, &state.encode());
    state.told = 1;
    state.begun = true;
    encode(&mut bytes, Kind::Begun, 2, 1, b"pid=7");
    for (index, (stream, piece)) in pieces.iter().enumerate() {
        if index % anchor_every == anchor_every - 1 {
            encode(&mut bytes, Kind::Anchor, 3, 0, &state.encode());
        }
        let position = state.bytes(*stream);
        encode(&mut bytes, Kind::output(*stream), 4, position, piece);
        state.streams[stream.index()].update(piece);
        streams[stream.index()].extend_from_slice(piece);
    }
    let mut summary = Summary {
        end: End::Exited(3),
        streams: state.streams.clone().map(|stream| StreamTotal {
            bytes: stream.bytes(),
            state: StreamState::Whole,
            digest: stream.digest(),
        }),
        files: 1,
        spool: 0,
        note: String::new(),
    };
    encode(&mut bytes, Kind::Ended, 5, 2, summary.end.text().as_bytes());
    encode(&mut bytes, Kind::Closed, 5, 0, summary.line().as_bytes());
    encode(&mut bytes, Kind::File, 6, 3, b"report.xml");
    encode(&mut bytes, Kind::FileData, 6, 4, b"<x/>");
    let mut file = Hasher::default();
    file.update(b"<x/>");
    encode(&mut bytes, Kind::FileEnd, 6, 5, &file.digest());
    summary.spool = bytes.len() as u64;
    encode(&mut bytes, Kind::End, 7, 0, summary.line().as_bytes());
    (bytes, streams)
}

fn pieces() -> impl Strategy<Value = Vec<(Stream, Vec<u8>)>> {
    let stream = prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr)];
    prop::collection::vec((stream, prop::collection::vec(any::<u8>(), 0..90)), 0..12)
}

/// Reads bytes as a spool, in pieces; the streams as far as records went, and what came of it.
fn read(bytes: &[u8], piece: usize) -> ([Vec<u8>; 2], Result<Option<Proof>, Broken>) {
    let mut records = Records::new(0);
    let mut verifier = Verifier::default();
    let mut streams = [Vec::new(), Vec::new()];
    for chunk in bytes.chunks(piece) {
        records.push(chunk);
        loop {
            match records.take() {
                Ok(None) => break,
                Err(broken) => return (streams, Err(broken)),
                Ok(Some(record)) => {
                    if let Err(broken) = verifier.take(&record) {
                        return (streams, Err(broken));
                    }
                    if let Some(stream) = record.header.kind.stream() {
                        streams[stream.index()].extend_from_slice(record.payload);
                    }
                }
            }
        }
    }
    (streams, Ok(verifier.proof()))
}

proptest! {
    #[test]
    fn a_whole_spool_is_proven_in_any_pieces(pieces in pieces(), every in 1_usize..5, size in 1_usize..500) {
        let (bytes, streams) = spool(&pieces, every);
        let (read, proof) = read(&bytes, size);
        prop_assert_eq!(read, streams);
        prop_assert_eq!(proof, Ok(Some(Proof::Proven)));
    }

    #[test]
    fn a_torn_spool_gives_a_beginning_and_no_proof(pieces in pieces(), cut in any::<prop::sample::Index>()) {
        let (bytes, streams) = spool(&pieces, 4);
        let torn = &bytes[..cut.index(bytes.len())];
        let (read, proof) = read(torn, 64);
        prop_assert_eq!(proof, Ok(None));
        for stream in Stream::BOTH.map(Stream::index) {
            prop_assert!(streams[stream].starts_with(&read[stream]));
        }
    }

    #[test]
    fn a_changed_byte_is_never_given_out(
        pieces in pieces(), at in any::<prop::sample::Index>(), change in 1_u8..,
    ) {
        let (mut bytes, streams) = spool(&pieces, 4);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let (read, proof) = read(&bytes, 77);
        // The kind of damage that only makes a record longer than the spool looks like a torn one.
        prop_assert!(!matches!(proof, Ok(Some(_))), "{:?}", proof);
        for stream in Stream::BOTH.map(Stream::index) {
            prop_assert!(streams[stream].starts_with(&read[stream]));
        }
    }

    #[test]
    fn a_missing_record_is_noticed(pieces in pieces(), which in any::<prop::sample::Index>()) {
        let (bytes, _) = spool(&pieces, 4);
        let mut records = Records::new(0);
        records.push(&bytes);
        let mut spans = Vec::new();
        while let Ok(Some(record)) = records.take() {
            let kind = record.header.kind;
            if kind.stream().is_some() && !record.payload.is_empty() {
                spans.push((record.offset, record.end()));
            }
        }
        prop_assume!(!spans.is_empty());
        let (from, to) = spans[which.index(spans.len())];
        let mut without = bytes.clone();
        without.drain(usize::try_from(from).expect("small")..usize::try_from(to).expect("small"));
        prop_assert!(read(&without, 1000).1.is_err());
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), size in 1_usize..50) {
        let _read = read(&bytes, size);
        let mut follower = Follower::default();
        for piece in bytes.chunks(size) {
            if follower.feed(piece, &mut |_| ()).is_err() {
                break;
            }
        }
        Anchor::parse(&bytes);
        Summary::parse(&String::from_utf8_lossy(&bytes));
        prop_assert_eq!(follower.proof(), None);
    }

    #[test]
    fn a_follower_goes_on_where_any_connection_broke(
        pieces in pieces(), breaks in prop::collection::vec((1_usize..200, 1_usize..60), 1..20),
    ) {
        let (bytes, streams) = spool(&pieces, 3);
        let mut follower = Follower::default();
        let mut read = [Vec::new(), Vec::new()];
        let mut breaks = breaks.into_iter().chain([(usize::MAX, 1000)]);
        while follower.proof().is_none() {
            let (lives, size) = breaks.next().expect("the last one lasts");
            let sent = follower.connect("secret");
            let answer = answer(&bytes, &sent, size);
            let answer = &answer[..lives.min(answer.len())];
            for piece in answer.chunks(13) {
                follower.feed(piece, &mut |event| if let Event::Record(record) = event
                    && let Some(stream) = record.header.kind.stream() {
                    read[stream.index()].extend_from_slice(record.payload);
                }).expect("nothing is broken");
            }
        }
        prop_assert_eq!(read, streams);
        prop_assert_eq!(follower.proof(), Some(Proof::Proven));
    }
}

/// A keeper's answer to a connection, with `size` bytes of the spool in a frame.
fn answer(spool: &[u8], request: &[u8], size: usize) -> Vec<u8> {
    let mut frames = Frames::default();
    frames.push(request);
    let hello = frames.take().expect("frames").expect("whole");
    assert_eq!(
        (hello.kind, hello.payload),
        (FrameKind::Hello, &b"secret"[..])
    );
    let read = frames.take().expect("frames").expect("whole");
    assert_eq!(read.kind, FrameKind::Read);
    let from = usize::try_from(read.offset).expect("small");
    let mut bytes = Vec::new();
    let mut greeting = [7; SESSION].to_vec();
    greeting.extend_from_slice(&[0; 8]);
    let mut send = |kind, offset: usize, payload: &[u8]| {
        let offset = offset as u64;
        Frame {
            kind,
            offset,
            payload,
        }
        .encode(&mut bytes);
    };
    send(FrameKind::Hello, spool.len(), &greeting);
    for (index, piece) in spool[from..].chunks(size).enumerate() {
        send(FrameKind::Data, from + index * size, piece);
        send(FrameKind::Beat, spool.len(), b"");
    }
    bytes
}

#[test]
fn the_last_word_can_be_read_again() {
    let total = |bytes, state| StreamTotal {
        bytes,
        state,
        digest: [0xAB; DIGEST],
    };
    let mut summary = Summary {
        end: End::Signaled(9),
        streams: [
            total(5, StreamState::Whole),
            total(u64::MAX, StreamState::Gap),
        ],
        files: 2,
        spool: 77,
        note: String::new(),
    };
    assert_eq!(Summary::parse(&summary.line()), Some(summary.clone()));
    assert_eq!(
        Summary::parse(&format!("{}\n", summary.line())),
        Some(summary.clone())
    );
    summary.note = "`worker` (pid 7) note=held it open".to_owned();
    assert_eq!(Summary::parse(&summary.line()), Some(summary.clone()));
    summary.note = "ö".repeat(5000);
    assert!(summary.line().len() < 4000);
    assert!(Summary::parse(&summary.line()).is_some());
}
