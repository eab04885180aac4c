//! Whatever suites and judges say, it reaches the terminal as text.

use proptest::prelude::*;

use super::*;
use crate::model::SuiteSummary;

/// Text that tries to be more than text.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        "[\\x00-\\x1f\\x7f-\\x9f]{1,3}[\\[\\]P0-9;?mhlHJA-Z]{0,6}",
        "(\n|\r)?[ \t]{0,2}(::error::|##\\[error\\]|##vso\\[x|##teamcity\\[x|\u{202e})",
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

/// Puts the text wherever text comes from outside.
fn spoil(events: &mut [Event], text: &str) {
    for event in events {
        match &mut event.kind {
            EventKind::RunStarted {
                pipeline,
                suites,
                dir,
                run,
                ..
            } => {
                for word in [pipeline, dir, run] {
                    word.push_str(text);
                }
                for suite in suites {
                    suite.name.insert_str(0, text);
                    suite.command.push_str(text);
                }
            }
            EventKind::PhaseChanged { detail, .. } => detail.push_str(text),
            EventKind::CaseReported { case, .. } => case.message = Some(text.to_owned()),
            EventKind::AttemptFinished { record, .. } => {
                record.summary.insert_str(0, text);
                record.judge.name.push_str(text);
                record.judge_error = Some(text.repeat(3));
                record.termination.place.push_str(text);
                record.capture.note = text.to_owned();
            }
            EventKind::SuiteFinished { summary, .. } => spoil_suite(summary, text),
            EventKind::Cancelling { reason, .. } => reason.insert_str(0, text),
            EventKind::RunFinished { summary } => {
                summary.warnings.push(text.to_owned());
                for suite in &mut summary.suites {
                    spoil_suite(suite, text);
                }
            }
            _ => {}
        }
    }
}

fn spoil_suite(suite: &mut SuiteSummary, text: &str) {
    suite.name.insert_str(0, text);
    suite.summary.insert_str(0, text);
    suite.reason = Some(text.to_owned());
    suite.warnings.push(text.to_owned());
    for case in &mut suite.failing {
        case.id.insert_str(0, text);
        case.message = Some(text.to_owned());
        case.details = Some(text.to_owned());
        case.file = Some(text.to_owned());
    }
}

fn harmless(line: &str) -> bool {
    !line
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}'))
        && !line.trim_start().starts_with("::")
        && !["##[", "##vso[", "##teamcity["]
            .iter()
            .any(|command| line.contains(command))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn plain_lines_are_text(text in hostile(), verbose in any::<bool>()) {
        for mut events in [recorded::events(), recorded::troubles()] {
            spoil(&mut events, &text);
            let shown = plain(&events, |s| {
                s.verbosity = if verbose { Verbosity::Debug } else { Verbosity::Normal };
            });
            for line in shown.split('\n') {
                prop_assert!(harmless(line), "{line:?}");
            }
        }
    }

    #[test]
    fn a_live_screen_gets_only_our_own_sequences(text in hostile()) {
        let ours = "\u{1b}\\[([0-9;]*m|\\?2026[hl]|\\?25[hl]|[0-9]+A|[JK])|\\r\n|\\r\u{1b}\\[[0-9]+A";
        let ours = regex::Regex::new(ours).expect("a fixed pattern");
        let mut events = recorded::troubles();
        spoil(&mut events, &text);
        let mut stage = Stage::new(&events, Mode::Live, (80, 24), |_| {});
        stage.play(&events, 0, u64::MAX);
        let shown = stage.out.text().replace("\r\u{1b}", "\u{1b}");
        let left = ours.replace_all(&shown, "\n");
        for line in left.split('\n') {
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}
