//! What must hold for every report, not only for those somebody thought of.

use proptest::prelude::*;
use tribunal_sdk::{EndState, Status};

use super::judge_in;
use crate::Source;

fn status(bytes: &[u8], source: Source, code: i32, step: usize) -> Status {
    judge_in(&[("r.xml", bytes)], source, &EndState::Exited(code), step).status()
}

/// A passing report: some suites with cases that pass, some are skipped, with texts in between.
fn passing() -> impl Strategy<Value = String> {
    let case = ("[a-z]{1,8}", "[ -~é\n]{0,30}", 0..4_u8).prop_map(|(name, text, kind)| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        match kind {
            0 => format!(
                "<testcase classname='C' name='{name}'><system-out>{text}</system-out></testcase>"
            ),
            1 => format!("<testcase name='{name}'><skipped>{text}</skipped></testcase>"),
            2 => format!(
                "<testcase name='{name}' time='0.1'/>\n<!-- {} -->",
                text.replace('-', "")
            ),
            _ => format!(
                "<testcase name='{name}'><flakyFailure><![CDATA[{text}]]></flakyFailure></testcase>"
            ),
        }
    });
    let suite = prop::collection::vec(case, 0..6)
        .prop_map(|cases| format!("<testsuite name='s'>{}</testsuite>", cases.concat()));
    prop::collection::vec(suite, 0..4).prop_map(|suites| {
        let first = "<testsuite><testcase name='first one'/></testsuite>";
        format!(
            "<?xml version='1.0'?>\n<testsuites>{first}{}</testsuites>",
            suites.concat()
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_removed_end_never_passes(xml in passing(), cut in any::<prop::sample::Index>(), step in 1..40_usize) {
        prop_assert_eq!(status(xml.as_bytes(), Source::Collected, 0, step), Status::Passed);
        let cut = &xml.as_bytes()[..cut.index(xml.len())];
        for source in [Source::Named, Source::Collected, Source::Output] {
            prop_assert_ne!(status(cut, source, 0, step), Status::Passed);
        }
    }

    #[test]
    fn another_exit_code_never_passes(xml in passing(), code in 1..=255_i32) {
        prop_assert_eq!(status(xml.as_bytes(), Source::Collected, code, 64), Status::Failed);
    }

    #[test]
    fn a_failure_anywhere_never_passes(xml in passing(), noise in "[ -~\n]{0,60}", code in 0..2_i32) {
        let failed = "<testcase name='THE ONE'><failure>no</failure></testcase></testsuites>";
        let xml = xml.replace("</testsuites>", failed);
        prop_assert_ne!(status(xml.as_bytes(), Source::Collected, code, 64), Status::Passed);
        let spoofed = format!("{noise}\n{xml}\n<testsuite><testcase name='THE ONE'/></testsuite>\n{noise}");
        prop_assert_ne!(status(spoofed.as_bytes(), Source::Output, code, 64), Status::Passed);
    }

    #[test]
    fn the_size_of_chunks_changes_nothing(xml in passing(), noise in "[ -~\n]{0,40}", step in 1..70_usize) {
        let text = format!("{noise}\n{xml}\n{noise}");
        let run = |step| judge_in(&[("r.xml", text.as_bytes())], Source::Output, &EndState::Exited(0), step);
        let (one, other) = (run(step), run(usize::MAX));
        prop_assert_eq!(one.verdict, other.verdict);
        prop_assert_eq!(one.cases, other.cases);
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..400), step in 1..50_usize) {
        prop_assert_ne!(status(&noise, Source::Collected, 0, step), Status::Passed);
    }

    #[test]
    fn noise_made_of_markup_never_panics(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "/>", "</", "<testsuite", "<testcase", "testsuite>", "testcase>", "<failure", " name='", "\"", "'", "=",
            "<![CDATA[", "]]>", "<!--", "-->", "<?xml ", "?>", "<!DOCTYPE ", "[", "]", "<!ENTITY ", "&#", ";", "&amp;", "\n", " ", "x",
            "\u{feff}", "<system-out>", "</system-out>", "tests='3'", "failures='1'",
        ]), 0..60),
        step in 1..9_usize,
    ) {
        let text = parts.concat();
        let run = |step| judge_in(&[("r.xml", text.as_bytes())], Source::Named, &EndState::Exited(0), step);
        let (one, other) = (run(step), run(usize::MAX));
        prop_assert_eq!(one.verdict, other.verdict, "{}", text);
    }
}
