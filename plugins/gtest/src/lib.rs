//! The judge `gtest`: reads what `GoogleTest` programs print.

mod parser;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use parser::Parser;

/// The judge.
pub struct Gtest;

impl Judge for Gtest {
    fn info() -> Info {
        Info {
            name: "gtest".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads GoogleTest: passed only if every test that was announced ran and the last line says so."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::shell::judge::<Parser>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Gtest);
