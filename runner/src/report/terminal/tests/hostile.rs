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
                judges,
                dir,
                run,
                ..
            } => {
                for judge in judges {
                    judge.name.push_str(text);
                    judge.version.push_str(text);
                }
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

/// What a terminal would do, by its own parser: text and colours, or one of our sequences, or a sin.
#[derive(Default)]
struct Watch {
    sins: Vec<String>,
}

impl vte::Perform for Watch {
    fn print(&mut self, c: char) {
        if c.is_control() {
            self.sins.push(format!("printed {c:?}"));
        }
    }

    fn execute(&mut self, byte: u8) {
        if !matches!(byte, b'\r' | b'\n') {
            self.sins.push(format!("executed {byte:#x}"));
        }
    }

    fn csi_dispatch(&mut self, params: &vte::Params, between: &[u8], _: bool, action: char) {
        let first = params
            .iter()
            .next()
            .and_then(|param| param.first().copied());
        let ours = match (between, action) {
            ([], 'm' | 'A' | 'J' | 'K') => true,
            (b"?", 'h' | 'l') => matches!(first, Some(25 | 2026)),
            _ => false,
        };
        if !ours {
            self.sins
                .push(format!("CSI {between:?} {params:?} {action}"));
        }
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        let ours = matches!(params, [b"8", b"", address]
            if address.is_empty() || address.starts_with(b"file:///"));
        if !ours {
            self.sins.push(format!("OSC {params:?}"));
        }
    }

    fn esc_dispatch(&mut self, between: &[u8], _: bool, byte: u8) {
        // The end of an OSC.
        if byte != b'\\' {
            self.sins.push(format!("ESC {between:?} {byte:#x}"));
        }
    }

    fn hook(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
        self.sins.push(format!("DCS {action}"));
    }
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

    #[test]
    fn a_terminal_understands_text_and_colours_only(text in hostile(), output in any::<Vec<u8>>(), live in any::<bool>()) {
        let mut events = recorded::troubles();
        spoil(&mut events, &text);
        let mode = if live { Mode::Live } else { Mode::Plain };
        let mut stage = Stage::new(&events, mode, (80, 24), |s| {
            s.links = true;
            s.color = true;
            s.output = if live { Output::Live } else { Output::All };
            s.verbosity = Verbosity::Verbose;
        });
        // What the suites printed is hostile too.
        let noise = [text.as_bytes(), b"\x1b]8;;http://evil\x07", &output, b"\x1b[?1049h\x1b[2J"].concat();
        let files = walkdir::WalkDir::new(stage.report.settings.run_dir.clone().expect("a folder"));
        for file in files.into_iter().filter_map(Result::ok).filter(|file| file.file_type().is_file()) {
            std::fs::write(file.path(), &noise).expect("written");
        }
        stage.play(&events, 0, 400);
        stage.report.settings.asked.ask(Wish::Info);
        stage.play(&events, 400, u64::MAX);
        let mut watch = Watch::default();
        vte::Parser::new().advance(&mut watch, &stage.out.bytes());
        prop_assert!(watch.sins.is_empty(), "{:?}", watch.sins);
    }
}
