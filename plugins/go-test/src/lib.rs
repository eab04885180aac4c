//! The judge `go-test`: reads what `go test` prints, with -json and without.

mod json;
mod package;
mod parser;
mod results;
mod text;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use parser::Parser;

/// The judge.
pub struct GoTest;

impl Judge for GoTest {
    fn info() -> Info {
        Info {
            name: "go-test".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads `go test`, with -json and without: passed only if every package and every test that began ended well."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::shell::judge::<Parser>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(GoTest);
