//! The judge `libtest`: reads what `cargo test` prints, text and JSON.

mod json;
mod parser;
mod session;
mod words;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use parser::Parser;

/// The judge.
pub struct Libtest;

impl Judge for Libtest {
    fn info() -> Info {
        Info {
            name: "libtest".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads `cargo test`, text and JSON: passed only if every test program printed a result that its tests add up to."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::shell::judge::<Parser>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Libtest);
