//! The judge `ctrf`: reads the Common Test Report Format, from a collected file or standard output.

mod report;

use tribunal_judge_kit::json::Documents;
use tribunal_judge_kit::{Finding, Notice};
use tribunal_sdk::{Channel, Error, Info, Judge, Log, Verdict, evidence};

pub use report::Json;

/// The most bytes a read returns; the host gives no more.
const CHUNK: u32 = 65_536;

/// The judge.
pub struct Ctrf;

impl Judge for Ctrf {
    fn info() -> Info {
        Info {
            name: "ctrf".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description:
                "Reads CTRF reports: passed only with a whole report whose tests are as many \
                          as its summary says and none of which failed."
                    .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        let mut tell = tribunal_judge_kit::shell::tell;
        let mut found = nothing();
        for file in evidence::artifacts("**/*.json") {
            let report = read(&file.name(), || file.read(CHUNK), &mut tell);
            found = found.join(report);
        }
        // A report that was collected is the report; what the output holds may be anybody's.
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
tribunal_sdk::export_judge!(Ctrf);

/// What is established before anything is read.
pub fn nothing() -> Finding {
    Finding {
        format: "CTRF",
        ..Finding::default()
    }
}

/// Reads the reports of a file, or of the output where `source` is empty. `next` gives bytes, and nothing
/// at the end; `each` gets what is found on the way.
pub fn read(
    source: &str,
    mut next: impl FnMut() -> Vec<u8>,
    each: &mut impl FnMut(Notice),
) -> Finding {
    let mut documents = Documents::<Json>::new();
    loop {
        let bytes = next();
        if bytes.is_empty() {
            break;
        }
        documents.feed(&bytes).into_iter().for_each(&mut *each);
    }
    let (mut finding, rest) = documents.end();
    rest.into_iter().for_each(each);
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
