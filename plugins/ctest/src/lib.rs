//! The judge `ctest`: reads what ctest prints.

mod parser;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use parser::Parser;

/// The judge.
pub struct Ctest;

impl Judge for Ctest {
    fn info() -> Info {
        Info {
            name: "ctest".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads ctest: passed only with its total time and as many results as there were tests."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::shell::judge::<Parser>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Ctest);
