//! Hostile reports: each ends quickly, in little memory, and none passes by accident.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tribunal_sdk::{EndState, Status};

use super::{Judged, judge_in};
use crate::Source;

/// Judges in chunks like a host's, within a time that even a debug build on a busy machine keeps.
fn quickly(xml: &str) -> Judged {
    let start = Instant::now();
    let judged = judge_in(
        &[("r.xml", xml.as_bytes())],
        Source::Collected,
        &EndState::Exited(0),
        65_536,
    );
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    judged
}

#[track_caller]
fn refused(xml: &str, why: &str) {
    let judged = quickly(xml);
    assert_eq!(judged.status(), Status::Errored);
    assert!(judged.summary().contains(why), "{}", judged.summary());
}

#[test]
fn deep_nesting_is_refused() {
    refused(
        &"<testsuite>".repeat(1_000_000),
        "nested more than 256 deep",
    );
}

#[test]
fn a_great_many_attributes_are_refused() {
    let mut xml = "<testsuite><testcase".to_owned();
    for n in 0..80_000 {
        write!(xml, " a{n}=''").expect("a string takes everything");
    }
    refused(&(xml + "/></testsuite>"), "more than 1,000 attributes");
}

#[test]
fn entities_are_refused_wherever_they_are_declared() {
    let bomb = "<?xml version='1.0'?>\n<!DOCTYPE r [\n<!ENTITY a 'aaaaaaaaaa'>\n<!ENTITY b '&a;&a;&a;'>\n]>\n";
    refused(
        &format!("{bomb}<testsuite><testcase name='&b;'/></testsuite>"),
        "DOCTYPE declares entities",
    );
    let outside = "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><testsuite><testcase name='&x;'/></testsuite>";
    refused(outside, "DOCTYPE declares entities");
    let long = format!("<!DOCTYPE r [{}]>\n<testsuite/>", " ".repeat(1_000_000));
    refused(&long, "DOCTYPE declares entities");
    refused(
        "<testsuite><!DOCTYPE r></testsuite>",
        "neither a comment nor CDATA",
    );
    let harmless =
        "<!DOCTYPE testsuite SYSTEM 'junit.dtd'><testsuite><testcase name='a &b;'/></testsuite>";
    assert_eq!(quickly(harmless).ids(), ["a &b;"]);
}

#[test]
fn long_names_are_refused() {
    let long = "n".repeat(1_000_000);
    refused(
        &format!("<testsuite><{long}/></testsuite>"),
        "name is longer than 256",
    );
    refused(
        &format!("<testsuite {long}='1'/>"),
        "name is longer than 256",
    );
    refused(&format!("<testsuite></{long}>"), "name is longer than 256");
}

#[test]
fn long_values_are_cut() {
    let long = "v".repeat(10_000_000);
    let judged = quickly(&format!(
        "<testsuite junk='{long}'><testcase name='{long}'><failure message='{long}'>{long}<![CDATA[{long}]]></failure>\
         <system-out>{long}</system-out></testcase><!-- {long} --></testsuite>"
    ));
    assert_eq!(judged.status(), Status::Failed);
    let case = &judged.cases[0];
    assert_eq!(
        (case.id.len(), case.message.as_ref().map(String::len)),
        (1024, Some(500))
    );
    assert_eq!(case.details.as_ref().map(String::len), Some(64 * 1024));
    assert!(judged.summary().len() < 2_000, "{}", judged.summary().len());
}

#[test]
fn many_results_in_one_case_are_cut() {
    let results = "<failure message='m'>text</failure>".repeat(100_000);
    let judged = quickly(&format!(
        "<testsuite><testcase name='a'>{results}</testcase></testsuite>"
    ));
    assert_eq!(judged.counts(), [0, 1, 0, 0, 0]);
}

#[test]
fn many_references_and_angles_are_read_once() {
    let text = "&#65;&lt;&".repeat(300_000) + &">".repeat(1_000_000);
    let judged = quickly(&format!(
        "<testsuite><testcase name='a'><failure><![CDATA[{text}]]>{text}</failure></testcase></testsuite>"
    ));
    assert_eq!(judged.status(), Status::Failed);
}
