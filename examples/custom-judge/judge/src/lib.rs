//! The judge `clean-log`: a program that ends well and logs errors has not passed.
//!
//! A line is an error when one of the configured words stands in it as a word, unless it contains
//! one of the allowed texts. The decision is a plain type, [`Checker`], so it is tested like any
//! other code; the part that talks to tribunal is below it.

use serde::Deserialize;
use tribunal_sdk::{
    CaseStatus, Channel, Counts, EndState, Error, Info, Judge, Log, Status, TestCase, Verdict,
    describe_end, evidence, export_judge, host, suite,
};

/// How many error lines are reported one by one.
const REPORTED: u32 = 1_000;
/// How much of a line is reported, in characters.
const SHOWN: usize = 500;

/// The settings: the `config` table of the judge in `pipeline.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What makes a line an error, as whole words.
    words: Vec<String>,
    /// Texts that excuse a line.
    allow: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            words: ["ERROR", "FATAL", "PANIC"].map(str::to_owned).to_vec(),
            allow: Vec::new(),
        }
    }
}

/// Reads the settings from JSON.
///
/// # Errors
/// Says what is wrong with them.
pub fn parse(json: &str) -> Result<Config, String> {
    let config: Config = serde_json::from_str(json).map_err(|error| error.to_string())?;
    if config.words.is_empty() {
        return Err("`words` is empty: then every log is clean".to_owned());
    }
    if config
        .words
        .iter()
        .chain(&config.allow)
        .any(String::is_empty)
    {
        return Err("an empty text in `words` or `allow` would match every line".to_owned());
    }
    Ok(config)
}

/// Looks at one line after the other.
#[derive(Debug)]
pub struct Checker {
    config: Config,
    lines: u64,
    excused: u32,
    errors: u32,
    first: Option<String>,
}

impl Checker {
    /// Returns a checker that has seen nothing.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            lines: 0,
            excused: 0,
            errors: 0,
            first: None,
        }
    }

    /// Looks at a line; returns whether it is an error.
    pub fn line(&mut self, number: u64, line: &str) -> bool {
        self.lines += 1;
        if !self.config.words.iter().any(|word| has_word(line, word)) {
            return false;
        }
        if self
            .config
            .allow
            .iter()
            .any(|text| line.contains(text.as_str()))
        {
            self.excused += 1;
            return false;
        }
        self.errors += 1;
        if self.first.is_none() {
            self.first = Some(format!("line {number}: {}", shown(line)));
        }
        true
    }

    /// Decides, once the log has ended and the end is known.
    pub fn verdict(&self, end: &EndState) -> Verdict {
        let (status, summary) = match (&self.first, end) {
            (Some(first), _) => {
                let s = if self.errors == 1 { "" } else { "s" };
                (
                    Status::Failed,
                    format!("{} error line{s}; {first}", self.errors),
                )
            }
            (None, EndState::Exited(0)) if self.lines == 0 => {
                (Status::Empty, "nothing was logged".to_owned())
            }
            (None, EndState::Exited(0)) => {
                let lines = self.lines;
                (
                    Status::Passed,
                    format!("{lines} lines are clean, {} excused", self.excused),
                )
            }
            (None, EndState::Exited(_) | EndState::Signaled(_) | EndState::OomKilled(_)) => (
                Status::Failed,
                format!("{}, though the log is clean", describe_end(end)),
            ),
            (None, _) => (Status::Errored, describe_end(end)),
        };
        let passed = u32::from(status == Status::Passed);
        let counts = Counts {
            passed,
            failed: self.errors,
            errored: 0,
            skipped: 0,
            flaky: 0,
        };
        Verdict {
            status,
            summary,
            counts: Some(counts),
            extra: Vec::new(),
        }
    }
}

/// Whether `word` stands in the line on its own: `ERROR` is not in `NO_ERRORS`.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, found)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + found.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

fn shown(line: &str) -> String {
    line.trim().chars().take(SHOWN).collect()
}

/// The judge.
pub struct CleanLog;

impl Judge for CleanLog {
    fn info() -> Info {
        Info {
            name: "clean-log".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Passed if the program ended with 0 and logged no error line.".to_owned(),
            config_schema: Some(include_str!("config.schema.json").to_owned()),
        }
    }

    fn validate_config(json: &str) -> Vec<String> {
        parse(json).err().into_iter().collect()
    }

    fn judge() -> Result<Verdict, Error> {
        let mut checker = Checker::new(parse(&suite::config_json()).map_err(Error::BadConfig)?);
        Log::open(Channel::Combined).each_line(|line| {
            let text = String::from_utf8_lossy(line.bytes);
            if checker.line(line.number, &text) && checker.errors <= REPORTED {
                host::report_case(&TestCase {
                    id: format!("line {}", line.number),
                    status: CaseStatus::Failed,
                    duration_ms: None,
                    message: Some(shown(&text)),
                    details: None,
                    file: None,
                    line: None,
                    extra: Vec::new(),
                });
            }
        });
        Ok(checker.verdict(&evidence::ended()))
    }
}

export_judge!(CleanLog);

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(config: &str, log: &str, end: &EndState) -> Verdict {
        let mut checker = Checker::new(parse(config).expect("settings"));
        for (number, line) in (1..).zip(log.lines()) {
            checker.line(number, line);
        }
        checker.verdict(end)
    }

    #[test]
    fn an_error_line_fails_whatever_the_exit_code_is() {
        let verdict = judge(
            "{}",
            "INFO up\n12:01 ERROR no disk\n[FATAL] down\n",
            &EndState::Exited(0),
        );
        assert_eq!(verdict.status, Status::Failed);
        assert_eq!(
            verdict.summary,
            "2 error lines; line 2: 12:01 ERROR no disk"
        );
    }

    #[test]
    fn words_stand_alone_and_allowed_lines_are_excused() {
        let log = "NO_ERRORS, ERRORS=0\nERROR: cache is cold\nPANICKY\n";
        let verdict = judge(r#"{"allow": ["cache is cold"]}"#, log, &EndState::Exited(0));
        assert_eq!(
            (verdict.status, verdict.summary.as_str()),
            (Status::Passed, "3 lines are clean, 1 excused")
        );
        assert_eq!(
            judge(r#"{"words": ["warn"]}"#, "warn: x", &EndState::Exited(0)).status,
            Status::Failed
        );
    }

    #[test]
    fn a_clean_log_alone_is_not_enough() {
        assert_eq!(
            judge("{}", "fine", &EndState::Exited(3)).status,
            Status::Failed
        );
        assert_eq!(judge("{}", "", &EndState::Exited(0)).status, Status::Empty);
        assert_eq!(
            judge("{}", "fine", &EndState::Lost("node gone".to_owned())).status,
            Status::Errored
        );
    }

    #[test]
    fn bad_settings_are_named() {
        for (json, says) in [
            (r#"{"alow": []}"#, "alow"),
            (r#"{"words": []}"#, "empty"),
            (r#"{"allow": [""]}"#, "empty"),
            ("3", "expected"),
        ] {
            let problem = parse(json).expect_err(json);
            assert!(problem.contains(says), "{problem}");
        }
    }
}
