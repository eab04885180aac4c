//! What producers do to a simple format, one test each; every document here is made up.

use tribunal_sdk::{CaseStatus, Status};

use super::{Judged, judge, judge_bytes, judge_output};

#[test]
fn suites_nest_and_cases_stand_beside_them() {
    let judged = judge(
        "<testsuites><testcase name='top'/><testsuite name='a'><testcase name='x' classname='A'/>\
         <testsuite name='b'><testsuite name='c'><testcase name='y' classname='A.C'/></testsuite>\
         <testcase name='z'/></testsuite></testsuite></testsuites>",
    );
    assert_eq!(judged.ids(), ["top", "A::x", "A.C::y", "z"]);
    assert_eq!(
        (judged.status(), judged.summary()),
        (Status::Passed, "4 passed")
    );
}

#[test]
fn declared_counts_without_any_case_fail() {
    let judged = judge("<testsuite name='a' tests='6' failures='0'></testsuite>");
    assert_eq!(judged.status(), Status::Failed);
    assert_eq!(
        judged.summary(),
        "the report declares 6 tests, and holds none (r.xml)"
    );
    // Ignored tests that are not listed are no contradiction, but no evidence either.
    let judged = judge("<testsuite tests='3' skipped='3'/>");
    assert_eq!(judged.status(), Status::Empty);
}

#[test]
fn a_hollow_document_fails_beside_a_full_one() {
    let judged = judge("<testsuite tests='2'/>\n<testsuite><testcase name='a'/></testsuite>");
    assert_eq!(judged.status(), Status::Failed);
}

#[test]
fn cases_without_attributes_are_counted_one_by_one() {
    let judged = judge(
        "<testsuite><testcase/><testcase><failure/></testcase><testcase><error/></testcase>\
         <testcase><skipped/></testcase></testsuite>",
    );
    assert_eq!(judged.counts(), [1, 1, 1, 1, 0]);
    assert_eq!(judged.status(), Status::Failed);
}

#[test]
fn a_case_without_a_name_is_a_run_broken_off() {
    let judged =
        judge("<testsuite tests='2'><testcase name='a'/><testcase time='0.000' /></testsuite>");
    assert_eq!(judged.status(), Status::Failed);
    assert!(
        judged.summary().contains("broken off"),
        "{}",
        judged.summary()
    );
}

#[test]
fn the_worst_child_decides() {
    let judged = judge(
        "<testsuite><testcase name='a'><skipped/><failure message='f'/><error message='e'/></testcase>\
         <testcase name='b'><skipped message='s'/><failure message='f'/></testcase>\
         <testcase name='c' status='disabled'><failure/></testcase></testsuite>",
    );
    assert_eq!(
        judged.statuses(),
        [CaseStatus::Errored, CaseStatus::Failed, CaseStatus::Failed]
    );
    assert_eq!(judged.case("a").message.as_deref(), Some("e"));
    assert_eq!(judged.case("b").message.as_deref(), Some("f"));
}

#[test]
fn errors_of_a_suite_become_failing_cases() {
    let deep = "<testsuites tests='186'><testsuite name='a'><testsuite name='b'><testsuite name='c'>\
        <error message='set-up broke' type='E'>trace</error><testcase name='x'/>\
        </testsuite></testsuite></testsuite></testsuites>";
    let judged = judge(deep);
    assert_eq!(judged.counts(), [1, 0, 1, 0, 0]);
    assert_eq!(
        judged.case("c (suite error)").message.as_deref(),
        Some("set-up broke")
    );
    assert_eq!(
        judged.summary(),
        "1 of 2 errored: c (suite error): set-up broke"
    );
    assert_eq!(
        judged.warnings,
        ["r.xml declares 186 tests, and 1 were found"]
    );
    let judged = judge("<testsuite errors='1' tests='0'><error>gone</error></testsuite>");
    assert_eq!(judged.status(), Status::Failed);
    assert_eq!(
        judged.case("report (suite error)").message.as_deref(),
        Some("gone")
    );
}

