//! The events of `--teamcity`: `##teamcity[testStarted name='testAdds' …]`.

use std::collections::HashMap;

use memchr::memmem;
use tribunal_judge_kit::book::case;
use tribunal_judge_kit::text::{clip, number};
use tribunal_judge_kit::{Book, Line};
use tribunal_sdk::{CaseStatus, TestCase};

/// The events so far.
#[derive(Debug, Default)]
pub(crate) struct Teamcity {
    /// Whether there were any.
    pub(crate) on: bool,
    /// How many tests there will be.
    pub(crate) announced: Option<u64>,
    /// Whether a class was left out as a whole.
    pub(crate) partial: bool,
    /// How many tests ended.
    pub(crate) ended: u64,
    /// How many of those were skipped.
    pub(crate) skipped: u64,
    open: Option<(String, TestCase)>,
    /// Red ones. Only the text behind the events tells failures, errors and risky tests apart.
    bad: HashMap<String, TestCase>,
}

impl Teamcity {
    /// Takes a line if it holds an event.
    pub(crate) fn line(&mut self, text: &str, line: &Line<'_>, book: &mut Book) -> bool {
        // A test may have printed in front of one, but not of the first.
        if !self.on && !text.starts_with("##teamcity[") {
            return false;
        }
        let Some(at) = memmem::find(text.as_bytes(), b"##teamcity[") else {
            return false;
        };
        let Some(event) = text.get(at + 11..).and_then(|rest| rest.strip_suffix(']')) else {
            return false;
        };
        let (word, rest) = event.split_once(' ').unwrap_or((event, ""));
        let value = |name: &str| attribute(rest, name);
        self.on = true;
        match word {
            "testCount" => self.announced = value("count").and_then(|count| number(&count)),
            "testStarted" => {
                let name = value("name").unwrap_or_default();
                let (file, id) = value("locationHint")
                    .and_then(|hint| located(&hint))
                    .unzip();
                let mut found = case(id.unwrap_or_else(|| name.clone()), CaseStatus::Passed);
                found.file = file;
                self.open = Some((name, found));
            }
            "testFailed" | "testIgnored" => {
                let bad = word == "testFailed";
                let Some((_, found)) = &mut self.open else {
                    // A class that did not even begin, or a test whose set-up failed.
                    self.announced = None;
                    self.partial = true;
                    return true;
                };
                found.status = if bad {
                    CaseStatus::Failed
                } else {
                    CaseStatus::Skipped
                };
                found.message =
                    value("message").map(|text| clip(text.lines().next().unwrap_or(""), 300));
                found.details = value("details").map(|text| clip(text.trim(), 16_000));
            }
            "testFinished" => {
                let name = value("name").unwrap_or_default();
                let Some((_, mut found)) = self.open.take_if(|(open, _)| *open == name) else {
                    return true;
                };
                self.ended += 1;
                self.skipped += u64::from(found.status == CaseStatus::Skipped);
                found.duration_ms = value("duration").and_then(|text| text.parse().ok());
                if found.status == CaseStatus::Failed {
                    if self.bad.len() < 100_000 {
                        self.bad.insert(found.id.clone(), found);
                    }
                } else {
                    book.add(found, line);
                }
            }
            _ => {}
        }
        true
    }

    /// Takes the red one whose name this is, or its beginning: the text adds a data set's values.
    pub(crate) fn take(&mut self, name: &str) -> Option<TestCase> {
        let values = name.match_indices(" (").map(|(at, _)| at);
        let mut ends = std::iter::once(name.len()).chain(values);
        ends.find_map(|end| self.bad.remove(name.get(..end)?))
    }

    /// Takes all other red ones.
    pub(crate) fn rest(&mut self) -> Vec<TestCase> {
        let mut all: Vec<_> = self.bad.drain().map(|(_, found)| found).collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }

    /// Returns the test that began and did not end.
    pub(crate) fn open(&self) -> Option<&str> {
        self.open.as_ref().map(|(_, found)| found.id.as_str())
    }
}

/// `php_qn:///project/SumTest.php::\SumTest::testAdds`: file and test.
fn located(hint: &str) -> Option<(String, String)> {
    let (file, name) = hint.strip_prefix("php_qn://")?.split_once("::")?;
    Some((file.to_owned(), name.trim_start_matches('\\').to_owned()))
}

/// Returns the value of an attribute, without TeamCity's escapes.
fn attribute(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (key, after) = rest.split_once("='")?;
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            let (at, char) = chars.next()?;
            match char {
                '\'' => break at,
                '|' => match chars.next()?.1 {
                    'n' => value.push('\n'),
                    'r' => value.push('\r'),
                    other => value.push(other),
                },
                other => value.push(other),
            }
        };
        if key.trim() == name {
            return Some(value);
        }
        rest = after.get(end + 1..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_lose_their_escapes() {
        let text = "name='a |'b|' x=|[1|]' message='two|nlines'";
        assert_eq!(attribute(text, "name").as_deref(), Some("a 'b' x=[1]"));
        assert_eq!(attribute(text, "message").as_deref(), Some("two\nlines"));
        assert_eq!(attribute(text, "x"), None);
        assert_eq!(attribute("name='a", "name"), None);
    }
}
