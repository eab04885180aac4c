//! The events of `--teamcity`: `##teamcity[testStarted name='testAdds' …]`.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::memmem;
use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
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
    open: Open,
    /// Red ones. Only the text behind the events tells failures, errors and risky tests apart.
    bad: HashMap<String, TestCase>,
}

impl Teamcity {
    /// Takes a line if it holds an event.
    pub(crate) fn line(&mut self, text: &str, line: &Line<'_>, book: &mut Book) -> bool {
        // A test may have printed in front of one, but not of the first.
        let starts = text.starts_with("##teamcity[");
        if !self.on && !starts {
            return false;
        }
        let at = if starts {
            Some(0)
        } else {
            memmem::find(text.as_bytes(), b"##teamcity[")
        };
        let event = at.and_then(|at| text.get(at + 11..)?.strip_suffix(']'));
        let Some(event) = event else {
            return false;
        };
        let (word, rest) = event.split_once(' ').unwrap_or((event, ""));
        let value = |name: &str| attribute(rest, name);
        self.on = true;
        match word {
            "testCount" => self.announced = value("count").and_then(|count| number(&count)),
            "testStarted" => self.open.begin(rest),
            "testFailed" | "testIgnored" => {
                if !self.open.is {
                    // A class that did not even begin, or a test whose set-up failed.
                    self.announced = None;
                    self.partial = true;
                    return true;
                }
                self.open.status = if word == "testFailed" {
                    CaseStatus::Failed
                } else {
                    CaseStatus::Skipped
                };
                self.open.message =
                    value("message").map(|text| clip(text.lines().next().unwrap_or(""), 300));
                self.open.details = value("details").map(|text| clip(text.trim(), 16_000));
            }
            "testFinished" => self.finished(rest, line, book),
            _ => {}
        }
        true
    }

    fn finished(&mut self, attributes: &str, line: &Line<'_>, book: &mut Book) {
        let open = &mut self.open;
        let name = attribute(attributes, "name").unwrap_or_default();
        if !open.is || open.name != name {
            return;
        }
        open.is = false;
        self.ended += 1;
        self.skipped += u64::from(open.status == CaseStatus::Skipped);
        let mut more = |found: &mut TestCase| {
            found.file = (!open.file.is_empty()).then(|| open.file.clone());
            found.duration_ms = attribute(attributes, "duration").and_then(|ms| ms.parse().ok());
            found.message = open.message.take();
            found.details = open.details.take();
        };
        if open.status != CaseStatus::Failed {
            book.tell(&open.id, open.status, line, more);
        } else if self.bad.len() < 100_000 {
            let mut found = case(open.id.as_str(), CaseStatus::Failed);
            more(&mut found);
            self.bad.insert(found.id.clone(), found);
        }
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
        self.open.is.then_some(self.open.id.as_str())
    }
}

/// The test that runs. The memory of its texts is used again by the next.
#[derive(Debug)]
struct Open {
    /// Whether there is one.
    is: bool,
    name: String,
    id: String,
    /// Empty if it is not known.
    file: String,
    status: CaseStatus,
    message: Option<String>,
    details: Option<String>,
}

impl Default for Open {
    fn default() -> Self {
        Self {
            is: false,
            name: String::new(),
            id: String::new(),
            file: String::new(),
            status: CaseStatus::Passed,
            message: None,
            details: None,
        }
    }
}

impl Open {
    fn begin(&mut self, attributes: &str) {
        let name = attribute(attributes, "name").unwrap_or_default();
        let hint = attribute(attributes, "locationHint").unwrap_or_default();
        let (file, id) = located(&hint).unwrap_or(("", &name));
        for (text, new) in [
            (&mut self.name, &*name),
            (&mut self.id, id),
            (&mut self.file, file),
        ] {
            text.clear();
            text.push_str(new);
        }
        self.is = true;
        self.status = CaseStatus::Passed;
        self.message = None;
        self.details = None;
    }
}

/// `php_qn:///project/SumTest.php::\SumTest::testAdds`: file and test.
fn located(hint: &str) -> Option<(&str, &str)> {
    let (file, name) = hint.strip_prefix("php_qn://")?.cut("::")?;
    Some((file, name.trim_start_matches('\\')))
}

/// Returns the value of an attribute, without TeamCity's escapes.
fn attribute<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut rest = text;
    loop {
        let bytes = rest.as_bytes();
        let start =
            memchr::memchr_iter(b'=', bytes).find(|at| bytes.get(at + 1) == Some(&b'\''))?;
        let (key, value) = (rest.get(..start)?, rest.get(start + 2..)?);
        let (mut end, mut escaped) = (0, false);
        loop {
            end += memchr::memchr2(b'\'', b'|', value.as_bytes().get(end..)?)?;
            if value.as_bytes().get(end) == Some(&b'\'') {
                break;
            }
            // What is escaped ends nothing.
            escaped = true;
            end += 2;
        }
        if key.trim() == name {
            let value = value.get(..end)?;
            return Some(if escaped {
                Cow::Owned(unescaped(value))
            } else {
                Cow::Borrowed(value)
            });
        }
        rest = value.get(end + 1..)?;
    }
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        match char {
            '|' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                other => out.extend(other),
            },
            other => out.push(other),
        }
    }
    out
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
        assert_eq!(attribute("name='a|'", "name"), None);
        assert_eq!(attribute("a=b='x' c='|ä'", "c").as_deref(), Some("ä"));
    }
}