#[test]
fn declared_failures_that_are_not_there_fail() {
    // jest-junit by default, when a file does not load.
    let judged = judge(
        "<testsuites><testsuite name='a' errors='1'/><testsuite><testcase name='x'/></testsuite></testsuites>",
    );
    assert_eq!(judged.status(), Status::Failed);
    assert_eq!(
        judged.summary(),
        "the report declares 1 failure, only 0 found (r.xml)"
    );
    // Old Surefire counts every attempt.
    let judged = judge(
        "<testsuite tests='3' failures='2'><testcase name='x'><flakyFailure message='1'/>\
         <flakyFailure message='2'/></testcase></testsuite>",
    );
    assert_eq!(
        (judged.status(), judged.summary()),
        (Status::Passed, "1 flaky")
    );
}

#[test]
fn skipping_has_many_words() {
    let judged = judge(
        "<testsuite><testcase name='a' status='disabled'/><testcase name='b' status='notrun'/>\
         <testcase name='c' result='suppressed'/><testcase name='d' result='SKIPPED'/>\
         <testcase name='e'><skipped/></testcase><testcase name='f' status='run' result='completed'/></testsuite>",
    );
    assert_eq!(judged.counts(), [1, 0, 0, 5, 0]);
    assert_eq!(judged.status(), Status::Passed);
    let judged = judge("<testsuite><testcase name='a' status='fail'/></testsuite>");
    assert_eq!(judged.status(), Status::Failed);
}

#[test]
fn repeated_cases_are_attempts_in_order() {
    let run = |first: &str, second: &str| {
        judge(&format!(
            "<testsuite><testcase name='x' classname='A'>{first}</testcase>\
             <testcase name='x' classname='A'>{second}</testcase></testsuite>"
        ))
    };
    let judged = run("<failure message='no'/>", "");
    assert_eq!(
        (judged.status(), judged.counts()),
        (Status::Passed, [0, 0, 0, 0, 1])
    );
    assert_eq!(judged.case("A::x").status, CaseStatus::Flaky);
    assert_eq!(run("", "<failure/>").counts(), [0, 1, 0, 0, 0]);
    assert_eq!(run("<failure/>", "<error/>").counts(), [0, 0, 1, 0, 0]);
    assert_eq!(run("<error/>", "<skipped/>").counts(), [0, 0, 1, 0, 0]);
    assert_eq!(run("", "").counts(), [1, 0, 0, 0, 0]);
}

#[test]
fn what_differs_in_class_line_suite_or_host_is_no_attempt() {
    for (one, other) in [
        (
            "<testcase name='x' classname='A'>",
            "<testcase name='x' classname='B'>",
        ),
        (
            "<testcase name='x' line='3'>",
            "<testcase name='x' line='9'>",
        ),
        (
            "<testcase name='x' file='a'>",
            "<testcase name='x' file='b'>",
        ),
    ] {
        let judged = judge(&format!(
            "<testsuite>{one}<failure/></testcase>{other}</testcase></testsuite>"
        ));
        assert_eq!(judged.counts(), [1, 1, 0, 0, 0], "{one}");
    }
    // A browser each: both have the same name.
    for attribute in ["name", "hostname"] {
        let judged = judge(&format!(
            "<testsuites><testsuite {attribute}='firefox'><testcase name='x'><failure/></testcase></testsuite>\
             <testsuite {attribute}='webkit'><testcase name='x'/></testsuite></testsuites>"
        ));
        assert_eq!(judged.counts(), [1, 1, 0, 0, 0], "{attribute}");
        assert_eq!(judged.ids(), ["x", "x #2"]);
    }
}

#[test]
fn reruns_that_all_failed_fail() {
    let judged = judge(
        "<testsuite tests='4' failures='4'><testcase name='x'><failure message='first'/>\
         <rerunFailure message='second'><stackTrace>at a</stackTrace><system-out>noise</system-out></rerunFailure>\
         <rerunFailure/><rerunError/></testcase></testsuite>",
    );
    assert_eq!(judged.counts(), [0, 1, 0, 0, 0]);
    let case = judged.case("x");
    assert_eq!(case.message.as_deref(), Some("first"));
    assert_eq!(case.details.as_deref(), Some("at a"));
    assert_eq!(case.extra[0].value, "3");
    assert_eq!(
        judge("<testsuite><testcase name='x'><rerunFailure/></testcase></testsuite>").status(),
        Status::Failed
    );
}

