//! The judge `tap`: reads TAP 13 and 14, and what prove prints.

mod ids;
mod nested;
mod parser;
mod words;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use parser::Parser;

/// The judge.
pub struct Tap;

impl Judge for Tap {
    fn info() -> Info {
        Info {
            name: "tap".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads TAP 13 and 14: passed only with one plan that every test point keeps, and no failed one."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::shell::judge::<Parser>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Tap);
