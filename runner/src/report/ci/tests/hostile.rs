//! Whatever a suite prints, is called or fails with, no CI system takes it for a command.

use proptest::prelude::*;

use super::parsers::{commands, escapes};
use super::*;
use crate::model::SuiteSummary;

/// Bytes that try to be a command, among any others.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let mark = prop_oneof![
        Just("::error file=a::"),
        Just("::set-output name=a::"),
        Just("::stop-commands::"),
        Just("##[add-mask]"),
        Just("##vso[task.setvariable variable=a]"),
        Just("##teamcity[buildProblem description='a']"),
        Just("section_start:1:a\r\u{1b}[0K"),
        Just("\r\u{1b}[0Ksection_end:1:a[collapsed=true]\r\u{1b}[0K"),
        Just("--- "),
        Just("+++\t"),
        Just("~~~ a"),
        Just("^^^ +++"),
        Just("\u{1b}]52;c;aGk=\u{7}"),
        Just("\u{1b}]1337;File="),
        Just("\u{9d}0;title\u{9c}"),
        Just("##"),
        Just("["),
        Just(":"),
    ];
    let part = prop_oneof![
        4 => mark.prop_map(|mark| mark.as_bytes().to_vec()),
        1 => any::<Vec<u8>>(),
        2 => "[\\n\\r\\t \\x00-\\x1f\\u{80}-\\u{9f}\\u{200b}\\u{ad}\\u{feff}\\u{2060}\\u{3164}\\u{301}]{0,3}".prop_map(String::into_bytes),
        2 => "\\x1b\\[[0-9;:]{0,4}[mK]".prop_map(String::into_bytes),
        1 => "[#:\\[a-z -+~^]{0,6}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// Puts a text wherever text comes from outside.
fn spoil(events: &mut [Event], text: &str) {
    for event in events {
        match &mut event.kind {
            EventKind::RunStarted {
                pipeline,
                suites,
                judges,
                dir,
                ..
            } => {
                for judge in judges {
                    judge.version.push_str(text);
                }
                pipeline.insert_str(0, text);
                dir.push_str(text);
                for suite in suites {
                    suite.name.insert_str(0, text);
                    suite.slug.push_str(text);
                }
            }
            EventKind::CaseReported { case, .. } => case.message = Some(text.to_owned()),
            EventKind::JudgeSaid { message, .. } | EventKind::Warning { message } => {
                text.clone_into(message);
            }
            EventKind::AttemptFinished { record, .. } => {
                record.summary.insert_str(0, text);
                record.judge.name.push_str(text);
                record.termination.place.push_str(text);
                record.capture.note = text.to_owned();
                for case in &mut record.failing {
                    case.message = Some(text.to_owned());
                }
            }
            EventKind::SuiteFinished { summary, .. } => spoil_suite(summary, text),
            EventKind::Cancelling { reason, .. } => reason.insert_str(0, text),
            EventKind::RunFinished { summary } => {
                summary.pipeline.insert_str(0, text);
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
    for warning in &mut suite.warnings {
        warning.insert_str(0, text);
    }
    for case in &mut suite.failing {
        case.id.insert_str(0, text);
        case.message = Some(text.to_owned());
        case.details = Some(text.to_owned());
        case.file = Some(text.to_owned());
    }
}

/// The run with the bytes as every suite's output, and as text everywhere else.
fn spoiled(system: System, events: &[Event], bytes: &[u8], color: bool) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut events = events.to_vec();
    recorded::write_outputs(dir.path(), &events);
    for event in &events {
        if let EventKind::AttemptFinished { record, .. } = &event.kind {
            let path = dir.path().join(&record.dir).join("output.log");
            if path.is_file() {
                std::fs::write(path, bytes).expect("written");
            }
        }
    }
    spoil(&mut events, &String::from_utf8_lossy(bytes));
    log_in(dir.path(), system, &events, |settings| {
        settings.terminal.color = color;
        settings.terminal.verbosity = Verbosity::Verbose;
    })
}

proptest! {
    // Each case is 40 reports of whole runs.
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The commands in the log are those of the same run with harmless texts, no more and no others.
    #[test]
    fn no_text_becomes_a_command(bytes in hostile(), color in any::<bool>()) {
        for (name, system) in System::ALL {
            for events in [recorded::events(), recorded::troubles()] {
                let clean = spoiled(system, &events, b"harmless", color);
                let log = spoiled(system, &events, &bytes, color);
                let shown = String::from_utf8_lossy(&log).into_owned();
                prop_assert_eq!(commands(system, &log), commands(system, &clean), "{}: {}", name, shown);
                prop_assert!(escapes(system, &log).is_empty(), "{name}: {:?} {shown:?}", escapes(system, &log));
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// What is passed on as it is, `tribunal logs`, is no command for anybody, however it is written.
    #[test]
    fn no_bytes_passed_on_are_a_command(bytes in hostile(), cut in any::<prop::sample::Index>()) {
        let mut out = Vec::new();
        let mut guarded = guard::Guarded::new(&mut out);
        let (front, rest) = bytes.split_at(cut.index(bytes.len() + 1));
        guarded.write_all(front).expect("written");
        guarded.write_all(rest).expect("written");
        guarded.end().expect("written");
        for (name, system) in System::ALL {
            prop_assert_eq!(commands(system, &out), Vec::<String>::new(), "{}: {:?}", name, String::from_utf8_lossy(&out));
            prop_assert!(escapes(System::Github, &out).is_empty(), "{:?}", String::from_utf8_lossy(&out));
        }
        // Nothing is lost: without what was put in, it is what it was.
        let visible = |bytes: &[u8]| -> Vec<u8> {
            let text = bytes.utf8_chunks().flat_map(|chunk| {
                let text = chunk.valid().chars().map(|c| match c {
                    '\u{1b}' => "\u{241b}".to_owned(),
                    c @ '\u{80}'..='\u{9f}' => format!("\u{241b}{}", char::from(u8::try_from(u32::from(c) - 0x40).expect("short"))),
                    c => c.to_string(),
                }).collect::<String>();
                [text.into_bytes(), chunk.invalid().to_vec()].concat()
            });
            text.filter(|byte| *byte != b'\\').collect()
        };
        prop_assert_eq!(visible(&bytes), visible(&out));
    }

    /// Documents mean the same as before.
    #[test]
    fn json_and_xml_stay_what_they_were(bytes in hostile()) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let document = serde_json::to_string_pretty(&serde_json::json!({"a": text, "##[b]": [text]})).expect("JSON");
        let guarded = guard::json(&document);
        let same = |one: &str, other: &str| serde_json::from_str::<serde_json::Value>(one).expect("JSON")
            == serde_json::from_str::<serde_json::Value>(other).expect("JSON");
        prop_assert!(same(&document, &guarded));
        let legal: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        let written = quick_xml::escape::escape(&legal);
        let document = format!("<a>\n{written}</a>");
        let xml = guard::xml(&document);
        let inside = xml.strip_prefix("<a>\n").and_then(|rest| rest.strip_suffix("</a>")).expect("the text");
        prop_assert_eq!(quick_xml::escape::unescape(inside).expect("XML").into_owned(), legal);
        for (name, system) in System::ALL {
            prop_assert_eq!(commands(system, guarded.as_bytes()), Vec::<String>::new(), "{}: {}", name, guarded);
            prop_assert_eq!(commands(system, xml.as_bytes()), Vec::<String>::new(), "{}: {}", name, xml);
        }
    }
}

#[test]
fn a_break_is_seen_and_little_else_changes() {
    let cases = [
        ("::error::x", ":\\:error::x"),
        ("   ::set-output", "   :\\:set-output"),
        (" \u{200b}:\u{ad}:x", " \u{200b}:\u{ad}\\:x"),
        ("x ##[error]y", "x ##\\[error]y"),
        ("###[x", "###\\[x"),
        ("##vso[task.x]", "##\\vso[task.x]"),
        ("x##\u{2060}teamcity[y", "x##\u{2060}\\teamcity[y"),
        ("--- a", "\\--- a"),
        ("\u{1b}[31m+++ b", "\u{1b}[31m\\+++ b"),
        ("---", "\\---"),
        ("\u{1b}]0;title\u{7}x", "\u{241b}]0;title\u{7}x"),
        ("\u{9b}0Kx", "\u{241b}[0Kx"),
        ("a::b ## c --- [x]", "a::b ## c --- [x]"),
        ("----- a", "----- a"),
        (" --- a", " --- a"),
        ("std::vec", "std::vec"),
        ("日本語 ::x", "日本語 ::x"),
    ];
    for (text, expected) in cases {
        assert_eq!(guard::line(text), expected);
    }
    assert_eq!(guard::lines("a\r::x\n--- b\n"), "a\r:\\:x\n\\--- b\n");
    assert_eq!(
        guard::json("{\"a\":\"##[x] # #\"}"),
        "{\"a\":\"\\u0023#[x] # #\"}"
    );
    assert_eq!(
        guard::xml("<a>##[x]\n::y\n</a>"),
        "<a>&#35;#[x]\n&#58;:y\n</a>"
    );
}

#[test]
fn a_line_without_end_is_passed_on_in_pieces_and_no_mark_slips_through() {
    let mut out = Vec::new();
    let mut guarded = guard::Guarded::new(&mut out);
    let mut bytes = vec![b'x'; (1 << 20) - 2];
    bytes.extend_from_slice("日##vso[task.x]".as_bytes());
    for part in bytes.chunks(1000) {
        guarded.write_all(part).expect("written");
    }
    guarded.end().expect("written");
    assert_eq!(commands(System::Azure, &out), Vec::<String>::new());
    let text = String::from_utf8(out).expect("whole characters");
    assert_eq!(text.replace('\\', "").as_bytes(), bytes);
}
