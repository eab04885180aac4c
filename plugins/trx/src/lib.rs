//! The judge `trx`: reads Visual Studio's test results, from collected files or standard output.

mod builder;

use tribunal_judge_kit::xml::Reading;
use tribunal_judge_kit::{Finding, Notice};
use tribunal_sdk::{Error, Info, Judge, Verdict};

use builder::Builder;

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
        tribunal_judge_kit::shell::judge_files("**/*.trx", nothing(), read)
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
    next: &mut dyn FnMut() -> Vec<u8>,
    each: &mut dyn FnMut(Notice),
) -> Finding {
    let mut reading = Reading::<Builder>::default();
    let mut lines = 0;
    loop {
        let bytes = next();
        if bytes.is_empty() {
            break;
        }
        lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        reading.feed(&bytes);
        reading.sink.take().into_iter().for_each(&mut *each);
    }
    let malformed = reading.finish();
    let named = !source.is_empty();
    let (mut finding, rest) = reading.sink.end(named);
    finding.lines = lines;
    rest.into_iter().for_each(each);
    if let Some(malformed) = malformed.filter(|_| finding.seen) {
        let mut fact = malformed.fact();
        fact.text.insert_str(0, "the report is ");
        finding.problem.get_or_insert(fact);
    }
    finding.place(source);
    finding
}