#[test]
fn what_is_cut_or_torn_is_errored() {
    let judged = judge("<testsuite><testcase name='a'/><testcase name='b'><failure><![CDATA[half");
    assert_eq!(judged.status(), Status::Errored);
    assert_eq!(
        judged.summary(),
        "r.xml is truncated at line 1, byte 72 (counted: 1 passed)"
    );
    let judged = judge("<testsuite>\n<testcase name='a'></testsuite>");
    assert_eq!(judged.status(), Status::Errored);
    assert!(
        judged
            .summary()
            .contains("at line 2, byte 12: a closing tag that does not match"),
        "{}",
        judged.summary()
    );
    for text in [
        "<testcase name='a'/></testsuite>",
        "</testsuite>",
        "<testsuite><testcase message=\"says \"no\" loudly\"/></testsuite>",
        "<testsuite><testcase name=a/></testsuite>",
        "<testsuite><testcase name='a'/><?xml version='1.0'?><testsuite/>",
        "<?xml version='1.0'?",
        "",
        "no XML",
    ] {
        assert_eq!(judge(text).status(), Status::Errored, "{text}");
    }
}

#[test]
fn sloppy_text_is_forgiven() {
    let judged = judge(
        "\n \t<?xml version='1.0'?>\n<!-- <testcase> --><testsuite xmlns:a='urn:x' time='<<computed>>'>\
         <!-- <testcase name='no'><failure/></testcase> --->\n<a:testcase name='a &amp; b & c' time=''>\
         <system-out>a < b && <b>c</b> <![CDATA[x ]]>]]&gt;<![CDATA[> <testcase name='no'/> ]]></system-out>\
         </a:testcase><testcase name='&#27;[31m&#0;\u{1}' time='-3'/></testsuite>\ntrailing </nonsense>",
    );
    assert_eq!(judged.ids(), ["a & b & c", "\u{1b}[31m\u{fffd}\u{1}"]);
    assert_eq!(judged.status(), Status::Passed);
    assert_eq!(judged.case("a & b & c").duration_ms, None);
}

#[test]
fn details_come_from_text_cdata_and_entities() {
    let judged = judge(
        "<testsuite file='s.py'><testcase name='a' line='12' time='1,234.5'><failure type='Boom'>\n one &lt;<![CDATA[ <two> & ]]>three</failure>\
         <system-out>secret</system-out></testcase><testcase name='b' file='t.py' line='0'><failure message='m&#10;n'/></testcase>\
         <testcase name='c'><error type='Only'/></testcase></testsuite>",
    );
    let case = judged.case("a");
    assert_eq!(case.details.as_deref(), Some("\n one < <two> & three"));
    assert_eq!(case.message.as_deref(), Some("one < <two> & three"));
    assert_eq!(
        (case.file.as_deref(), case.line, case.duration_ms),
        (Some("s.py"), Some(12), Some(1_234_500.0))
    );
    let case = judged.case("b");
    assert_eq!((case.file.as_deref(), case.line), (Some("t.py"), None));
    assert_eq!(
        (case.message.as_deref(), case.details.as_deref()),
        (Some("m"), Some("m\nn"))
    );
    assert_eq!(judged.case("c").message.as_deref(), Some("Only"));
}

#[test]
fn encodings_are_decoded() {
    let text =
        "<?xml version='1.0' encoding='UTF-16'?><testsuite><testcase name='grün'/></testsuite>";
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(judge_bytes(&utf16).ids(), ["grün"]);
    let mut marked = vec![0xef, 0xbb, 0xbf];
    marked.extend(text.as_bytes());
    assert_eq!(judge_bytes(&marked).ids(), ["grün"]);
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><testsuite><testcase name='gr\xfcn'/></testsuite>";
    assert_eq!(judge_bytes(latin).ids(), ["grün"]);
    assert_eq!(
        judge_bytes(b"<testsuite><testcase name='\xff\0'/></testsuite>").status(),
        Status::Passed
    );
}

