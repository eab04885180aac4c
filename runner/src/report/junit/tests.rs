//! Tests of the `JUnit` report: its snapshot, and that any bytes make valid XML.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use quick_xml::events::Event as XmlEvent;

use super::super::recorded;
use super::*;
use crate::event::EventKind;
use crate::model::CaseStatus;

fn report(events: &[Event], dir: &Path) -> String {
    let mut report = Junit::new(Out::File(dir.join("unused.xml")), Some(dir.to_owned()));
    for event in events {
        report.on_event(event).expect("takes in the event");
    }
    report.render().expect("renders")
}

/// Reads XML to its end, and refuses what XML 1.0 does not allow.
fn parse(xml: &str) -> Vec<String> {
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let mut names = Vec::new();
    let mut open = 0_usize;
    let mut reader = quick_xml::Reader::from_str(xml);
    loop {
        match reader.read_event().expect("XML") {
            XmlEvent::Eof => break,
            XmlEvent::Start(tag) | XmlEvent::Empty(tag) => {
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("an attribute");
                    let value = String::from_utf8_lossy(&attribute.value).into_owned();
                    let value = quick_xml::escape::unescape(&value)
                        .expect("entities")
                        .into_owned();
                    assert!(value.chars().all(legal), "{value:?}");
                }
                names.push(String::from_utf8_lossy(tag.name().as_ref()).into_owned());
                open += 1;
            }
            XmlEvent::Text(text) => {
                let text = text.decode().expect("UTF-8");
                assert!(text.chars().all(legal), "{text:?}");
            }
            _ => {}
        }
    }
    assert!(open > 0);
    names
}

#[test]
fn the_recorded_run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let events = recorded::events();
    recorded::write_outputs(dir.path(), &events);
    let xml = report(&events, dir.path());
    parse(&xml);
    insta::assert_snapshot!(xml);
}

#[test]
fn the_run_of_troubles() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let events = recorded::troubles();
    recorded::write_outputs(dir.path(), &events);
    let xml = report(&events, dir.path());
    let names = parse(&xml);
    assert_eq!(names.iter().filter(|name| *name == "testsuite").count(), 9);
    assert_eq!(names.iter().filter(|name| *name == "error").count(), 5);
    insta::assert_snapshot!(xml);
}

#[test]
fn another_reader_agrees() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let events = recorded::troubles();
    recorded::write_outputs(dir.path(), &events);
    let path = dir.path().join("out/junit.xml");
    let mut junit = Junit::new(Out::File(path.clone()), Some(dir.path().to_owned()));
    for event in &events {
        junit.on_event(event).expect("takes in the event");
    }
    junit.finish().expect("writes");
    let script = "import sys, xml.etree.ElementTree as e; \
        r = e.parse(sys.argv[1]).getroot(); \
        print(r.tag, r.get('tests'), len(r.findall('.//testcase')), len(r.findall('.//error')))";
    let output = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .output();
    let output = output.expect("python3, which this project's own pipeline needs too");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text.trim(),
        "testsuites 39 39 5",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn errors_name_the_file() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("taken");
    fs::create_dir(&path).expect("a folder in the way");
    let mut junit = Junit::new(Out::File(path.clone()), None);
    for event in recorded::events() {
        junit.on_event(&event).expect("takes in the event");
    }
    let error = junit
        .finish()
        .expect_err("cannot replace a folder")
        .to_string();
    assert!(error.contains(&path.display().to_string()), "{error}");
}

/// The recorded run with so many passed cases more in `api`.
fn many(count: usize) -> Vec<Event> {
    let mut events = recorded::events();
    let place = events
        .iter()
        .position(|event| matches!(&event.kind, EventKind::CaseReported { suite: 4, .. }));
    let place = place.expect("a case");
    let event = events.get(place).expect("there").clone();
    let more = (0..count).map(|n| {
        let mut event = event.clone();
        if let EventKind::CaseReported { case, .. } = &mut event.kind {
            case.id = format!("tests/api/test_orders.py::test_more[{n}]");
        }
        event
    });
    events.splice(place..place, more);
    events
}

/// Writes the run within limits; returns the files and what was told.
fn split_files(events: &[Event], limits: Limits, dir: &Path) -> (Vec<String>, Vec<String>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let mut junit = Junit::new(Out::File(dir.join("junit.xml")), Some(dir.to_owned())).within(
        limits,
        Box::new(move |text| tell.lock().expect("one thread").push(text.to_owned())),
    );
    for event in events {
        junit.on_event(event).expect("takes in the event");
    }
    junit.finish().expect("writes");
    let files = (1..)
        .map(|part| split::file(&dir.join("junit.xml"), part))
        .take_while(|path| path.is_file())
        .map(|path| fs::read_to_string(path).expect("readable"));
    let told = told.lock().expect("one thread").clone();
    (files.collect(), told)
}

