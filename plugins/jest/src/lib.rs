//! The judge `jest`: reads what jest prints (on stderr), and its JSON report.

mod report;
mod summary;
mod text;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use report::Json;
pub use text::Text;

/// The judge.
pub struct Jest;

impl Judge for Jest {
    fn info() -> Info {
        Info {
            name: "jest".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads jest's output or JSON report: passed only with a whole, green \
                          summary that agrees with the listed files and the exit code."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::json::judge::<Text, Json>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Jest);
