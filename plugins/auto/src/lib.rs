//! The judge `auto`: recognises the format from the output and the artifacts, and lets its judge decide.
//!
//! It says what it recognised and why (`recognised`, `recognised-by`), and is `errored` when nothing, or
//! more than one format at the top level, is recognised: a guess is no verdict.

mod choice;
mod signs;

use tribunal_judge_kit::Lines;
use tribunal_sdk::{Channel, Error, Info, Judge, Log, Status, Verdict, evidence, label};

pub use choice::{Choice, Signs};
pub use signs::{Kind, sign};

/// How much of an artifact is looked at, in bytes.
const HEAD: u32 = 65_536;

/// The judge.
pub struct Auto;

impl Judge for Auto {
    fn info() -> Info {
        Info {
            name: "auto".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Recognises the format of the output and lets its judge decide; errored \
                          when it is not sure."
                .to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        let mut signs = Signs::default();
        for channel in [Channel::Stdout, Channel::Stderr] {
            let mut lines = Lines::new();
            let log = Log::open(channel);
            for chunk in log.chunks() {
                lines.feed(&chunk, |line| signs.line(line));
            }
            lines.finish(|line| signs.line(line));
            signs.utf16 |= lines.utf16();
        }
        for glob in ["**/*.xml", "**/*.trx", "**/*.json"] {
            for artifact in evidence::artifacts(glob) {
                let head = artifact.read(HEAD);
                signs.report(&artifact.name(), &head);
            }
        }
        match signs.choose() {
            Choice::Sure(kind, why) => {
                let mut verdict = decide(kind)?;
                verdict.extra.push(label("recognised", kind.name()));
                verdict.extra.push(label("recognised-by", why));
                Ok(verdict)
            }
            Choice::Unsure(why) => Ok(unsure(&why)),
        }
    }
}

#[cfg(feature = "export")]
tribunal_sdk::export_judge!(Auto);

fn decide(kind: Kind) -> Result<Verdict, Error> {
    match kind {
        Kind::Ctest => tribunal_judge_ctest::Ctest::judge(),
        Kind::Ctrf => tribunal_judge_ctrf::Ctrf::judge(),
        Kind::GoTest => tribunal_judge_go_test::GoTest::judge(),
        Kind::Gtest => tribunal_judge_gtest::Gtest::judge(),
        Kind::Jest => tribunal_judge_jest::Jest::judge(),
        Kind::Junit => tribunal_judge_junit::Junit::judge(),
        Kind::Libtest => tribunal_judge_libtest::Libtest::judge(),
        Kind::Mocha => tribunal_judge_mocha::Mocha::judge(),
        Kind::Nextest => tribunal_judge_nextest::Nextest::judge(),
        Kind::NodeTest => tribunal_judge_node_test::NodeTest::judge(),
        Kind::Phpunit => tribunal_judge_phpunit::Phpunit::judge(),
        Kind::Playwright => tribunal_judge_playwright::Playwright::judge(),
        Kind::Pytest => tribunal_judge_pytest::Pytest::judge(),
        Kind::Rspec => tribunal_judge_rspec::Rspec::judge(),
        Kind::Tap => tribunal_judge_tap::Tap::judge(),
        Kind::Trx => tribunal_judge_trx::Trx::judge(),
        Kind::Vitest => tribunal_judge_vitest::Vitest::judge(),
    }
}

/// Not sure is never a pass; after a bad end it is no error of the judge either, so the end is named.
fn unsure(why: &str) -> Verdict {
    let end = evidence::ended();
    let summary = format!("{}: {why}", tribunal_sdk::describe_end(&end));
    Verdict {
        status: Status::Errored,
        summary,
        counts: None,
        extra: vec![label("reason", "unrecognised")],
    }
}