#[test]
fn a_large_run_is_split_below_the_limits() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let events = many(2_000);
    recorded::write_outputs(dir.path(), &events);
    fs::write(dir.path().join("junit-x.xml"), "another's").expect("written");
    let whole = parse(&report(&events, dir.path()));
    let cases = |names: &[String]| names.iter().filter(|name| *name == "testcase").count();
    for (bytes, most, elements) in [
        (60_000, 20_000, 200_000),
        (20 << 20, 300, 200_000),
        (20 << 20, 20_000, 500),
    ] {
        let limits = Limits {
            bytes,
            cases: most,
            elements,
            ..split::GITLAB
        };
        let (files, told) = split_files(&events, limits, dir.path());
        assert!(files.len() > 3, "{}", files.len());
        let mut sum = 0;
        for file in &files {
            let names = parse(file);
            assert!(
                file.len() <= bytes && cases(&names) <= most && names.len() <= elements,
                "{limits:?}"
            );
            let counted = format!("tests=\"{}\"", cases(&names));
            assert!(
                file.lines()
                    .nth(1)
                    .is_some_and(|line| line.contains(&counted)),
                "{counted}"
            );
            sum += cases(&names);
        }
        assert_eq!(sum, cases(&whole));
        assert!(told.is_empty(), "{told:?}");
    }
    // Parts of an earlier run do not stay.
    let (files, _) = split_files(&recorded::events(), split::GITLAB, dir.path());
    assert_eq!(files.len(), 1);
    assert_eq!(
        files.first(),
        Some(&report(&recorded::events(), dir.path()))
    );
    assert!(dir.path().join("junit-x.xml").is_file());
}

#[test]
fn what_finds_no_room_at_all_passed_and_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let events = many(2_000);
    recorded::write_outputs(dir.path(), &events);
    let limits = Limits {
        cases: 100,
        all_cases: 250,
        ..split::GITLAB
    };
    let (files, told) = split_files(&events, limits, dir.path());
    let names: Vec<String> = files.iter().flat_map(|file| parse(file)).collect();
    let count = |wanted: &str| names.iter().filter(|name| *name == wanted).count();
    assert_eq!(count("testcase"), 250);
    let whole = parse(&report(&events, dir.path()));
    for kind in ["failure", "error", "flakyFailure"] {
        assert_eq!(
            count(kind),
            whole.iter().filter(|name| *name == kind).count(),
            "{kind}"
        );
    }
    let omitted = whole.iter().filter(|name| *name == "testcase").count() - 250;
    let words = format!("{} passed cases", text::number(omitted as u64));
    assert!(
        told.iter()
            .any(|told| told.starts_with(&format!("note: {words} left out of"))),
        "{told:?}"
    );
    assert!(
        files
            .iter()
            .any(|file| file.contains(&format!("tribunal.omitted\" value=\"{words}"))),
        "{words}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_makes_valid_xml(texts in prop::collection::vec("(?s).{0,40}|[\\x00-\\x1f<&>\"'\\]\\x{7f}-\\x{9f}\\x{fffe}\\x{ffff}]{0,20}", 6), ms in any::<f64>()) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut events = recorded::events();
        recorded::write_outputs(dir.path(), &events);
        for folder in ["unit", "load"] {
            let log = dir.path().join(format!("suites/{folder}/attempt-1/output.log"));
            fs::write(log, texts.concat()).expect("written");
        }
        for event in &mut events {
            match &mut event.kind {
                EventKind::CaseReported { case, .. } => {
                    case.id.push_str(&texts[0]);
                    case.status = CaseStatus::Errored;
                    case.message = Some(texts[1].clone());
                    case.details = Some(texts[2].clone());
                    case.file = Some(texts[3].clone());
                    case.duration_ms = Some(ms);
                }
                EventKind::RunFinished { summary } => {
                    summary.pipeline.clone_from(&texts[4]);
                    for suite in &mut summary.suites {
                        suite.name.push_str(&texts[0]);
                        suite.summary.clone_from(&texts[5]);
                        suite.reason = Some(texts[1].clone());
                    }
                }
                _ => {}
            }
        }
        parse(&report(&events, dir.path()));
    }
}
