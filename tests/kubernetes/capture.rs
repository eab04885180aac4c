//! Byte for byte: what a container printed is what is kept.

use crate::rig::{cluster, completeness, output, project};

#[test]
fn bytes_are_what_was_written() {
    let Some(cluster) = cluster() else { return };
    let project = project(
        r#"
[suites.lines]
script = "seq 1 30000"
[suites.lines.kubernetes]
[suites.torn]
script = "printf 'a\\rb\\n\\n\\nno end'"
[suites.torn.kubernetes]
[suites.bytes]
script = "printf '\\377\\376x\\n2026-01-01T00:00:00.000000001Z not a stamp\\n'"
[suites.bytes.kubernetes]
[suites.long]
script = "head -c 200000 /dev/zero | tr '\\0' x; echo; echo after"
[suites.long.kubernetes]
[suites.slow]
script = "for i in 1 2 3 4 5 6; do echo $i; sleep 0.7; done"
[suites.slow.kubernetes]
[suites.nothing]
script = "true"
[suites.nothing.kubernetes]
"#,
    );
    let (ran, summary) = cluster.run(&project, &[]);
    assert_eq!(ran.code, Some(0), "{}\n{summary:#}", ran.err);
    let lines: Vec<u8> = (1..=30_000)
        .flat_map(|n| format!("{n}\n").into_bytes())
        .collect();
    assert!(output(&project, "lines") == lines);
    assert_eq!(output(&project, "torn"), b"a\rb\n\n\nno end");
    assert_eq!(
        output(&project, "bytes"),
        b"\xff\xfex\n2026-01-01T00:00:00.000000001Z not a stamp\n"
    );
    // A carriage return before a line feed is not asked for: containerd takes it away before the log.
    let long = format!("{}\nafter\n", "x".repeat(200_000));
    assert!(output(&project, "long") == long.as_bytes());
    assert_eq!(output(&project, "slow"), b"1\n2\n3\n4\n5\n6\n");
    for name in ["lines", "torn", "bytes", "long", "slow", "nothing"] {
        assert_eq!(completeness(&project, name), "complete", "{name}");
    }
}

#[test]
fn what_cannot_be_vouched_for_is_not_called_complete() {
    let Some(cluster) = cluster() else { return };
    // Nothing shows whether a log file was rotated before the first line that was read.
    let project = project(
        r#"
[suites.late]
command = ["sh", "-c", "sleep 2; echo late"]
[suites.late.kubernetes]
[suites.silent]
command = ["true"]
[suites.silent.kubernetes]
[suites.strict]
command = ["true"]
strict = true
retries = { infra = 0 }
[suites.strict.kubernetes]
"#,
    );
    let (ran, summary) = cluster.run(&project, &[]);
    assert_eq!(ran.code, Some(3), "{summary:#}");
    assert_eq!(output(&project, "late"), b"late\n");
    for name in ["late", "silent", "strict"] {
        assert_eq!(completeness(&project, name), "unverified", "{name}");
    }
}