#[test]
fn other_reports_are_refused_by_name() {
    for (root, what) in [
        ("assemblies", "xUnit.net"),
        ("test-run", "NUnit 3"),
        ("TestRun xmlns='urn:x'", "TRX"),
        ("failsafe-summary result='255'", "Failsafe"),
    ] {
        let judged = judge(&format!("<?xml version='1.0'?>\n<{root}></x>"));
        assert_eq!(judged.status(), Status::Errored);
        assert!(judged.summary().contains(what), "{}", judged.summary());
    }
    // Some other XML among the artifacts is not in the way.
    let judged = judge("<coverage><packages/></coverage>");
    assert_eq!(judged.summary(), "exit 0 but no JUnit report");
    assert_eq!(
        judged.warnings,
        ["r.xml was ignored: its root <coverage> is no test report"]
    );
}

#[test]
fn documents_are_found_between_lines_of_a_log() {
    let judged = judge_output(
        "Traceback: <module>\nwarning: <testsuite> is not at a line's start\n<?php echo 1 ?>\n<!DOCTYPE html><html>\n\
         out: <?xml version='1.0'?><testsuites><testsuite><testcase name='a'/></testsuite></testsuites>\n\
         running 1 test\n  <testsuite><testcase name='b'><skipped/></testcase></testsuite><testsuite>\
         <testcase name='a'/></testsuite> done in <1s\n",
    );
    assert_eq!(judged.counts(), [2, 0, 0, 1, 0]);
    assert_eq!(judged.ids(), ["a", "b", "a #2"]);
    assert_eq!(judged.status(), Status::Passed);
    assert_eq!(
        judge_output("no XML here\n").summary(),
        "exit 0 but no JUnit report"
    );
}

#[test]
fn cases_of_one_name_are_tests_of_their_own_where_the_suite_counts_them_so() {
    let rows = "<testcase name='x'><failure/></testcase><testcase name='x'/><testcase name='x'/>";
    // Rows of a data provider: three tests, one of them red.
    let judged = judge(&format!(
        "<testsuite tests='3' failures='1'>{rows}</testsuite>"
    ));
    assert_eq!(judged.counts(), [2, 1, 0, 0, 0]);
    assert_eq!(judged.status(), Status::Failed);
    // Runs of one test, which passed in the end; so it is where nothing is declared.
    for attributes in ["tests='1' failures='1'", ""] {
        let judged = judge(&format!("<testsuite {attributes}>{rows}</testsuite>"));
        assert_eq!(judged.counts(), [0, 0, 0, 0, 1], "{attributes}");
    }
    // Each suite speaks for itself.
    let judged = judge(&format!(
        "<testsuites><testsuite name='a' tests='3'>{rows}</testsuite>\
         <testsuite name='b' tests='1'>{rows}</testsuite></testsuites>"
    ));
    assert_eq!(judged.counts(), [2, 1, 0, 0, 1]);
}

#[test]
fn suites_that_have_an_id_and_no_name_are_not_the_same() {
    let judged = judge(
        "<testsuites><testsuite id='one'><testcase name='a'/></testsuite>\
         <testsuite id='two'><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite></testsuites>",
    );
    assert_eq!(judged.counts(), [2, 1, 0, 0, 0]);
}

#[test]
fn what_decides_is_quoted_with_line_and_byte() {
    let label = |judged: &Judged, key: &str| {
        let found = judged.verdict.extra.iter().find(|label| label.key == key);
        found.map_or_else(String::new, |label| label.value.clone())
    };
    let red = "<testsuite>\n <testcase name='a'/>\n <testcase name='b'><failure>no</failure></testcase>\n</testsuite>";
    let judged = judge(red);
    let byte: usize = label(&judged, "explain.byte").parse().expect("a byte");
    assert_eq!(label(&judged, "explain.line"), "3");
    assert!(
        red.get(byte..)
            .is_some_and(|rest| rest.starts_with("<testcase name='b'>"))
    );
    assert_eq!(label(&judged, "explain.quote"), "<testcase> b");
    let judged = judge("<testsuite>\n  <testcase name='a'></testsuite>\n");
    assert_eq!(label(&judged, "explain.line"), "2");
    assert_eq!(label(&judged, "explain.byte"), "12");
    let quote = label(&judged, "explain.quote");
    assert_eq!(quote, "  <testcase name='a'></testsuite>");
}
