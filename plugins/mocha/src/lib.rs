//! The judge `mocha`: reads what mocha's reporters `spec` and `dot` print, and its JSON report.

mod report;
mod text;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use report::Json;
pub use text::Text;

/// The judge.
pub struct Mocha;

impl Judge for Mocha {
    fn info() -> Info {
        Info {
            name: "mocha".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads mocha's output or JSON report: passed only with a whole, green \
                          epilogue that agrees with the listed tests and the exit code."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::json::judge::<Text, Json>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Mocha);
