//! What a command says when it cannot do its work: what happened, where, what to do, and the exit code.
//!
//! All errors have one form, `config::told`: `error: …`, the place, one `hint: …`. Mistakes in a pipeline also show
//! the line.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;

use super::options;
use crate::archive::ArchiveError;
use crate::config::{ConfigError, clean, told};
use crate::model::ExitStatus;
use crate::plan::PlanError;
use crate::plugin::{LoadError, Problem};
use crate::report::ci::guard;
use crate::run::dir::{DIR_VERSION, DirError};

/// Said behind errors of commands that run suites, where it is worth a word.
const NOTHING: &str = "nothing was run\n";

/// A command that could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    status: ExitStatus,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Fault {
        message: String,
        place: Option<String>,
        hint: Option<String>,
    },
    Pipeline(Box<ConfigError>),
    /// A last line, with its end.
    End(&'static str),
}

impl Failure {
    /// Something on the command line or in a file is wrong: exit code 2.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::of(ExitStatus::Usage, message)
    }

    /// Something could not be done: exit code 3.
    pub(crate) fn errored(message: impl fmt::Display) -> Self {
        Self::of(ExitStatus::Errored, message)
    }

    /// The system refuses something with a file: exit code 3.
    pub(crate) fn refused(what: &str, path: &Path, why: impl fmt::Display) -> Self {
        Self::errored(format!("cannot {what}: {why}")).at(path)
    }

    /// A judge that was named by its file cannot be used: exit code 2.
    pub(crate) fn judge_file(file: &Path, problem: &Problem) -> Self {
        match problem {
            Problem::Unreadable { why, .. } => Self::usage(format!("cannot read the judge: {why}")),
            problem => Self::usage(problem.what()).hinted(problem.cure()),
        }
        .at(file)
    }

    /// A judge cannot be used: exit code 2. `judge` is what it was called.
    pub(crate) fn judge(judge: &str, problem: &Problem) -> Self {
        let judge = clean(judge, 300);
        Self::usage(format!("judge \"{judge}\": {}", problem.what())).hinted(problem.cure())
    }

    /// Something that has an exit code of its own.
    pub(crate) fn of(status: ExitStatus, message: impl fmt::Display) -> Self {
        let fault = Part::Fault {
            message: message.to_string(),
            place: None,
            hint: None,
        };
        Self {
            status,
            parts: vec![fault],
        }
    }

    /// Says in which file.
    pub(crate) fn at(self, path: &Path) -> Self {
        self.at_line(path, None)
    }

    /// Says in which file, and in which line of it, from 1.
    pub(crate) fn at_line(mut self, path: &Path, line: Option<usize>) -> Self {
        if let Some(Part::Fault { place, .. }) = self.parts.last_mut() {
            let path = clean(&path.to_string_lossy(), 1000);
            *place = Some(match line {
                Some(line) => format!("{path}:{line}"),
                None => path,
            });
        }
        self
    }

    /// Says what to do.
    pub(crate) fn hint(mut self, text: impl fmt::Display) -> Self {
        if let Some(Part::Fault { hint, .. }) = self.parts.last_mut() {
            *hint = Some(text.to_string());
        }
        self
    }

    /// Says what to do, where something is known.
    pub(crate) fn hinted(self, text: Option<impl fmt::Display>) -> Self {
        match text {
            Some(text) => self.hint(text),
            None => self,
        }
    }

    /// Says another one's errors too. The exit code stays.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// All of them as one, with the first one's exit code; none where there are none.
    pub(crate) fn all(failures: impl IntoIterator<Item = Self>) -> Option<Self> {
        failures.into_iter().reduce(Self::and)
    }

    /// Says that nothing was run.
    pub(crate) fn nothing_was_run(mut self) -> Self {
        self.parts.push(Part::End(NOTHING));
        self
    }

    /// The exit code.
    pub(crate) fn status(&self) -> ExitStatus {
        self.status
    }

    /// Writes it to standard error. With that gone there is nobody to tell.
    pub(crate) fn say(&self) {
        let text = guard::lines(&self.render(options::error_color()));
        drop(io::stderr().write_all(text.as_bytes()));
    }

    /// As it is written; with a line end.
    pub(crate) fn render(&self, colour: bool) -> String {
        let one = |part: &Part| match part {
            Part::Fault {
                message,
                place,
                hint,
            } => told(message, place.as_deref(), hint.as_deref(), colour),
            Part::Pipeline(error) => error.render(colour),
            Part::End(line) => (*line).to_owned(),
        };
        self.parts.iter().map(one).collect()
    }
}

/// Without colours.
impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(false))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self {
            status: ExitStatus::Usage,
            parts: vec![Part::Pipeline(Box::new(error))],
        }
    }
}

impl From<DirError> for Failure {
    fn from(error: DirError) -> Self {
        match &error {
            DirError::Io { what, path, source } => {
                Self::refused(&format!("{what} it"), path, source)
            }
            DirError::NoSuchRun { asked, runs } => {
                Self::usage(format!("there is no run \"{asked}\""))
                    .at(runs)
                    .hint("`tribunal runs` lists those there are")
            }
            DirError::Ambiguous { asked, found } => {
                Self::usage(format!("\"{asked}\" could be any of {} runs", found.len()))
                    .hint(format!("write more of its id: {}", found.join(", ")))
            }
            DirError::Version { path, found } => Self::usage(format!(
                "its layout is version {found}, and this tribunal reads version {DIR_VERSION}"
            ))
            .at(path)
            .hint("use the tribunal that wrote it"),
            DirError::Damaged {
                path,
                line,
                message,
            } => Self::usage(format!("it is damaged: {message}")).at_line(path, Some(*line)),
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::of(error.exit_status(), &error).hinted(error.hint())
    }
}

impl From<&LoadError> for Failure {
    fn from(error: &LoadError) -> Self {
        Self::judge(&error.judge, &error.problem)
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        let short = |text: String| clean(&text, 1000);
        match error {
            ArchiveError::Io { path, source } => {
                Self::errored(short(format!("cannot be read or written: {source}"))).at(&path)
            }
            ArchiveError::Refused(why) => Self::usage(short(why)),
            ArchiveError::Damaged { path, why } => {
                Self::usage(short(format!("{why}; nothing was imported"))).at(&path)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_errors_are_said_one_after_the_other() {
        let failure = Failure::usage("one")
            .at(Path::new("a.toml"))
            .hint("do this");
        let failure = failure.and(Failure::errored("two")).nothing_was_run();
        assert_eq!(failure.status(), ExitStatus::Usage);
        assert_eq!(
            failure.to_string(),
            "error: one\n --> a.toml\nhint: do this\nerror: two\nnothing was run\n"
        );
        assert!(Failure::all([]).is_none());
    }

    #[test]
    fn a_file_name_can_do_nothing_to_a_terminal() {
        let failure = Failure::refused("read it", Path::new("a\u{1b}[2J\n"), "no");
        assert!(!failure.to_string().contains('\u{1b}'), "{failure}");
        assert_eq!(failure.to_string().lines().count(), 2);
    }
}
