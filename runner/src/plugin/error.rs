//! Why a judge cannot be used. Found before anything runs.

use std::borrow::Cow;
use std::path::PathBuf;

/// A judge of the pipeline that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("judge `{judge}`: {problem}")]
pub struct LoadError {
    /// Its name in the pipeline.
    pub judge: String,
    /// What is wrong, and what to do about it.
    pub problem: Problem,
}

/// What is wrong with a judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file is not there, or may not be read.
    #[error("{} cannot be read: {why}; check `path`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// No built-in judge has this name.
    #[error("there is no built-in judge of this name (there are: {known}); give it a `path`")]
    UnknownBuiltin {
        /// Those there are.
        known: String,
    },
    /// The file is too large.
    #[error("the file has {size}, and a judge may have 64 MiB; build it with optimisations")]
    TooLarge {
        /// Its size, for people.
        size: String,
    },
    /// The file is empty.
    #[error("the file is empty; build it again")]
    Empty,
    /// The file is something else.
    #[error("{0}")]
    NotAComponent(String),
    /// The file ends early or is damaged.
    #[error("the file is damaged or cut short ({0}); build it again")]
    Damaged(String),
    /// Its content is not what the pipeline pins.
    #[error(
        "its sha256 is {found}, but the pipeline pins {pinned}; check where the file comes from, then update the pin"
    )]
    Pin {
        /// The pinned digest.
        pinned: String,
        /// The digest of the bytes that were read.
        found: String,
    },
    /// It was built for another version of the contract.
    #[error("it was built for {wanted}{needs}, and this tribunal offers {offered}; {advice}")]
    Version {
        /// What it imports or exports, like `tribunal:judge 0.2`.
        wanted: String,
        /// `` and needs `evidence.search` ``: what is not in here; empty when nothing is known of that.
        needs: String,
        /// What there is.
        offered: String,
        /// What to do.
        advice: String,
    },
    /// It imports what no judge may have.
    #[error(
        "it imports {imports}, which no judge may use; a judge may import tribunal:judge and WASI without http: \
         {cure}"
    )]
    Forbidden {
        /// The imports' names.
        imports: String,
        /// What to do about the first of them.
        cure: &'static str,
    },
    /// Compiling it went over a limit.
    #[error("compiling it {why}; nothing that is this costly to compile is used as a judge")]
    TooCostly {
        /// Which limit.
        why: String,
    },
    /// It does not fit the contract.
    #[error(
        "it does not fit the contract {contract}: {why}; build it against the wit of this tribunal"
    )]
    Misfit {
        /// The contract's name and version.
        contract: &'static str,
        /// What does not fit.
        why: String,
    },
    /// It broke when it was asked about itself.
    #[error("it could not answer `{call}`: {why}")]
    Broken {
        /// The function that was called.
        call: &'static str,
        /// What happened.
        why: String,
    },
    /// It does not accept its `config` table.
    #[error("its config is not valid: {}", .0.join("; "))]
    Config(Vec<String>),
    /// WebAssembly does not work on this system.
    #[error("WebAssembly cannot be run on this system: {0}")]
    Engine(String),
}

impl Problem {
    /// What to do about it, where that is known: the end of what it says, behind a semicolon.
    pub fn cure(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Unreadable { .. } => "check `path`".into(),
            Self::UnknownBuiltin { .. } => "give it a `path`".into(),
            Self::TooLarge { .. } => "build it with optimisations".into(),
            Self::Empty | Self::Damaged(_) => "build it again".into(),
            Self::Pin { .. } => "check where the file comes from, then update the pin".into(),
            Self::Version { advice, .. } => advice.into(),
            Self::Forbidden { cure, .. } => {
                format!("a judge may import tribunal:judge and WASI without http: {cure}").into()
            }
            Self::Misfit { .. } => "build it against the wit of this tribunal".into(),
            Self::NotAComponent(_)
            | Self::TooCostly { .. }
            | Self::Broken { .. }
            | Self::Config(_)
            | Self::Engine(_) => return None,
        })
    }

    /// What is wrong, without what to do about it.
    pub fn what(&self) -> String {
        let all = self.to_string();
        let cure = self.cure().map(|cure| format!("; {cure}"));
        let what = cure.and_then(|cure| all.strip_suffix(&cure));
        what.map_or_else(|| all.clone(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_and_what_to_do_are_told_apart() {
        let text = || "x".to_owned();
        let problems = [
            Problem::Unreadable {
                path: "a".into(),
                why: text(),
            },
            Problem::UnknownBuiltin { known: text() },
            Problem::TooLarge { size: text() },
            Problem::Empty,
            Problem::Damaged(text()),
            Problem::Pin {
                pinned: text(),
                found: text(),
            },
            Problem::Version {
                wanted: text(),
                needs: " and needs `w`".to_owned(),
                offered: text(),
                advice: "y".to_owned(),
            },
            Problem::Forbidden {
                imports: text(),
                cure: "z",
            },
            Problem::Misfit {
                contract: "c",
                why: text(),
            },
        ];
        for problem in problems {
            let cure = problem.cure().expect("known");
            assert_eq!(problem.to_string(), format!("{}; {cure}", problem.what()));
        }
        assert_eq!(Problem::Config(vec![text()]).cure(), None);
    }
}
