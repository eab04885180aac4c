//! The table of formats and scenarios: what each recorded run must come to, and what its judge says.
//!
//! `plugins/TABLE.md` is written by this test with `TRIBUNAL_TABLE_UPDATE=1`; otherwise it must be what the test
//! would write. A cell that is red fails it either way.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tribunal_judge_kit::testing::{End, Expect, Judged, status_word};
use tribunal_judges::FORMATS;
use tribunal_sdk::Counts;

const HEAD: &str = "# Formats and scenarios

Each row is a scenario that the real tool was run with, in the versions named; `tests/fixtures` has what it printed and
the scripts that made it. *Expected* comes from the scenario: what the run really did. *Got* is the judge's verdict on
the recorded output. Numbers that a scenario does not fix are not compared. This file is written by
`TRIBUNAL_TABLE_UPDATE=1 cargo test -p tribunal-judges --test table`, which fails on any difference.
";

/// One line of the table, for the versions that agree in it.
type Line = (String, String, String, bool);

#[test]
fn every_cell_is_green() {
    let mut text = HEAD.to_owned();
    let mut bad = Vec::new();
    for format in FORMATS {
        let fixtures = format.fixtures();
        let mut lines: BTreeMap<(String, Line), Vec<String>> = BTreeMap::new();
        for fixture in &fixtures {
            let (version, scenario) = fixture.name.split_once('/').unwrap_or(("", &fixture.name));
            let judged = fixture.plain(format.subject);
            let (want, got, green) = compare(&fixture.expect, &judged);
            if !green {
                bad.push(format!(
                    "{} {}: {got}, not {want}",
                    format.name, fixture.name
                ));
            }
            let line = (ended(&fixture.expect.end), want, got, green);
            lines
                .entry((scenario.to_owned(), line))
                .or_default()
                .push(version.to_owned());
        }
        let versions: Vec<_> = all_versions(lines.values());
        writeln!(
            text,
            "\n## {}\n\n{} recorded runs{}.\n",
            format.name,
            fixtures.len(),
            of(&versions)
        )
        .unwrap_or(());
        text.push_str(
            "| scenario | versions | ended | expected | got | |\n|---|---|---|---|---|---|\n",
        );
        for ((scenario, (end, want, got, green)), of) in &lines {
            let which = if *of == versions {
                "all".to_owned()
            } else {
                of.join(", ")
            };
            let mark = if *green { "✓" } else { "**✗**" };
            writeln!(
                text,
                "| {scenario} | {which} | {end} | {want} | {got} | {mark} |"
            )
            .unwrap_or(());
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/TABLE.md");
    if std::env::var_os("TRIBUNAL_TABLE_UPDATE").is_some() {
        fs::write(&path, &text).expect("plugins/TABLE.md can be written");
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let old = fs::read_to_string(&path).unwrap_or_default();
    let differs = old.lines().zip(text.lines()).find(|(old, new)| old != new);
    assert!(
        old == text,
        "plugins/TABLE.md is not what the recorded runs give: {differs:?}; write it anew with \
         TRIBUNAL_TABLE_UPDATE=1 and look at the difference"
    );
}

fn all_versions<'a>(lines: impl Iterator<Item = &'a Vec<String>>) -> Vec<String> {
    let mut all = Vec::new();
    for version in lines.flatten() {
        if !version.is_empty() && !all.contains(version) {
            all.push(version.clone());
        }
    }
    all.sort();
    all
}

fn of(versions: &[String]) -> String {
    if versions.is_empty() {
        String::new()
    } else {
        format!(" of {}", versions.join(", "))
    }
}

fn ended(end: &End) -> String {
    match end {
        End::Code(code) => format!("exit {code}"),
        End::Signal(name) => name.clone(),
    }
}

/// What was wanted and what came of it, in words, and whether they are the same.
fn compare(expect: &Expect, judged: &Judged) -> (String, String, bool) {
    let verdict = &judged.verdict;
    let (mut want, mut got) = (
        expect.status.clone(),
        status_word(verdict.status).to_owned(),
    );
    let mut green = want == got;
    if let Some(counts) = &expect.counts {
        let numbers = Counts {
            passed: counts.passed,
            failed: counts.failed,
            errored: counts.errored,
            skipped: counts.skipped,
            flaky: counts.flaky,
        };
        let have = verdict
            .counts
            .unwrap_or(tribunal_judge_kit::finding::NOTHING);
        green &= numbers == have;
        for (text, counts) in [(&mut want, &numbers), (&mut got, &have)] {
            write!(text, ": {}", tribunal_judge_kit::verdict::words(counts)).unwrap_or(());
        }
    }
    if let Some(cases) = expect.cases {
        green &= cases == judged.cases.len();
        write!(want, "; {cases} listed").unwrap_or(());
        write!(got, "; {} listed", judged.cases.len()).unwrap_or(());
    }
    (want, got, green)
}
