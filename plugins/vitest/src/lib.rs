//! The judge `vitest`: reads what vitest prints, and its JSON report.

mod report;
mod summary;
mod text;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use report::Json;
pub use text::Text;

/// The judge.
pub struct Vitest;

impl Judge for Vitest {
    fn info() -> Info {
        Info {
            name: "vitest".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads vitest's output or JSON report: passed only with a whole, green \
                          summary in which every test ended, and without errors outside of tests."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::json::judge::<Text, Json>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Vitest);
