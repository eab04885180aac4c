//! The judge `pytest`: reads what pytest prints, any version from 2.8 to 9.2, and believes it only
//! where five independent facts agree (see [`verdict`]).
//!
//! The parser makes no host calls: [`parser::Parser`] takes bytes and an end, and gives cases and a
//! verdict. This file connects it to the host.

pub mod cases;
pub mod grammar;
pub mod lines;
pub mod parser;
pub mod session;
pub mod sum;
pub mod verdict;
pub mod words;

use tribunal_sdk::{Channel, Error, Info, Judge, Log, Verdict, evidence, host};

use parser::{Notice, Parser};

/// The judge.
pub struct Pytest;

impl Judge for Pytest {
    fn info() -> Info {
        Info {
            name: "pytest".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads pytest's output: passed only with a whole, green summary that \
                          agrees with the exit code and with the number of collected tests."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        // The two streams apart: interleaved, one may cut the other's lines in two.
        let out = read(Channel::Stdout);
        let (end, capture) = (evidence::ended(), evidence::capture());
        let reader = verdict::join(out, read(Channel::Stderr));
        Ok(verdict::decide(&reader, &end, &capture))
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Pytest);

fn read(channel: Channel) -> parser::Reader {
    let mut report = |notice| match notice {
        Notice::Case(case) => host::report_case(&case),
        Notice::Progress(done, total) => host::progress(done, total),
    };
    let log = Log::open(channel);
    let mut parser = Parser::new();
    for chunk in log.chunks() {
        parser.feed(&chunk, &mut report);
    }
    parser.end(&mut report)
}
