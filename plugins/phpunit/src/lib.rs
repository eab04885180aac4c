//! The judge `phpunit`: reads what PHPUnit prints, by itself, with `--testdox` and with `--teamcity`.

mod entries;
mod letters;
mod parser;
mod teamcity;
mod testdox;
mod words;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use parser::Parser;

/// The judge.
pub struct Phpunit;

impl Judge for Phpunit {
    fn info() -> Info {
        Info {
            name: "phpunit".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads PHPUnit: passed only with OK as its last word and as many tests as there were."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::shell::judge::<Parser>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Phpunit);
