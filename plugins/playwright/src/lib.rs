//! The judge `playwright`: reads Playwright Test's JSON report, and what `list`, `line` and `dot` print.

mod report;
mod text;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use report::Json;
pub use text::Text;

/// The judge.
pub struct Playwright;

impl Judge for Playwright {
    fn info() -> Info {
        Info {
            name: "playwright".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description:
                "Reads Playwright Test's JSON report or its output: passed only when every \
                          test that was to run ended, and nothing failed in or outside of tests."
                    .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::json::judge::<Text, Json>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Playwright);
