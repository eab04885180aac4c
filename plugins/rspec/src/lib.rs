//! The judge `rspec`: reads what RSpec's formatters `progress` and `documentation` print, and its JSON report.

mod failures;
mod listing;
mod marks;
mod report;
mod text;
mod words;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use report::Json;
pub use text::Text;

/// The judge.
pub struct Rspec;

impl Judge for Rspec {
    fn info() -> Info {
        Info {
            name: "rspec".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description:
                "Reads RSpec's output or JSON report: passed only with a whole, green summary \
                          and as many ended examples as it counts."
                    .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::json::judge::<Text, Json>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Rspec);
