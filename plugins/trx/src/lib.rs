//! The judge `trx`: reads Visual Studio's test results, from collected files or standard output.

mod builder;

use tribunal_judge_kit::xml::{Decoder, Malformed, Scanner};
use tribunal_judge_kit::{Fact, Finding, Notice};
use tribunal_sdk::{Channel, Error, Info, Judge, Log, Verdict, evidence};

use builder::Builder;

/// The most bytes a read returns; the host gives no more.
const CHUNK: u32 = 65_536;

/// The judge.
pub struct Trx;

impl Judge for Trx {
    fn info() -> Info {
        Info {
            name: "trx".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description:
                "Reads TRX files: passed only with a whole document whose results are as many \
                          as its counters say and none of which failed."
                    .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        let mut tell = tribunal_judge_kit::shell::tell;
        let mut found = nothing();
        for file in evidence::artifacts("**/*.trx") {
            let report = read(&file.name(), || file.read(CHUNK), &mut tell);
            found = found.join(report);
        }
        if !found.seen {
            let log = Log::open(Channel::Stdout);
            found = read("", || log.chunk().unwrap_or_default(), &mut tell);
        }
        Ok(tribunal_judge_kit::decide(
            &found,
            &evidence::ended(),
            &evidence::capture(),
        ))
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Trx);

/// What is established before anything is read.
pub fn nothing() -> Finding {
    Finding {
        format: "TRX",
        ..Finding::default()
    }
}

/// Reads a file, or the output where `source` is empty. `next` gives bytes, and nothing at the end;
/// `each` gets what is found on the way.
pub fn read(
    source: &str,
    mut next: impl FnMut() -> Vec<u8>,
    each: &mut impl FnMut(Notice),
) -> Finding {
    let mut decoder = Decoder::default();
    let mut scanner = Scanner::new();
    let mut builder = Builder::default();
    let mut malformed = None;
    let (mut length, mut lines) = (0, 0);
    loop {
        let bytes = next();
        if bytes.is_empty() {
            break;
        }
        length += bytes.len() as u64;
        lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        if malformed.is_none() {
            malformed = scanner.feed(decoder.feed(&bytes), &mut builder).err();
        }
        builder.take().into_iter().for_each(&mut *each);
    }
    if malformed.is_none() {
        malformed = scanner.feed(decoder.finish(), &mut builder).err();
    }
    if malformed.is_none() && scanner.torn::<Builder>() {
        malformed = Some(Malformed::Truncated { at: length });
    }
    let named = !source.is_empty();
    let (mut finding, rest) = builder.end(named);
    finding.lines = lines;
    rest.into_iter().for_each(each);
    if let Some(malformed) = malformed.filter(|_| finding.seen) {
        let text = format!("the report is {malformed}");
        finding.problem.get_or_insert(Fact::of(text));
    }
    for fact in [
        &mut finding.marker,
        &mut finding.red,
        &mut finding.unfinished,
        &mut finding.problem,
    ]
    .into_iter()
    .flatten()
    {
        source.clone_into(&mut fact.source);
    }
    finding
}
