//! The codec of sealed capture: a spool with its frames, as a keeper writes it, damaged.

use tribunal_seal::wire::{
    Anchor, End, Event, Follower, Frame, FrameKind, Hasher, Kind, LastWord, Proof, SESSION, Stream,
    StreamState, StreamTotal, Summary, encode,
};

use crate::dice::Dice;
use crate::mutate::mutate;

/// A spool in frames, and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    bytes: Vec<u8>,
    streams: [Vec<u8>; 2],
    piece: usize,
    damaged: bool,
}

const TOKEN: &str = "fuzz";

pub(crate) fn case(dice: &mut Dice) -> Case {
    let (spool, streams) = spool(dice);
    let mut bytes = Vec::new();
    let mut frame = |kind, offset, payload: &[u8]| {
        Frame {
            kind,
            offset,
            payload,
        }
        .encode(&mut bytes);
    };
    frame(FrameKind::Hello, spool.len() as u64, &[7; SESSION]);
    let mut at = 0;
    while at < spool.len() {
        let length = (1 + dice.below(300)).min(spool.len() - at);
        if dice.below(4) == 0 {
            frame(FrameKind::Beat, spool.len() as u64, b"");
        }
        frame(
            FrameKind::Data,
            at as u64,
            spool.get(at..at + length).unwrap_or_default(),
        );
        at += length;
    }
    let whole = bytes.clone();
    if dice.below(8) > 0 {
        mutate(&mut bytes, &[whole.as_slice()], dice);
    }
    Case {
        damaged: bytes != whole,
        bytes,
        streams,
        piece: 1 + dice.below(700),
    }
}

/// A spool of one run, and its streams.
fn spool(dice: &mut Dice) -> (Vec<u8>, [Vec<u8>; 2]) {
    let mut state = Anchor::new([7; SESSION]);
    let mut bytes = Vec::new();
    let mut streams = [Vec::new(), Vec::new()];
    encode(&mut bytes, Kind::Anchor, 1, 0, &state.encode());
    state.told = 1;
    state.begun = true;
    encode(&mut bytes, Kind::Begun, 2, 1, b"pid=7");
    for _ in 0..dice.below(10) {
        if dice.below(4) == 0 {
            encode(&mut bytes, Kind::Anchor, 3, 0, &state.encode());
        }
        let stream = if dice.below(2) == 0 {
            Stream::Stdout
        } else {
            Stream::Stderr
        };
        let piece: Vec<u8> = (0..dice.below(200))
            .map(|_| dice.next().to_le_bytes()[0])
            .collect();
        encode(
            &mut bytes,
            Kind::output(stream),
            4,
            state.bytes(stream),
            &piece,
        );
        state.streams[stream.index()].update(&piece);
        streams[stream.index()].extend(piece);
    }
    let total = |hasher: &Hasher| StreamTotal {
        bytes: hasher.bytes(),
        state: StreamState::Whole,
        digest: hasher.digest(),
    };
    let mut summary = Summary {
        end: End::Exited(0),
        streams: [total(&state.streams[0]), total(&state.streams[1])],
        files: 0,
        spool: 0,
        note: String::new(),
    };
    encode(&mut bytes, Kind::Ended, 5, 2, summary.end.text().as_bytes());
    encode(&mut bytes, Kind::Closed, 5, 0, summary.line().as_bytes());
    summary.spool = bytes.len() as u64;
    encode(&mut bytes, Kind::End, 7, 0, summary.line().as_bytes());
    (bytes, streams)
}

/// Reads it; returns the rule that was broken.
pub(crate) fn check(case: &Case) -> Result<(), String> {
    let mut follower = Follower::default();
    drop(follower.connect(TOKEN));
    let mut streams = [Vec::new(), Vec::new()];
    let mut read = Ok(());
    for chunk in case.bytes.chunks(case.piece) {
        read = follower.feed(chunk, &mut |event| {
            if let Event::Record(record) = event
                && let Some(stream) = record.header.kind.stream()
            {
                streams[stream.index()].extend_from_slice(record.payload);
            }
        });
        if read.is_err() {
            break;
        }
    }
    for (had, got) in case.streams.iter().zip(&streams) {
        if !had.starts_with(got) {
            return Err("handed out bytes that nobody wrote".to_owned());
        }
    }
    let proven = follower.proof() == Some(Proof::Proven);
    if proven && streams != case.streams {
        return Err("proven, and not all of it".to_owned());
    }
    if !case.damaged && (!proven || read.is_err()) {
        return Err(format!("whole, and not proven: {read:?}"));
    }
    // Text that comes another way: the termination message.
    let text = String::from_utf8_lossy(&case.bytes);
    for line in text.lines() {
        let same = |word: Option<String>, again: fn(&str) -> Option<String>| match word {
            Some(word) => again(&word).as_ref() == Some(&word),
            None => true,
        };
        let summary = |text: &str| Summary::parse(text).map(|summary| summary.line());
        let last = |text: &str| LastWord::parse(text).map(|word| word.line());
        let end = |text: &str| End::parse(text).map(|end| end.text());
        if !(same(summary(line), summary) && same(last(line), last) && same(end(line), end)) {
            return Err(format!("does not survive being written again: {line}"));
        }
    }
    if let Some(anchor) = Anchor::parse(&case.bytes)
        && Anchor::parse(&anchor.encode()).is_none()
    {
        return Err("an anchor does not survive being written again".to_owned());
    }
    Ok(())
}

impl Case {
    pub(crate) fn describe(&self) -> String {
        format!("pieces of {}\n{}\n", self.piece, self.bytes.escape_ascii())
    }
}
