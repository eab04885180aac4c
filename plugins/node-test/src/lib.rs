//! The judge `node-test`: reads what the test runner of Node.js prints, by its reporters `spec` and
//! `tap`.

mod parser;
mod point;

use tribunal_sdk::{Error, Info, Judge, Verdict};

pub use parser::Parser;

/// The judge.
pub struct NodeTest;

impl Judge for NodeTest {
    fn info() -> Info {
        Info {
            name: "node-test".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Reads the reporters spec and tap of Node's test runner: passed only with \
                          a whole, green footer that agrees with the listed tests and the exit code."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        tribunal_judge_kit::shell::judge::<Parser>()
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(NodeTest);
