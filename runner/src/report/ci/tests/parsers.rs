//! What each CI system takes for a command, written from its documentation and, where it is open, its source.
//!
//! Each parser is at least as generous as the system: what it does not find, the system does not either.

use std::collections::BTreeMap;
use std::sync::Mutex;

use regex::Regex;
use unicode_width::UnicodeWidthChar as _;

use super::super::System;

/// Returns a fixed pattern; each is compiled once.
fn pattern(text: &'static str) -> Regex {
    static KNOWN: Mutex<BTreeMap<&str, Regex>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("no test panics here");
    let compile = || Regex::new(text).expect("a fixed pattern");
    known.entry(text).or_insert_with(compile).clone()
}

/// Returns the commands that a system reads out of a log, by name.
pub(super) fn commands(system: System, log: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(log);
    match system {
        System::Github => lines(&text).flat_map(github).collect(),
        System::Forgejo => text.split('\n').flat_map(forgejo).collect(),
        System::Gitlab => gitlab(&text),
        System::Buildkite => lines(&text).flat_map(buildkite).collect(),
        System::Teamcity => lines(&text)
            .flat_map(|line| marked(line, "##teamcity[", &[' ', ']', '\'']))
            .collect(),
        System::Azure => lines(&text).flat_map(azure).collect(),
        System::Jenkins | System::Woodpecker | System::Generic => Vec::new(),
    }
}

/// As .NET reads lines: a carriage return ends one too.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r'])
}

/// As .NET and ICU compare by default: characters without weight are not there.
fn weighed(line: &str) -> String {
    line.chars()
        .filter(|c| c.is_whitespace() || c.width().unwrap_or(0) > 0)
        .collect()
}

/// The names of what a mark begins, wherever it stands in a line.
fn marked(line: &str, mark: &str, ends: &[char]) -> Vec<String> {
    let name = |rest: &str| rest.split(ends).next().unwrap_or_default().to_owned();
    let weighed = weighed(line);
    weighed.split(mark).skip(1).map(name).collect()
}

/// `ActionCommand.cs`: `::name …::data` after white space, the older `##[name …]data` anywhere.
fn github(line: &str) -> Vec<String> {
    let weighed = weighed(line);
    let mut found = marked(line, "##[", &[' ', ']']);
    // The second `::` is not asked for here, nor whether the name is known.
    if let Some(rest) = weighed.trim_start().strip_prefix("::") {
        found.push(rest.split([' ', ':']).next().unwrap_or_default().to_owned());
    }
    found
}

/// `command.go` of act and its forks.
fn forgejo(line: &str) -> Vec<String> {
    let line = line.trim_end_matches('\r');
    let github = pattern("^::([^ ]+)( (.+))?::([^\r\n]*)$");
    let azure = pattern("^##\\[([^ ]+)( (.+))?\\]([^\r\n]*)$");
    [github, azure]
        .iter()
        .filter_map(|known| known.captures(line))
        .map(|found| found[1].split("::").next().unwrap_or_default().to_owned())
        .collect()
}

/// `Gitlab::Regex.build_trace_section_regex`, anywhere in a log.
fn gitlab(text: &str) -> Vec<String> {
    let section = "section_((?:start)|(?:end)):(\\d+):([a-zA-Z0-9_.-]+)(\\[(?:\\w+=\\w+)(?:, ?(?:\\w+=\\w+))*\\])?\r\u{1b}\\[0K";
    let section = pattern(section);
    section
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect()
}

/// `header_times_streamer.go` of the agent: colours aside, at the beginning of a line.
fn buildkite(line: &str) -> Vec<String> {
    let colours = pattern("\u{1b}\\[([;\\d]+)?[mK]");
    let header = pattern("^(---|\\+\\+\\+|~~~)\\s(.+)?$");
    let expansion = pattern("^(\\^\\^\\^)\\s+\\+\\+\\+\\s*$");
    let line = colours.replace_all(line, "");
    [header, expansion]
        .iter()
        .filter_map(|known| known.captures(&line))
        .map(|found| found[1].to_owned())
        .collect()
}

/// `Command.cs` of the agent: `##vso[area.event …]` anywhere; and what the pages of a log are formatted by.
fn azure(line: &str) -> Vec<String> {
    let mut found = marked(line, "##vso[", &[' ', ']']);
    let weighed = weighed(line);
    if let Some(rest) = weighed.trim_start().strip_prefix("##[") {
        found.push(rest.split(']').next().unwrap_or_default().to_owned());
    }
    found
}

/// Escape sequences that are no colours, by what follows the escape.
pub(super) fn escapes(system: System, log: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(log);
    let colours = pattern("\u{1b}\\[[0-9;:]*m");
    let text = colours.replace_all(&text, "");
    let ours = if system == System::Gitlab { "[0K" } else { "?" };
    let c1 = text
        .chars()
        .filter(|c| ('\u{80}'..='\u{9f}').contains(c))
        .map(|c| format!("{c:?}"));
    text.split('\u{1b}')
        .skip(1)
        .filter(|rest| !rest.starts_with(ours))
        .map(|rest| rest.chars().take(4).collect())
        .chain(c1)
        .collect()
}

#[test]
fn the_parsers_find_what_the_systems_take() {
    let cases: &[(System, &str, &[&str])] = &[
        (
            System::Github,
            "x\r  ::set-output name=a::b\n",
            &["set-output"],
        ),
        (System::Github, ":\u{200b}:error::b", &["error"]),
        (System::Github, "text ##[add-mask]b", &["add-mask"]),
        (System::Github, "│ ::error::b", &[]),
        (System::Forgejo, "::group::x\n ::group::y\n", &["group"]),
        (
            System::Gitlab,
            "a section_start:1:b\r\u{1b}[0Kc",
            &["start"],
        ),
        (System::Gitlab, "a section_start:1:b c", &[]),
        (
            System::Buildkite,
            "\u{1b}[31m--- a\n--- b\n---\n +++ c",
            &["---", "---"],
        ),
        (System::Buildkite, "^^^ +++\n", &["^^^"]),
        (
            System::Teamcity,
            "a ##teamcity[testStarted name='b']",
            &["testStarted"],
        ),
        (
            System::Azure,
            "a ##vso[task.setvariable variable=b]c",
            &["task.setvariable"],
        ),
        (System::Azure, "##[group]a", &["group"]),
    ];
    for (system, log, expected) in cases {
        assert_eq!(
            commands(*system, log.as_bytes()),
            *expected,
            "{system:?} {log:?}"
        );
    }
}
