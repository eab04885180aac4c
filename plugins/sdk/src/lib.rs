//! What a judge written in Rust uses: the contract's types, a trait and an export macro.
//!
//! A judge is a type that implements [`Judge`] and one line, [`export_judge!`]. Everything it may
//! see is a function: [`suite`] has what is known from the start, [`evidence`] the output and the
//! end, [`host`] takes test cases and progress as they come. Reading blocks until there is more,
//! so the same judge runs live beside a suite or after it.
//!
//! ```
//! use tribunal_sdk::{
//!     Channel, EndState, Error, Info, Judge, Log, Status, Verdict, describe_end, evidence, export_judge,
//! };
//!
//! struct AllGood;
//!
//! impl Judge for AllGood {
//!     fn info() -> Info {
//!         Info {
//!             name: "all-good".to_owned(),
//!             version: "0.1.0".to_owned(),
//!             description: "Passes when the last line is ALL GOOD.".to_owned(),
//!             config_schema: None,
//!         }
//!     }
//!
//!     fn judge() -> Result<Verdict, Error> {
//!         let mut last = Vec::new();
//!         Log::open(Channel::Combined).each_line(|line| {
//!             last.clear();
//!             last.extend_from_slice(line.bytes);
//!         });
//!         Ok(decide(&last, &evidence::ended()))
//!     }
//! }
//!
//! export_judge!(AllGood);
//!
//! fn decide(last: &[u8], end: &EndState) -> Verdict {
//!     let passed = last == b"ALL GOOD" && *end == EndState::Exited(0);
//!     Verdict {
//!         status: if passed { Status::Passed } else { Status::Failed },
//!         summary: if passed { "all good".to_owned() } else { describe_end(end) },
//!         counts: None,
//!         extra: Vec::new(),
//!     }
//! }
//!
//! assert_eq!(decide(b"ALL GOOD", &EndState::Exited(0)).status, Status::Passed);
//! assert_eq!(decide(b"ALL GOOD", &EndState::Exited(3)).summary, "exit 3");
//! ```
//!
//! The imports exist only inside a WebAssembly host. On any other target the crate compiles and
//! tests run, but calling an import panics: keep the decision in a function of plain values, as
//! above. `plugins/guides/rust.md` is the guide.

#[doc(hidden)]
pub mod bindings;
mod lines;
mod log;
mod panic;
mod words;

pub use bindings::exports::tribunal::judge::plugin::Info;
pub use bindings::tribunal::judge::evidence::Channel;
pub use bindings::tribunal::judge::host::Level;
pub use bindings::tribunal::judge::types::{
    Capture, CaseStatus, Completeness, Counts, EndState, Error, Label, Signal, Status, TestCase,
    Verdict,
};
pub use bindings::tribunal::judge::{evidence, host, suite};
pub use lines::{LINE_LIMIT, Line, LineSplitter};
pub use log::{CHUNK, Log};
#[doc(hidden)]
pub use panic::install as install_panic_hook;
pub use words::{describe_end, label};

/// Turns evidence into a verdict.
pub trait Judge {
    /// Says what this judge is. Must not use [`suite`] or [`evidence`].
    fn info() -> Info;

    /// Returns one string for each problem of the suite's `config` table, given as JSON; none means
    /// it is fine. Must not use [`suite`] or [`evidence`].
    ///
    /// Unless overridden, a judge whose [`Info::config_schema`] is `None` takes no configuration,
    /// and says so: a setting that nobody reads is a mistake.
    ///
    /// ```
    /// # use tribunal_sdk::{Error, Info, Judge, Verdict};
    /// # struct AllGood;
    /// # impl Judge for AllGood {
    /// #     fn info() -> Info {
    /// #         Info {
    /// #             name: "all-good".to_owned(), version: String::new(), description: String::new(),
    /// #             config_schema: None,
    /// #         }
    /// #     }
    /// #     fn judge() -> Result<Verdict, Error> { Err(Error::Internal(String::new())) }
    /// # }
    /// assert!(AllGood::validate_config("{}").is_empty());
    /// assert_eq!(
    ///     AllGood::validate_config(r#"{"minimum": 85}"#),
    ///     ["the judge `all-good` takes no configuration: remove its `config` table"]
    /// );
    /// ```
    fn validate_config(json: &str) -> Vec<String> {
        let info = Self::info();
        if info.config_schema.is_some() || is_empty_table(json) {
            return Vec::new();
        }
        vec![format!(
            "the judge `{}` takes no configuration: remove its `config` table",
            info.name
        )]
    }

    /// Judges one attempt.
    ///
    /// # Errors
    /// Says why there can be no verdict; the suite then counts as errored, never as passed.
    fn judge() -> Result<Verdict, Error>;
}

fn is_empty_table(json: &str) -> bool {
    let mut text = json.chars().filter(|c| !c.is_whitespace());
    match text.next() {
        None => true,
        Some(first) => first == '{' && text.eq(['}']),
    }
}

/// Exports a type that implements [`Judge`] as the component's `tribunal:judge/plugin`.
///
/// Expands to nothing but a private adapter outside WebAssembly, where export names with `:` and
/// `@` do not link; so a judge's crate builds and tests like any other.
#[macro_export]
macro_rules! export_judge {
    ($judge:ty) => {
        const _: () = {
            /// Stands between the generated trait and [`tribunal_sdk::Judge`].
            struct Exported;

            impl $crate::bindings::exports::tribunal::judge::plugin::Guest for Exported {
                fn describe() -> $crate::Info {
                    $crate::install_panic_hook();
                    <$judge as $crate::Judge>::info()
                }

                fn validate_config(json: String) -> Vec<String> {
                    $crate::install_panic_hook();
                    <$judge as $crate::Judge>::validate_config(&json)
                }

                fn judge() -> Result<$crate::Verdict, $crate::Error> {
                    $crate::install_panic_hook();
                    <$judge as $crate::Judge>::judge()
                }
            }

            #[cfg(target_family = "wasm")]
    $crate::bindings::export_bindings!(Exported with_types_in $crate::bindings);
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;

    impl Judge for Plain {
        fn info() -> Info {
            Info {
                name: "plain".to_owned(),
                version: "0.0.0".to_owned(),
                description: "Has no settings.".to_owned(),
                config_schema: None,
            }
        }

        fn judge() -> Result<Verdict, Error> {
            Err(Error::Internal("not called".to_owned()))
        }
    }

    export_judge!(Plain);

    #[test]
    fn a_judge_without_a_schema_refuses_settings() {
        for fine in ["", "{}", " {\n } "] {
            assert_eq!(
                Plain::validate_config(fine),
                Vec::<String>::new(),
                "{fine:?}"
            );
        }
        let problems = Plain::validate_config(r#"{"minimum": 85}"#);
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].contains("takes no configuration"),
            "{problems:?}"
        );
    }
}
