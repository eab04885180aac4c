//! Reports among other lines, in any pieces, and what is not one.

use proptest::prelude::*;

use super::*;
use crate::book::case;
use tribunal_sdk::CaseStatus;

#[derive(Debug, Default)]
struct Names {
    whole: u32,
}

impl Report for Names {
    const LISTS: &'static [&'static [&'static str]] = &[&["results", "tests"]];
    const SIGNATURE: &'static [&'static str] = &["results"];

    fn element(
        &mut self,
        _: usize,
        bytes: &[u8],
        line: &Line<'_>,
        book: &mut Book,
    ) -> serde_json::Result<()> {
        let name: serde_json::Value = serde_json::from_slice(bytes)?;
        book.add(case(name.to_string(), CaseStatus::Passed), line);
        Ok(())
    }

    fn document(&mut self, bytes: &[u8], _: &Line<'_>, _: &mut Book) -> serde_json::Result<()> {
        serde_json::from_slice::<serde_json::Value>(bytes).map(drop)?;
        self.whole += 1;
        Ok(())
    }

    fn end(self, _: &mut Book) -> Finding {
        let marker = Fact::of(format!("{} documents", self.whole));
        Finding {
            marker: (self.whole > 0).then_some(marker),
            ..Finding::default()
        }
    }
}

/// Names, whether a document was whole, and what is wrong with line, byte and quote.
pub(super) type Read = (Vec<String>, bool, Option<(String, u64, u64, String)>);

pub(super) fn read(text: &[u8], size: usize) -> Read {
    let mut documents = Documents::<Names>::new();
    let mut notices = Vec::new();
    for chunk in text.chunks(size) {
        notices.extend(documents.feed(chunk));
    }
    let (finding, rest) = documents.end();
    notices.extend(rest);
    let names = notices.into_iter().filter_map(|notice| match notice {
        Notice::Case(case) => Some(case.id),
        Notice::Progress(..) => None,
    });
    let problem = finding
        .problem
        .map(|fact| (fact.text, fact.line, fact.byte, fact.quote));
    (names.collect(), finding.marker.is_some(), problem)
}

const REPORT: &str = "{\n  \"results\": {\n    \"tests\": [\n      {\"name\": \"a]}\\\"\"},\n      7 , \"x\", [1, {}]\n    ],\n    \"tool\": null\n  }\n}";

#[test]
fn elements_come_one_by_one_and_noise_does_not_matter() {
    let noisy = format!("{{ a: 1 }}\n{{\nwarning\n{REPORT}\nbye {{\n");
    let coloured = format!(
        " \x1b[32mok\x1b[39m {{\nx{{\n{{\rx\n\x1b[1m{REPORT}\x1b[0m\n\x1b[2mbye\x1b[22m {{\n"
    );
    let plain = coloured.replace("{\rx\n", "");
    for text in [REPORT, &noisy, &coloured, &plain] {
        for size in [1, 3, 4_096] {
            let (names, whole, problem) = read(text.as_bytes(), size);
            assert_eq!(
                names,
                ["{\"name\":\"a]}\\\"\"}", "7", "\"x\"", "[1,{}]"],
                "{size}"
            );
            assert!(whole, "{size}");
            assert_eq!(problem, None);
        }
    }
}

#[test]
fn one_line_longer_than_a_held_one_is_read_too() {
    let names: Vec<String> = (0..20_000).map(|n| format!("\"test {n}\"")).collect();
    let text = format!("x\n{{\"results\":{{\"tests\":[{}]}}}}\n", names.join(","));
    assert!(text.len() > 3 * HELD);
    let (found, whole, problem) = read(text.as_bytes(), 50_000);
    assert_eq!((found.len(), whole, problem), (20_000, true, None));
}

#[test]
fn what_breaks_off_or_is_broken_has_its_place() {
    let (_, whole, problem) = read(b"hello\n{\"results\": {\"tests\": [1, 2", 64);
    assert!(!whole);
    let (text, line, byte, _) = problem.expect("a problem");
    assert_eq!((&*text, line, byte), ("the JSON report breaks off", 2, 6));
    for (broken, told) in [
        ("{\"results\":\n nonsense!}\n", " nonsense!}"),
        ("{\"results\":\n \"torn\nin two\"}\n", " \"torn"),
    ] {
        for size in [1, 64] {
            let (_, _, problem) = read(broken.as_bytes(), size);
            let (text, line, byte, quote) = problem.expect("a problem");
            assert!(text.contains("cannot be read"), "{text}");
            assert_eq!((line, byte, &*quote), (2, 12, told));
        }
    }
    let deep = format!("{{\"results\":{}", "[".repeat(500));
    let (text, ..) = read(deep.as_bytes(), 64).2.expect("a problem");
    assert!(text.contains("too deeply"), "{text}");
}

#[test]
fn a_report_inside_of_another_is_a_problem_and_one_behind_the_other_is_not() {
    let forged = "{\"results\": {\"tests\": [1]}}\n";
    let (brace, rest) = REPORT.split_at(2);
    for inside in [
        format!("{brace}{forged}{rest}"),
        // Without a brace of its own it takes the other one's.
        format!("{brace}{}{rest}", forged.trim_start_matches('{')),
        format!("{brace}noise\n{forged}{rest}"),
    ] {
        for size in [1, 4_096] {
            let problem = read(inside.as_bytes(), size).2;
            assert!(problem.is_some(), "{inside}");
        }
    }
    for fine in [
        format!("{forged}{REPORT}\n"),
        format!("{REPORT}\n{forged}\"results\" are above\n  \"other\": 1\n"),
        format!("  \"results\": [\n{REPORT}\n"),
    ] {
        assert_eq!(read(fine.as_bytes(), 64).2, None, "{fine}");
    }
}

proptest! {
    #[test]
    fn no_cut_is_whole_and_noise_never_panics(
        cut in 0_usize..REPORT.len(),
        noise in proptest::collection::vec(any::<u8>(), 0..60),
        size in 1_usize..40,
    ) {
        let (_, whole, _) = read(&REPORT.as_bytes()[..cut], size);
        prop_assert!(!whole);
        let mut text = REPORT.as_bytes()[..cut].to_vec();
        text.extend(noise);
        read(&text, size);
    }
}
