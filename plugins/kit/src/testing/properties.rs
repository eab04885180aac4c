//! What may be done to an output without ever making a verdict greener.

use tribunal_sdk::{EndState, Status};

use super::{Fixture, Subject};
use crate::finding::total;

/// A higher rank is a greener verdict.
fn rank(status: Status) -> u8 {
    match status {
        Status::Passed => 2,
        Status::Empty | Status::Skipped => 1,
        Status::Failed | Status::Errored => 0,
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (limit.max(1) as u64)).unwrap_or(0)
    }
}

/// Checks a judge on recorded runs: no removed suffix keeps `passed` (but blank lines), no flipped exit
/// code does, no forged summary improves anything, colours and line ends change no counts, and noise
/// neither traps nor passes.
///
/// `fakes` are final markers of the format that nobody printed, each with its line feed.
///
/// # Panics
/// At the first broken property.
pub fn check_properties(subject: Subject, fixtures: &[Fixture], fakes: &[&str]) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for fixture in fixtures {
        suffixes(subject, fixture, &mut dice);
        exit_codes(subject, fixture);
        forgeries(subject, fixture, fakes, &mut dice);
        dress(subject, fixture);
        noise(subject, fixture, &mut dice);
    }
}

fn stream(fixture: &Fixture, stderr: bool) -> &[u8] {
    if stderr {
        &fixture.stderr
    } else {
        &fixture.stdout
    }
}

fn with(subject: Subject, fixture: &Fixture, stderr: bool, bytes: &[u8]) -> super::Judged {
    let end = fixture.end();
    if stderr {
        fixture.judge(subject, &fixture.stdout, bytes, &end)
    } else {
        fixture.judge(subject, bytes, &fixture.stderr, &end)
    }
}

/// Cuts, at every byte of a small output, whichever stream the format is on.
fn suffixes(subject: Subject, fixture: &Fixture, dice: &mut Dice) {
    let passes = fixture.plain(subject).verdict.status == Status::Passed;
    for stderr in [false, true] {
        let bytes = stream(fixture, stderr);
        // Only the stream that carries the verdict: without all of it, nothing passes.
        // Of several programs, that there was to be another one cannot be seen from the first.
        if ["/several", "/repeat"]
            .iter()
            .any(|name| fixture.name.contains(name))
        {
            continue;
        }
        let carries = with(subject, fixture, stderr, b"").verdict.status != Status::Passed;
        if !passes || !carries {
            continue;
        }
        let own = own_end(fixture, bytes);
        for step in 0..own.min(3_000) {
            let end = if own <= 3_000 { step } else { dice.below(own) };
            let status = with(subject, fixture, stderr, &bytes[..end]).verdict.status;
            assert_ne!(
                status,
                Status::Passed,
                "{} cut at {end} of {}",
                fixture.name,
                bytes.len()
            );
        }
    }
}

/// Where the tool's own output ends: what follows is the scenario's (`: trailing` marks it) or blank.
fn own_end(fixture: &Fixture, bytes: &[u8]) -> usize {
    let text = bytes.trim_ascii_end();
    let trailing = memchr::memmem::find(text, b"printed after the run");
    let end = trailing.map_or(text.len(), |at| bytes[..at].trim_ascii_end().len());
    debug_assert!(end <= bytes.len(), "{}", fixture.name);
    // nextest's list behind its summary only repeats.
    let recap = memchr::memmem::rfind(&bytes[..end], b"     Summary [");
    let end = recap.map_or(end, |at| {
        memchr::memchr(b'\n', &bytes[at..end]).map_or(end, |line| at + line)
    });
    // vitest's advice behind its numbers.
    let advice = memchr::memmem::rfind(&bytes[..end], b"    Isolate ");
    let end = advice.map_or(end, |at| {
        let line = memchr::memrchr(b'\n', &bytes[..at]).unwrap_or(0);
        bytes[..line].trim_ascii_end().len()
    });
    // Comments behind the last word, as TAP's producers write them.
    let mut own = &bytes[..end];
    loop {
        let start = memchr::memrchr(b'\n', own).map_or(0, |at| at + 1);
        if start == 0 || own[start..].first() != Some(&b'#') {
            return own.len();
        }
        own = own[..start].trim_ascii_end();
    }
}

fn exit_codes(subject: Subject, fixture: &Fixture) {
    for code in [1, 2, 4, 5, 8, 77, 100, 101, 127, 137, 255] {
        let end = EndState::Exited(code);
        let judged = fixture.judge(subject, &fixture.stdout, &fixture.stderr, &end);
        let status = judged.verdict.status;
        assert_ne!(status, Status::Passed, "{} with exit {code}", fixture.name);
    }
}

fn line_starts(text: &[u8]) -> Vec<usize> {
    let after = memchr::memchr_iter(b'\n', text).map(|at| at + 1);
    std::iter::once(0).chain(after).collect()
}

fn forgeries(subject: Subject, fixture: &Fixture, fakes: &[&str], dice: &mut Dice) {
    let before = fixture.plain(subject).verdict;
    // Where nothing of the format is there, a forged run is all there is to go by.
    let nothing = before.counts.is_none_or(|counts| total(&counts) == 0)
        && before.extra.iter().any(|label| label.value == "no-summary");
    if nothing {
        return;
    }
    for stderr in [false, true] {
        let bytes = stream(fixture, stderr);
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let starts = line_starts(bytes);
        for fake in fakes {
            let random = starts[dice.below(starts.len())];
            for at in [0, bytes.len(), random] {
                let forged = [&bytes[..at], fake.as_bytes(), &bytes[at..]].concat();
                let after = with(subject, fixture, stderr, &forged).verdict;
                assert!(
                    rank(after.status) <= rank(before.status),
                    "{}: {} became {} by {fake:?} at {at}",
                    fixture.name,
                    before.summary,
                    after.summary
                );
            }
        }
    }
}

/// Colours, rewritten beginnings and Windows line ends.
fn dress(subject: Subject, fixture: &Fixture) {
    let before = fixture.plain(subject).verdict;
    let painted = |bytes: &[u8], dos: bool| -> Vec<u8> {
        let mut out = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) if dos => out.extend([line, b"\r\n"].concat()),
                Some(line) => out.extend([b"waiting\r\x1b[32m", line, b"\x1b[0m\n"].concat()),
                None => out.extend(line),
            }
        }
        out
    };
    for dos in [false, true] {
        let (out, err) = (painted(&fixture.stdout, dos), painted(&fixture.stderr, dos));
        let after = fixture.judge(subject, &out, &err, &fixture.end()).verdict;
        assert_eq!(before.counts, after.counts, "{}", fixture.name);
        assert_eq!(before.status, after.status, "{}", fixture.name);
    }
}

/// Bytes changed, taken out and doubled: nothing panics, and a red end stays red.
fn noise(subject: Subject, fixture: &Fixture, dice: &mut Dice) {
    for _ in 0..20 {
        let mut bytes = fixture.stdout.clone();
        for _ in 0..=dice.below(8) {
            let at = dice.below(bytes.len());
            match dice.below(3) {
                0 if !bytes.is_empty() => {
                    bytes[at] = u8::try_from(dice.below(256)).unwrap_or(0);
                }
                1 if !bytes.is_empty() => drop(bytes.remove(at)),
                _ => bytes.insert(at, u8::try_from(dice.below(256)).unwrap_or(0)),
            }
        }
        let end = EndState::Exited(1);
        let judged = fixture.judge(subject, &bytes, &fixture.stderr, &end);
        assert_ne!(judged.verdict.status, Status::Passed, "{}", fixture.name);
    }
}
