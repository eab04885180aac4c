//! Output that wants to harm: none of it reaches the terminal, the reports or the verdict.

use crate::support::{Project, suite};

#[test]
fn bytes_of_any_kind_come_back_as_they_were() {
    let project = Project::new(
        r"
        [suites.bytes]
        script = '''printf '\000\001\377\376\r\n\033]0;title\007\033[2J\033[31mred'; head -c 100000000 /dev/zero | tr '\0' x'''
        ",
    );
    let (code, summary) = project.run(&[]);
    assert_eq!(code, Some(0), "{summary:#}");
    assert_eq!(
        suite(&summary, "bytes")["capture"]["bytes"],
        100_000_000 + 28
    );
    let log =
        std::fs::read(project.latest().join("suites/bytes/attempt-1/output.log")).expect("stored");
    assert!(log.starts_with(b"\0\x01\xff\xfe\r\n\x1b]0;title\x07\x1b[2J\x1b[31mred"));
    assert!(log[28..].iter().all(|byte| *byte == b'x'));
}

#[test]
fn control_sequences_never_reach_the_screen_or_a_ci() {
    let project = Project::new(
        r"
        [suites.loud]
        script = '''printf '\033]52;c;aGk=\007\033[2J::error::x\n##[command]y\n##vso[z]\n  ::set-output name=a::b\n'; exit 1'''
        ",
    );
    let ran = project.tribunal(&["run"]);
    assert!(!ran.out.contains('\x1b'), "{:?}", ran.out);
    for line in ran.out.lines() {
        assert!(!line.trim_start().starts_with("::"), "{line}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "{line}");
    }
}
