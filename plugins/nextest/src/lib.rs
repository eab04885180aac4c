//! The judge `nextest`: reads what cargo-nextest prints.

mod parser;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use parser::Parser;

/// The judge.
pub struct Nextest;

impl Judge for Nextest {
    fn info() -> Info {
        Info {
            name: "nextest".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads cargo-nextest: passed only with a green summary that agrees with the tests that were started."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::shell::judge::<Parser>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Nextest);
