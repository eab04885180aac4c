//! The judge `ctrf`: reads the Common Test Report Format, from a collected file or standard output.

mod report;

use tribunal_judge_kit::json::Documents;
use tribunal_judge_kit::{Finding, Notice};
use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use report::Json;

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
        tribunal_judge_kit::shell::judge_files("**/*.json", nothing(), read)
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
    next: &mut dyn FnMut() -> Vec<u8>,
    each: &mut dyn FnMut(Notice),
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
    finding.place(source);
    finding
}
